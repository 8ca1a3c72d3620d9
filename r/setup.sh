#!/usr/bin/env bash
# `make setup-r`: R and what Meta's Robyn needs in it. Everything but a missing R itself is
# decided in r/R/setup.R.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! command -v Rscript >/dev/null; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "R is not installed; installing Debian's r-base-core ..."
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -y --no-install-recommends install r-base-core >/dev/null
  else
    echo "R is not installed, and only root can install it with apt-get." >&2
    echo "Install R 4.2 or newer (Debian: r-base-core; conda: environment.yml), then run this again." >&2
    echo "What still works: everything with \`engine: native\`. Only \`engine: robyn\` needs R." >&2
    exit 1
  fi
fi
exec Rscript --no-init-file "$here/exec/mmmr.R" setup
