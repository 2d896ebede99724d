#!/usr/bin/env bash
# Builds both images and prints their sizes, compares the programs in them with
# those of scripts/build.sh, and starts them as the platform would, so that one
# signed message goes through them (internal/imagetest).
#
# IMAGE_BUILDER is docker, podman, buildah or own; unset, it is the first of
# docker and podman that answers and can reach the base images, else our own way,
# which needs neither engine nor registry. Images of docker and podman are started
# by them; the others need root on Linux, buildah and runc, and our own way
# busybox-static besides.
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

wanted=()
case $IMAGE_BUILDER in
docker | podman) engine=$IMAGE_BUILDER ;;
buildah) engine=runc wanted=(buildah runc) ;;
own) engine=runc wanted=(buildah runc busybox) ;;
*)
	echo "IMAGE_BUILDER is none of docker, podman, buildah and own" >&2
	exit 2
	;;
esac
for tool in "${wanted[@]}"; do
	command -v "$tool" >/dev/null || {
		echo "$tool is not installed (make tools), and neither docker nor podman answers" >&2
		exit 1
	}
done
if [[ $engine == runc && $(id -u) != 0 ]]; then
	echo "neither docker nor podman answers, and without them only root can start an image" >&2
	exit 1
fi
# Most containers are machines that let nobody make namespaces or control groups.
# Nothing that could be installed changes that, so nobody is asked to, and the words
# are all there is: also with REQUIRE_REAL=1.
if [[ $engine == runc ]] && ! { unshare --mount --pid --fork true && [[ -w /sys/fs/cgroup ]]; } 2>/dev/null; then
	echo "LEFT OUT: no image is built or started, as this machine lets nobody make a container" >&2
	exit 0
fi
if [[ $IMAGE_BUILDER == own ]]; then
	# shellcheck source=scripts/image-store.sh
	source scripts/image-store.sh
fi

VERSION=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
export VERSION

build() {
	local tag=$1 dockerfile=$2
	case $IMAGE_BUILDER in
	own) scripts/image-build.sh "$dockerfile" "$tag" ;;
	*) "$IMAGE_BUILDER" build --build-arg "VERSION=$VERSION" --tag "$tag" --file "$dockerfile" . ;;
	esac
}

# What is opened here is closed at the end, however that comes.
open=$(mktemp -d)
containers=()
close() {
	local container
	for container in "${containers[@]}"; do
		case $engine in
		runc)
			buildah umount "$container" >/dev/null
			buildah rm "$container" >/dev/null
			;;
		*) "$engine" rm "$container" >/dev/null ;;
		esac
	done
	# What this build replaced. Nobody else's images are in our own store.
	[[ $IMAGE_BUILDER != own ]] || buildah rmi --prune >/dev/null
	rm -rf "$open"
}
trap close EXIT

# unpack lays an image open for the tests: its files, its configuration and its tag.
unpack() {
	local tag=$1 to=$2 container
	echo "$tag" >"$to.tag"
	case $engine in
	runc)
		container=$(buildah from --pull-never "$tag")
		containers+=("$container")
		ln -s "$(buildah mount "$container")" "$to"
		buildah inspect --type image "$tag" >"$to.json"
		;;
	*)
		container=$("$engine" create "$tag")
		containers+=("$container")
		mkdir "$to"
		"$engine" export "$container" | tar -x -p -C "$to"
		"$engine" image inspect --format '{"OCIv1":{"config":{{json .Config}}}}' "$tag" >"$to.json"
		;;
	esac
}

echo "builder: $IMAGE_BUILDER"
for program in ingress worker; do
	build "atende-$program:dev" "Dockerfile.$program" >"$open/log" 2>&1 || {
		cat "$open/log"
		exit 1
	}
	unpack "atende-$program:dev" "$open/$program"
	bytes=$(du -sb "$open/$program/" | cut -f1)
	printf '  atende-%-8s %5.1f MB of at most %d\n' "$program" "$(awk "BEGIN { print $bytes / 1e6 }")" $((limit[$program] / 1000000))
	((bytes <= limit[$program])) || {
		echo "the image of the $program has become too large" >&2
		exit 1
	}
done

# The same sources give the same program, whoever builds it where.
scripts/build.sh >/dev/null
for program in ingress worker; do
	made=$(go version "$open/$program/$program" | awk '{ print $2 }')
	if [[ $made != "$(go env GOVERSION)" ]]; then
		echo "  the image's $program is not compared with bin/: it was built by $made, that by $(go env GOVERSION)"
	elif cmp "$open/$program/$program" "bin/$program"; then
		echo "  atende-$program holds what make build makes: sha256 $(sha256sum "bin/$program" | cut -d' ' -f1)"
	else
		echo "two builds of the $program differ" >&2
		exit 1
	fi
done

go test -tags images -count=1 -timeout 9m ./internal/imagetest -images "$open" -engine "$engine"
