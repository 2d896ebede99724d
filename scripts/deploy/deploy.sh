#!/usr/bin/env bash
# A whole deployment of pushed images: candidates, trial, traffic; or back to what
# served before. Cloud Build has no step that runs after a failure, so this is one.
# DEPLOY=false does nothing, for the build that comes before infra/ is applied.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"

[[ ${DEPLOY:-true} != false ]] || {
	say "DEPLOY is false: images are pushed, and nothing is deployed"
	exit 0
}

# Word of an earlier deployment is not for this one.
rm -f "$state"
back() {
	say "the deployment failed; going back"
	[[ ! -s $state ]] || env -u WORKER_BEFORE -u INGRESS_BEFORE scripts/deploy/rollback.sh
	exit 1
}
trap back INT TERM
for step in candidate smoke shift; do
	say "== $step"
	"scripts/deploy/$step.sh" || back
done
