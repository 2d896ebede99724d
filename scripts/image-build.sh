#!/usr/bin/env bash
# Builds one image without an engine and without a registry: the base images are
# stood in for by this machine's own toolchain, certificates and time zones, and
# buildah builds the unchanged Dockerfile upon them. The result proves that the
# Dockerfile builds, and how large the image is; it is never to be pushed.
#
# usage: image-build.sh DOCKERFILE TAG      (root; buildah and busybox-static)
# env:   IMAGE_WORK (default the user's cache folder), VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/image-store.sh
source scripts/image-store.sh

dockerfile=$1 tag=$2
toolchain=localhost/atende-toolchain:$(go env GOVERSION)
builder=docker.io/library/golang:1.26
base=gcr.io/distroless/static-debian12:nonroot

have() { buildah inspect --type image "$1" >/dev/null 2>&1; }

# lay commits a folder as an image, with what its configuration adds.
lay() {
	local root=$1 image=$2 container
	shift 2
	container=$(buildah from scratch)
	buildah add -q "$container" "$root" / >/dev/null
	buildah config "$@" "$container"
	buildah commit -q --rm "$container" "$image" >/dev/null
}

# What stands in for golang holds: a shell, and the toolchain that is tested here.
build_toolchain() {
	local root=$work/toolchain goroot
	goroot=$(go env GOROOT)
	rm -rf "$root"
	mkdir -p "$root"/{bin,etc/ssl/certs,usr/local,usr/share,usr/bin,tmp,root,go/bin,go/src,cache,proc,sys,dev,run,var/tmp}
	chmod 1777 "$root/tmp" "$root/var/tmp"
	cp "$(command -v busybox)" "$root/bin/busybox"
	chroot "$root" /bin/busybox --install -s /bin
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
	cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	cp -a /usr/share/zoneinfo "$root/usr/share/zoneinfo"
	cp -a "$goroot" "$root/usr/local/go"
	lay "$root" "$toolchain" \
		--env PATH=/go/bin:/usr/local/go/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		--env GOPATH=/go --env GOTOOLCHAIN=local --workingdir /go --cmd sh
	rm -rf "$root"
}

# The stand-in for distroless: certificates, time zones, nobody, no shell.
build_base() {
	local root=$work/base
	rm -rf "$root"
	mkdir -p "$root"/{etc/ssl/certs,usr/share,tmp,home/nonroot}
	chmod 1777 "$root/tmp"
	printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
	echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
	cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	cp -a /usr/share/zoneinfo "$root/usr/share/zoneinfo"
	chown -R 65532:65532 "$root/home/nonroot"
	lay "$root" "$base" --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt --user 65532 --workingdir /home/nonroot
	rm -rf "$root"
}

have "$toolchain" || build_toolchain
have "$base" || build_base

# How this machine fetches modules is the stand-in's environment, as is where the
# caches are that it is lent: nothing of either is in the image that is built.
mkdir -p "$(go env GOMODCACHE)" "$(go env GOCACHE)"
settings=(--env GOMODCACHE=/cache/modules --env GOCACHE=/cache/build)
for name in GOPROXY GOSUMDB GONOSUMDB; do
	[[ -z ${!name:-} ]] || settings+=(--env "$name=${!name}")
done
container=$(buildah from --pull-never "$toolchain")
buildah config "${settings[@]}" "$container"
buildah commit -q --rm "$container" "$builder" >/dev/null

exec timeout 900 buildah build --isolation chroot --pull-never --network host --layers=false \
	--volume /etc/resolv.conf:/etc/resolv.conf:ro \
	--volume "$(go env GOMODCACHE):/cache/modules" --volume "$(go env GOCACHE):/cache/build" \
	--build-arg "VERSION=${VERSION:-dev}" --tag "$tag" --file "$dockerfile" .
