#!/usr/bin/env bash
# Shows the depth of each queue and the number of rows in the table:  status.sh
set -euo pipefail
source "$(dirname "$0")/common.sh"
runtime=$root/scripts/runtime

queues=$("$runtime" queues)
printf '%-16s %10s %16s %10s\n' queue ready unacknowledged consumers
[[ -n $queues ]] || echo '(no queue was declared yet: "make start" does that)'
while IFS=$'\t' read -r name ready unacknowledged consumers; do
  [[ -z $name ]] || printf '%-16s %10s %16s %10s\n' "$name" "$ready" "$unacknowledged" "$consumers"
done <<<"$queues"

echo
if rows=$("$runtime" sql -tAc 'select count(*) from contacts' 2>/dev/null </dev/null); then
  echo "$rows rows in the table contacts"
else
  echo 'the table contacts does not exist yet: run "make migrate-db"'
fi
