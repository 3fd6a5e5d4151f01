# The image of one service, which is one bundled file on Node. The consumer's also migrates the
# database.
#   docker build --build-arg SERVICE=consumer .
FROM node:24-bookworm-slim AS build
# marks what "make prune" may delete
LABEL csv2db.image=build
WORKDIR /app
# a change of the code alone does not repeat the installation
COPY package.json package-lock.json .npmrc ./
COPY libs/package.json libs/
COPY producer/package.json producer/
COPY consumer/package.json consumer/
RUN npm ci
COPY tsconfig*.json ./
COPY scripts/*.mjs scripts/
COPY libs libs
COPY producer producer
COPY consumer consumer
ARG SERVICE
RUN node scripts/build.mjs "$SERVICE"

FROM node:24-bookworm-slim
ARG SERVICE
LABEL csv2db.image=$SERVICE
ENV NODE_ENV=production SERVICE=$SERVICE
COPY --from=build /app/bin/$SERVICE /usr/local/bin/
# for checkpoints; a volume takes over who may write here
RUN mkdir -m 1777 /state
USER node
ENTRYPOINT ["sh", "-c", "exec \"$SERVICE\" \"$@\"", "sh"]
