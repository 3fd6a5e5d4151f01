#!/usr/bin/env bash
# Installs what this machine lacks, with apt-get (as root or with password-less sudo) or Homebrew:
#   install.sh THING…    rabbitmq (3.10 or later), postgres (14 or later), redis, shellcheck
# None of them is started, now or as a service of the system.
set -euo pipefail
source "$(dirname "$0")/../common.sh"
source "$(dirname "$0")/programs.sh"

is_there() { # THING
  case $1 in
    rabbitmq) at_least "$(find_rabbitmq)" 3 10 ;;
    postgres) at_least "$(find_postgres '')" 14 0 ;;
    redis) command -v redis-server >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 "$@"; }

install_with_apt() { # PACKAGE…
  local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d
  # while packages install, this keeps them from starting their services and from making a database
  # shellcheck disable=SC2064 # with these values
  trap "rm -f '$clusters/csv2db.conf'; ! grep -qs 'by csv2db' '$policy' || rm '$policy'" EXIT
  [[ -e $policy ]] || install -m 755 <(printf '#!/bin/sh\n# by csv2db, while it installs\nexit 101\n') "$policy"
  mkdir -p "$clusters"
  echo 'create_main_cluster = false' >"$clusters/csv2db.conf"
  # package lists may be missing or too old to download by: then, and only then, they are updated
  apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; } || return
  ! command -v systemctl || systemctl disable rabbitmq-server epmd.socket postgresql redis-server || true
}

missing=() debian=() brew=()
for thing; do
  if is_there "$thing"; then continue; fi
  missing+=("$thing")
  case $thing in
    rabbitmq) debian+=(rabbitmq-server) brew+=(rabbitmq) ;;
    postgres) debian+=(postgresql) brew+=(postgresql@17) ;;
    redis) debian+=(redis-server) brew+=(redis) ;;
    *) debian+=("$thing") brew+=("$thing") ;;
  esac
done
((${#missing[@]})) || exit 0

if command -v brew >/dev/null; then
  say "installing ${missing[*]} with Homebrew"
  quietly 'Homebrew could not install them' brew install "${brew[@]}"
elif ! command -v apt-get >/dev/null; then
  fail "install ${missing[*]} first: this machine has neither apt-get nor Homebrew to do it with"
elif ((EUID)); then
  if sudo -n true 2>/dev/null; then exec sudo -n "$BASH" "$0" "$@"; fi
  fail "${missing[*]} must be installed, and this user may not: as root, run $root/scripts/native/install.sh $*"
else
  say "installing ${missing[*]} with apt-get"
  quietly 'apt-get could not install them' install_with_apt "${debian[@]}"
fi

for thing in "${missing[@]}"; do
  is_there "$thing" || fail "the $thing that the package manager offers is too old: install a newer one by hand"
done
