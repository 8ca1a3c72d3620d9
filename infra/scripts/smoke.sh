#!/usr/bin/env bash
# smoke.sh URL: the service answers whom it should, and nobody else.
#
# Logs in with tokens of the active gcloud account (a service account, as in the workflows): one
# it signs itself, as IAP wants, then Google's ID token, as Cloud Run without IAP wants.
# MMM_ACCOUNT     the account; gcloud's active one by default
# MMM_PUBLIC=1    the service is meant to be open to everybody
# MMM_TRIES=30    how often to try while the revision starts, every MMM_PAUSE=2 seconds
set -euo pipefail
url=${1%/}
tries=${MMM_TRIES:-30} pause=${MMM_PAUSE:-2}
account=${MMM_ACCOUNT:-}
answer=$(mktemp)
trap 'rm -f "$answer" "$answer".*' EXIT

# Code of the answer to GET $1; 000 where there is none. The token is not an argument: those show.
status() {
  local header=()
  [ -z "${2:-}" ] || header=(--header @-)
  printf 'Authorization: Bearer %s' "${2:-}" |
    curl --silent --show-error --max-time 20 --output "$answer" --write-out '%{http_code}' \
      "${header[@]}" "$1" || true
}

# shellcheck disable=SC2329  # both are called by name, below
self_signed() {
  local now
  now=$(date +%s)
  printf '{"iss":"%s","sub":"%s","aud":"%s/*","iat":%d,"exp":%d}' \
    "$account" "$account" "$url" "$now" "$((now + 600))" >"$answer.claims"
  gcloud iam service-accounts sign-jwt "$answer.claims" "$answer.jwt" --iam-account "$account" \
    --quiet >&2 && cat "$answer.jwt"
}

# shellcheck disable=SC2329
id_token() {
  gcloud auth print-identity-token --impersonate-service-account "$account" --audiences "$url" \
    --include-email --quiet 2>/dev/null
}

if [ "${MMM_PUBLIC:-0}" != 1 ]; then
  [ -n "$account" ] || account=$(gcloud config get-value account 2>/dev/null)
  code=$(status "$url/health")
  case "$code" in
    302 | 401 | 403) echo "without a login: refused ($code)" ;;
    000) echo "no answer from $url; look at the logs of the revision" >&2 && exit 1 ;;
    *)
      echo "$url answers a stranger with $code, not with a refusal; is allow_unauthenticated set?" >&2
      exit 1
      ;;
  esac
fi

for ((try = 1; try <= tries; try++)); do
  for login in self_signed id_token; do
    token=
    [ "${MMM_PUBLIC:-0}" = 1 ] || token=$("$login") || continue
    code=$(status "$url/health" "$token")
    if [ "$code" = 200 ] && grep -q '"status": *"ok"' "$answer"; then
      echo "healthy after $try tries"
      exit 0
    fi
    echo "try $try: $code" >&2
  done
  sleep "$pause"
done
echo "$url/health was not healthy; traffic stays where it was" >&2
exit 1
