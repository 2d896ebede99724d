#!/usr/bin/env bash
# Measures what a message costs each service, beside a bare handler that does
# the same input and output. BENCH_ROUNDS is how often each side has its turn
# (9), BENCH_PROFILE a folder for profiles of the services.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${BENCH_PROFILE:-} ]]; then
	mkdir -p "$BENCH_PROFILE"
	BENCH_PROFILE=$(cd "$BENCH_PROFILE" && pwd)
	export BENCH_PROFILE
fi
go test -run '^$' -bench "${BENCH:-Webhook|Task}" -benchtime 1x -timeout 30m ./internal/bench
