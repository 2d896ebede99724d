#!/usr/bin/env bash
# Builds both images and prints their sizes.
#
# IMAGE_BUILDER is docker, podman, buildah or own; unset, it is the first of
# docker and podman that answers and can reach the base images, else our own way,
# which needs neither engine nor registry (root; buildah, busybox-static).
set -euo pipefail
cd "$(dirname "$0")/.."

# Bytes, uncompressed, base included: little more than the program.
declare -A limit=([ingress]=$((35 * 1000 * 1000)) [worker]=$((60 * 1000 * 1000)))

# answers says whether an engine runs and gets the base image.
answers() {
	command -v "$1" >/dev/null && timeout 20 "$1" info >/dev/null 2>&1 &&
		timeout 120 "$1" pull -q gcr.io/distroless/static-debian12:nonroot >/dev/null 2>&1
}

if [[ -z ${IMAGE_BUILDER:-} ]]; then
	IMAGE_BUILDER=own
	for engine in docker podman; do
		if answers "$engine"; then
			IMAGE_BUILDER=$engine
			break
		fi
	done
fi
export IMAGE_BUILDER

VERSION=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
export VERSION

missing() {
	local tool
	for tool in buildah busybox; do
		command -v "$tool" >/dev/null || {
			echo "$tool is not installed, and neither docker nor podman answers" >&2
			exit 1
		}
	done
}
[[ $IMAGE_BUILDER != own ]] || missing

build() {
	local tag=$1 dockerfile=$2
	case $IMAGE_BUILDER in
	own) scripts/image-build.sh "$dockerfile" "$tag" ;;
	docker | podman | buildah) "$IMAGE_BUILDER" build --build-arg "VERSION=$VERSION" --tag "$tag" --file "$dockerfile" . ;;
	*)
		echo "IMAGE_BUILDER is none of docker, podman, buildah and own" >&2
		exit 2
		;;
	esac
}

# size prints the bytes of an image.
size() {
	case $IMAGE_BUILDER in
	docker | podman) "$IMAGE_BUILDER" image inspect --format '{{.Size}}' "$1" ;;
	*)
		# The layers as they are unpacked.
		local container root
		[[ $IMAGE_BUILDER != own ]] || source scripts/image-store.sh
		container=$(buildah from --pull-never "$1")
		root=$(buildah mount "$container")
		du -sb "$root" | cut -f1
		buildah umount "$container" >/dev/null
		buildah rm "$container" >/dev/null
		;;
	esac
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "builder: $IMAGE_BUILDER"
for program in ingress worker; do
	build "atende-$program:dev" "Dockerfile.$program" >"$log" 2>&1 || {
		cat "$log"
		exit 1
	}
	bytes=$(size "atende-$program:dev")
	printf '  atende-%-8s %5.1f MB of at most %d\n' "$program" "$(awk "BEGIN { print $bytes / 1e6 }")" $((limit[$program] / 1000000))
	((bytes <= limit[$program])) || {
		echo "the image of the $program has become too large" >&2
		exit 1
	}
done
