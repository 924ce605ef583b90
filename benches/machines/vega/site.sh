# shellcheck shell=bash disable=SC2034
# Vega: README.md beside this names the source of each fact.
kinds="cpu gpu"

cpu_partition=cpu
cpu_cores=128
cpu_ranks=8
cpu_rank_cores=16
cpu_bind=cores
cpu_threads_per_core=1
cpu_device=cpu
cpu_mpi=libmpi.so.40
cpu_modules=OpenMPI

gpu_partition=gpu
gpu_cores=128
gpu_ranks=4
gpu_rank_cores=32
gpu_bind=cores
gpu_threads_per_core=1
gpu_gpus=4
gpu_gpu_request=--gres=gpu:
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules="OpenMPI CUDA"
