# City Hall. "make" tells what there is to make; "make run" and "make test" install from Debian what they need.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One set of tags for the programs with windows and one for all else, always the same: other ones compile the C parts anew.
# Without nomsgpack each server, tests too, links codecs that it never reaches.
screen := gles,x11,migrated_fynedo
plain  := ci,migrated_fynedo,nomsgpack

# No version stamps, so that a checkout that git finds another user's builds as well.
export GOFLAGS := -buildvcs=false $(filter-out -buildvcs=%,$(GOFLAGS))
export CGO_ENABLED := 1

# What starts goroutines is also tested for races, but for screens: there the window toolkit would only cost minutes.
# Next to nothing of what only_long names runs under -short, and linking it takes longer than most tests do.
packages    := go list -tags $(plain)
only_long   := shared/sim/(bench|postgres)
no_race     := ^cityhall/($(only_long)|shared/(touch|architecture|city|demo|look|atlas|photo)|shared/sim/(stage|sabotage)|.*/view|cmd/(kiosk|fieldapp|cityhall))($$|/)

# Nobody debugs what is in bin, and without the debugger's tables linking takes half the time.
gobuild := go build -ldflags=-w -o bin/

# Tests that are not about the disk should not wait for one: their files go where memory is, if there is enough.
roomy  := $(shell [ -w /dev/shm ] && [ "$$(df --output=avail /dev/shm | tail -n 1)" -gt 4000000 ] && echo /dev/shm)
gotest := $(if $(roomy),TMPDIR=$(roomy)) go test -tags $(plain) -vet=off

# Only the figures and what went wrong, of a test's output.
figures := awk '/\{"figure"/ { sub(/.*\{"figure"/, "{\"figure\""); print; next } /^(ok|PASS|=== |--- PASS|--- SKIP)|^ +--- (PASS|SKIP)/ { next } { print }'
# Of many packages' output: the figures of those that are fine, all of those that are not.
verdict := awk '{ all = all $$0 "\n" } /\{"figure"/ { sub(/.*\{"figure"/, "{\"figure\""); counted = counted $$0 "\n" } \
	/^ok / { printf "%s", counted; print; fflush() } /^FAIL\t/ { printf "%s", all } /^(ok |FAIL\t|\? )/ { all = counted = "" } END { printf "%s", all }'
prove   := set -o pipefail; go test -tags $(plain) -count=1 -v -timeout 24h

.PHONY: help run demo build check test vet format unit race journey assets install install-test clean pictures sim powercut crash machines fuzz sabotage soak bench load
.NOTPARALLEL:

help: ## Tell what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install build ## Open a demo city: its server, a kiosk and a field app
	bin/cityhall demo

demo: install-test build ## Play the fallen-tree journey through the real programs; pictures go to out/demo
	$(gotest) -count=1 -v -timeout 15m -run '^TestFallenTree$$' ./cmd/cityhall -args -out "$(CURDIR)/out/demo"

pictures: demo ## Make the pictures of docs and README from the journey's
	@mkdir -p docs
	cp out/demo/*-kiosk-home.png docs/kiosk.png
	cp out/demo/*-kiosk-point.png docs/map.png
	cp out/demo/*-tablet-job.png docs/fieldapp.png
	cp out/demo/*-console-to-check.png docs/console.png

build: ## Build the four programs into bin
	@mkdir -p bin
	$(gobuild) -tags $(screen) ./cmd/kiosk ./cmd/fieldapp
	$(gobuild) -tags $(plain) ./cmd/syncserver ./cmd/cityhall

check: install format build vet ## Check what takes less than 90 s when warm: format, build, vet, quick tests
	$(gotest) -short -timeout 5m $$($(packages) ./... | grep -Ev '/$(only_long)$$')

test: FUZZ := 5s
test: install-test format build vet unit race journey fuzz ## Run every test, on both database engines and through the windows

vet:
	go vet -tags $(plain) ./...

format:
	@unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { echo "Run gofmt -w on:" $$unformatted; exit 1; }

unit:
	@set -o pipefail; $(gotest) -v -timeout 20m $$($(packages) ./... | grep -vx cityhall/cmd/cityhall) | $(verdict)

race:
	$(gotest) -short -race -timeout 20m $$($(packages) ./... | grep -Ev '$(no_race)')

journey:
	$(gotest) -count=1 -timeout 20m ./cmd/cityhall -args -out "$(CURDIR)/out/demo"

FIRST ?= 1
SEEDS ?= 1000
YEARS ?= 55
sim: ## Run SEEDS=1000 crowded histories of a fleet and YEARS=55 of 60 days (40 device-years), beginning with seed FIRST=1
	@$(prove) ./shared/sim -run '^(TestFleet|TestYears)$$' -args -first $(FIRST) -seeds $(SEEDS) -years $(YEARS) | $(figures)

CUTS ?= 10000
VARIANTS ?= 3
powercut: ## Cut the power CUTS=10000 times, flip as many bits, fail each operation of a disk in 4*VARIANTS=3 scripts, fill a small disk
	@$(prove) ./shared/sim/disk -args -seed $(FIRST) -cuts $(CUTS) -flips $(CUTS) -variants $(VARIANTS) | $(figures)

KILLS ?= 1000
crash: ## Kill the device's and the server's process KILLS=1000 times with signal 9
	@mkdir -p bin
	@$(gobuild) -tags $(plain) ./cmd/syncserver
	@$(prove) ./shared/sim/crash -args -seed $(FIRST) -kills $(KILLS) -server "$(CURDIR)/bin/syncserver" | $(figures)

LOAD ?= 30s
load: ## Play 1,000 acts a second for LOAD=30s and 2,000 devices that reconnect at once, against a real server on each engine
	@mkdir -p bin
	@$(gobuild) -tags $(plain) ./cmd/syncserver ./cmd/cityhall
	@$(if $(roomy),export TMPDIR=$(roomy);) $(prove) ./cmd/cityhall -run '^TestNothingIsLostUnderLoad$$' -args -load $(LOAD) | $(figures)

STEPS ?= 20000
machines: ## Compare acts, streams, outboxes and a kiosk with their models in STEPS=20000 random steps each
	@$(prove) ./shared/city ./syncserver/store ./shared/sim ./kiosk -run '^Test(AnySequence|AnyPushes|AnyOutbox|Monkey)$$' -args -machine $(STEPS) | $(figures)

# One program a package, since linking it is most of the work.
FUZZ ?= 30s
# Go's fuzzer may call the end of its time a failure ("context deadline exceeded", without an input): that is none.
fuzz: ## Feed each input that a stranger controls with garbage for FUZZ=30s
	@set -o pipefail; mkdir -p out/fuzz; grep -rlE --include=*_test.go '^func Fuzz' * | xargs -n 1 dirname | sort -u | while read -r folder; do \
		program="$(CURDIR)/out/fuzz/$${folder//\//-}.test"; \
		go test -tags $(plain) -c -fuzz . -o "$$program" "./$$folder" || exit 1; \
		for name in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$folder"/*_test.go | cut -d ' ' -f 2); do \
			log=out/fuzz/$$name.log; \
			(cd "$$folder" && "$$program" -test.run '^$$' -test.fuzz "^$$name$$" -test.fuzztime $(FUZZ) -test.fuzzminimizetime 20x -test.fuzzcachedir "$$(go env GOCACHE)/fuzz/cityhall/$$folder") >$$log 2>&1 || \
				{ grep -q '^ *context deadline exceeded$$' $$log && ! grep -qE 'Failing input|panic|hung|terminated' $$log; } || { cat $$log; exit 1; }; \
			awk -v name="$$name" '/^fuzz: elapsed/ { for (i = 1; i < NF; i++) if ($$i == "execs:") n = $$(i + 1) } \
				END { printf "{\"figure\":\"fuzz\",\"target\":\"%s\",\"executions\":%d}\n", name, n }' $$log; \
		done; \
	done

ONLY ?=
sabotage: ## Take each protection away, or ONLY=one, and see that a test names what is missing
	@$(prove) ./shared/sim/sabotage -run '^TestRemovalsTurnRed$$' -args $(if $(ONLY),-only $(ONLY),-all) | $(figures)

SCALE ?= 1
bench: ## Measure the protocol beside the bare libraries; figures go to out/bench.json (SCALE=10 for a quick look, BENCH='-million', PAGE=docs/benchmarks.md to renew its table)
	@set -o pipefail; go test -tags $(plain) -count=1 -v -timeout 2h ./shared/sim/bench -run '^TestBench$$' -args -out "$(CURDIR)/out/bench.json" -scale $(SCALE) \
		$(if $(PAGE),-page "$(CURDIR)/$(PAGE)") $(BENCH) | grep -vE '^ *(ok|PASS|=== |--- )'

SOAK ?= 60
soak: ## Repeat all proofs with new seeds for SOAK=60 minutes; the figures go to docs/reliability.md
	@sh shared/sim/soak.sh $(SOAK)

assets: ## Fetch the committed fonts again from their makers and compare
	sh shared/look/assets.sh

install: ## Install what building and running needs (Debian, root or sudo)
	@deploy/install-needs run

install-test:
	@deploy/install-needs test

clean: ## Remove what was built and what tests left; the demo city stays
	rm -rf bin out/demo out/run
	find . -name '*.failed' -delete -o -type d -path '*/testdata/failed' -prune -exec rm -r {} +
