//! Without an MPI library everything but MPI works.
//!
//! The library is looked for once per process, hence one of its own.

use terrella_coupling::Error;
use terrella_coupling::communicator::Communicator;

#[test]
fn a_missing_library_is_one_clear_error() {
    let path = "/nowhere/libmpi.so";
    let mut job = std::process::Command::new(std::env::current_exe().unwrap());
    job.args(["--exact", "without_a_library", "--ignored", "--nocapture"]).env("TERRELLA_MPI", path);
    let output = job.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(&format!("MPI is not available: '{path}' was not loaded (")), "{text}");
}

#[test]
#[ignore = "a_missing_library_is_one_clear_error runs it"]
fn without_a_library() {
    let error = Communicator::mpi().unwrap_err();
    assert!(matches!(error, Error::MpiUnavailable { .. }));
    println!("{error}");
    assert_eq!(Communicator::serial().sum([1.0, 2.0]).unwrap(), 3.0);
}
