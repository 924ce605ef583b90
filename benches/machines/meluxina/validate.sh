#!/bin/bash -l
# Published test cases on one node of MeluXina: report in out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/meluxina/validate.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job meluxina validate
