# shellcheck shell=bash disable=SC2034
# Any machine with Slurm: what is left out here is set by the variables that ../common.sh names.
kinds="cpu gpu"

cpu_device=cpu

gpu_device=cuda:0
gpu_gpu_request=--gpus-per-node=
