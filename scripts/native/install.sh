#!/usr/bin/env bash
# Installs what this machine lacks, with apt-get (as root or with password-less sudo) or Homebrew:
#   install.sh servers      RabbitMQ 3.10+ and PostgreSQL 14+; their own services are not started
#   install.sh shellcheck
#   install.sh redis        for the tests of checkpoints
#   install.sh pgbouncer    for the test of it
set -euo pipefail
source "$(dirname "$0")/../common.sh"

# Sets "missing" to those of the named things that are not there, or too old.
look_for() { # THING…
  local thing found
  missing=()
  for thing; do
    case $thing in
      rabbitmq)
        found=$(find_rabbitmq)
        at_least "${found:-0.0}" 3 10 || missing+=("$thing")
        ;;
      postgres)
        found=$(find_postgres '')
        at_least "${found:-0.0}" 14 0 || missing+=("$thing")
        ;;
      shellcheck) command -v shellcheck >/dev/null || missing+=("$thing") ;;
      redis) command -v redis-server >/dev/null || missing+=("$thing") ;;
      # Debian has it where only root looks
      pgbouncer) PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || missing+=("$thing") ;;
    esac
  done
  ((${#missing[@]}))
}

name_of() {
  case $1 in
    rabbitmq) echo 'RabbitMQ 3.10 or later' ;;
    postgres) echo 'PostgreSQL 14 or later' ;;
    *) echo "$1" ;;
  esac
}

names() {
  local thing list=''
  for thing in "${missing[@]}"; do list="$list${list:+ and }$(name_of "$thing")"; done
  echo "$list"
}

run_logged() {
  "$@" >>"$log" 2>&1
}

apt() {
  run_logged env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Package lists may be missing or too old to download by: then, and only then, they are updated.
apt_install() {
  apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; }
}

policy=/usr/sbin/policy-rc.d
cluster_conf=/etc/postgresql-common/createcluster.conf

# While packages install, this keeps them from starting their services.
forbid_services() {
  restore_system
  trap restore_system EXIT
  [[ ! -e $policy ]] || mv "$policy" "$policy.before-csv2db"
  printf '#!/bin/sh\n# temporary: csv2db installs packages\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

# Also called first, so that a run that was killed is tidied up by the next one.
restore_system() {
  if [[ -e $policy ]] && grep -q 'temporary: csv2db' "$policy"; then rm -f "$policy"; fi
  if [[ -e $policy.before-csv2db ]]; then mv "$policy.before-csv2db" "$policy"; fi
  if [[ -e $cluster_conf.before-csv2db ]]; then mv "$cluster_conf.before-csv2db" "$cluster_conf"; fi
}

# Debian's package would create a database cluster of its own.
forbid_cluster() {
  apt_install postgresql-common && cp -p "$cluster_conf" "$cluster_conf.before-csv2db" \
    && printf '\ncreate_main_cluster = false\n' >>"$cluster_conf"
}

disable_units() {
  command -v systemctl >/dev/null || return 0
  run_logged systemctl disable "$@" || true
}

install_with_apt() {
  local thing
  if command -v flock >/dev/null; then
    # two test runs that start together must not install together
    exec 9>/var/lock/csv2db-install
    flock 9
    look_for "${missing[@]}" || return 0
  fi
  say "installing $(names) with apt-get (log: $log)"
  forbid_services
  for thing in "${missing[@]}"; do
    case $thing in
      rabbitmq)
        apt_install rabbitmq-server && disable_units rabbitmq-server.service epmd.socket epmd.service
        ;;
      postgres)
        forbid_cluster && apt_install postgresql && disable_units postgresql.service
        ;;
      redis)
        apt_install redis-server && disable_units redis-server.service
        ;;
      pgbouncer)
        apt_install pgbouncer && disable_units pgbouncer.service
        ;;
      *) apt_install "$thing" ;;
    esac || {
      tail -20 "$log" >&2
      fail "apt-get could not install $(name_of "$thing"): the log above says why"
    }
  done
}

install_with_homebrew() {
  local thing
  say "installing $(names) with Homebrew (log: $log)"
  for thing in "${missing[@]}"; do
    [[ $thing != postgres ]] || thing=postgresql@17
    run_logged brew install "$thing" </dev/null || {
      tail -20 "$log" >&2
      fail "Homebrew could not install $thing: the log above says why"
    }
  done
}

case ${1:-} in
  servers) wanted=(rabbitmq postgres) ;;
  shellcheck | redis | pgbouncer) wanted=("$1") ;;
  *) fail "usage: $0 servers|shellcheck|redis|pgbouncer" ;;
esac

look_for "${wanted[@]}" || exit 0

if command -v apt-get >/dev/null && ((EUID)); then
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then exec sudo -n "$BASH" "$0" "$@"; fi
  fail "$(names) must be installed first, and this user may not: as root, run $root/scripts/native/install.sh $1"
fi

log=$(mktemp "${TMPDIR:-/tmp}/csv2db-install.XXXXXX")
if command -v apt-get >/dev/null; then
  install_with_apt
elif command -v brew >/dev/null; then
  install_with_homebrew
else
  rm -f "$log"
  fail "$(names) must be installed first: this machine has neither apt-get nor Homebrew to do it with"
fi

if look_for "${wanted[@]}"; then
  fail "$(names) is still missing; what the package manager offers is too old: install it by hand"
fi
rm -f "$log"
