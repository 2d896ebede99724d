#!/usr/bin/env bash
# Says where the programs' parts come from, and that nothing went out that must
# not: versions are pinned, licences are allowed and listed in docs/licences.md, no
# secret is in the tree or its history, no known vulnerability is in the programs,
# and bin/sbom has a list of parts for each (CycloneDX). With -update the page of
# licences is written anew, and nothing else is done.
#
# GOVULNDB is the database of vulnerabilities (https://vuln.go.dev). Where it does
# not answer, that one check is left out and said to be, also with REQUIRE_REAL=1:
# nothing can be installed in its place.
set -euo pipefail
cd "$(dirname "$0")/.."

# The tools are pinned, with their sums, by a module of their own.
tools=$PWD/bin/tools
mkdir -p "$tools"
go -C scripts/supply build -o "$tools/" tool .

if [[ ${1:-} == -update ]]; then
	"$tools/supply" licences -update
	exit
fi

go -C scripts/supply test .
"$tools/supply" pinned
"$tools/supply" licences

bill() {
	local program sbom=bin/sbom
	rm -rf "$sbom"
	mkdir -p "$sbom"
	scripts/build.sh >/dev/null
	for program in ingress worker atende; do
		"$tools/cyclonedx-gomod" bin -json -std -noserial -notimestamp \
			-version "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" \
			-output "$sbom/$program.cdx.json" "bin/$program" 2>/dev/null
	done
	"$tools/supply" page "$sbom/page.cdx.json"
	for program in "$sbom"/*; do
		printf '  %-26s %3d parts\n' "$program" "$(grep -c '"type": "library"' "$program")"
	done
}
echo "bills of materials:"
bill

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# leaks looks for secrets; what it found is in a report that repeats none of them.
leaks() { "$tools/gitleaks" "$@" --config scripts/supply/gitleaks.toml --no-banner --redact --log-level error --report-format json --report-path "$work/leaks.json"; }

# A scanner that finds nothing must first find what is planted: one secret of each
# kind, put together here so that the tree holds none.
planted() {
	local plant=$work/plant stuff rule
	stuff=$(printf planted | sha512sum | cut -d' ' -f1)
	mkdir "$plant"
	printf 'EAA%s\n' "$stuff" >"$plant/meta"
	printf 'WHATSAPP_APP_''SECRET=%s\n' "${stuff:0:32}" >"$plant/setting"
	printf 'redis''s://default:%s@example.com:6379\n' "${stuff:32:24}" >"$plant/redis"
	printf -- '-----BEGIN PRIVATE ''KEY-----\n%s\n-----END PRIVATE ''KEY-----\n' "$stuff" >"$plant/key"
	garden() { git -C "$plant" -c user.name=nobody -c user.email=nobody@example.com -c commit.gpgsign=false "$@"; }
	garden init -q
	garden add .
	garden commit -q -m plant
	garden rm -q --cached -r .
	garden commit -q -m uproot
	for scan in dir git; do
		! leaks "$scan" "$plant" || {
			echo "the scanner finds no planted secret ($scan)" >&2
			return 1
		}
		for rule in meta-access-token setting redis-password private-key; do
			grep -q "\"RuleID\": \"$rule\"" "$work/leaks.json" || {
				echo "the scanner does not find a planted $rule ($scan)" >&2
				return 1
			}
		done
	done
}

# none fails with where a secret was found.
none() {
	leaks "$@" && return
	grep -E '"(RuleID|File|StartLine|Commit)":' "$work/leaks.json" | sed "s|$work/tree/||" >&2
	echo "there is a secret, or something that looks like one: docs/supply-chain.md says what to do" >&2
	return 1
}

planted
# What is in the tree, also before it is committed, and what ever was.
mkdir "$work/tree"
if git rev-parse --git-dir >/dev/null 2>&1; then
	git ls-files -z --cached --others --exclude-standard --deduplicate |
		while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
		tar --null -T - -cf - | tar -xf - -C "$work/tree"
	none git --log-opts=HEAD .
	history="$(git rev-list --count HEAD) commits"
	[[ $(git rev-parse --is-shallow-repository) == false ]] || history+=", which are not all: this checkout is shallow"
else
	tar --exclude=./bin --exclude=./.git --exclude=node_modules -cf - . | tar -xf - -C "$work/tree"
	history="no history: this is no checkout"
fi
none dir "$work/tree"
echo "secrets: none in $(find "$work/tree" -type f | wc -l) files and $history; each planted one was found"

# The same is asked of govulncheck, with a database that knows one vulnerability:
# in what reads YAML, which one small room calls.
flawed() {
	local status base=$work/flaws at=2026-01-01T00:00:00Z id=GO-0000-0001 module=go.yaml.in/yaml/v3
	mkdir -p "$base/index" "$base/ID"
	echo "{\"modified\":\"$at\"}" >"$base/index/db.json"
	echo "[{\"path\":\"$module\",\"vulns\":[{\"id\":\"$id\",\"modified\":\"$at\"}]}]" >"$base/index/modules.json"
	echo "[{\"id\":\"$id\",\"modified\":\"$at\"}]" >"$base/index/vulns.json"
	echo "{\"schema_version\":\"1.3.1\",\"id\":\"$id\",\"modified\":\"$at\",
		\"summary\":\"planted\",\"database_specific\":{\"url\":\"https://example.com\"},\"affected\":[{
		\"package\":{\"name\":\"$module\",\"ecosystem\":\"Go\"},
		\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"0\"}]}],
		\"ecosystem_specific\":{\"imports\":[{\"path\":\"$module\",\"symbols\":[\"NewDecoder\"]}]}}]}" >"$base/ID/$id.json"
	status=0
	"$tools/govulncheck" -db "file://$base" ./internal/yamltext >"$work/flaws.log" 2>&1 || status=$?
	# 3 is a vulnerability that is reached; anything else is another failure.
	if ((status != 3)); then
		head -n 40 "$work/flaws.log" >&2
		echo "govulncheck does not find a planted vulnerability" >&2
		return 1
	fi
}

flawed
database=${GOVULNDB:-https://vuln.go.dev}
if [[ $database != file://* ]] && ! "$tools/supply" reach "$database/index/db.json" 2>/dev/null; then
	echo "vulnerabilities: NOT CHECKED, $database does not answer from here; a planted one was found"
else
	"$tools/govulncheck" -db "$database" ./cmd/...
fi
