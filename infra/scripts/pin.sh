#!/usr/bin/env bash
# pin.sh SERVICE REGION: keep all traffic on the revision that has most of it now, so that a new
# revision gets none. Prints what Terraform should know: whether the service is there already.
set -euo pipefail
service=$1 region=$2

if ! described=$(gcloud run services describe "$service" --region "$region" --format json 2>&1); then
  # Only "not there" means a first deployment; anything else must stop it.
  grep -qiE 'cannot find service|not[ _]found|could not be found' <<<"$described" || {
    echo "$described" >&2
    exit 1
  }
  echo "TF_VAR_existing_service=false"
  exit 0
fi

serving=$(python3 -c '
import json, sys
status = json.load(sys.stdin).get("status", {})
parts = [each for each in status.get("traffic", []) if each.get("percent")]
latest = status.get("latestReadyRevisionName", "")
most = max(parts, key=lambda each: each["percent"], default={})
print(most.get("revisionName") or latest)
' <<<"$described")
if [ -n "$serving" ]; then
  gcloud run services update-traffic "$service" --region "$region" \
    --to-revisions "$serving=100" --quiet >&2
fi
echo "TF_VAR_existing_service=true"
