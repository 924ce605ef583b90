#!/bin/bash -l
# Benchmarks on one node of Discoverer: results in benches/results/discoverer-KIND.csv and out/machines.
#   TERRELLA_ACCOUNT=PROJECT benches/machines/discoverer/bench.sh
set -eu
TERRELLA_ROOT=${TERRELLA_ROOT:-$(cd "$(dirname "$0")/../../.." && pwd)}
# shellcheck source=benches/machines/common.sh
. "$TERRELLA_ROOT/benches/machines/common.sh"
terrella_job discoverer bench
