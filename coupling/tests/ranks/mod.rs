//! Runs a test on ranks that are processes, by each MPI library that is here.

mod launcher;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use launcher::{LAUNCHERS, Launcher, is_there, job_of, wait_for};

/// Whether a job was to end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    #[allow(dead_code, reason = "not every test file has jobs that fail")]
    Failure,
}

/// Runs the ignored test `test` of this binary on `ranks` processes under every launcher, and hands each output to `check`.
///
/// Without a launcher it says `not run`, or fails where `TERRELLA_REQUIRE` names `mpi`, for which any one will do.
pub(crate) fn under_each_launcher(test: &str, ranks: usize, end: End, check: impl Fn(&str)) {
    let mut found = false;
    for launcher in &LAUNCHERS {
        let Some(program) = launcher.programs.iter().find(|program| is_there(program)) else {
            println!("not run: {} is not here (looked for {:?})", launcher.name, launcher.programs);
            continue;
        };
        // One of the names of its library is that of this system.
        let outputs = launcher.libraries.iter().map(|library| run(launcher, program, library, test, ranks));
        let has_library = |output: &(bool, String)| !output.1.contains("MPI is not available");
        let Some((success, output)) = outputs.into_iter().find(has_library) else {
            println!("not run: {} has none of {:?}", launcher.name, launcher.libraries);
            continue;
        };
        found = true;
        assert_eq!(success, end == End::Success, "{} on {ranks} ranks:\n{output}", launcher.name);
        assert!(!success || output.contains("1 passed"), "there is no test '{test}':\n{output}");
        check(&output);
    }
    let required = env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(found || !required.split(',').any(|need| need == "mpi"), "no MPI, which TERRELLA_REQUIRE names");
}

/// Runs the ignored test `test` under every launcher with variables and with the library that `make` makes of the name of its own, the first of
/// which it makes anything.
#[allow(dead_code, reason = "one test file does")]
pub(crate) fn under_libraries(
    test: &str,
    ranks: usize,
    variables: &[(&str, OsString)],
    make: impl Fn(&str) -> Option<PathBuf>,
    check: impl Fn(&str),
) {
    for launcher in &LAUNCHERS {
        let program = launcher.programs.iter().find(|program| is_there(program));
        let library = launcher.libraries.iter().find_map(|library| make(library));
        let (Some(program), Some(library)) = (program, library) else {
            println!("not run: {} with one of {:?} is not here", launcher.name, launcher.libraries);
            continue;
        };
        let library = library.to_str().expect("a path in UTF-8");
        let (success, output) = run_with(launcher, program, library, variables, test, ranks);
        assert!(success, "{} with {library} on {ranks} ranks:\n{output}", launcher.name);
        assert!(output.contains("1 passed"), "there is no test '{test}':\n{output}");
        check(&output);
    }
}

/// Runs the ignored test `test` on `ranks` processes under one launcher with the library of the other, where both are here.
#[allow(dead_code, reason = "one test file does")]
pub(crate) fn under_foreign_launchers(test: &str, ranks: usize, check: impl Fn(&str)) {
    let [open_mpi, mpich] = &LAUNCHERS;
    for (launcher, other) in [(open_mpi, mpich), (mpich, open_mpi)] {
        let here = |launcher: &Launcher| launcher.programs.iter().find(|program| is_there(program)).copied();
        let (Some(program), Some(_)) = (here(launcher), here(other)) else {
            println!("not run: {} and {} are not both here", launcher.name, other.name);
            continue;
        };
        check(&run(launcher, program, other.libraries[0], test, ranks).1);
    }
}

fn run(launcher: &Launcher, program: &str, library: &str, test: &str, ranks: usize) -> (bool, String) {
    run_with(launcher, program, library, &[], test, ranks)
}

fn run_with(
    launcher: &Launcher,
    program: &str,
    library: &str,
    variables: &[(&str, OsString)],
    test: &str,
    ranks: usize,
) -> (bool, String) {
    let binary = env::current_exe().expect("a test has a path");
    let mut job = job_of(launcher, program, library, ranks, &binary);
    job.envs(variables.iter().cloned());
    job.args(["--exact", test, "--ignored", "--test-threads=1", "--nocapture"]);
    wait_for(job, &format!("{} with {library}: '{test}' on {ranks} ranks", launcher.name))
}
