# Where images are kept that are built without an engine. To be sourced.
# shellcheck shell=bash

work=${IMAGE_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/atende-images}
mkdir -p "$work"

# One overlay cannot lie on another.
driver=overlay
[[ $(stat -f -c %T "$work") != overlayfs ]] || driver=vfs
export STORAGE_DRIVER=${STORAGE_DRIVER:-$driver} BUILDAH_ISOLATION=chroot BUILDAH_FORMAT=docker
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_REGISTRIES_CONF=$work/registries.conf
cat >"$CONTAINERS_STORAGE_CONF" <<CONF
[storage]
driver = "$STORAGE_DRIVER"
runroot = "$work/run"
graphroot = "$work/graph"
CONF
# Short names mean what they mean to every builder; nothing is ever pulled.
cat >"$CONTAINERS_REGISTRIES_CONF" <<CONF
unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"
CONF
