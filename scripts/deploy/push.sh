#!/usr/bin/env bash
# Pushes both images under three tags, the commit's, the environment's and latest,
# and leaves word of their digests: those are what is deployed. The environment's
# tag is what infra/ makes a service's first revision from.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"

for program in ingress worker; do
	name=$(image "$program")
	for tag in "$COMMIT" "$ENVIRONMENT" latest; do
		[[ $tag == "$COMMIT" ]] || docker tag "$name:$COMMIT" "$name:$tag"
		docker push --quiet "$name:$tag" >&2
	done
	# An image knows the digests that it was ever pushed under, one for each name.
	pushed=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name:$COMMIT" | awk -F@ -v name="$name" '$1 == name' | tail -n 1)
	[[ -n $pushed ]] || fail "$name:$COMMIT was pushed, and nothing says under which digest"
	digest "$pushed"
	echo "$pushed" >"$WORK/$program.image"
	say "$pushed"
done
