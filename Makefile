.PHONY: help build test torture fuzz bench demo size

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile

build: ## Build the program as ./midgard, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o midgard ./cmd/midgard

test: ## Set up and run every test with the race detector, against real servers
	scripts/test

torture: ## Kill the server again and again while accounts come and go: KILLS times an engine (200), or for as long as TORTURE says (make torture TORTURE=10m)
	KILLS=$(or $(KILLS),$(if $(TORTURE),0,200)) TORTURE=$(TORTURE) SEED=$(SEED) scripts/test -timeout 0 -count 1 -v -run '^TestTorture$$' ./internal/app

fuzz: ## Look for inputs that break parsers, FUZZTIME for each target (2s; make fuzz FUZZTIME=10m)
	scripts/fuzz

bench: ## Measure speed and memory, as ratios within this run (about ten minutes)
	go run ./bench

demo: ## Run the sample organisation and this host's own accounts
	go run ./cmd/midgard demo

size: ## Show how long files and functions are
	scripts/size
