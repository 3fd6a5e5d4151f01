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
  choose_port "$state" DB_PORT 5432 \
    'PostgreSQL listens on 127.0.0.1:%s: pass --db-port %s to services that you start by hand'
  postgres_facts
}

# Sets "bin" to the programs of the version that made the cluster, or of the newest.
postgres_programs() {
  local found major=''
  [[ ! -d $cluster ]] || major=$(as "$postgres_uid" cat "$cluster/PG_VERSION")
  found=$(find_postgres "$major")
  if [[ -z $found && -n $major ]]; then
    fail "the data in $cluster is of PostgreSQL $major, which is not installed: install it, or \"make prune\" the data"
  fi
  [[ -n $found ]] || fail "PostgreSQL is not installed: run $root/scripts/native/install.sh servers"
  at_least "${found%% *}" 14 0 || fail "PostgreSQL ${found%% *} is too old: 14 or later is needed"
  bin=${found#* }
}

postgres_failed() {
  tail -20 "$dir/postgres.log" >&2
  fail "PostgreSQL $1; above is the end of $dir/postgres.log"
}

postgres_create() {
  local password_file=$data/postgres/password problem=''
  as "$postgres_uid" rm -rf "$cluster.new"
  put "$postgres_uid" "$password_file" <<<"$db_password"
  as "$postgres_uid" "$bin/initdb" -D "$cluster.new" -U "$db_user" --pwfile="$password_file" \
    -A scram-sha-256 -E UTF8 --no-locale >"$dir/postgres.log" 2>&1 || problem='could not create its data'
  rm -f "$password_file"
  [[ -z $problem ]] || postgres_failed "$problem"
  mv "$cluster.new" "$cluster"
}

postgres_launch() {
  own_folder "$data/postgres" "$postgres_uid"
  postgres_programs
  [[ ! -e $dir/postgres.log ]] || mv "$dir/postgres.log" "$dir/postgres.log.1"
  postgres_is_new=''
  if [[ ! -d $cluster ]]; then
    postgres_create
    postgres_is_new=yes
  elif pid_in "$cluster/postmaster.pid" '' >/dev/null; then
    # left by a crash, and the pid is another program's now: PostgreSQL would take that for a server
    rm -f "$cluster/postmaster.pid"
  fi
  as "$postgres_uid" "$bin/pg_ctl" -D "$cluster" -W -s start -o "-p $db_port -c max_connections=200 \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" </dev/null >>"$dir/postgres.log" 2>&1
}

postgres_await() {
  local deadline=$((SECONDS + 120)) started=$SECONDS
  until postgres_psql -d postgres -c 'select 1' >/dev/null 2>>"$dir/postgres.log"; do
    # its pid file comes a moment after its launch
    if ((SECONDS > started + 2)) && ! postgres_running; then postgres_failed 'ended while it started'; fi
    ((SECONDS < deadline)) || postgres_failed 'did not start within 120 seconds'
    sleep 0.1
  done
  [[ -z $postgres_is_new ]] || postgres_psql -d postgres -qc "create database \"$db_name\""
}

postgres_running() {
  postgres_facts
  pid_in "$cluster/postmaster.pid" "$cluster" >/dev/null
}

postgres_stop() {
  local pid
  postgres_facts
  pid=$(pid_in "$cluster/postmaster.pid" "$cluster") || return 0
  # INT is its "fast" stop: open transactions are rolled back
  kill "-${stop_signal:-INT}" "$pid"
  gone 30 "$pid" || kill -KILL "$pid"
  gone 5 "$pid" || fail "PostgreSQL (process $pid) does not end"
}

postgres_status() {
  if postgres_running; then
    echo "PostgreSQL listens on 127.0.0.1:$db_port"
  else
    echo 'PostgreSQL is not running'
    return 1
  fi
}

postgres_psql() {
  postgres_facts
  [[ -n ${bin:-} ]] || postgres_programs
  PGHOST=127.0.0.1 PGPORT=$db_port PGUSER=$db_user PGPASSWORD=$db_password PGDATABASE=$db_name \
    PGCONNECT_TIMEOUT=10 "$bin/psql" -X "$@"
}
