#!/bin/bash -l
# Benchmarks on one node of LUMI: results in benches/results/lumi-KIND.csv and out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/lumi/bench.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job lumi bench
