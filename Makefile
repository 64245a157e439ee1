# Thin: the work is done by image/con-container, build/ and test/. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

arch := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
node := node_modules/node-linux-$(arch)/bin/node
con := ./image/con-container
installed := node_modules/.package-lock.json

# Settings go to the scripts through the environment, letter by letter: $(value) keeps make, and the
# environment keeps the shell, from reading anything into them.
settings := NAME PROFILE ENGINE BASE DATA GPU NETWORK READY_TIMEOUT MSG AGENT WAIT CMD PARTS SCALE SEED
$(foreach setting,$(settings),$(eval override $(setting) := $$(value $(setting))))
export $(settings)

.PHONY: help demo test proof build check image run stop deploy task status logs shell exec bench clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | while IFS=$$'\t' read -r target text; do \
	  printf '  make %-8s %s\n' "$$target" "$$text"; done

demo: ## from a bare machine to an answered task: install, build, image, boot, ask
	@build/prerequisites run
	@$(MAKE) run
	@$(con) demo

test: ## everything CI runs, tests inside a booted container included
	@build/prerequisites test
	@$(MAKE) build check
	@$(node) test/run.ts

proof: build ## the long form of the tests, hours: PARTS="crash fuzz" SCALE=0.01 SEED=1; writes docs/proof.md
	@$(node) test/proof/run.ts

build: $(installed) ## generated code and the bundle in dist/
	@$(node) build/generate.ts
	@$(node) build/bundle.ts

# npm's own record of what it installed; older than the lock file means stale. Not `npm ci`: that refuses
# a lock file without the packages of other platforms, and a registry may lack some of those. Versions
# and checksums of all others are the lock file's, which stays as it is.
$(installed): package-lock.json package.json
	@echo 'con: installing npm packages' >&2
	@npm install --no-save --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $(installed)

check: $(installed) ## format, lint, types, layering, dead code, shell scripts
	@$(node) node_modules/@biomejs/biome/bin/biome ci --colors=off src test build bench $(wildcard *.json *.ts)
	@$(node) node_modules/typescript/bin/tsc -p .
	@$(node) node_modules/dependency-cruiser/bin/dependency-cruiser.mjs --config .dependency-cruiser.cjs src
	@$(node) node_modules/knip/bin/knip.js
	@shellcheck -x image/con-container image/setup image/lib/in-overlay image/lib/nspawn-supervise \
	  image/rootfs/usr/lib/con/init build/prerequisites .ci/run test/image/support/reaper bench/vm/run bench/vm/job.sh \
	  test/power/prepare test/power/inside/append

image: build ## the system image: PROFILE=minimal|default|web|full BASE=IMAGE ENGINE=podman|docker|nspawn
	@$(con) image

run: image ## boot it and wait until it is ready: NAME=con GPU=1 DATA=DIRECTORY
	@$(con) run

stop: ## stop it; its data stays
	@$(con) stop

deploy: build ## a new image under the same data
	@$(con) deploy

task: ## drop a task: MSG="…" [AGENT=name] [WAIT=1]
	@$(con) task

status: ## what the container and its agents do
	@$(con) status

logs: ## the latest lines of con's units
	@$(con) logs

shell: ## a root shell inside
	@$(con) shell

exec: ## one command inside, as root: CMD="…" (make turns every failure into 2; image/con-container exec keeps the code)
	@$(con) exec

bench: build ## the benchmark suite: ratios against floors
	@$(node) bench/run.ts

clean: ## what was built in this checkout
	@rm -rf dist .cache src/generated
