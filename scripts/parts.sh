#!/usr/bin/env bash
# Says which servers the tests run against: the real ones where they are found,
# in the places where the tests look for them, else what stands in. With
# REQUIRE_REAL=1 a replacement is a failure.
set -euo pipefail

replaced=0

say() { printf '  %-15s %s\n' "$1" "$2"; }

replace() {
	say "$1" "REPLACED: $2"
	replaced=1
}

redis() {
	local binary
	if binary=$(command -v redis-server); then
		say Redis "real: redis-server $(redis-server --version | sed -n 's/.* v=\([^ ]*\).*/\1/p') ($binary)"
	else
		replace Redis "miniredis, in the process; no redis-server in the PATH"
	fi
}

# emulator_jar prints the path of the Firestore emulator, or fails.
emulator_jar() {
	local below=platform/cloud-firestore-emulator/cloud-firestore-emulator.jar root
	if [[ -n ${FIRESTORE_EMULATOR_JAR:-} ]]; then
		[[ -f $FIRESTORE_EMULATOR_JAR ]] && echo "$FIRESTORE_EMULATOR_JAR"
		return
	fi
	for root in "${CLOUDSDK_ROOT_DIR:-}" /usr/lib/google-cloud-sdk /usr/share/google-cloud-sdk \
		/opt/google-cloud-sdk /snap/google-cloud-sdk/current /opt/homebrew/share/google-cloud-sdk \
		"${HOME:-}/google-cloud-sdk"; do
		if [[ -n $root && -f $root/$below ]]; then
			echo "$root/$below"
			return
		fi
	done
	command -v gcloud >/dev/null || return 1
	root=$(gcloud info --format='value(installation.sdk_root)' 2>/dev/null) || return 1
	[[ -f $root/$below ]] && echo "$root/$below"
}

firestore() {
	local jar why="no emulator found"
	if [[ -n ${FIRESTORE_EMULATOR_HOST:-} ]]; then
		say Firestore "emulator: $FIRESTORE_EMULATOR_HOST"
		return
	fi
	if jar=$(emulator_jar); then
		if command -v java >/dev/null; then
			say Firestore "emulator: $jar"
			return
		fi
		why="the emulator needs java"
	fi
	replace Firestore "a server of its protocol in the process, and the memory ledger; $why"
}

echo "the tests run against:"
redis
firestore
say "Cloud Tasks" "stand-in: our server of the real gRPC protocol (no emulator can be had)"
say "Secret Manager" "stand-in: our server of the real gRPC protocol"
say "Meta, OpenAI" "stand-ins: our servers of the real HTTP protocols"

if ((replaced)); then
	if [[ ${REQUIRE_REAL:-} == 1 ]]; then
		echo "REQUIRE_REAL=1 and a server is replaced: make tools installs what can be installed" >&2
		exit 1
	fi
	echo "  (REQUIRE_REAL=1 makes a replacement a failure; make tools installs the real servers)"
fi
