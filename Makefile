.PHONY: help build test fuzz bench demo size

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile

build: ## Build the program as ./midgard, a static binary
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o midgard ./cmd/midgard

test: ## Set up and run every test with the race detector, against real servers
	scripts/test

fuzz: ## Look for inputs that break parsers, FUZZTIME for each target (2s; make fuzz FUZZTIME=10m)
	scripts/fuzz

bench: ## Measure speed and memory, as ratios within this run (about ten minutes)
	go run ./bench

demo: ## Run the sample organisation and this host's own accounts
	go run ./cmd/midgard demo

size: ## Show how long files and functions are
	scripts/size
