#!/bin/bash -l
# Benchmarks on one node of MareNostrum 5: results in benches/results/marenostrum5-KIND.csv and out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/marenostrum5/bench.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job marenostrum5 bench
