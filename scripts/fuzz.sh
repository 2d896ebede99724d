#!/usr/bin/env bash
# Fuzzes every target of the tree, FUZZTIME (5s) each. A failing input is
# written into the package's testdata, where the ordinary tests find it again.
# Then decodes MUTATIONS (500000) broken webhooks, the same ones on any machine.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-5s}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

targets=$(grep -rlE --include='*_test.go' '^func Fuzz' cmd internal pkg | sort)
[[ -n $targets ]] || {
	echo "no fuzz target found" >&2
	exit 1
}

count=0
while read -r file; do
	package=./$(dirname "$file")
	while read -r target; do
		count=$((count + 1))
		if go test -run '^$' -fuzz "^${target}\$" -fuzztime "$time" -fuzzminimizetime 1x "$package" >"$log" 2>&1; then
			result=$(grep -E '^fuzz: elapsed' "$log" | tail -1 | sed 's/^fuzz: elapsed: //')
		elif grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input written' "$log"; then
			# Before Go 1.27 the end of the fuzzing time itself may be reported as a
			# failure (go.dev/issue/75804). An input that fails is always written.
			result="ended by its time"
		else
			cat "$log"
			exit 1
		fi
		printf '  %-34s %-20s %s\n' "$package" "$target" "$result"
	done < <(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$file")
done <<<"$targets"
echo "$count fuzz targets, $time each"

if MUTATIONS=${MUTATIONS:-500000} go test -count=1 -timeout 60m -v -run '^TestMutatedPayloads$' ./pkg/whatsapp >"$log" 2>&1; then
	sed -nE 's/^ *[a-z_]+\.go:[0-9]+: ([0-9]+ mutated payloads)/\1/p' "$log"
else
	cat "$log"
	exit 1
fi
