#!/usr/bin/env bash
# The gate: every step in order, each with its time, ending at the first red
# one. STEPS names the steps to run, SKIP those to leave out. A linter that is
# not installed is left out by name; with REQUIRE_REAL=1 that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PATH:$(go env GOPATH)/bin"

all="format mod vet lint shellcheck page infra doors build test race coverage unguarded browser images supply adversary simulate crash model fuzz docs"

step_format() {
	local unformatted
	unformatted=$(gofmt -l cmd internal packs pkg scripts)
	[[ -z $unformatted ]] || {
		printf 'not formatted (make fmt):\n%s\n' "$unformatted"
		return 1
	}
}

# What stands in for Terraform's provider, and what looks after the supply chain,
# are modules of their own, so that their dependencies are not the programs'.
step_mod() { go mod verify && go mod tidy -diff && go -C scripts/tfcheck mod tidy -diff && go -C scripts/supply mod tidy -diff; }
step_vet() {
	go vet ./...
	go vet -tags browser ./internal/browsertest
	go vet -tags images ./internal/imagetest
	go -C scripts/tfcheck vet ./...
	go -C scripts/supply vet ./...
}
step_lint() {
	golangci-lint run ./...
	(cd scripts/tfcheck && golangci-lint run ./...)
	(cd scripts/supply && golangci-lint run ./...)
}
step_shellcheck() { shellcheck --external-sources .ci/run scripts/*.sh scripts/deploy/*.sh; }
step_page() { scripts/page.sh; }
step_infra() { scripts/infra-check.sh; }
step_doors() { go test -count=1 ./internal; }
step_build() { scripts/build.sh; }
step_test() { scripts/test.sh; }

# The tests run a second time under the race detector, in random order; the same
# run measures coverage, which spares a third.
step_race() { scripts/cover.sh run -race -shuffle=on; }
step_coverage() { scripts/cover.sh report; }
# Guards and state machine are switched off: scenarios that stay green prove
# nothing about them.
step_unguarded() {
	go test -tags unguarded -count=1 -v -run '^TestScenariosTurnRedWithoutGuards$' ./internal/scenario | grep -v -e 'red:' -e '^=== '
}
# The page in a real browser: what a person does with it, and whether everybody can.
step_browser() { scripts/browser.sh; }
# Both images, built and started as the platform starts them, and one signed message.
step_images() { scripts/images.sh; }
step_supply() { scripts/supply.sh; }
step_adversary() { scripts/adversary.sh; }
step_simulate() { scripts/simulate.sh; }
step_crash() { CRASH_MINUTES=1 scripts/crash.sh; }
step_model() { scripts/model.sh; }
step_fuzz() { scripts/fuzz.sh; }
step_docs() { scripts/docs.sh; }

# engine says whether an engine of this name runs.
engine() { command -v "$1" >/dev/null && timeout 20 "$1" info >/dev/null 2>&1; }

# missing prints the tool that a step wants and the machine lacks.
missing() {
	local tool
	if [[ $1 == browser ]] && ! command -v chromium chromium-browser google-chrome >/dev/null; then
		echo chromium
		return
	fi
	if [[ $1 == images ]] && ! { engine docker || engine podman; }; then
		for tool in buildah busybox runc; do
			command -v "$tool" >/dev/null || {
				echo "$tool"
				return
			}
		done
		return 1
	fi
	case $1 in
	lint) tool=golangci-lint ;;
	shellcheck) tool=shellcheck ;;
	model) tool=spin ;;
	page | browser) tool=npm ;;
	infra) tool=terraform ;;
	*) return 1 ;;
	esac
	! command -v "$tool" >/dev/null && echo "$tool"
}

lines=()
summary() {
	echo
	echo "gate:"
	printf '  %s\n' "${lines[@]}"
}

note() { lines+=("$(printf '%-11s %-7s %s' "$1" "$2" "$3")"); }

for name in ${STEPS:-} ${SKIP:-}; do
	[[ " $all " == *" $name "* ]] || {
		echo "no step is called $name; there are: $all" >&2
		exit 2
	}
done

began=$SECONDS
for name in $all; do
	if [[ -n ${STEPS:-} && " $STEPS " != *" $name "* ]]; then
		continue
	fi
	if [[ " ${SKIP:-} " == *" $name "* ]]; then
		note "$name" "left" "out, as SKIP says"
		continue
	fi
	if tool=$(missing "$name"); then
		if [[ ${REQUIRE_REAL:-} == 1 ]]; then
			note "$name" "FAILED" "$tool is not installed (make tools)"
			summary
			exit 1
		fi
		note "$name" "left" "out: $tool is not installed (make tools)"
		continue
	fi
	echo "== $name"
	start=$SECONDS
	# A function that is tested loses the shell's exit on errors, so each step
	# runs in a shell of its own.
	set +e
	(
		set -e
		"step_$name"
	)
	status=$?
	set -e
	if ((status != 0)); then
		note "$name" "FAILED" "$((SECONDS - start)) s"
		summary
		exit 1
	fi
	note "$name" "ok" "$((SECONDS - start)) s"
done
note "total" "ok" "$((SECONDS - began)) s"
summary
