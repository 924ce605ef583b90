# shellcheck shell=bash disable=SC2034
# Deucalion: README.md beside this names the source of each fact. The account's last letter is the partition's: a for arm,
# x for x86, g for gpu.
kinds="arm x86 gpu"

# A64FX (aarch64): a rank on each group of 12 cores, which has its own memory.
arm_partition=normal-arm
arm_cores=48
arm_ranks=4
arm_rank_cores=12
arm_bind=cores
arm_device=cpu
arm_mpi=libmpi.so.40
arm_modules=OpenMPI

x86_partition=normal-x86
x86_cores=128
x86_ranks=8
x86_rank_cores=16
x86_bind=cores
x86_device=cpu
x86_mpi=libmpi.so.40
x86_modules=OpenMPI

# 32 cores for each GPU; normal-a100-40 has GPUs of half the memory.
gpu_partition=normal-a100-80
gpu_cores=128
gpu_ranks=4
gpu_rank_cores=32
gpu_bind=cores
gpu_gpus=4
gpu_gpu_request=--gpus-per-node=
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules="OpenMPI CUDA"
