#!/usr/bin/env bash
# traffic.sh SERVICE REGION REVISION: send all traffic to the revision, and let SERVICE-train train
# with the revision's image; a rollback is the same. Both move, or neither.
set -euo pipefail
service=$1 region=$2 revision=$3 job=$1-train

image() { python3 -c '
import json, sys
spec = json.load(sys.stdin)["spec"]
while "containers" not in spec:  # a job has its template in a template
    spec = spec["template"]["spec"]
print(spec["containers"][0]["image"])
'; }

new=$(gcloud run revisions describe "$revision" --region "$region" --format json | image)
old=$(gcloud run jobs describe "$job" --region "$region" --format json | image)
gcloud run jobs update "$job" --region "$region" --image "$new" --quiet
if ! gcloud run services update-traffic "$service" --region "$region" \
  --to-revisions "$revision=100" --quiet; then
  gcloud run jobs update "$job" --region "$region" --image "$old" --quiet
  echo "traffic did not move to $revision; $job trains with $old as before" >&2
  exit 1
fi
echo "$service serves $revision, $job trains with $new"
