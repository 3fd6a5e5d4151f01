# shellcheck shell=bash
# What the other scripts share: messages, KEY=value files and ports.
# Usage: source "$(dirname "$0")/common.sh"

# shellcheck disable=SC2034 # for those who source it
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# Runs a command, and shows what it printed only where it fails.
quietly() { # WHAT COMMAND…
  local what=$1 output
  shift
  output=$("$@" 2>&1 </dev/null) || {
    tail -n 30 <<<"$output" >&2
    fail "$what; above is the end of what it printed"
  }
}

# One value of a KEY=value file; empty when there is none.
value_of() { # FILE KEY
  [[ ! -f $1 ]] || sed -n "s/^$2=//p" "$1" | tail -1
}

# Writes KEY=value into such a file, in the place of an older value.
remember() { # FILE KEY VALUE
  forget "$1" "$2"
  printf '%s=%s\n' "$2" "$3" >>"$1"
}

forget() { # FILE KEY
  [[ -f $1 ]] || return 0
  if grep -v "^$2=" "$1" >"$1.new"; then mv "$1.new" "$1"; else rm "$1" "$1.new"; fi
}

random_id() { od -An -N8 -tx1 /dev/urandom | tr -d ' \n'; }

port_taken() { # PORT
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Chooses a free port, remembers and exports it. The wish in the environment's KEY comes first, then
# the port remembered in FILE, then DEFAULT; where something else holds that one, the next free one.
chosen=' '
choose_port() { # FILE KEY DEFAULT
  local wish=${!2:-} port
  wish=${wish:-$(value_of "$1" "$2")}
  wish=${wish:-$3}
  if ! [[ $wish =~ ^[1-9][0-9]{0,4}$ ]] || ((wish > 65535)); then
    fail "$2 is \"$wish\": it must be a port from 1 to 65535"
  fi
  port=$wish
  while port_taken "$port" || [[ $chosen == *" $port "* ]]; do
    ((++port < 65536)) || fail "no port from $wish up is free for $2: set $2 to a free one"
  done
  [[ $port == "$wish" ]] || say "port $wish is taken: $2 is $port"
  chosen="$chosen$port "
  remember "$1" "$2" "$port"
  export "$2=$port"
}

# Where the servers listen, and how services that are started by hand find them on other ports.
say_ports() { # FILE
  local queue db
  queue=$(value_of "$1" QUEUE_PORT) db=$(value_of "$1" DB_PORT)
  say "RabbitMQ listens on 127.0.0.1:$queue, its management page is http://127.0.0.1:$(value_of "$1" MANAGEMENT_PORT)"
  say "PostgreSQL listens on 127.0.0.1:$db"
  [[ $queue == 5672 && $db == 5432 ]] \
    || say "services that you start by hand need --queue-addr 127.0.0.1:$queue, consumers --db-port $db too"
}
