#!/bin/sh
# dashboard      serve it on $PORT
# anything else  a command of `mmm`, such as: run job.yaml
set -eu
own=$(dirname "$0")

# The image's own root gives way to the user's bucket.
if [ -n "${GCS_BUCKET:-}" ] && [ "${MMM_ROOT:-}" = /scratch/archive ]; then
  unset MMM_ROOT
fi

mkdir -p "$HOME" "$TMPDIR"
# Numba writes into its cache: the image's is copied once, and again when the image is another.
if ! cmp -s "$MMM_NUMBA/made-of" "$NUMBA_CACHE_DIR/made-of"; then
  fresh=$(mktemp -d "$NUMBA_CACHE_DIR.XXXXXX")
  cp -R "$MMM_NUMBA/." "$fresh"
  rm -rf "$NUMBA_CACHE_DIR"
  mv "$fresh" "$NUMBA_CACHE_DIR"
fi

if [ "${1:-dashboard}" = dashboard ]; then
  exec python "$own/dashboard.py"
fi
exec mmm "$@"
