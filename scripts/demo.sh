#!/usr/bin/env bash
# Shows the whole system at work:  demo.sh
# Servers, migration, two consumers, 1,000 rows, and the proof that every row arrived: it fails
# when one did not. What it started goes on running.
set -euo pipefail
source "$(dirname "$0")/common.sh"
system=$root/scripts/system
sample=$root/producer/data/data_1000.csv
import=$(random_id)

step() { printf '\n== %s\n' "$*"; }

step 'servers'
"$system" queues >/dev/null 2>&1 || "$system" infra

step 'database'
"$system" migrate-db

step 'two consumers, and a producer with 1,000 rows'
FILE=$sample TABLE='' CONSUMERS=2 RESUME='' WAIT='' IMPORT_ID=$import "$system" start

step 'the proof'
"$system" consumer status "$import" --wait --timeout 1m \
  || fail 'not every row arrived; "make logs" and "make status" tell more'

echo
echo 'Every row arrived. The servers and the consumers go on running:'
echo '  make status    queues and imports'
echo '  make logs      what the services say'
echo '  make stop      end everything'
