#!/usr/bin/env bash
# Plays the delivery protocol through seeded misfortune and counts what the
# lead received. SEEDS is how many histories (5000), FIRST the first of them;
# REDIS=off has no Redis in any of them.
# The last line is the result; lost, duplicate or disordered other than zero,
# or any other broken promise, ends it with a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
go test -v -count=1 -timeout 24h -run '^TestSeeds$' ./internal/simulation \
	-seeds "${SEEDS:-5000}" -first "${FIRST:-1}" -redis "${REDIS:-on}" >"$output" 2>&1 || status=$?
grep -E '^(# |panic:|fatal error:)|seed [0-9]+:|never met|replay:|turns=|\.go:[0-9]+:[0-9]+:' "$output" || true
if ! grep -E '^seeds=[0-9]+ ' "$output"; then
	tail -n 40 "$output"
	exit 1
fi
grep -qE '^seeds=.* lost=0 duplicate=0 disordered=0 ' "$output" || exit 1
exit "$status"
