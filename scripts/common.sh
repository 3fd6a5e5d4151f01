# shellcheck shell=bash
# What the other scripts share: messages, ports, processes, and where the servers' programs are.
# Usage: source "$(dirname "$0")/common.sh"

# shellcheck disable=SC2034 # for those who source it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# which runtime the servers were started in
runtime_file=$root/volumes/runtime

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# One value of a KEY=value file; empty when there is none.
value_of() { # FILE KEY
  [[ ! -f $1 ]] || sed -n "s/^$2=//p" "$1" | tail -1
}

# Writes KEY=value into such a file, in the place of an older value.
remember() { # FILE KEY VALUE
  { [[ ! -f $1 ]] || grep -v "^$2=" "$1" || true; } >"$1.new"
  printf '%s=%s\n' "$2" "$3" >>"$1.new"
  mv "$1.new" "$1"
}

port_taken() { # PORT
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Chooses a free port and remembers it. The wish in the environment's KEY comes first, then the port
# remembered in FILE, then DEFAULT; where something else holds that one, the next free one.
# HINT, if given, is what to tell the user then, with %s for the port.
chosen=' '
choose_port() { # FILE KEY DEFAULT [HINT]
  local wish=${!2:-} port
  [[ -n $wish ]] || wish=$(value_of "$1" "$2")
  wish=${wish:-$3}
  if ! [[ $wish =~ ^[1-9][0-9]{0,4}$ ]] || ((wish > 65535)); then
    fail "$2 is \"$wish\": it must be a port from 1 to 65535"
  fi
  port=$wish
  while port_taken "$port" || [[ $chosen == *" $port "* ]]; do
    ((++port < 65536)) || fail "no port from $wish up is free for $2: set $2 to a free one"
  done
  if [[ $port != "$wish" && -n ${4:-} ]]; then
    say "port $wish is taken; ${4//%s/$port}"
  fi
  chosen="$chosen$port "
  remember "$1" "$2" "$port"
}

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

# Waits until processes are gone; false when they still run after so many seconds. One that ended and
# that its parent has not taken leave of has no command line.
gone() { # SECONDS PID…
  local deadline=$((SECONDS + $1)) pid
  shift
  for pid; do
    while [[ -n $(command_of "$pid" 2>/dev/null) ]]; do
      ((SECONDS < deadline)) || return 1
      sleep 0.1
    done
  done
}

homebrew=(/opt/homebrew /usr/local /home/linuxbrew/.linuxbrew)
by_version() { sort -t. -k1,1n -k2,2n -k3,3n; }

# "VERSION FOLDER" of the newest RabbitMQ. The folder holds its own scripts; those in the PATH of a
# Debian system refuse to run as anyone but root.
find_rabbitmq() {
  local bin version
  for bin in /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin /opt/rabbitmq/sbin \
    "${homebrew[@]/%//opt/rabbitmq/sbin}"; do
    version=$(find "$bin/../plugins/" -maxdepth 1 -name 'rabbit-[0-9]*' 2>/dev/null \
      | sed -n 's/.*rabbit-\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' | head -1) || true
    [[ -z $version ]] || printf '%s %s\n' "$version" "$bin"
  done | by_version | tail -1
}

# "VERSION FOLDER" of the newest PostgreSQL with that major version, if it is not empty.
find_postgres() { # MAJOR
  local bin version
  for bin in "$(dirname "$(command -v postgres || echo /)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    [[ -x $bin/initdb && -x $bin/postgres && -x $bin/psql ]] || continue
    version=$("$bin/postgres" --version | sed -n 's/^[^0-9]*\([0-9][0-9.]*\).*/\1/p')
    [[ -n $1 && ${version%%.*} != "$1" ]] || printf '%s %s\n' "$version" "$bin"
  done | by_version | tail -1
}

at_least() { # VERSION MAJOR MINOR
  local major=${1%%.*} minor=${1#*.}
  minor=${minor%%.*}
  ((major > $2 || (major == $2 && minor >= $3)))
}

find_compose() {
  if docker compose version >/dev/null 2>&1; then
    echo 'docker compose'
  elif command -v docker-compose >/dev/null; then
    echo docker-compose
  fi
}

# The servers run in one runtime at a time.
check_runtime() { # docker|local
  local other
  other=$(cat "$runtime_file" 2>/dev/null) || true
  if [[ -n $other && $other != "$1" ]]; then
    fail "the servers run with RUNTIME=$other: end them first, with \"make stop RUNTIME=$other\""
  fi
}

# The absolute path of the file to import: $FILE as the caller sees it, or the sample.
import_file() {
  local file=${FILE:-$root/producer/data/data_1000.csv}
  [[ $file == /* ]] || file=${CALLER:-$PWD}/$file
  [[ -e $file ]] || fail "FILE: there is no file $file"
  [[ ! -d $file ]] || fail "FILE: $file is a folder"
  [[ -r $file ]] || fail "FILE: $file can't be read by this user"
  printf '%s\n' "$file"
}

consumers() {
  [[ ${CONSUMERS:-2} =~ ^[1-9][0-9]?$ ]] || fail "CONSUMERS is \"$CONSUMERS\": it must be a number from 1 to 99"
  echo "${CONSUMERS:-2}"
}

# Fails unless the database has its table. It is asked through the runtime's own "sql".
check_table() { # COMMAND…
  [[ $("$@" -tAc "select to_regclass('contacts')" 2>/dev/null) == contacts ]] \
    || fail 'the database has no table yet: run "make migrate-db" first'
}
