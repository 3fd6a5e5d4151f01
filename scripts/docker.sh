#!/usr/bin/env bash
# The system in containers, with the servers' data under volumes/rabbitmq and volumes/pg:
#   docker.sh VERB   infra, migrate-db, drop-db, start, stop, logs, build, push, prune: as in the Makefile
#                    producer-log, producer-runs, queues; sql ARG… (psql)
# Nothing but Docker is needed for it, and compose, as a plugin or as docker-compose 1.29 or later.
set -euo pipefail
source "$(dirname "$0")/common.sh"

ports=$root/volumes/ports.env
docker info >/dev/null 2>&1 || fail 'no Docker engine answers; "docker info" says why'
compose_command=$(find_compose)
[[ -n $compose_command ]] || fail 'Docker has no compose here: install its plugin, or docker-compose'

export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-csv2db}
export IMAGE_PREFIX=${REGISTRY:+$REGISTRY/}
VERSION=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")
export VERSION

compose() (
  for key in QUEUE_PORT MANAGEMENT_PORT DB_PORT; do
    export "$key=$(value_of "$ports" "$key")"
  done
  cd "$root"
  # shellcheck disable=SC2086 # one word or two
  exec $compose_command "$@"
)

# The containers of one service, running or not; of all services, if none is named.
containers() { # [SERVICE]
  docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
    ${1:+--filter "label=com.docker.compose.service=$1"}
}

health() { # SERVICE
  docker inspect -f '{{.State.Health.Status}}' "$(containers "$1")" 2>/dev/null || true
}

check_infra() {
  [[ $(health queue) == healthy && $(health db) == healthy ]] \
    || fail 'the queue and the database do not run: run "make infra" first'
}

await_health() { # SERVICE
  local deadline=$((SECONDS + 120))
  until [[ $(health "$1") == healthy ]]; do
    if ((SECONDS > deadline)); then
      compose logs --tail=20 "$1" >&2
      fail "the container of \"$1\" did not get healthy within 120 seconds; above is the end of its log"
    fi
    sleep 0.5
  done
}

# Always from scratch: docker-compose 1.29 fails to replace a container on newer engines.
renew() { # SERVICE…
  compose rm -sf "$@" >/dev/null 2>&1 || true # "up" reports what is wrong
}

build() { # SERVICE…
  local output
  say "building the images: $*"
  output=$(compose build "$@" 2>&1) || {
    tail -30 <<<"$output" >&2
    fail 'the images could not be built; above is the end of what Docker said'
  }
}

infra() {
  check_runtime docker
  renew queue db
  choose_port "$ports" QUEUE_PORT 5672 \
    'RabbitMQ listens on 127.0.0.1:%s: pass --queue-addr 127.0.0.1:%s to services that you start by hand'
  choose_port "$ports" MANAGEMENT_PORT 15672 "RabbitMQ's management page is on http://127.0.0.1:%s"
  choose_port "$ports" DB_PORT 5432 \
    'PostgreSQL listens on 127.0.0.1:%s: pass --db-port %s to services that you start by hand'
  mkdir -p "$root/volumes/rabbitmq" "$root/volumes/pg"
  compose up -d queue db \
    || fail 'the containers did not start; where no image registry can be reached, "make infra RUNTIME=local" may help'
  await_health queue
  await_health db
  echo docker >"$runtime_file"
  echo "RabbitMQ listens on 127.0.0.1:$(value_of "$ports" QUEUE_PORT)," \
    "its management page is http://127.0.0.1:$(value_of "$ports" MANAGEMENT_PORT)"
  echo "PostgreSQL listens on 127.0.0.1:$(value_of "$ports" DB_PORT)"
}

# Who may read the file inside the container: the caller. Root keeps the image's user, unless that one
# may not read it; then it is the file's owner.
producer_user() { # FILE
  local listing
  # shellcheck disable=SC2012 # stat differs between Linux and macOS
  listing=$(ls -lnL "$1")
  if ((EUID)); then
    echo "$(id -u):$(id -g)"
  elif [[ ${listing:7:1} == r ]]; then
    echo node
  else
    awk '{print $3 ":" $4}' <<<"$listing"
  fi
}

start() {
  local count
  FILE_PATH=$(import_file)
  FILE_NAME=$(basename "$FILE_PATH")
  PRODUCER_USER=$(producer_user "$FILE_PATH")
  export FILE_PATH FILE_NAME PRODUCER_USER
  count=$(consumers)
  check_infra
  check_table sql
  build producer consumer
  renew producer consumer
  # whoever the producer runs as, it keeps its checkpoints here
  mkdir -p "$root/volumes/state"
  chmod 1777 "$root/volumes/state" 2>/dev/null || true
  compose up -d --scale "consumer=$count" producer consumer
}

sql() {
  # shellcheck disable=SC2016 # for the shell in the container
  compose exec -T db sh -c 'exec psql -X -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"' psql "$@"
}

stop() {
  compose down --remove-orphans 2>/dev/null || compose down --remove-orphans
  rm -f "$runtime_file"
}

# The data belongs to the containers' users, so a container deletes it.
prune() {
  local images service
  stop
  if [[ -d $root/volumes/rabbitmq || -d $root/volumes/pg || -d $root/volumes/state ]]; then
    docker run --rm --entrypoint rm -v "$root/volumes:/volumes" postgres:17-bookworm \
      -rf /volumes/rabbitmq /volumes/pg /volumes/state
  fi
  rm -f "$ports"
  for service in producer consumer; do
    images=$(docker image ls -q "${IMAGE_PREFIX}csv2db-$service" | sort -u)
    # shellcheck disable=SC2086 # one word each
    [[ -z $images ]] || docker image rm -f $images >/dev/null
  done
  # what older builds left behind
  docker image prune -f --filter label=csv2db.image >/dev/null
}

case ${1:-} in
  infra) infra ;;
  migrate-db | drop-db)
    check_infra
    build consumer
    compose run --rm -T "$1" </dev/null
    ;;
  start) start ;;
  stop) stop ;;
  logs)
    [[ -n $(containers producer) ]] || fail 'nothing was started yet: run "make start" first'
    compose logs -f --tail=100 producer consumer
    ;;
  build) build producer consumer ;;
  push)
    [[ -n ${REGISTRY:-} ]] || fail 'REGISTRY is not set: say where to push the images, as in "make push REGISTRY=registry.example/me"'
    build producer consumer
    compose push producer consumer
    ;;
  prune) prune ;;
  producer-log) docker logs "$(containers producer)" ;;
  producer-runs) [[ $(docker inspect -f '{{.State.Running}}' "$(containers producer)") == true ]] ;;
  queues)
    check_infra
    compose exec -T queue rabbitmqctl -s list_queues name messages_ready messages_unacknowledged consumers </dev/null
    ;;
  sql)
    check_infra
    sql "${@:2}"
    ;;
  *) fail "there is no verb \"${1:-}\"" ;;
esac
