# shellcheck shell=bash
# Where the programs of the servers are. Usage: source "$(dirname "$0")/programs.sh"

homebrew=(/opt/homebrew /usr/local /home/linuxbrew/.linuxbrew)

newest() { sort -t. -k1,1n -k2,2n -k3,3n | tail -1; }

# "VERSION FOLDER" of the newest RabbitMQ. The folder holds its own scripts; those in the PATH of a
# Debian system refuse to run as anyone but root.
find_rabbitmq() {
  local bin plugin
  for bin in /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin /opt/rabbitmq/sbin "${homebrew[@]/%//opt/rabbitmq/sbin}"; do
    for plugin in "$bin"/../plugins/rabbit-[0-9]*; do
      [[ ! $plugin =~ /rabbit-([0-9]+\.[0-9]+\.[0-9]+) ]] || echo "${BASH_REMATCH[1]} $bin"
    done
  done | newest
}

# "VERSION FOLDER" of the newest PostgreSQL, of that major version if it is not empty.
find_postgres() { # MAJOR
  local bin version
  for bin in "$(dirname "$(command -v postgres || echo /)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
    [[ -x $bin/initdb && -x $bin/postgres && -x $bin/psql ]] || continue
    version=$("$bin/postgres" --version | sed -n 's/^[^0-9]*\([0-9][0-9.]*\).*/\1/p')
    [[ -n $1 && ${version%%.*} != "$1" ]] || echo "$version $bin"
  done | newest
}

at_least() { # VERSION MAJOR MINOR
  local major minor
  IFS='. ' read -r major minor _ <<<"${1:-0.0}"
  ((major > $2 || (major == $2 && ${minor:-0} >= $3)))
}
