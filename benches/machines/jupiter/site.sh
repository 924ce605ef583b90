# shellcheck shell=bash disable=SC2034
# JUPITER: README.md beside this names the source of each fact.
kinds="gpu cpu"

# Booster: a rank on each GH200.
gpu_partition=booster
gpu_cores=288
gpu_ranks=4
gpu_rank_cores=72
gpu_bind=cores
gpu_gpus=4
gpu_gpu_request=--gres=gpu:
gpu_device=cuda:0
gpu_mpi=libmpi.so.12
gpu_modules="GCC CUDA ParaStationMPI"

# The Grace CPUs of the same nodes.
cpu_partition=booster
cpu_cores=288
cpu_ranks=4
cpu_rank_cores=72
cpu_bind=cores
cpu_device=cpu
cpu_mpi=libmpi.so.12
cpu_modules="GCC ParaStationMPI"
