# shellcheck shell=bash disable=SC2034
# Karolina: README.md beside this names the source of each fact.
kinds="cpu gpu"

cpu_partition=qcpu
cpu_cores=128
cpu_ranks=8
cpu_rank_cores=16
cpu_bind=cores
cpu_device=cpu
cpu_mpi=libmpi.so.40
cpu_modules=OpenMPI

# 16 cores for each GPU.
gpu_partition=qgpu
gpu_cores=128
gpu_ranks=8
gpu_rank_cores=16
gpu_bind=cores
gpu_gpus=8
gpu_gpu_request=--gpus-per-node=
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules="OpenMPI CUDA"
