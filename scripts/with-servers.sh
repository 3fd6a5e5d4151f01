#!/usr/bin/env bash
# Runs a command with a RabbitMQ and a PostgreSQL of its own, on free ports and in a temporary
# folder, and removes them afterwards, however it ends:  with-servers.sh COMMAND…
# The command finds them in FC_TEST_QUEUE_URL, FC_TEST_MANAGEMENT_URL and FC_TEST_DATABASE_URL, and
# may stop and start them: servers.sh stop|start "$FC_TEST_SERVERS_DIR" rabbitmq|postgres.
# Where FC_TEST_QUEUE_URL and FC_TEST_DATABASE_URL are set, those servers are used instead.
set -euo pipefail
source "$(dirname "$0")/common.sh"
(($#)) || fail "usage: $0 COMMAND…"

if [[ -n ${FC_TEST_QUEUE_URL:-} && -n ${FC_TEST_DATABASE_URL:-} ]]; then exec "$@"; fi

node "$root/scripts/native/install.mjs" rabbitmq postgres

command=''
dir=$(mktemp -d "${TMPDIR:-/tmp}/csv2db-test.XXXXXX")

# shellcheck disable=SC2317 # a trap calls it
clean_up() {
  trap '' INT TERM HUP
  if [[ -n $command ]]; then
    # with all that it started
    kill -TERM -- "-$command" 2>/dev/null || true
    local deadline=$((SECONDS + 10))
    while kill -0 -- "-$command" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.1; done
    kill -KILL -- "-$command" 2>/dev/null || true
  fi
  "$root/scripts/native/servers.sh" remove "$dir"
  rm -rf "$dir"
}
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap clean_up EXIT

# for the servers' users, when this is root
chmod 755 "$dir"
# below the ports that outgoing connections get, and apart from those of another run
port=$((20000 + RANDOM % 1000 * 10))
QUEUE_PORT=$port MANAGEMENT_PORT=$((port + 1)) DB_PORT=$((port + 2)) EPMD_PORT=$((port + 3)) \
  DIST_PORT=$((port + 4)) QUEUE_METRICS_PORT=$((port + 5)) "$root/scripts/native/servers.sh" start "$dir"

# USER:PASSWORD@HOST:PORT
authority() { # FILE USER_KEY PASSWORD_KEY PORT_KEY
  local user password
  user=$(value_of "$root/env/$1" "$2") password=$(value_of "$root/env/$1" "$3")
  echo "$user:$password@127.0.0.1:$(value_of "$dir/servers.env" "$4")"
}
FC_TEST_SERVERS_DIR=$dir
FC_TEST_MANAGEMENT_URL=http://127.0.0.1:$(value_of "$dir/servers.env" MANAGEMENT_PORT)
FC_TEST_QUEUE_URL=amqp://$(authority rabbitmq.env RABBITMQ_DEFAULT_USER RABBITMQ_DEFAULT_PASS QUEUE_PORT)
FC_TEST_DATABASE_URL=postgres://$(authority pg.env POSTGRES_USER POSTGRES_PASSWORD DB_PORT)/$(value_of "$root/env/pg.env" POSTGRES_DB)
export FC_TEST_SERVERS_DIR FC_TEST_MANAGEMENT_URL FC_TEST_QUEUE_URL FC_TEST_DATABASE_URL

# in the background, because bash heeds a signal at once only while it waits; in its own process
# group, so that what it started can be ended with it
if [[ -t 0 ]]; then exec </dev/null; fi
set -m
"$@" <&0 &
command=$!
set +m
status=0
wait "$command" || status=$?
exit "$status"
