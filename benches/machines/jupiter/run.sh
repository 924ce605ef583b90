#!/bin/bash -l
# The weather driver across ranks on nodes of JUPITER: forecast in out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/jupiter/run.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job jupiter run
