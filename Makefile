# City Hall. "make" tells what there is to make; "make run" and "make test" install from Debian what they need.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One set of tags for the programs with windows and one for all else, always the same: other ones compile the C parts anew.
screen := gles,x11,migrated_fynedo
plain  := ci,migrated_fynedo

# No version stamps, so that a checkout that git finds another user's builds as well.
export GOFLAGS := -buildvcs=false $(filter-out -buildvcs=%,$(GOFLAGS))
export CGO_ENABLED := 1

# What has no screens is also tested for races; there the window toolkit would only cost minutes.
packages    := go list -tags $(plain)
without_ui  := ^cityhall/(shared/touch|shared/sim/stage|shared/architecture|.*/view|cmd/(kiosk|fieldapp|cityhall))($$|/)

# Tests that are not about the disk should not wait for one: their files go where memory is, if there is enough.
roomy  := $(shell [ -w /dev/shm ] && [ "$$(df --output=avail /dev/shm | tail -n 1)" -gt 4000000 ] && echo /dev/shm)
gotest := $(if $(roomy),TMPDIR=$(roomy)) go test -tags $(plain)

.PHONY: help run demo build check test vet format unit race journey assets install install-test clean pictures
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
	cp out/demo/*-kiosk-receipt.png docs/receipt.png
	cp out/demo/*-tablet-job.png docs/fieldapp.png
	cp out/demo/*-console-to-check.png docs/console.png

build: ## Build the four programs into bin
	@mkdir -p bin
	go build -tags $(screen) -o bin/ ./cmd/kiosk ./cmd/fieldapp
	go build -tags $(plain) -o bin/ ./cmd/syncserver ./cmd/cityhall

check: install format build vet ## Check what takes less than 90 s when warm: format, build, vet, quick tests
	$(gotest) -short -timeout 5m ./...

test: install-test format build vet unit race journey ## Run every test, on both database engines and through the windows

vet:
	go vet -tags $(plain) ./...

format:
	@unformatted=$$(gofmt -l .) && [ -z "$$unformatted" ] || { echo "Run gofmt -w on:" $$unformatted; exit 1; }

unit:
	$(gotest) -timeout 20m $$($(packages) ./... | grep -vx cityhall/cmd/cityhall)

race:
	$(gotest) -short -race -timeout 20m $$($(packages) ./... | grep -Ev '$(without_ui)')

journey:
	$(gotest) -count=1 -timeout 20m ./cmd/cityhall -args -out "$(CURDIR)/out/demo"

assets: ## Fetch the committed fonts again from their makers and compare
	sh shared/look/assets.sh

install: ## Install what building and running needs (Debian, root or sudo)
	@deploy/install-needs run

install-test:
	@deploy/install-needs test

clean: ## Remove what was built and what tests left; the demo city stays
	rm -rf bin out/demo out/run
	find . -name '*.failed' -delete -o -type d -path '*/testdata/failed' -prune -exec rm -r {} +
