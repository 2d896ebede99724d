#!/usr/bin/env bash
# The checks after a deployment, one line each: health, challenge, a webhook
# processed, a message answered, structured logs, sessions in Redis, duplicates
# ignored. URL is the ingress, or the local street; in the cloud GCP_PROJECT and
# ENVIRONMENT say whose secrets and log are read.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -n ${URL:-} ]] || {
	echo "URL is missing: the address of the ingress, such as URL=http://127.0.0.1:8080 for the local street" >&2
	exit 2
}
go build -buildvcs=false -o bin/atende ./cmd/atende
exec bin/atende smoke "$URL"
