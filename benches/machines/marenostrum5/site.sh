# shellcheck shell=bash disable=SC2034
# MareNostrum 5: README.md beside this names the source of each fact.
kinds="gpu cpu"

# ACC: 20 cores for each GPU.
gpu_partition=acc
gpu_qos=acc_ehpc
gpu_cores=80
gpu_ranks=4
gpu_rank_cores=20
gpu_bind=cores
gpu_gpus=4
gpu_gpu_request=--gres=gpu:
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules=nvidia-hpc-sdk

# GPP.
cpu_partition=gpp
cpu_qos=gp_ehpc
cpu_cores=112
cpu_ranks=8
cpu_rank_cores=14
cpu_bind=cores
cpu_device=cpu
cpu_mpi=libmpi.so.12
cpu_modules="intel impi"
