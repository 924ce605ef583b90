# shellcheck shell=bash disable=SC2034
# Leonardo: README.md beside this names the source of each fact.
kinds="gpu cpu"

# Booster.
gpu_partition=boost_usr_prod
gpu_cores=32
gpu_ranks=4
gpu_rank_cores=8
gpu_bind=cores
gpu_gpus=4
gpu_gpu_request=--gres=gpu:
gpu_device=cuda:0
gpu_mpi=libmpi.so.40
gpu_modules="cuda openmpi"

# DCGP: a rank on each NUMA domain.
cpu_partition=dcgp_usr_prod
cpu_cores=112
cpu_ranks=8
cpu_rank_cores=14
cpu_bind=cores
cpu_device=cpu
cpu_mpi=libmpi.so.12
cpu_modules=intel-oneapi-mpi
