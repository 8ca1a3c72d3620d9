#!/usr/bin/env bash
# traffic.sh SERVICE REGION REVISION: send all traffic to the revision; a rollback is the same.
set -euo pipefail
service=$1 region=$2 revision=$3

gcloud run services update-traffic "$service" --region "$region" \
  --to-revisions "$revision=100" --quiet
