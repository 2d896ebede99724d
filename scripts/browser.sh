#!/usr/bin/env bash
# Opens the page of the local street in Chromium and uses it; the screenshots are
# in internal/browsertest/screenshots. RUN names the tests to run.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
	echo "chromium is not installed (make tools)" >&2
	exit 1
fi
scripts/page.sh
go test -tags browser -count=1 -timeout 9m -run "${RUN:-.}" ./internal/browsertest
