# shellcheck shell=bash disable=SC2154 # root: common.sh sets it
# The system in containers, for "system". Nothing but Docker and its plugin "docker compose" is
# needed. The servers' data is under volumes/rabbitmq and volumes/pg, their ports are in .env, which
# compose reads.

docker info >/dev/null 2>&1 || fail 'no Docker engine answers: "docker info" says why; RUNTIME=local does without'
docker compose version >/dev/null 2>&1 \
  || fail 'Docker has no plugin "docker compose" (version 2) here: install it; RUNTIME=local does without'

project=${COMPOSE_PROJECT_NAME:-csv2db}
export IMAGE_PREFIX=${REGISTRY:+$REGISTRY/}

compose() {
  local quiet=()
  # what moves in a terminal is noise in a log
  [[ -t 1 && -t 2 ]] || quiet=(--progress quiet --ansi never)
  (cd "$root" && exec docker compose ${quiet[@]+"${quiet[@]}"} "$@")
}

containers() { # FILTER…
  docker ps -q --filter "label=com.docker.compose.project=$project" "${@/#/--filter=}"
}

is_healthy() { # SERVICE
  [[ -n $(containers health=healthy "label=com.docker.compose.service=$1") ]]
}

servers_run() { is_healthy queue && is_healthy db; }

build() { # SERVICE…
  say "building the images: $*"
  quietly 'the images could not be built' compose --progress plain build "$@"
}

# Fails with what mends it where the log of a server says that its data is of another version.
check_version() { # LOG
  local mend="go back to the version that wrote it, or delete it with \"make prune\""
  case $1 in
    *feature_flags_registry* | *disabled_required_feature_flag*)
      fail "the data under $root/volumes is of another version of RabbitMQ: $mend; to keep it, start each version between on it once, with \"rabbitmqctl enable_feature_flag all\"" ;;
    *'database files are incompatible with server'*)
      fail "the data under $root/volumes is of another version of PostgreSQL: $mend; to keep it, take a dump with the old version" ;;
  esac
}

servers_up() {
  local log
  compose rm -sf queue db >/dev/null 2>&1 || true # "up" says what is wrong
  choose_port "$root/.env" QUEUE_PORT 5672
  choose_port "$root/.env" MANAGEMENT_PORT 15672
  choose_port "$root/.env" DB_PORT 5432
  mkdir -p "$root/volumes/rabbitmq" "$root/volumes/pg"
  compose up -d --wait --wait-timeout 120 queue db || {
    log=$(compose logs --no-color --no-log-prefix --tail=100 queue db 2>&1)
    compose stop queue db >/dev/null 2>&1
    check_version "$log"
    tail -n 30 <<<"$log" >&2
    fail 'the containers did not start; where no image registry can be reached, RUNTIME=local does without'
  }
  say_ports "$root/.env"
}

consumer_task() { # ARGUMENT…
  compose --progress quiet run --rm -T --no-deps consumer "$@" </dev/null
}

# Who reads the file in the container, and writes its rejected rows beside it: the caller. For root it
# is the folder's owner, who may write there, or the file's, where nobody else may read it.
reader_of() { # FILE
  local listing
  # shellcheck disable=SC2012 # stat differs between Linux and macOS
  listing=$(ls -lnL "$1")
  if ((EUID)); then
    echo "$(id -u):$(id -g)"
  elif [[ ${listing:7:1} == r ]]; then
    # shellcheck disable=SC2012
    ls -lndL "$(dirname "$1")" | awk '{ print $3 ":" $4 }'
  else
    awk 'NR == 1 { print $3 ":" $4 }' <<<"$listing"
  fi
}

services_up() { # FILE CONSUMERS
  export FILE_FOLDER=${1%/*} FILE_NAME=${1##*/} CONSUMERS=$2 IMPORT_ID PRODUCER_USER
  FILE_FOLDER=${FILE_FOLDER:-/}
  PRODUCER_USER=$(reader_of "$1")
  compose up -d --no-deps --no-build --force-recreate producer consumer
}

logs() {
  [[ -n $(containers status=running status=exited label=com.docker.compose.service=producer) ]] \
    || fail 'nothing was started yet: run "make start" first'
  # Ctrl-C leaves, and is no failure
  trap 'exit 0' INT
  if [[ -t 1 ]]; then
    compose logs -f --tail=100 producer consumer
  else
    # even then compose clears lines
    compose logs -f --no-color --tail=100 producer consumer | while IFS= read -r line; do
      printf '%s\n' "${line#$'\e[2K'}"
    done
  fi
}

something_runs() { [[ -n $(containers) ]]; }
# with what only a profile starts, which would keep the network
system_down() { compose --profile observability down --remove-orphans; }

delete_data() {
  local images key
  # the data belongs to the containers' users, so a container deletes it
  if [[ -d $root/volumes/rabbitmq || -d $root/volumes/pg ]]; then
    compose run --rm -T --no-deps --entrypoint rm -v "$root/volumes:/volumes" db \
      -rf /volumes/rabbitmq /volumes/pg </dev/null
  fi
  compose --profile observability down --volumes
  for key in QUEUE_PORT MANAGEMENT_PORT DB_PORT; do forget "$root/.env" "$key"; done
  images=$(docker image ls -q --filter label=csv2db.image "${IMAGE_PREFIX}csv2db-*" | sort -u)
  # shellcheck disable=SC2086 # one word each
  [[ -z $images ]] || docker image rm -f $images >/dev/null
  # what older builds left behind
  docker image prune -f --filter label=csv2db.image >/dev/null
}

push() {
  [[ -n ${REGISTRY:-} ]] \
    || fail 'REGISTRY is not set: say where to push the images, as in "make push REGISTRY=registry.example/me"'
  VERSION=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")
  export VERSION
  build producer consumer
  compose push producer consumer
  say "pushed: version $VERSION of the producer and the consumer, to $REGISTRY"
}

ctl() { compose exec -T queue rabbitmqctl "$@" </dev/null; }

sql() {
  # shellcheck disable=SC2016 # for the shell in the container
  compose exec -T db sh -c 'exec psql -X -U "$POSTGRES_USER" -d "$POSTGRES_DB" "$@"' psql "$@"
}
