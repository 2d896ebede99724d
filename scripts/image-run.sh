#!/usr/bin/env bash
# Runs an image in the foreground as production would: nobody's user, a root that
# cannot be written, no capabilities, the network of this machine, and exactly
# the environment that this script is given. Signals reach the program.
#
# usage: image-run.sh TAG      (IMAGE_BUILDER as images.sh chose it)
set -euo pipefail
tag=$1
scripts=$(cd "$(dirname "$0")" && pwd)

# The program must not inherit what only this script needs.
handed=$(env | grep -v -E '^(PATH|HOME|PWD|SHLVL|_|OLDPWD|IMAGE_BUILDER|IMAGE_WORK|STORAGE_DRIVER)=' || true)

case ${IMAGE_BUILDER:-own} in
docker | podman)
	exec "$IMAGE_BUILDER" run --rm --network host --read-only --cap-drop ALL \
		--security-opt no-new-privileges --env-file <(printf '%s\n' "$handed") "$tag"
	;;
esac

# shellcheck source=scripts/image-store.sh
source "$scripts/image-store.sh"
container=$(buildah from --pull-never "$tag")
root=$(buildah mount "$container")
bundle=$(mktemp -d "$work/bundle.XXXXXX")
(cd "$bundle" && runc spec)
entrypoint=$(buildah inspect --type image --format '{{index .OCIv1.Config.Entrypoint 0}}' "$tag")
HANDED=$handed python3 - "$bundle/config.json" "$root" "$entrypoint" <<'PY'
import json, os, sys

path, root, entrypoint = sys.argv[1:]
with open(path) as f:
    spec = json.load(f)
process = spec["process"]
process.update(
    terminal=False, args=[entrypoint], cwd="/", user={"uid": 65532, "gid": 65532}, noNewPrivileges=True,
    env=[line for line in os.environ["HANDED"].splitlines() if "=" in line] + ["SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
    capabilities={kind: [] for kind in process["capabilities"]},
)
# Not every kernel grants the right to raise them.
process.pop("rlimits", None)
spec["root"] = {"path": root, "readonly": True}
spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] not in ("network", "cgroup")]
spec["linux"]["resources"] = {"memory": {"limit": 512 << 20}, "pids": {"limit": 200}}
with open(path, "w") as f:
    json.dump(spec, f)
PY

name=atende-$$
# shellcheck disable=SC2317 # It is called by the trap.
finish() {
	runc delete -f "$name" >/dev/null 2>&1 || true
	buildah umount "$container" >/dev/null 2>&1 || true
	buildah rm "$container" >/dev/null 2>&1 || true
	rm -rf "$bundle"
}
trap finish EXIT
trap 'runc kill "$name" TERM 2>/dev/null || true' TERM INT
runc run --bundle "$bundle" "$name" &
running=$!
# A signal ends the first wait, the program's own end the last.
status=0
wait "$running" || status=$?
while kill -0 "$running" 2>/dev/null; do
	status=0
	wait "$running" || status=$?
done
exit "$status"
