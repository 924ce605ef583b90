#!/bin/bash -l
# Published test cases on one node of Vega: report in out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/vega/validate.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job vega validate
