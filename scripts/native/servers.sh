#!/usr/bin/env bash
# RabbitMQ and PostgreSQL as ordinary processes on 127.0.0.1, with all they write in one folder:
#   servers.sh start|stop|status DIR [rabbitmq|postgres]
#   servers.sh remove DIR            stops both and deletes the folder
#   servers.sh ctl|psql DIR ARG…     rabbitmqctl, psql, on those servers
# DIR/servers.env tells the ports; QUEUE_PORT, MANAGEMENT_PORT and DB_PORT in the environment are wishes.
set -euo pipefail
source "$(dirname "$0")/../common.sh"
source "$(dirname "$0")/programs.sh"
source "$(dirname "$0")/rabbitmq.sh"
source "$(dirname "$0")/postgres.sh"

usage="usage: $0 start|stop|status|remove|ctl|psql DIR [rabbitmq|postgres | argument…]"
(($# > 1)) || fail "$usage"

# The user who runs a server: the caller. Root hands it to the package's user, or to the owner of the
# data that is there already.
account() { # FOLDER PACKAGE_USER
  local owner=$2
  if ((EUID)); then
    [[ ! -e $1 || -w $1 ]] || fail "$1 belongs to another user: call this as that user, or as root"
    id -u
    return
  fi
  # shellcheck disable=SC2012 # stat differs between Linux and macOS
  [[ ! -d $1 ]] || owner=$(ls -ldn "$1" | awk '{print $3}')
  [[ $owner != 0 ]] || owner=$2
  if ! command -v setpriv >/dev/null || ! id -u "$owner" 2>/dev/null; then
    fail "root can't run this server as the user \"$owner\" here: call this as an ordinary user"
  fi
}

# Turns into a command that runs as that user.
become() { # UID COMMAND…
  ((EUID)) || exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups -- "${@:2}"
  exec "${@:2}"
}

as() (become "$@")

# Writes a file, readable by that user alone, from stdin.
put() { # UID FILE
  # shellcheck disable=SC2016 # for the inner shell
  as "$1" sh -c 'umask 077 && cat >"$1"' sh "$2"
}

# Makes the folder for the data: in DIR, unless the servers' users can't enter that one.
make_data() {
  rm -f "$dir/data"
  if as "$(account '' rabbitmq)" test -x "$dir" && as "$(account '' postgres)" test -x "$dir"; then
    mkdir "$dir/data"
  else
    ln -s "$(mktemp -d /var/lib/csv2db.XXXXXX)" "$dir/data"
    say "$dir is private to root, and the servers don't run as root: their data is in $(readlink "$dir/data")"
  fi
  chmod 755 "$dir/data/"
}

own_folder() { # FOLDER UID
  mkdir -p "$1"
  chmod 700 "$1"
  ((EUID)) || chown "$2:$(id -g "$2")" "$1"
}

# Keeps the log of the last start as well.
turn_log() { # NAME
  [[ ! -e $dir/$1.log ]] || mv "$dir/$1.log" "$dir/$1.log.1"
}

start_failed() { # NAME LOG
  check_version "$(<"$dir/$2.log")" "$data/$2"
  tail -20 "$dir/$2.log" >&2
  fail "$1 did not start; above is the end of $dir/$2.log"
}

start() { # SERVER…
  local server starting=()
  for server; do "${server}_running" || starting+=("$server"); done
  ((${#starting[@]})) || return 0
  # whatever a failed start leaves half done is stopped again
  # shellcheck disable=SC2064 # with these values
  trap "stop ${starting[*]}" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  for server in "${starting[@]}"; do "${server}_ports"; done
  for server in "${starting[@]}"; do "${server}_launch"; done
  for server in "${starting[@]}"; do "${server}_await"; done
  trap - EXIT
}

status() { # SERVER…
  local server status=0
  for server; do
    if "${server}_running"; then echo "$server runs"; else status=1; fi
  done
  return $status
}

stop() { # SERVER…
  local server
  for server; do "${server}_stop"; done
}

remove() {
  stop_signal=KILL # what they would take care of now is thrown away
  stop rabbitmq postgres
  rm -rf "$data" "$dir"
}

verb=$1
case $verb in
  start)
    mkdir -p "$2" || fail "can't create the folder $2"
    dir=$(cd "$2" && pwd)
    [[ -d $dir/data ]] || make_data
    ;;
  stop | remove) [[ -d $2/data ]] || exit 0 ;;
  status | ctl | psql) [[ -d $2/data ]] || fail "no servers were started in $2" ;;
  *) fail "$usage" ;;
esac
dir=$(cd "$2" && pwd)
data=$(cd -P "$dir/data" && pwd)
state=$dir/servers.env
case $verb:${3:-} in
  remove:* | ctl:* | psql:*) ;;
  *: | *:rabbitmq | *:postgres) ;;
  *) fail "there is no server \"$3\": $usage" ;;
esac
shift 2
# the servers' users may not enter the caller's folder
[[ $verb == psql ]] || cd /
rabbitmq_facts
postgres_facts

case $verb in
  start | stop | status)
    (($#)) || set -- rabbitmq postgres
    "$verb" "$@"
    ;;
  remove) remove ;;
  ctl) rabbitmq_ctl "$@" ;;
  psql) postgres_psql "$@" ;;
esac
