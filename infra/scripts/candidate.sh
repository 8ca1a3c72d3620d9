#!/usr/bin/env bash
# candidate.sh SERVICE REGION REVISION: give the revision an address of its own, without traffic,
# and print it.
set -euo pipefail
service=$1 region=$2 revision=$3

gcloud run services update-traffic "$service" --region "$region" \
  --set-tags "candidate=$revision" --quiet >&2
gcloud run services describe "$service" --region "$region" --format json | python3 -c '
import json, sys
traffic = json.load(sys.stdin)["status"]["traffic"]
print(next(each["url"] for each in traffic if each.get("tag") == "candidate"))
'
