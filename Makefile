# Every target is one line; the work is in scripts/.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check tools fmt lint build bench bench-cold adversary simulate crash model fuzz cover docs page browser images supply infra-check staging-check clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Open the whole street on this machine; needs nothing but Go
	@go build -buildvcs=false -o bin/atende ./cmd/atende && exec bin/atende dev

test: ## Run all tests and say what they ran against (REQUIRE_REAL=1: no stand-in for a server that can be had)
	@scripts/test.sh

check: ## The whole gate, timed (STEPS="lint doors" runs some, SKIP="fuzz" leaves some out)
	@STEPS="$(STEPS)" SKIP="$(SKIP)" scripts/check.sh

tools: ## Install what the gate wants beside Go (root on Debian)
	@scripts/tools.sh

fmt: ## Format the code
	@gofmt -w cmd internal packs pkg scripts

lint: ## Lint Go and shell
	@STEPS="lint shellcheck" scripts/check.sh

build: ## Build the programs into bin/
	@scripts/build.sh

bench: ## Measure what a message costs beside a bare handler
	@scripts/bench.sh

bench-cold: ## Measure start, memory and size of the two services
	@scripts/bench-cold.sh

adversary: ## Play the worst model that the schema allows (FUZZ_TURNS=200000)
	@scripts/adversary.sh

simulate: ## Play the delivery protocol through seeded misfortune (SEEDS=5000, REDIS=off)
	@scripts/simulate.sh

crash: ## Kill the services at random under load (CRASH_MINUTES=3, CRASH_SEED=, REDIS=off, POLICY=never)
	@scripts/crash.sh

model: ## Verify the models of the protocol with spin
	@scripts/model.sh

fuzz: ## Fuzz every decoder (FUZZTIME=5s each), then mutate MUTATIONS=10000000 webhooks
	@MUTATIONS=$${MUTATIONS:-10000000} scripts/fuzz.sh

cover: ## Measure coverage, room by room
	@scripts/cover.sh run && scripts/cover.sh report

docs: ## Write the generated documentation anew
	@scripts/docs.sh -update

browser: ## Use the page of the local street in a browser (RUN=TestX runs some)
	@scripts/browser.sh

images: ## Build both images, print their sizes and send one message through them (IMAGE_BUILDER=docker, podman, buildah or own)
	@scripts/images.sh

supply: ## Check versions, licences, secrets and vulnerabilities, and list the parts of each program
	@scripts/supply.sh

page: ## Build the page of the local street anew
	@scripts/page.sh -update

infra-check: ## Check infra/ with terraform, against a mocked provider
	@scripts/infra-check.sh

staging-check: ## Try a running pair of services: URL=https://… or the local street's (docs/deploy.md)
	@URL="$(URL)" scripts/staging-check.sh

clean: ## Remove what was built and measured
	@rm -rf bin coverage.out
