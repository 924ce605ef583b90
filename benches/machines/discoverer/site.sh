# shellcheck shell=bash disable=SC2034
# Discoverer: README.md beside this names the source of each fact. The modules' names are not known well enough to stand here.
kinds="cpu gpu"

cpu_partition=cn
cpu_qos=account
cpu_cores=128
cpu_ranks=8
cpu_rank_cores=16
cpu_bind=cores
cpu_threads_per_core=1
cpu_device=cpu
cpu_mpi=libmpi.so.40

# Discoverer+: nodes are shared, and a GPU's share is 26 hardware threads. Half a node, because one of the nodes has fewer than
# 8 GPUs to give.
gpu_partition=common
gpu_qos=account
gpu_cores=112
gpu_ranks=4
gpu_rank_cores=13
gpu_bind=cores
gpu_threads_per_core=1
gpu_gpus=8
gpu_gpu_request=--gres=gpu:
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_exclusive=no
