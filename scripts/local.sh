# shellcheck shell=bash disable=SC2154 # root: common.sh sets it
# The system as processes of this machine, for "system", with all they write under volumes/local.

dir=$root/volumes/local
[[ ! -e $dir || -w $dir ]] || fail "$dir belongs to another user: call this as that user, or as root"

servers() { "$root/scripts/native/servers.sh" "$1" "$dir" "${@:2}"; }
servers_run() { servers status >/dev/null 2>&1; }
ctl() { servers ctl "$@"; }
sql() { servers psql "$@"; }

build() { # SERVICE…
  MAKEFLAGS='' make -s -C "$root" "${@/#/build-}"
}

servers_up() {
  node "$root/scripts/native/install.mjs" rabbitmq postgres
  [[ -z $(services) ]] || say 'the services that ran are stopped; "make start" starts new ones'
  system_down
  servers start
  say_ports "$dir/servers.env"
}

# Turns into a service, with its environment file, but the addresses of the local servers.
become_service() { # SERVICE ARGUMENT…
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

consumer_task() ( # ARGUMENT…
  build consumer && become_service consumer "$@"
)

# The command line of a process, so that a pid that was reused is not mistaken for ours.
command_of() { # PID
  if [[ -r /proc/$1/cmdline ]]; then
    tr '\0' ' ' <"/proc/$1/cmdline"
  else
    ps -o command= -p "$1" 2>/dev/null || true
  fi
}

# The pid in FILE, if that process lives and its command line holds TEXT.
pid_in() { # FILE TEXT
  local pid
  pid=$(head -1 "$1" 2>/dev/null) || return 1
  pid=${pid//[^0-9]/}
  [[ -n $pid ]] && [[ $(command_of "$pid") == *"$2"* ]] && printf '%s\n' "$pid"
}

launch() { # NAME SERVICE ARGUMENT…
  # in a process group of its own: Ctrl-C in the terminal is not meant for it
  set -m
  become_service "${@:2}" </dev/null >"$dir/logs/$1.log" 2>&1 &
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

# Ends the services: with SIGTERM, and after 30 seconds with SIGKILL. One that ended and that its
# parent has not taken leave of has no command line.
stop_services() {
  local pids pid deadline=$((SECONDS + 30))
  pids=$(services)
  for pid in $pids; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in $pids; do
    while [[ -n $(command_of "$pid" 2>/dev/null) ]]; do
      ((SECONDS < deadline)) || kill -KILL "$pid" 2>/dev/null || true
      sleep 0.1
    done
  done
  rm -rf "$dir/pids"
}

services_up() { # FILE CONSUMERS
  local i
  stop_services
  rm -rf "$dir/logs"
  mkdir -p "$dir/pids" "$dir/logs"
  for ((i = 1; i <= $2; i++)); do
    FC_CONSUMER_TABLE=${TABLE:-} launch "consumer-$i" consumer
  done
  FC_PRODUCER_IMPORT_ID=${IMPORT_ID:-} FC_PRODUCER_RESUME=${RESUME:-} \
    FC_PRODUCER_COLUMNS=${IMPORT_COLUMNS:-} launch producer producer --file "$1"
  sleep 1
  for ((i = 1; i <= $2; i++)); do
    [[ -n $(services "consumer-$i") ]] || {
      tail -5 "$dir/logs/consumer-$i.log" >&2
      fail "consumer $i ended at once; above is the end of $dir/logs/consumer-$i.log"
    }
  done
}

logs() {
  cd "$dir/logs" 2>/dev/null || fail 'nothing was started yet: run "make start" first'
  if [[ -z $(services) ]]; then
    tail -n 100 -- *.log
    echo 'no service runs: that is how they ended' >&2
    return
  fi
  # Ctrl-C leaves, and is no failure
  trap 'exit 0' INT
  tail -n 100 -F -- *.log
}

something_runs() { [[ -n $(services)$(servers status 2>/dev/null) ]]; }

system_down() {
  stop_services
  servers stop
}

delete_data() {
  servers remove
  rm -rf "$dir"
}

push() { fail 'only images are pushed: run "make push" where there is Docker'; }
