#!/usr/bin/env bash
# Builds the services as they are shipped and measures from exec to the first
# healthy answer, the memory they hold when they are ready, and their size.
set -euo pipefail
cd "$(dirname "$0")/.."

go test -run '^$' -bench ColdStart -benchtime 1x -timeout 10m ./internal/bench
