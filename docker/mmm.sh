#!/bin/sh
# The image's `mmm`: `docker exec` does not pass by the entrypoint, and its runs use the same
# machine code.
# shellcheck source=docker/cpu.sh
. /opt/mmm/cpu.sh
exec /opt/app/bin/mmm "$@"
