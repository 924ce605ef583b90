#!/bin/bash -l
# Benchmarks on one node of JUPITER: results in benches/results/jupiter-KIND.csv and out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/jupiter/bench.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job jupiter bench
