#!/usr/bin/env bash
# Runs all tests with what the machine has, installs nothing, and ends by
# saying what they ran against.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${REQUIRE_REAL:-} == 1 ]]; then
	# A missing server would fail its tests after minutes; say so at once.
	parts=$(scripts/parts.sh) || {
		echo "$parts"
		exit 1
	}
fi

status=0
go test -timeout 10m ./... || status=$?
echo
scripts/parts.sh
exit "$status"
