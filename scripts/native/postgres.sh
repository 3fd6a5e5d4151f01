# shellcheck shell=bash disable=SC2154 # dir, data, state: servers.sh sets them
# PostgreSQL for servers.sh: a cluster of its own, reached over TCP alone (the path of a Unix socket
# might be too long).

postgres_facts() {
  cluster=$data/postgres/cluster
  postgres_uid=$(account "$data/postgres" postgres) || exit
  db_port=$(value_of "$state" DB_PORT)
  db_user=$(value_of "$root/env/pg.env" POSTGRES_USER)
  db_password=$(value_of "$root/env/pg.env" POSTGRES_PASSWORD)
  db_name=$(value_of "$root/env/pg.env" POSTGRES_DB)
}

postgres_ports() {
  choose_port "$state" DB_PORT 5432
  postgres_facts
}

# Sets "bin" to the programs of the version that made the cluster, or of the newest.
postgres_programs() {
  local found major=''
  [[ ! -d $cluster ]] || major=$(as "$postgres_uid" cat "$cluster/PG_VERSION")
  found=$(find_postgres "$major")
  [[ -n $found || -z $major ]] \
    || fail "the data in $cluster is of PostgreSQL $major, which is not installed: install it, or \"make prune\" the data"
  at_least "$found" 14 0 || fail "PostgreSQL 14 or later is not installed: run $root/scripts/native/install.sh postgres"
  bin=${found#* }
}

postgres_create() {
  as "$postgres_uid" rm -rf "$cluster.new"
  put "$postgres_uid" "$data/postgres/password" <<<"$db_password"
  as "$postgres_uid" "$bin/initdb" -D "$cluster.new" -U "$db_user" --pwfile="$data/postgres/password" \
    -A scram-sha-256 -E UTF8 --no-locale >"$dir/postgres.log" 2>&1 || start_failed PostgreSQL postgres
  rm -f "$data/postgres/password"
  as "$postgres_uid" "$bin/postgres" --single -D "$cluster.new" postgres <<<"create database \"$db_name\"" \
    >>"$dir/postgres.log" 2>&1 || start_failed PostgreSQL postgres
  mv "$cluster.new" "$cluster"
}

postgres_launch() {
  own_folder "$data/postgres" "$postgres_uid"
  postgres_programs
  turn_log postgres
  [[ -d $cluster ]] || postgres_create
  # left by a crash, and the pid is another program's now: PostgreSQL would take that for a server
  if pid_in "$cluster/postmaster.pid" '' >/dev/null; then rm -f "$cluster/postmaster.pid"; fi
  as "$postgres_uid" "$bin/pg_ctl" -D "$cluster" -W -s start -o "-p $db_port -c max_connections=200 \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" </dev/null >>"$dir/postgres.log" 2>&1
}

postgres_await() {
  local began=$SECONDS
  until postgres_psql -d postgres -c 'select 1' >/dev/null 2>>"$dir/postgres.log"; do
    # its pid file comes a moment after its launch
    ((SECONDS <= began + 2)) || { postgres_running && ((SECONDS < began + 120)); } || start_failed PostgreSQL postgres
    sleep 0.1
  done
}

postgres_pid() { pid_in "$cluster/postmaster.pid" "$cluster"; }
postgres_running() { postgres_pid >/dev/null; }

postgres_stop() {
  local pid
  # INT is its "fast" stop: open transactions are rolled back
  if pid=$(postgres_pid); then end_process "$pid" "${stop_signal:-INT}"; fi
}

postgres_psql() {
  [[ -n ${bin:-} ]] || postgres_programs
  PGHOST=127.0.0.1 PGPORT=$db_port PGUSER=$db_user PGPASSWORD=$db_password PGDATABASE=$db_name \
    PGCONNECT_TIMEOUT=10 "$bin/psql" -X "$@"
}
