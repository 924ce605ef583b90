//! Programs on ranks that are processes.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A launcher with the library that belongs to it.
pub(crate) struct Launcher {
    pub(crate) name: &'static str,
    /// Its programs, the first of which is there.
    pub(crate) programs: &'static [&'static str],
    arguments: &'static [&'static str],
    pub(crate) libraries: &'static [&'static str],
}

pub(crate) const LAUNCHERS: [Launcher; 2] = [
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

pub(crate) fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A program on so many processes of a launcher, with a library of the launcher's or of another; arguments may be added.
pub(crate) fn job_of(
    launcher: &Launcher,
    program: &str,
    library: &str,
    ranks: usize,
    binary: &Path,
) -> Command {
    let mut job = Command::new(program);
    job.args(launcher.arguments)
        .args(["-n", &ranks.to_string()])
        .arg(binary)
        .env("TERRELLA_MPI", library)
        .env("RAYON_NUM_THREADS", "1");
    job
}

/// Whether a job ended well, and what it said.
pub(crate) fn wait_for(mut job: Command, name: &str) -> (bool, String) {
    let mut job = (job.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
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
                panic!("{name} hangs");
            }
            thread::sleep(Duration::from_millis(10));
        };
        let text = [out, err].map(|stream| stream.join().expect("a stream is read")).concat();
        (success, text)
    })
}
