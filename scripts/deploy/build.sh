#!/usr/bin/env bash
# Builds the image of one program, ingress or worker, under the commit's tag.
# shellcheck source=scripts/deploy/settings.sh
source "$(dirname "$0")/settings.sh"

program=${1:-}
[[ -f Dockerfile.$program ]] || {
	say "which program? ingress or worker"
	exit 2
}
DOCKER_BUILDKIT=1 docker build --file "Dockerfile.$program" --build-arg "VERSION=$COMMIT" --tag "$(image "$program"):$COMMIT" .
