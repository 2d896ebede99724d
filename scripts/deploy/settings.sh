# shellcheck shell=bash disable=SC2034 # who sources it uses the rest
# What every step of a deployment is told, and what several of them ask. It is
# sourced, not run.
#
#   ENVIRONMENT  staging or production
#   PROJECT      the project of Google Cloud that holds it
#   COMMIT       what is deployed: names images, and is the version that /health says
#   REGION       us-central1 unless said
#   REPOSITORY   of Artifact Registry: atende unless said
#   WORK         where steps leave word for each other: tmp/deploy unless said
set -euo pipefail
# What fails inside $(…) fails as a whole.
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
fail() {
	say "$@"
	exit 1
}

REGION=${REGION:-us-central1}
REPOSITORY=${REPOSITORY:-atende}
WORK=${WORK:-tmp/deploy}
for name in ENVIRONMENT PROJECT COMMIT; do
	[[ -n ${!name:-} ]] || {
		say "$name is missing; scripts/deploy/settings.sh says what each variable is"
		exit 2
	}
done
[[ $ENVIRONMENT == staging || $ENVIRONMENT == production ]] || {
	say "ENVIRONMENT is neither staging nor production"
	exit 2
}
mkdir -p "$WORK"

# The services, as infra/ names them.
ingress=atende-ingress
worker=atende-worker
# The tag that says that a deployment is under way: on the ingress that serves, so that
# it leads nobody elsewhere.
underway=deploying
state=$WORK/deployment

# image is where a program's image is pushed to, without tag.
image() { echo "$REGION-docker.pkg.dev/$PROJECT/$REPOSITORY/$1"; }

# run calls Cloud Run, and asks nobody anything.
run() {
	CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API=false \
		gcloud run "$@" --project "$PROJECT" --region "$REGION"
}

# remember tells the steps that follow.
remember() { printf '%s=%q\n' "$1" "$2" >>"$state"; }

# targets are a service's: revision, percent, tag and address, one a line.
targets() {
	run services describe "$1" --flatten status.traffic \
		--format 'csv[no-heading](status.traffic.revisionName,status.traffic.percent,status.traffic.tag,status.traffic.url)'
}

# traffic is who serves, as update-traffic takes it: REVISION=PERCENT,…
traffic() { targets "$1" | awk -F, '$1 != "" && $2 > 0 { share[$1] += $2 } END { for (r in share) print r "=" share[r] }' | sort | paste -sd, -; }

# tags are a service's tags, one a line.
tags() { targets "$1" | awk -F, '$3 != "" { print $3 }'; }

# deploying says whether a deployment is under way.
deploying() { [[ " $(tags "$ingress" | paste -sd' ' -) " == *" $underway "* ]]; }

# trial_tag is the tag under which a revision is tried. It is never another's, so its
# address never leads to one that was there before.
trial_tag() { echo "try-${2#"$1"-}"; }

# try_out gives a revision its tag, and prints the address that it has by that.
try_out() {
	local tag address
	tag=$(trial_tag "$1" "$2")
	run services update-traffic "$1" --update-tags "$tag=$2" >&2
	address=$(targets "$1" | awk -F, -v tag="$tag" '$3 == tag { print $4 }')
	[[ -n $address ]] || fail "$2 has no address of its own"
	echo "$address"
}

# forget takes the tags of trials off a service, but for one.
forget() {
	local old
	old=$(tags "$1" | awk -v keep="${2:-}" '/^try-/ && $0 != keep' | paste -sd, -)
	[[ -z $old ]] || run services update-traffic "$1" --remove-tags "$old" >&2
}

# newest is the revision that was made last, whether it became ready or not.
newest() { run services describe "$1" --format 'value(status.latestCreatedRevisionName)'; }

# told is the value of a variable that a service's next revision would be told.
told() {
	run services describe "$1" --flatten 'spec.template.spec.containers[].env[]' \
		--format 'csv[no-heading](spec.template.spec.containers.env.name,spec.template.spec.containers.env.value)' |
		awk -F, -v name="$2" '$1 == name { print $2 }'
}

# digest refuses an image that is named in any other way.
digest() { [[ $1 =~ @sha256:[0-9a-f]{64}$ ]] || fail "$1 is no digest: a tag may be moved between the trial and the traffic"; }

# put makes a revision of an image, with whatever else is said, and prints its name. It
# is not tagged on the way: gcloud would give it a name of its own choosing for that, and
# Terraform could make no other of that name when a setting changes.
put() {
	local service=$1 image=$2 revision runs
	shift 2
	digest "$image"
	revision=$(run deploy "$service" --image "$image" --quiet --format 'value(status.latestCreatedRevisionName)' "$@")
	[[ -n $revision ]] || fail "$service: nothing says which revision was made"
	runs=$(run revisions describe "$revision" --format 'value(spec.containers[0].image)')
	[[ $runs == "$image" ]] || fail "$service: $revision runs another image, so another deployment is under way"
	echo "$revision"
}
