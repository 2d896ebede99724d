#!/usr/bin/env bash
# Installs what the gate wants beside Go, on Debian and as root: the real
# servers that tests run against, and the linters. What is there is left alone,
# so that a second run changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

golangci_version=2.15.0

wanted=()
command -v redis-server >/dev/null || wanted+=(redis-server)
command -v shellcheck >/dev/null || wanted+=(shellcheck)
command -v spin >/dev/null || wanted+=(spin)
command -v java >/dev/null || wanted+=(default-jre-headless)
# What builds the page, and a browser to look at it with, fonts included.
command -v npm >/dev/null || wanted+=(nodejs npm)
command -v chromium chromium-browser google-chrome >/dev/null || wanted+=(chromium fonts-dejavu-core fonts-noto-color-emoji)
# Images are built and started without an engine where none answers.
for engine in docker podman; do
	command -v "$engine" >/dev/null && timeout 20 "$engine" info >/dev/null 2>&1 && break
	engine=
done
if [[ -z $engine ]]; then
	command -v buildah >/dev/null || wanted+=(buildah)
	command -v busybox >/dev/null || wanted+=(busybox-static)
	command -v runc >/dev/null || wanted+=(runc)
fi
# The race detector is linked by a C compiler.
command -v gcc >/dev/null || wanted+=(gcc libc6-dev)

if ((${#wanted[@]})); then
	if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
		echo "install by hand (this is not Debian, or you are not root): ${wanted[*]}" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	# Run level 1 keeps Debian from starting a Redis of its own: tests start theirs.
	RUNLEVEL=1 apt-get install -q -y --no-install-recommends "${wanted[@]}" </dev/null
fi

PATH="$PATH:$(go env GOPATH)/bin"
if [[ $(golangci-lint version --short 2>/dev/null || true) != "$golangci_version" ]]; then
	echo "installing golangci-lint $golangci_version (minutes, the first time)"
	GOTOOLCHAIN=local go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$golangci_version"
fi

echo "go             $(go version | cut -d' ' -f3)"
echo "golangci-lint  $(golangci-lint version --short)"
command -v terraform >/dev/null && echo "terraform      $(CHECKPOINT_DISABLE=1 terraform version | sed -n 's/^Terraform v//p')"
echo "shellcheck     $(shellcheck --version | sed -n 's/^version: //p')"
echo
if ! command -v terraform >/dev/null; then
	echo "terraform (1.11 or newer) is not in the PATH and is no package of Debian: its maker's page has a"
	echo "program for every system (https://developer.hashicorp.com/terraform/install). Without it the gate's"
	echo "step infra is left out by name, and fails with REQUIRE_REAL=1."
	echo
fi
if ! REQUIRE_REAL=1 scripts/parts.sh 2>/dev/null; then
	echo
	echo "The Firestore emulator is a part of the Google Cloud SDK and cannot be installed from here:"
	echo "  gcloud components install cloud-firestore-emulator"
	echo "or point FIRESTORE_EMULATOR_JAR at a cloud-firestore-emulator.jar."
fi
