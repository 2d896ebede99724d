#!/usr/bin/env bash
# Tries what candidate.sh made. In staging a message of the test contact is answered;
# in production, and with the argument quiet, nothing is sent to anybody.
# ATENDE is the tool: bin/atende unless said.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"
[[ -s $state ]] || fail "there is nothing to try: candidate.sh makes it"
# shellcheck source=/dev/null
source "$state"

quietly=()
[[ $ENVIRONMENT == staging && ${1:-} != quiet ]] || quietly=(--quiet)
# Once traffic moves it does so within seconds, not at once: whose worker takes what the
# last ingress enqueues is not asked.
by=$WORKER_REVISION
[[ ${1:-} != quiet ]] || by=''
GCP_PROJECT=$PROJECT WORKER_REVISION=$by "${ATENDE:-bin/atende}" smoke "${quietly[@]}" "$INGRESS_URL"
