//! Without an MPI library everything but MPI works.
//!
//! The library is looked for once per process, hence processes of their own.

use terrella_coupling::Error;
use terrella_coupling::communicator::Communicator;

#[test]
fn a_missing_library_is_one_clear_error() {
    let path = "/nowhere/libmpi.so";
    let mut job = std::process::Command::new(std::env::current_exe().unwrap());
    job.args(["--exact", "no_mpi::without_a_library", "--ignored", "--nocapture"]).env("TERRELLA_MPI", path);
    let output = job.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(&format!("MPI is not available: '{path}' was not loaded (")), "{text}");
}

/// What [`the_launched_communicator`] says in a process with these variables and without a library.
fn launched_with(variables: &[(&str, &str)]) -> String {
    let mut job = std::process::Command::new(std::env::current_exe().unwrap());
    job.args(["--exact", "no_mpi::the_launched_communicator", "--ignored", "--nocapture"])
        .env("TERRELLA_MPI", "/nowhere/libmpi.so")
        .envs(variables.iter().copied());
    let output = job.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn one_task_of_a_launcher_needs_no_library_and_several_do() {
    let single: [&[_]; 5] = [
        &[],
        &[("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")],
        &[("SLURM_STEP_NUM_TASKS", "1"), ("PMIX_RANK", "0")],
        &[("SLURM_STEP_NUM_TASKS", "1"), ("PMI_RANK", "0"), ("PMI_SIZE", "1")],
        &[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0"), ("PMIX_RANK", "0")],
    ];
    for variables in single {
        let text = launched_with(variables);
        assert!(text.contains("rank 0 of 1 (Serial)"), "{variables:?}: {text}");
    }
    let several: [(&[_], usize); 3] = [
        (&[("SLURM_STEP_NUM_TASKS", "4"), ("SLURM_PROCID", "2")], 2),
        (&[("PMI_SIZE", "2"), ("PMI_RANK", "1")], 1),
        (&[("PMIX_RANK", "3")], 3),
    ];
    for (variables, rank) in several {
        let text = launched_with(variables);
        assert!(text.contains(&format!("launched as {rank}: MPI is not available")), "{variables:?}: {text}");
        assert!(text.contains("install an MPI library"), "{variables:?}: {text}");
    }
}

#[test]
#[ignore = "one_task_of_a_launcher_needs_no_library_and_several_do runs it"]
fn the_launched_communicator() {
    match Communicator::launched() {
        Ok(ranks) => println!("{ranks:?}"),
        Err(error) => println!("launched as {}: {error}", Communicator::launched_rank()),
    }
}

#[test]
#[ignore = "a_missing_library_is_one_clear_error runs it"]
fn without_a_library() {
    let error = Communicator::mpi().unwrap_err();
    assert!(matches!(error, Error::MpiUnavailable { .. }));
    println!("{error}");
    assert_eq!(Communicator::serial().sum([1.0, 2.0]).unwrap(), 3.0);
}
