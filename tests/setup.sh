#!/usr/bin/env bash
# The Debian packages that some tests need, before pytest starts (`make test`). Quiet and quick
# when all are there. Never fails because one is missing: the tests that need it skip by name.
set -u

# package:pytest marker of the tests that are skipped without it
needs=(
  chromium:browser
  fonts-dejavu-core:browser
  r-base-core:r
  r-base-dev:r
  r-cran-lintr:r
  r-cran-testthat:r
)

installed_by_dpkg() {
  dpkg-query --show --showformat '${db:Status-Status}:${Package} ' "${needs[@]%%:*}" 2>/dev/null
}

# Elsewhere (macOS, conda) the programs count, however they came.
there() {
  case "$1" in
    chromium) command -v chromium ;;
    fonts-*) true ;;
    r-base-core) command -v Rscript ;;
    r-base-dev) command -v cc && R CMD config --cppflags ;;
    r-cran-*) Rscript -e "quit(status = !requireNamespace('${1#r-cran-}', quietly = TRUE))" ;;
  esac >/dev/null 2>&1
}

missing() {
  local need have=""
  command -v dpkg-query >/dev/null && have=" $(installed_by_dpkg)"
  for need in "${needs[@]}"; do
    [[ "$have" == *" installed:${need%%:*} "* ]] && continue
    [[ -z "$have" ]] && there "${need%%:*}" && continue
    echo "$need"
  done
}

# rpy2 is compiled against the R that is there; without it the tests of that bridge skip.
bridge() {
  local python=.venv/bin/python
  command -v R >/dev/null && [ -x "$python" ] || return 0
  "$python" -c "import rpy2.rinterface_lib.openrlib" >/dev/null 2>&1 && return 0
  make --no-print-directory .venv/robyn 1>&2 ||
    echo "Not built: rpy2; tests marked \`r\` that need it will be skipped."
}

# Split at white space on purpose: no name holds any, and macOS' bash knows no mapfile.
# shellcheck disable=SC2207
wanted=($(missing))

if [ "${#wanted[@]}" -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${wanted[*]%%:*}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update &&
    apt-get -qq -y --no-install-recommends install "${wanted[@]%%:*}" >/dev/null
  # shellcheck disable=SC2207
  wanted=($(missing))
fi

[ "${#wanted[@]}" -eq 0 ] || for need in "${wanted[@]}"; do
  echo "Not installed: ${need%%:*}; tests marked \`${need##*:}\` that need it will be skipped."
done
bridge
exit 0
