# shellcheck shell=bash disable=SC2154 # dir, data, state: servers.sh sets them
# RabbitMQ for servers.sh. It reads nothing of the system's configuration, and it has an epmd (Erlang's
# name server) of its own, so that stopping it leaves no process and disturbs no other RabbitMQ.

rabbitmq_facts() {
  home=$data/rabbitmq
  rabbitmq_uid=$(account "$home" rabbitmq) || exit
  node=$(value_of "$state" NODE)
  queue_port=$(value_of "$state" QUEUE_PORT)
  management_port=$(value_of "$state" MANAGEMENT_PORT)
  epmd_port=$(value_of "$state" EPMD_PORT)
  dist_port=$(value_of "$state" DIST_PORT)
}

rabbitmq_ports() {
  [[ -n $node ]] || remember "$state" NODE "csv2db-$$-$RANDOM@localhost"
  choose_port "$state" QUEUE_PORT 5672
  choose_port "$state" MANAGEMENT_PORT 15672
  choose_port "$state" EPMD_PORT 24369
  choose_port "$state" DIST_PORT 25672
  rabbitmq_facts
}

# Turns into one of RabbitMQ's own scripts.
rabbitmq() { # SCRIPT ARGUMENT…
  local found loopback='-kernel inet_dist_use_interface {127,0,0,1}'
  found=$(find_rabbitmq)
  at_least "$found" 3 10 || fail "RabbitMQ 3.10 or later is not installed: run $root/scripts/native/install.sh rabbitmq"
  # "-csv2db" means nothing to it, and marks the process, so that it can be told from others
  become "$rabbitmq_uid" env -i "PATH=$PATH" "HOME=$home" LANG=C.UTF-8 \
    ERL_EPMD_ADDRESS=127.0.0.1 \
    ERL_EPMD_PORT="$epmd_port" \
    ERL_CRASH_DUMP="$home/erl_crash.dump" \
    RABBITMQ_NODENAME="$node" \
    RABBITMQ_DIST_PORT="$dist_port" \
    RABBITMQ_PID_FILE="$home/pid" \
    RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
    RABBITMQ_CONFIG_FILES="$home/conf.d" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" \
    RABBITMQ_LOG_BASE="$home" \
    RABBITMQ_LOGS=- \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback -csv2db $node" \
    RABBITMQ_CTL_ERL_ARGS="$loopback" \
    "${found#* }/$1" "${@:2}"
}

rabbitmq_epmd() {
  local epmd
  epmd=$(command -v epmd || find /usr/lib/erlang /opt/erlang "${homebrew[@]/%//opt/erlang}" \
    -name epmd 2>/dev/null | head -1) || true
  [[ -n $epmd ]] || fail "Erlang's epmd is not in the PATH"
  become "$rabbitmq_uid" "$epmd" -address 127.0.0.1 -port "$epmd_port"
}

rabbitmq_launch() {
  own_folder "$home" "$rabbitmq_uid"
  put "$rabbitmq_uid" "$home/enabled_plugins" <<<'[rabbitmq_management].'
  put "$rabbitmq_uid" "$home/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$queue_port
management.tcp.ip = 127.0.0.1
management.tcp.port = $management_port
default_user = $(value_of "$root/env/rabbitmq.env" RABBITMQ_DEFAULT_USER)
default_pass = $(value_of "$root/env/rabbitmq.env" RABBITMQ_DEFAULT_PASS)
default_vhost = $(value_of "$root/env/rabbitmq.env" RABBITMQ_DEFAULT_VHOST)
CONF
  rm -f "$home/pid"
  turn_log rabbitmq
  ulimit -S -n 65536 2>/dev/null || true
  # job control gives each its own process group: Ctrl-C in the terminal is not meant for them
  set -m
  rabbitmq_epmd </dev/null >"$dir/epmd.log" 2>&1 &
  echo $! >"$dir/epmd.pid"
  rabbitmq rabbitmq-server </dev/null >"$dir/rabbitmq.log" 2>&1 &
  rabbitmq_job=$!
  set +m
}

rabbitmq_await() {
  local deadline=$((SECONDS + 120))
  until port_taken "$queue_port" && grep -q 'Server startup complete' "$dir/rabbitmq.log"; do
    if ((SECONDS > deadline)) || ! kill -0 "$rabbitmq_job" 2>/dev/null; then start_failed RabbitMQ rabbitmq; fi
    sleep 0.1
  done
}

rabbitmq_pid() { [[ -n $node ]] && pid_in "$home/pid" "-csv2db $node"; }
rabbitmq_running() { rabbitmq_pid >/dev/null; }

rabbitmq_stop() {
  local pid
  if pid=$(rabbitmq_pid); then
    end_process "$pid" "${stop_signal:-TERM}"
  elif [[ -n ${rabbitmq_job:-} ]]; then
    # launched just now, and too young to have written its pid
    kill -KILL -- "-$rabbitmq_job" 2>/dev/null || true
  fi
  if pid=$(pid_in "$dir/epmd.pid" "epmd -address 127.0.0.1 -port $epmd_port"); then end_process "$pid" TERM; fi
  rm -f "$home/pid" "$dir/epmd.pid"
}

rabbitmq_ctl() {
  rabbitmq_running || fail 'RabbitMQ is not running'
  rabbitmq rabbitmqctl "$@"
}
