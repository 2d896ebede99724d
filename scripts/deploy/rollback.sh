#!/usr/bin/env bash
# Goes back to what served before: the ingress first, so that nothing new is written
# that an older worker would not read. After a deployment that failed it is called by
# deploy.sh, and touches only what that deployment changed. Later it is told whom to go
# back to: WORKER_BEFORE and INGRESS_BEFORE, each REVISION=100.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"

failures=0
# try goes on after a failure: half a way back is better than none.
try() {
	("$@") >&2 || {
		say "FAILED: $*"
		failures=$((failures + 1))
	}
}

# serves says whether one of these revisions has traffic.
serves() {
	local now revision
	now=$(traffic "$1")
	shift
	for revision; do
		[[ -z $revision || ,$now, != *",$revision="* ]] || return 0
	done
	return 1
}

# ours says whether a service's tag is where this deployment may have left it: on one of
# these revisions, or on none. A revision that broke off while it was made has no name.
ours() {
	local at revision
	at=$(tagged "$1")
	shift
	[[ -n $at ]] || return 0
	for revision; do
		[[ -n $revision && $at != "$revision" ]] || return 0
	done
	return 1
}

# restore has the next revision made of what serves, so that neither a changed setting
# nor --to-latest brings back what failed.
restore() {
	local service=$1 revision=${2%%=*} image
	shift 2
	image=$(run revisions describe "$revision" --format 'value(status.imageDigest)')
	[[ -n $image ]] || fail "$service: nothing says which image $revision runs"
	put "$service" "$image" --no-traffic "$@"
}

# settle ends a trial. Tasks that were addressed to the worker's tag are for whoever
# serves now; the ingress's goes last, since that lets the next deployment begin.
settle_worker() {
	try restore "$worker" "$WORKER_BEFORE"
	try try_out "$worker" "${WORKER_BEFORE%%=*}"
}
settle_ingress() {
	[[ -z $INGRESS_BEFORE ]] || try restore "$ingress" "$INGRESS_BEFORE" --update-env-vars "WORKER_URL=$1"
	[[ -z $(tagged "$ingress") ]] || try run services update-traffic "$ingress" --remove-tags "$candidate"
}

if [[ -n ${WORKER_BEFORE:-} && -n ${INGRESS_BEFORE:-} ]]; then
	audience=$(told "$ingress" WORKER_AUDIENCE)
	try run services update-traffic "$ingress" --to-revisions "$INGRESS_BEFORE"
	try run services update-traffic "$worker" --to-revisions "$WORKER_BEFORE"
	settle_worker
	settle_ingress "$audience"
else
	[[ -s $state ]] || fail "there is no deployment to undo; say whom to go back to: WORKER_BEFORE=REVISION=100 INGRESS_BEFORE=REVISION=100"
	# What the deployment did not come to is not there.
	WORKER_TOUCHED='' INGRESS_TOUCHED='' WORKER_REVISION='' INGRESS_REVISION='' TRIAL_REVISION='' STABLE=''
	# shellcheck source=/dev/null
	source "$state"
	[[ -n $WORKER_BEFORE && -n $INGRESS_BEFORE ]] || say "a service had no revision that served: there is nothing to go back to"
	if [[ -n $INGRESS_BEFORE ]] && serves "$ingress" "$INGRESS_REVISION" "$TRIAL_REVISION"; then
		try run services update-traffic "$ingress" --to-revisions "$INGRESS_BEFORE"
	fi
	if [[ -n $WORKER_BEFORE ]] && serves "$worker" "$WORKER_REVISION"; then
		try run services update-traffic "$worker" --to-revisions "$WORKER_BEFORE"
	fi
	if [[ -n $WORKER_TOUCHED && -n $WORKER_BEFORE ]] && ours "$worker" "$WORKER_REVISION" "${WORKER_BEFORE%%=*}"; then
		settle_worker
	fi
	if [[ -n $INGRESS_TOUCHED ]] && ours "$ingress" "$INGRESS_REVISION" "${TRIAL_REVISION:-$INGRESS_REVISION}" "${INGRESS_BEFORE%%=*}"; then
		settle_ingress "$STABLE"
	fi
fi
say "the worker's traffic: $(traffic "$worker"); the ingress's: $(traffic "$ingress")"
((failures == 0)) || fail "$failures steps back failed; see above"
