#!/usr/bin/env bash
# Checks the page of the local street: its types, and that what is kept of it in
# dist/ is what its sources build. With -update the built files are written anew.
set -euo pipefail
cd "$(dirname "$0")/../internal/simulator/page"

# The lock's own digest says whether what is installed is still what it names.
installed=node_modules/.installed
if [[ ! -f $installed ]] || ! sha256sum --status --check "$installed"; then
	npm ci --no-progress
	sha256sum package-lock.json >"$installed"
fi

npm run --silent types
if [[ ${1:-} == -update ]]; then
	npm run --silent build
	exit
fi

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npm run --silent build -- "$built"
diff -rq dist "$built" || {
	echo "dist/ is not what the sources build: make page" >&2
	exit 1
}
echo "types hold, and dist/ is what the sources build: $(du -cb dist/* | tail -1 | cut -f1) bytes"
