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

# ours says whether the newest revision of a service is one of these: where another
# deployment has made one since, what comes next is its affair. A revision that broke
# off while it was made has no name.
ours() {
	local last revision
	last=$(newest "$1")
	shift
	for revision; do
		[[ -n $revision && $last != "$revision" ]] || return 0
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

# An ingress that serves enqueues to the worker's own address, which is the audience.
restore_ingress() {
	local audience
	audience=$(told "$ingress" WORKER_AUDIENCE)
	[[ -n $audience ]] || fail "$ingress is not told WORKER_AUDIENCE"
	restore "$ingress" "$INGRESS_BEFORE" --update-env-vars "WORKER_URL=$audience"
}

# end takes these revisions' tags off the ingress, and at last the one that keeps the next
# deployment from beginning.
end() {
	local there revision tag
	there=" $(tags "$ingress" | paste -sd' ' -) "
	for revision; do
		tag=$(trial_tag "$ingress" "$revision")
		[[ -z $revision || $there != *" $tag "* ]] || try run services update-traffic "$ingress" --remove-tags "$tag"
	done
	! deploying || try run services update-traffic "$ingress" --remove-tags "$underway"
}

# readdress has the tasks of a trial, which its worker's tag is the address of, go to
# whoever serves now.
readdress() {
	local tag
	for tag in $(tags "$worker" | grep "$1"); do
		try run services update-traffic "$worker" --update-tags "$tag=${WORKER_BEFORE%%=*}"
	done
}

if [[ -n ${WORKER_BEFORE:-} && -n ${INGRESS_BEFORE:-} ]]; then
	try run services update-traffic "$ingress" --to-revisions "$INGRESS_BEFORE"
	try run services update-traffic "$worker" --to-revisions "$WORKER_BEFORE"
	try restore "$worker" "$WORKER_BEFORE"
	try restore_ingress
	readdress '^try-'
	try forget "$ingress"
	end
else
	[[ -s $state ]] || fail "there is no deployment to undo; say whom to go back to: WORKER_BEFORE=REVISION=100 INGRESS_BEFORE=REVISION=100"
	# What the deployment did not come to is not there.
	UNDERWAY='' WORKER_TOUCHED='' INGRESS_TOUCHED='' WORKER_REVISION='' INGRESS_REVISION='' TRIAL_REVISION=''
	# shellcheck source=/dev/null
	source "$state"
	[[ -n $WORKER_BEFORE && -n $INGRESS_BEFORE ]] || say "a service had no revision that served: there is nothing to go back to"
	if [[ -n $INGRESS_BEFORE ]] && serves "$ingress" "$INGRESS_REVISION" "$TRIAL_REVISION"; then
		try run services update-traffic "$ingress" --to-revisions "$INGRESS_BEFORE"
	fi
	if [[ -n $WORKER_BEFORE ]] && serves "$worker" "$WORKER_REVISION"; then
		try run services update-traffic "$worker" --to-revisions "$WORKER_BEFORE"
	fi
	if [[ -n $WORKER_TOUCHED && -n $WORKER_BEFORE ]]; then
		if ours "$worker" "$WORKER_REVISION"; then
			try restore "$worker" "$WORKER_BEFORE"
		fi
		[[ -z $WORKER_REVISION ]] || readdress "^$(trial_tag "$worker" "$WORKER_REVISION")\$"
	fi
	if [[ -n $INGRESS_TOUCHED && -n $INGRESS_BEFORE ]] && ours "$ingress" "$INGRESS_REVISION"; then
		try restore_ingress
	fi
	[[ -z $UNDERWAY ]] || end "$INGRESS_REVISION" "$TRIAL_REVISION"
fi
say "the worker's traffic: $(traffic "$worker"); the ingress's: $(traffic "$ingress")"
((failures == 0)) || fail "$failures steps back failed; see above"
