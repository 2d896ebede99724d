#!/usr/bin/env bash
# Opens the page of the local street in Chromium and uses it; the screenshots are
# in internal/browsertest/screenshots. RUN names the tests to run. Without a
# browser or npm it says what is missing and ends; with REQUIRE_REAL=1 that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

lacks=()
command -v npm >/dev/null || lacks+=(npm)
command -v chromium chromium-browser google-chrome >/dev/null || lacks+=(chromium)
if ((${#lacks[@]})); then
	echo "the page is not opened in a browser; not installed (make tools): ${lacks[*]}" >&2
	[[ ${REQUIRE_REAL:-} != 1 ]]
	exit
fi
scripts/page.sh
go test -tags browser -count=1 -timeout 9m -run "${RUN:-.}" ./internal/browsertest
