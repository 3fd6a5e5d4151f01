#!/usr/bin/env bash
# Shows the whole system at work:  demo.sh
# Servers, migration, two consumers, 1,000 rows, and the proof that every row arrived: it fails
# when one did not. What it started goes on running.
set -euo pipefail
source "$(dirname "$0")/common.sh"
system=$root/scripts/system
sample=$root/producer/data/data_1000.csv

step() { printf '\n== %s\n' "$*"; }

# What a queue holds, acknowledged or not; 0 if there is no such queue.
depth() { # QUEUE
  "$system" queues | awk -F'\t' -v queue="$1" '$1 == queue { depth = $2 + $3 } END { print depth + 0 }'
}

rows() { "$system" sql -tAc 'select count(*) from contacts' </dev/null; }

# Sets "in_file", and how many emails of the file are "missing" in the table.
look_up() {
  IFS='|' read -r in_file missing < <("$system" sql -qtA \
    -c 'create temp table sample (name text, email text)' -c '\copy sample from pstdin (format csv)' \
    -c 'select count(*), count(*) filter (where email not in (select email from contacts)) from sample' <"$sample")
}

step 'servers'
"$system" queues >/dev/null 2>&1 || "$system" infra

step 'database'
"$system" migrate-db

step 'two consumers, and a producer with 1,000 rows'
rows_before=$(rows)
dead_before=$(depth csv2db.dead)
FILE=$sample TABLE='' CONSUMERS=2 RESUME='' "$system" start

step 'the proof'
# what RabbitMQ tells of a queue may be some seconds old, so an empty one alone means nothing
deadline=$((SECONDS + 60))
until look_up && ((missing == 0)) && [[ $(depth csv2db) == 0 ]] || ((SECONDS > deadline)); do sleep 0.5; done
new=$(($(rows) - rows_before))
dead=$(($(depth csv2db.dead) - dead_before))

line() { printf '%-22s %6d\n' "$@"; }
line 'rows in the file' "$in_file"
line 'new in the table' "$new"
line 'there before' $((in_file - new - dead - missing))
line 'dead letters' "$dead"
line 'missing' "$missing"

echo
((missing == 0 && dead == 0)) || fail 'not every row arrived; "make logs" and "make status" tell more'
echo 'Every row arrived. The servers and the consumers go on running:'
echo '  make status    queues and rows'
echo '  make logs      what the services say'
echo '  make stop      end everything'
