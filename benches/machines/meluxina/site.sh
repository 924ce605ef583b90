# shellcheck shell=bash disable=SC2034
# MeluXina: README.md beside this names the source of each fact.
kinds="cpu gpu"

# Cluster: a rank on each NUMA domain.
cpu_partition=cpu
cpu_qos=default
cpu_cores=128
cpu_ranks=8
cpu_rank_cores=16
cpu_bind=cores
cpu_threads_per_core=1
cpu_device=cpu
cpu_mpi=libmpi.so.40
cpu_modules="env/release OpenMPI"

# Accelerator: a rank on each NUMA domain.
gpu_partition=gpu
gpu_qos=default
gpu_cores=64
gpu_ranks=4
gpu_rank_cores=16
gpu_bind=cores
gpu_threads_per_core=1
gpu_gpus=4
gpu_gpu_request=--gpus-per-node=
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules="env/release OpenMPI CUDA"
