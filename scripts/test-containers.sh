#!/usr/bin/env bash
# Runs the system in containers, from build to stop, as the README does, and checks it:  test-containers.sh
# It works on a copy of the project, under names of its own: nobody's data, containers or images are touched.
set -euo pipefail
source "$(dirname "$0")/common.sh"

if ! docker info >/dev/null 2>&1 && [[ -x $root/../shared/container-bases/build ]]; then
  "$root/../shared/container-bases/build"
fi
docker info >/dev/null 2>&1 || fail 'no Docker engine answers, so the containers can not be tested'

export RUNTIME=docker YES=1 COMPOSE_PROJECT_NAME=csv2db-test-$$ REGISTRY=localhost/csv2db-test-$$
work=$(mktemp -d "${TMPDIR:-/tmp}/csv2db-containers.XXXXXX")
copy="$work/a copy" # with a space in its path
log=$work/log
passed=0
failed=0

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  trap '' INT TERM
  make -s -C "$copy" prune >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

check() { # WHAT COMMAND…
  local what=$1
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    echo "ok      $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    sed 's/^/        /' "$log" | tail -30
  fi
}

# Repeats a command until it succeeds, for up to so many seconds.
within() { # SECONDS COMMAND…
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.5
  done
}

in_copy() { make -s -C "$copy" "$@"; }
runtime() { "$copy/scripts/runtime" "$@"; }
sql() { runtime sql -tAc "$1" </dev/null; }

containers() { # [SERVICE]
  docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
    ${1:+--filter "label=com.docker.compose.service=$1"}
}

images_not_root() {
  local service user
  for service in producer consumer; do
    user=$(docker image inspect -f '{{.Config.User}}' "$REGISTRY/csv2db-$service:$tag")
    [[ $user == node ]] || return 1
  done
}

# Every published port, of any container of the project.
ports_on_loopback() {
  local addresses
  # shellcheck disable=SC2046 # one word each
  addresses=$(docker inspect -f '{{range .NetworkSettings.Ports}}{{range .}}{{println .HostIp}}{{end}}{{end}}' \
    $(containers) | sort -u | grep .)
  echo "$addresses"
  [[ $addresses == 127.0.0.1 ]]
}

running() { # SERVICE COUNT
  [[ $(docker ps -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
    --filter "label=com.docker.compose.service=$1" | wc -l) -eq $2 ]]
}

rows() { # COUNT
  [[ $(sql 'select count(*) from contacts') == "$1" ]]
}

# Every email of a file is in the table.
complete() { # FILE
  local missing
  missing=$(runtime sql -qtA -c 'create temp table sample (name text, email text)' \
    -c '\copy sample from pstdin (format csv)' \
    -c 'select count(*) from sample where email not in (select email from contacts)' <"$1")
  echo "$missing emails are missing"
  [[ $missing == 0 ]]
}

status_tells() { # ROWS
  in_copy status >"$work/status" && cat "$work/status" \
    && grep -q "^$1 rows" "$work/status" && grep -qE '^csv2db +0 +0 +[1-9]' "$work/status"
}

# "make logs" follows the logs, so it is ended.
logs_tell() {
  local pid name
  set -m
  in_copy logs >"$work/logs" 2>&1 &
  pid=$!
  set +m
  within 20 grep -q '"msg":"finished' "$work/logs" || true
  kill -TERM -- "-$pid"
  wait "$pid" || true
  cat "$work/logs"
  for name in producer consumer_1 consumer_2; do
    grep -qE "${name/_/[_-]}.*\"service\":\"${name%_*}\"" "$work/logs" || return 1
  done
}

producer_succeeded() {
  [[ $(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(containers producer)") == 'exited 0' ]]
}

# SIGTERM to each consumer, as "docker stop" sends it.
consumers_end_cleanly() {
  local id began code
  for id in $(containers consumer); do
    began=$SECONDS
    docker stop -t 30 "$id"
    code=$(docker inspect -f '{{.State.ExitCode}}' "$id")
    echo "exit code $code after $((SECONDS - began)) seconds"
    ((code == 0 && SECONDS - began < 10)) || return 1
  done
}

nothing_left() {
  containers
  [[ -z $(containers) && ! -e $copy/volumes/runtime ]]
}

stop_and_check() { in_copy stop && nothing_left; }

refuses() { # TEXT COMMAND…
  local text=$1
  shift
  if "$@" >"$work/refusal" 2>&1; then return 1; fi
  cat "$work/refusal"
  grep -q "$text" "$work/refusal"
}

pruned() {
  in_copy prune
  [[ ! -e $copy/volumes/pg && ! -e $copy/volumes/rabbitmq ]] \
    && [[ -z $(docker image ls -q "$REGISTRY/csv2db-consumer") ]]
}

mkdir "$copy"
(cd "$root" && tar -c --exclude=./node_modules --exclude=./volumes --exclude=./bin --exclude=./.git .) | tar -x -C "$copy"
mkdir "$copy/volumes"
tag=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")
# named awkwardly, and private to who owns it
cp "$root/producer/data/data_10000.csv" "$work/all contacts.csv"
chmod 600 "$work/all contacts.csv"

check 'make build builds both images' in_copy build
check 'the images do not run as root' images_not_root
check 'make start refuses while nothing runs' refuses 'make infra' in_copy start
check 'make infra starts the queue and the database' in_copy infra
check 'their ports are open on 127.0.0.1 alone' ports_on_loopback
check 'make start refuses before the migration' refuses 'make migrate-db' in_copy start
check 'make migrate-db creates the table' in_copy migrate-db
check 'make start starts the services' in_copy start
check 'the producer ends with status 0' within 60 producer_succeeded
check 'two consumers run' running consumer 2
check '1,000 rows arrive' within 60 rows 1000
check 'none of the sample is missing' complete "$root/producer/data/data_1000.csv"
check 'make logs shows what all three say' logs_tell
check 'make status shows an empty queue and 1,000 rows' within 15 status_tells 1000
check 'SIGTERM ends the consumers at once, with status 0' consumers_end_cleanly
check 'make start takes a private file and another number of consumers' \
  in_copy start "FILE=$work/all contacts.csv" CONSUMERS=3
check 'three consumers run' running consumer 3
check 'every row of that file arrives' within 60 complete "$work/all contacts.csv"
check 'make stop leaves no container' stop_and_check
check 'a second make stop does no harm' stop_and_check
check 'make infra finds the rows again' in_copy infra
check 'none of them is missing' complete "$work/all contacts.csv"
check 'make drop-db drops the database' in_copy drop-db
check 'make demo starts over, and loses no row' in_copy demo
check 'make push refuses without a registry' refuses REGISTRY env REGISTRY= make -s -C "$copy" push
check 'make prune deletes data and images' pruned
check 'nothing is left' nothing_left

echo "$passed passed, $failed failed"
((failed == 0))
