#!/usr/bin/env bash
# Checks infra/ without a cloud: format, types, and its tests against a mocked
# provider. The provider's schema is the real one where it can be downloaded, else
# that of the stand-in in scripts/tfcheck, which is said. Nothing is ever planned
# against a project, and no credential is read.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v terraform >/dev/null || {
	echo "terraform is not in the PATH (make tools says how to get it)" >&2
	exit 1
}
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0
# A settings file that is named and not there makes every call complain.
[[ -z ${TF_CLI_CONFIG_FILE:-} || -f $TF_CLI_CONFIG_FILE ]] || unset TF_CLI_CONFIG_FILE
unset TF_WORKSPACE "${!TF_VAR_@}" "${!TF_CLI_ARGS@}"

terraform fmt -check -diff -recursive infra

# Everything that terraform writes lies outside the tree, so that the tree's own
# state and lock, if a person has them here, are left alone.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R infra "$work/infra"
find "$work/infra" -name .terraform -prune -exec rm -rf {} +
tf() { terraform -chdir="$work/infra" "$@" -no-color; }

# A download that never ends is as good as none.
real() { timeout 60 terraform -chdir="$work/infra" init -backend=false -no-color >"$work/init.log" 2>&1; }

stand_in() {
	local platform version name mirror=$work/mirror/registry.terraform.io/hashicorp/google
	platform=$(go env GOOS)_$(go env GOARCH)
	# The version whose schema the stand-in has.
	version=6.50.0
	name=terraform-provider-google_v$version
	mkdir -p "$mirror/$version/$platform"
	go -C scripts/tfcheck build -trimpath -o "$mirror/$version/$platform/$name" . || return 1
	printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" >"$work/terraform.rc"
	export TF_CLI_CONFIG_FILE=$work/terraform.rc
	# What the lock pins is the real one.
	rm -f "$work/infra/.terraform.lock.hcl"
	tf init -backend=false >"$work/init.log" 2>&1
}

if real; then
	echo "provider: the real one"
elif stand_in; then
	echo "provider: REPLACED by the stand-in of scripts/tfcheck (the real one cannot be downloaded here)"
else
	cat "$work/init.log" >&2
	echo "terraform init works neither with the provider nor with its stand-in" >&2
	exit 1
fi

tf validate
echo "tests, the whole as staging:"
tf test -var-file=staging.tfvars
echo "tests, the whole as production:"
tf test -var-file=production.tfvars -filter=tests/whole.tftest.hcl
