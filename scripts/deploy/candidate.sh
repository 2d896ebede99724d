#!/usr/bin/env bash
# Makes a revision of each service that gets no traffic and has an address of its
# own: the worker's first, then an ingress that enqueues to that worker.
# WORKER_IMAGE and INGRESS_IMAGE are digests; unset, they are what push.sh pushed.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"

pushed() { [[ ! -f $WORK/$1.image ]] || cat "$WORK/$1.image"; }
WORKER_IMAGE=${WORKER_IMAGE:-$(pushed worker)}
INGRESS_IMAGE=${INGRESS_IMAGE:-$(pushed ingress)}
[[ -n $WORKER_IMAGE && -n $INGRESS_IMAGE ]] || fail "no image was pushed (push.sh), and WORKER_IMAGE or INGRESS_IMAGE is not set"
digest "$WORKER_IMAGE"
digest "$INGRESS_IMAGE"

: >"$state"
# The tag is taken off when a deployment ends, however it ends.
! deploying || fail "another deployment is under way, or was cut off. If none is:" \
	"gcloud run services update-traffic $ingress --region $REGION --project $PROJECT --remove-tags $underway"

worker_before=$(traffic "$worker")
ingress_before=$(traffic "$ingress")
# The audience is the worker's address for good; the other may be a trial's.
stable=$(told "$ingress" WORKER_AUDIENCE)
[[ $stable == https://* ]] || fail "$ingress is not told WORKER_AUDIENCE, which infra/ sets: apply it first"
remember WORKER_BEFORE "$worker_before"
remember INGRESS_BEFORE "$ingress_before"
remember STABLE "$stable"
remember INGRESS_IMAGE "$INGRESS_IMAGE"

# Where nobody serves yet there is no traffic to hold back, and Cloud Run refuses to.
hold() { [[ -z $1 ]] || echo --no-traffic; }

# Before anything is made, so that a second deployment sees it.
remember UNDERWAY true
[[ -z $ingress_before ]] || run services update-traffic "$ingress" --update-tags "$underway=${ingress_before%%=*}" >&2

remember WORKER_TOUCHED true
# shellcheck disable=SC2046 # an option or none
worker_revision=$(put "$worker" "$WORKER_IMAGE" $(hold "$worker_before"))
remember WORKER_REVISION "$worker_revision"
worker_url=$(try_out "$worker" "$worker_revision")

remember INGRESS_TOUCHED true
# shellcheck disable=SC2046
ingress_revision=$(put "$ingress" "$INGRESS_IMAGE" --update-env-vars "WORKER_URL=$worker_url" $(hold "$ingress_before"))
remember INGRESS_REVISION "$ingress_revision"
ingress_url=$(try_out "$ingress" "$ingress_revision")
remember INGRESS_URL "$ingress_url"
say "$worker_revision and $ingress_revision wait at $ingress_url"
