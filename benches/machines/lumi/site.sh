# shellcheck shell=bash disable=SC2034
# LUMI: README.md beside this names the source of each fact.
kinds="cpu gpu"

# LUMI-C: a rank on each NUMA domain.
cpu_partition=standard
cpu_cores=128
cpu_ranks=8
cpu_rank_cores=16
cpu_bind=cores
cpu_device=cpu
cpu_mpi=libmpi_cray.so.12
cpu_modules="LUMI partition/C"
cpu_submit=--mem=0

# LUMI-G: a rank on each GCD. The first core of each CCD is the system's: 7 are left of 8. GCDs 0 to 7 belong to the CCDs
# 6, 7, 2, 3, 0, 1, 4, 5, so the masks come in that order.
gpu_partition=standard-g
gpu_cores=56
gpu_ranks=8
gpu_rank_cores=7
gpu_bind=mask_cpu:fe000000000000,fe00000000000000,fe0000,fe000000,fe,fe00,fe00000000,fe0000000000
gpu_gpus=8
gpu_gpu_request=--gpus-per-node=
gpu_device=hip:0
gpu_mpi=libmpi_cray.so.12
gpu_modules="LUMI partition/G rocm"
gpu_submit=--mem=0
