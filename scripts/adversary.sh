#!/usr/bin/env bash
# Plays the worst model that the schema allows against Otto. FUZZ_TURNS is how
# many turns (200000). The last line is the result; escapes, illegal or unkept
# other than zero ends it with a failure, and the turn is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
FUZZ_TURNS="${FUZZ_TURNS:-200000}" go test -v -count=1 -timeout 24h -run '^TestWorstLegalModel$' ./internal/otto >"$output" 2>&1 || status=$?
if ((status != 0)); then
	tail -n 60 "$output"
	exit "$status"
fi
sed -n '/planted, by kind/,/^--- /p' "$output" | sed -e '/^--- /d' -e 's/^ *adversary_test.go:[0-9]*: //' -e 's/^        //'
