#!/usr/bin/env bash
# Compares the generated documentation with the code it comes from; with
# -update, writes it anew.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
while read -r package; do
	packages+=("./$package")
done < <(grep -rlE --include='*_test.go' '^func TestGenerated' internal | xargs -n1 dirname | sort -u)
go test -count=1 -run '^TestGenerated' "${packages[@]}" "$@"
