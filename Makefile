# csv2db: CSV rows through RabbitMQ into PostgreSQL. "make" lists what there is.
#
# The system runs in containers where a Docker engine answers, and as processes of this machine
# where none does; RUNTIME=docker or RUNTIME=local overrides that. Every target works in both.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# FILE is relative to where make was called, which -C changes
export CALLER := $(PWD)

# in the environment, COLUMNS is the width of a terminal
export IMPORT_COLUMNS := $(if $(filter command,$(origin COLUMNS)),$(COLUMNS))

installed := node_modules/.package-lock.json
sources = $(shell find libs $(1) scripts/*.mjs package.json tsconfig*.json -type f -not -path '*/node_modules/*' \
	-not -path '*/test/*' -not -path '*/data/*')

##@ Use

demo: ## do it all, with 1,000 rows, and prove that every row arrived
infra: ## (re)create the queue and the database, and start them in the background
migrate-db: ## create the database if it is missing, and apply every migration
start: ## (re)start a producer and the consumers [FILE=… TABLE=contacts COLUMNS=name,email CONSUMERS=2 RESUME=1 WAIT=1]
logs: ## follow the logs of the producer and the consumers
status: ## show the depth of the queues, and what became of the rows of each import
stop: ## stop the services, the queue and the database

##@ Maintain

build: ## build the services: images, or bin/ where there is no Docker
push: ## push the images to a registry [REGISTRY=…]
drop-db: ## drop the database with everything in it
prune: ## delete the data and the images of this project; asks first [YES=1]

infra migrate-db start logs status stop build push drop-db prune:
	@scripts/system $@

demo:
	@scripts/demo.sh

##@ Develop

check: $(installed) build-producer build-consumer ## check format, types and style of the code and of the scripts
	npm run check
	@node scripts/cli-docs.mjs --check
	@scripts/check-scripts.sh

test: $(installed) build-producer build-consumer ## run every test, on servers of its own [TEST_ARGS=…]
	@node scripts/native/install.mjs prometheus
	@node scripts/native/install.mjs chromium || echo 'without chromium, the status page is not tested in a browser' >&2
	scripts/with-servers.sh npx vitest run $(TEST_ARGS)

test-faults: $(installed) build-producer build-consumer ## break everything in the middle of imports, and count the rows
	@node scripts/native/install.mjs redis pgbouncer
	scripts/with-servers.sh npx vitest run --config vitest.faults.config.mts $(TEST_ARGS)

test-containers: $(installed) ## run the system in containers, from build to prune, and check it
	npx vitest run --config vitest.containers.config.mts $(TEST_ARGS)

screenshots: $(installed) build-producer build-consumer ## take the pictures of the documents anew
	@node scripts/native/install.mjs chromium pngquant
	scripts/with-servers.sh npx vitest run --config vitest.screenshots.config.mts

bench: $(installed) build-producer build-consumer ## measure imports against psql \copy [BENCH_ROWS=… BENCH_RUNS=3 BENCH_CASES=…]
	scripts/with-servers.sh node bench/main.mjs

bench-cost: $(installed) build-producer build-consumer ## measure what the ledger and the metrics cost [BENCH_ROWS=… BENCH_RUNS=9]
	scripts/with-servers.sh node bench/cost.mjs

bench-guard: $(installed) build-producer build-consumer ## fail where an import has become much slower or more wasteful
	scripts/with-servers.sh node bench/guard.mjs

build-producer: bin/producer ## build bin/producer
build-consumer: bin/consumer ## build bin/consumer

clean: ## delete the binaries
	rm -rf bin

help: ## list the targets
	@awk -F ':.*## ' '/^##@/ { print "\n" substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

bin/producer: $(installed) $(call sources,producer)
	node scripts/build.mjs producer

bin/consumer: $(installed) $(call sources,consumer)
	node scripts/build.mjs consumer

$(installed): package-lock.json
	@command -v npm >/dev/null || { echo 'error: Node.js 20.19 or later with npm is needed: install it' >&2; exit 1; }
	npm ci --loglevel=error --no-update-notifier
	@touch $@

.PHONY: demo infra migrate-db start logs status stop build push drop-db prune check test test-faults test-containers \
	screenshots bench bench-cost bench-guard build-producer build-consumer clean help
