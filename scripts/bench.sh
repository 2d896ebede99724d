#!/usr/bin/env bash
# Measures what a message costs each service, beside a bare handler that does
# the same input and output. BENCH_ROUNDS is how often each side has its turn
# (9), BENCH_PROFILE a folder for profiles of the services, BENCH a pattern that
# chooses among the benchmarks (Webhook, Task, Otto, Latency, Coalesce, Counts).
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n ${BENCH_PROFILE:-} ]]; then
	mkdir -p "$BENCH_PROFILE"
	BENCH_PROFILE=$(cd "$BENCH_PROFILE" && pwd)
	export BENCH_PROFILE
fi

binary=$(mktemp -d)
trap 'rm -rf "$binary"' EXIT
go test -c -o "$binary/bench.test" ./internal/bench
cd internal/bench

# run [command] runs the benchmarks of a pattern.
run() {
	local pattern=$1
	shift
	"$@" "$binary/bench.test" -test.run '^$' -test.bench "$pattern" -test.benchtime 1x -test.timeout 30m
}

# On one processor a write wakes nobody on another one, which would cost more
# than most of what is measured, and the more the less the machine has to do.
pin=()
if command -v taskset >/dev/null; then
	pin=(taskset -c "${BENCH_CPU:-0}")
fi
case ${BENCH:-} in
'')
	run 'Webhook|Task|Otto' "${pin[@]}"
	run 'Latency|Coalesce|Counts'
	;;
*) run "$BENCH" "${pin[@]}" ;;
esac
