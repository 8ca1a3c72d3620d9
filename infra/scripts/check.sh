#!/usr/bin/env bash
# check.sh SERVICE REGION: execute `mmm doctor` on the new image, in the job SERVICE-check, and wait
# for how it ends. Nothing trains with an image that fails it.
set -euo pipefail
service=$1 region=$2

if ! gcloud run jobs execute "$service-check" --region "$region" --wait --quiet; then
  echo "mmm doctor failed on the new image: see the log of $service-check; traffic and training" \
    "stay where they were" >&2
  exit 1
fi
