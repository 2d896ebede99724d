#!/usr/bin/env bash
# Kills the built services at random amid traffic, and compares what was sent
# in, what the ledger says and what Meta's side accepted. CRASH_MINUTES is how
# long the storm lasts (3), CRASH_SEED where its chance comes from (drawn and
# printed when not given), REDIS=off leaves Redis out, POLICY=never never sends
# twice (resend). The last line is the result; lost, duplicate or disordered
# other than zero, or any other broken promise, ends it with a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
go test -v -count=1 -timeout 24h -run '^TestStorm$' ./internal/crashtest -storm "${CRASH_MINUTES:-3}m" \
	-seed "${CRASH_SEED:-0}" -redis "${REDIS:-on}" -policy "${POLICY:-resend}" >"$output" 2>&1 || status=$?
grep -E '^(# |storm:|panic:|fatal error:)|\.go:[0-9]+:' "$output" || true
if ! grep -E '^seeds=1 ' "$output"; then
	tail -n 40 "$output"
	exit 1
fi
grep -qE '^seeds=1 .* lost=0 duplicate=0 disordered=0 ' "$output" || exit 1
exit "$status"
