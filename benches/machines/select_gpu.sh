#!/bin/bash
# Runs a command that sees one GPU of the node, the one of its rank's place there: select_gpu.sh COMMAND [ARGUMENT...]
# What it sees is its device 0, as TERRELLA_DEVICE says: cuda:0 or hip:0.
set -eu

case ${TERRELLA_DEVICE:?is not set: cuda:0 or hip:0} in
cuda:*) variable=CUDA_VISIBLE_DEVICES ;;
hip:*) variable=ROCR_VISIBLE_DEVICES ;;
*)
    echo "select_gpu.sh: TERRELLA_DEVICE: expected cuda:0 or hip:0, got '$TERRELLA_DEVICE'" >&2
    exit 2
    ;;
esac
place=${SLURM_LOCALID:?is not set: start this by srun}
IFS=, read -r -a visible <<<"${!variable-}"
case ${#visible[@]} in
0) chosen=$place ;;
1) chosen=${visible[0]} ;; # Slurm gave the rank its own.
*)
    if [ "$place" -ge "${#visible[@]}" ]; then
        echo "select_gpu.sh: rank $place of the node: expected a GPU for each rank, got $variable=${!variable}" >&2
        exit 2
    fi
    chosen=${visible[$place]}
    ;;
esac
export "$variable=$chosen"
exec "$@"
