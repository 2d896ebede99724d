#!/usr/bin/env bash
# Gives what was tried all traffic, the worker first: an old ingress's letters can be
# read by a new worker, the other way round they wait. The ingress that gets traffic
# is one more revision of the same image, which enqueues to the worker's own address;
# it is tried too before it serves.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"
[[ -s $state ]] || fail "there is nothing to give traffic to: candidate.sh makes it"
# shellcheck source=/dev/null
source "$state"

# undisturbed refuses where somebody else has moved traffic since the beginning.
undisturbed() {
	[[ $(traffic "$1") == "$2" ]] || fail "the traffic of $1 is not where it was: another deployment, or a person, was faster"
}
# Where nobody served, the candidate has the traffic already.
undisturbed "$worker" "${WORKER_BEFORE:-$WORKER_REVISION=100}"
undisturbed "$ingress" "${INGRESS_BEFORE:-$INGRESS_REVISION=100}"

run services update-traffic "$worker" --to-revisions "$WORKER_REVISION=100" >&2

remember TRIAL_REVISION "$INGRESS_REVISION"
remember INGRESS_REVISION ''
final=$(put "$ingress" "$INGRESS_IMAGE" --update-env-vars "WORKER_URL=$STABLE" --no-traffic)
remember INGRESS_REVISION "$final"
final_url=$(try_out "$ingress" "$final")
remember INGRESS_URL "$final_url"
scripts/deploy/smoke.sh quiet

run services update-traffic "$ingress" --to-revisions "$final=100" >&2
[[ $(traffic "$worker") == "$WORKER_REVISION=100" && $(traffic "$ingress") == "$final=100" ]] ||
	fail "the traffic is not where it was sent"

# The worker's tag stays: tasks of the trial are addressed to it, and would knock at a
# closed door for a month. Those of earlier trials have ended long ago.
forget "$worker" "$(trial_tag "$worker" "$WORKER_REVISION")"
forget "$ingress"
[[ -z $INGRESS_BEFORE ]] || run services update-traffic "$ingress" --remove-tags "$underway" >&2
say "$WORKER_REVISION and $final serve. To go back: WORKER_BEFORE=$WORKER_BEFORE INGRESS_BEFORE=$INGRESS_BEFORE scripts/deploy/rollback.sh"
