#!/usr/bin/env bash
# The system as processes of this machine, with all they write under volumes/local:
#   local.sh VERB    infra, migrate-db, drop-db, start, stop, logs, build, push, prune: as in the Makefile
#                    producer-log, producer-runs, queues; sql ARG… (psql)
set -euo pipefail
source "$(dirname "$0")/common.sh"

dir=$root/volumes/local
servers() { "$root/scripts/native/servers.sh" "$1" "$dir" "${@:2}"; }

check_infra() {
  servers status >/dev/null 2>&1 || fail 'the queue and the database do not run: run "make infra" first'
}

build() { # SERVICE…
  MAKEFLAGS='' make -s -C "$root" "${@/#/build-}"
}

# Turns into a service, with its environment file, but the addresses of the local servers.
become() { # SERVICE ARGUMENT…
  local key value
  while IFS='=' read -r key value || [[ -n $key ]]; do
    case $key in
      *_QUEUE_ADDR) value=127.0.0.1:$(value_of "$dir/servers.env" QUEUE_PORT)${value#"${value%%/*}"} ;; # and its vhost
      *_DB_HOST) value=127.0.0.1 ;;
      *_DB_PORT) value=$(value_of "$dir/servers.env" DB_PORT) ;;
    esac
    [[ $key != FC_* ]] || export "$key=$value"
  done <"$root/env/$1.env"
  exec "$root/bin/$1" "${@:2}"
}

launch() { # NAME SERVICE ARGUMENT…
  # in a process group of its own: Ctrl-C in the terminal is not meant for it
  set -m
  become "${@:2}" </dev/null >"$dir/logs/$1.log" 2>&1 &
  echo $! >"$dir/pids/$1"
  set +m
}

# The pids of the services that run; of one of them, if named.
services() { # [NAME]
  local file
  for file in "$dir/pids/"${1:-*}; do
    pid_in "$file" "$root/bin/" || true
  done
}

stop_services() {
  local pids pid
  pids=$(services)
  for pid in $pids; do kill -TERM "$pid" 2>/dev/null || true; done
  # shellcheck disable=SC2086 # one word each
  gone 30 $pids || for pid in $pids; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$dir/pids"
}

start() {
  local file count i
  file=$(import_file)
  count=$(consumers)
  check_infra
  check_table servers psql
  build producer consumer
  stop_services
  rm -rf "$dir/logs"
  mkdir -p "$dir/pids" "$dir/logs"
  for ((i = 1; i <= count; i++)); do launch "consumer-$i" consumer; done
  FC_PRODUCER_RESUME=${RESUME:-} launch producer producer --file "$file"
  sleep 1
  for ((i = 1; i <= count; i++)); do
    [[ -n $(services "consumer-$i") ]] || {
      tail -5 "$dir/logs/consumer-$i.log" >&2
      fail "consumer $i ended at once; above is the end of $dir/logs/consumer-$i.log"
    }
  done
  say "started $count consumers, and a producer for $file; \"make logs\" shows what they say"
}

[[ ! -e $dir || -w $dir ]] || fail "$dir belongs to another user: call this as that user, or as root"

case ${1:-} in
  infra)
    "$root/scripts/native/install.sh" servers
    check_runtime local
    if [[ -n $(services) ]]; then
      stop_services
      say 'the services that ran are stopped; "make start" starts new ones'
    fi
    servers stop
    servers start
    echo local >"$runtime_file"
    servers status
    ;;
  migrate-db | drop-db)
    check_infra
    build consumer
    if [[ $1 == migrate-db ]]; then become consumer migrate; else become consumer drop-db; fi
    ;;
  start) start ;;
  stop)
    stop_services
    servers stop
    rm -f "$runtime_file"
    ;;
  logs)
    cd "$dir/logs" 2>/dev/null || fail 'nothing was started yet: run "make start" first'
    exec tail -n 100 -F -- *.log
    ;;
  build) build producer consumer ;;
  push) fail 'images are pushed from the docker runtime, and no Docker engine answers here' ;;
  prune)
    stop_services
    servers remove
    rm -rf "$dir" "$runtime_file"
    ;;
  producer-log) cat "$dir/logs/producer.log" ;;
  producer-runs) [[ -n $(services producer) ]] ;;
  queues)
    check_infra
    servers ctl -s list_queues name messages_ready messages_unacknowledged consumers
    ;;
  sql)
    check_infra
    servers psql "${@:2}"
    ;;
  *) fail "there is no verb \"${1:-}\"" ;;
esac
