#!/usr/bin/env bash
# Checks the shell scripts with shellcheck, which it installs if it can:  check-scripts.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"

if ! node "$root/scripts/native/install.mjs" shellcheck; then
  say 'shellcheck is not there, so the scripts stay unchecked'
  exit 0
fi
cd "$root"
shellcheck -x -P scripts scripts/*.sh scripts/native/*.sh scripts/system .ci/run
