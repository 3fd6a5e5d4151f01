#!/usr/bin/env bash
# Deletes this project's data and images, after asking:  prune.sh    (YES=1 prune.sh does not ask)
set -euo pipefail
source "$(dirname "$0")/common.sh"

runtime=$("$root/scripts/runtime")
if [[ ${YES:-} != 1 ]]; then
  [[ -t 0 ]] || fail 'nobody is there to confirm that everything is to be deleted: pass YES=1'
  read -r -p "This stops everything and deletes the queue, the database and the images of csv2db ($runtime). Go on? [y/N] " answer
  [[ $answer == [yY]* ]] || fail 'nothing was deleted'
fi
"$root/scripts/runtime" prune
if [[ $runtime == docker && -d $root/volumes/local ]]; then
  say 'volumes/local is still there; "make prune RUNTIME=local" deletes it'
fi
