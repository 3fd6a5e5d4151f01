#!/usr/bin/env bash
# Shows the whole system at work:  demo.sh
# Servers, migration, two consumers, 1,000 rows, and the proof that every row arrived: it fails when one did
# not. What it started goes on running.
set -euo pipefail
source "$(dirname "$0")/common.sh"
runtime=$root/scripts/runtime
sample=$root/producer/data/data_1000.csv

step() { printf '\n== %s\n' "$*"; }

# What a queue holds, acknowledged or not; 0 if there is no such queue.
depth() { # QUEUE
  "$runtime" queues | awk -F'\t' -v queue="$1" '$1 == queue { depth = $2 + $3 } END { print depth + 0 }'
}

rows() { "$runtime" sql -tAc 'select count(*) from contacts' </dev/null; }

await() { # SECONDS WHAT COMMAND…
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || fail "$what: gave up waiting; \"make logs\" and \"make status\" tell more"
    sleep 0.5
  done
}
producer_ended() { ! "$runtime" producer-runs; }
queue_empty() { [[ $(depth csv2db) == 0 ]]; }

step 'servers'
"$runtime" queues >/dev/null 2>&1 || "$runtime" infra

step 'database'
"$runtime" migrate-db

step 'two consumers, and a producer with 1,000 rows'
rows_before=$(rows)
dead_before=$(depth csv2db.dead)
FILE=$sample CONSUMERS=2 "$runtime" start
await 120 'the producer still runs' producer_ended
summary=$("$runtime" producer-log 2>&1 | grep '"published":' | tail -1) || true
[[ $summary == *'"msg":"finished'* ]] || {
  "$runtime" producer-log >&2
  fail 'the producer did not finish; above is its log'
}
published=${summary##*\"published\":}
published=${published%%[!0-9]*}

step 'the proof'
# every email of the file is looked up in the table
look_up() {
  counts=$("$runtime" sql -qtA -c 'create temp table sample (name text, email text)' \
    -c '\copy sample from pstdin (format csv)' \
    -c 'select count(*), count(*) filter (where not exists
          (select from contacts where contacts.email = sample.email)) from sample' <"$sample")
  missing=${counts##*|}
}
# what RabbitMQ tells of a queue may be some seconds old, so an empty one alone means nothing
deadline=$((SECONDS + 60))
until look_up && ((missing == 0)) && queue_empty || ((SECONDS > deadline)); do sleep 0.5; done
in_file=${counts%%|*}
new=$(($(rows) - rows_before))
dead=$(($(depth csv2db.dead) - dead_before))

line() { printf '%-22s %6d\n' "$@"; }
line 'rows in the file' "$in_file"
line 'published' "$published"
line 'new rows in the table' "$new"
line 'duplicates skipped' $((published - new - dead))
line 'dead letters' "$dead"
line 'missing' "$missing"

echo
((missing == 0 && dead == 0)) || fail 'not every row arrived; "make logs" and "make status" tell more'
echo 'Every row arrived. The servers and the consumers go on running:'
echo '  make status    queues and rows'
echo '  make logs      what the services say'
echo '  make stop      end everything'
