//! What a launcher of MPI programs says in the environment.

use std::env;

/// How many processes a launcher started, by the variables of Open MPI's and of MPICH's family, and of a step of Slurm, which starts
/// processes of its own where neither has a hand in it.
pub(super) fn processes() -> Option<usize> {
    first_number(&["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"])
}

/// Whether a launcher of MPI programs started this process and others.
pub(in super::super) fn is_launched() -> bool {
    match processes() {
        Some(processes) => processes > 1,
        None => ["PMIX_RANK", "PMI_RANK"].iter().any(|name| env::var_os(name).is_some()),
    }
}

/// Which of the launcher's processes this is.
pub(in super::super) fn launched_rank() -> usize {
    first_number(&["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"]).unwrap_or(0)
}

fn first_number(names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| env::var(name).ok()?.parse().ok())
}

/// Where MPI libraries usually are: those of the launcher's family first, where that is known.
pub(super) fn usual_names() -> Vec<&'static str> {
    let open_mpi = ["libmpi.so.40"];
    // Upstream and Intel, Debian, Cray.
    let mpich = ["libmpi.so.12", "libmpich.so.12", "libmpi_cray.so.12", "libmpi_cray.so"];
    let unknown = ["libmpi.so", "libmpi.dylib"];
    let is_mpich = env::var_os("OMPI_COMM_WORLD_SIZE").is_none() && env::var_os("PMI_SIZE").is_some();
    let families: [&[_]; 3] =
        if is_mpich { [&mpich, &open_mpi, &unknown] } else { [&open_mpi, &mpich, &unknown] };
    families.concat()
}
