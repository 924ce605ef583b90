//! Runs a test on ranks that are processes, by each MPI library that is here.

use std::env;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A launcher with the library that belongs to it.
struct Launcher {
    name: &'static str,
    /// Its programs, the first of which is there.
    programs: &'static [&'static str],
    arguments: &'static [&'static str],
    libraries: &'static [&'static str],
}

const LAUNCHERS: [Launcher; 2] = [
    Launcher {
        name: "Open MPI",
        programs: &["mpirun.openmpi", "mpirun"],
        arguments: &["--oversubscribe", "--allow-run-as-root"],
        libraries: &["libmpi.so.40"],
    },
    Launcher {
        name: "MPICH",
        programs: &["mpiexec.mpich"],
        arguments: &[],
        libraries: &["libmpich.so.12", "libmpi.so.12"],
    },
];

/// A whole job may not take longer; what waits for ever is a failure.
const LONGEST: Duration = Duration::from_secs(300);

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
        check(&output);
    }
    let required = env::var("TERRELLA_REQUIRE").unwrap_or_default();
    assert!(found || !required.split(',').any(|need| need == "mpi"), "no MPI, which TERRELLA_REQUIRE names");
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

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn run(launcher: &Launcher, program: &str, library: &str, test: &str, ranks: usize) -> (bool, String) {
    let binary = env::current_exe().expect("a test has a path");
    let mut job = Command::new(program)
        .args(launcher.arguments)
        .args(["-n", &ranks.to_string()])
        .arg(binary)
        .args(["--exact", test, "--ignored", "--test-threads=1", "--nocapture"])
        .env("TERRELLA_MPI", library)
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the launcher starts");
    let (mut out, mut err) = (job.stdout.take().expect("piped"), job.stderr.take().expect("piped"));
    let read = |stream: &mut dyn Read| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the launcher's output");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    thread::scope(|scope| {
        let out = scope.spawn(move || read(&mut out));
        let err = scope.spawn(move || read(&mut err));
        let started = Instant::now();
        let success = loop {
            if let Some(status) = job.try_wait().expect("the launcher's status") {
                break status.success();
            }
            if started.elapsed() > LONGEST {
                job.kill().expect("the launcher can be stopped");
                job.wait().expect("the launcher's status");
                panic!("{} with {library}: '{test}' on {ranks} ranks hangs", launcher.name);
            }
            thread::sleep(Duration::from_millis(10));
        };
        let text = [out, err].map(|stream| stream.join().expect("a stream is read")).concat();
        (success, text)
    })
}
