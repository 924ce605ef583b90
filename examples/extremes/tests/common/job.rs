//! Jobs of several processes under an MPI launcher.

use std::path::Path;
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::Duration;

use super::{Case, complaint, not_run, program};

/// A launcher, the arguments that it needs here, and how it is told the folder of a rank.
#[derive(Clone, Copy)]
pub(crate) struct Launcher {
    pub(crate) program: &'static str,
    arguments: &'static [&'static str],
    folder: &'static str,
    /// What starts the program.
    before: &'static [&'static str],
}

const LAUNCHERS: [Launcher; 3] = [
    Launcher {
        program: "mpirun.openmpi",
        arguments: &["--oversubscribe", "--allow-run-as-root"],
        folder: "-wdir",
        before: &[],
    },
    Launcher { program: "mpiexec.mpich", arguments: &[], folder: "-wdir", before: &[] },
    Launcher { program: "mpirun", arguments: &[], folder: "-wdir", before: &[] },
];

impl Launcher {
    /// The same, leaving the end to the other ranks of one that is killed: MPICH's may end them before they can say so.
    pub(crate) fn patient(&self) -> Self {
        let is_mpich = self.program == "mpiexec.mpich";
        Self { arguments: if is_mpich { &["-disable-auto-cleanup"] } else { self.arguments }, ..*self }
    }

    /// The same, letting others go on when a rank is killed, if it can be told to. MPICH's ends them, whatever it is told, when a process
    /// that it has started itself is killed, and sends the others SIGUSR1.
    #[allow(dead_code, reason = "one test file does")]
    pub(crate) fn enduring(&self) -> Option<Self> {
        match self.program {
            "mpirun.openmpi" => {
                let arguments = &["--oversubscribe", "--allow-run-as-root", "--enable-recovery"];
                Some(Self { arguments, ..*self })
            }
            "mpiexec.mpich" => {
                let before = &["sh", "-c", "trap '' USR1; \"$0\" \"$@\"; exit $?"];
                Some(Self { before, ..self.patient() })
            }
            _ => None,
        }
    }

    fn is_there(&self) -> bool {
        Command::new(self.program).arg("--version").output().is_ok_and(|output| output.status.success())
    }
}

/// The first launcher that is there; none is told, or a failure where TERRELLA_REQUIRE names `mpi`.
pub(crate) fn launcher() -> Option<&'static Launcher> {
    let found = LAUNCHERS.iter().find(|launcher| launcher.is_there());
    if found.is_none() {
        not_run("mpi", "no launcher of MPI programs is here");
    }
    found
}

/// One launcher of each family that is there.
pub(crate) fn launchers() -> Vec<&'static Launcher> {
    let [open_mpi, mpich, _] = &LAUNCHERS;
    let named: Vec<_> = [open_mpi, mpich].into_iter().filter(|launcher| launcher.is_there()).collect();
    if named.is_empty() { launcher().into_iter().collect() } else { named }
}

/// The command of a job of several programs, each with its arguments and its folder, one rank after the other.
pub(crate) fn command(launcher: &Launcher, ranks: &[(&Path, Vec<String>)]) -> Command {
    let program = program();
    let mut job = Command::new(launcher.program);
    job.args(launcher.arguments).env("RAYON_NUM_THREADS", "1").env_remove("TERRELLA_DEVICE");
    for (number, (folder, arguments)) in ranks.iter().enumerate() {
        if number > 0 {
            job.arg(":");
        }
        job.args(["-n", "1", launcher.folder]).arg(folder).args(launcher.before);
        job.arg(program.get_program()).args(arguments);
    }
    job
}

/// `extremes run forecast.toml --out FOLDER ...` on so many ranks.
pub(crate) fn command_on(
    launcher: &Launcher,
    size: usize,
    case: &Case,
    folder: &str,
    arguments: &[&str],
) -> Command {
    let mut all = vec!["run".to_owned(), case.path("forecast.toml").display().to_string()];
    all.extend(["--out".to_owned(), case.path(folder).display().to_string()]);
    all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
    let ranks: Vec<_> = (0..size).map(|_| (case.folder.path(), all.clone())).collect();
    command(launcher, &ranks)
}

/// The same, run to its end.
pub(crate) fn run_on(
    launcher: &Launcher,
    size: usize,
    case: &Case,
    folder: &str,
    arguments: &[&str],
) -> Output {
    command_on(launcher, size, case, folder, arguments).output().unwrap()
}

/// The one line of the program on standard error, among those of the launcher, of a job that failed.
pub(crate) fn line(output: &Output) -> String {
    assert!(!output.status.success());
    let complaint = complaint(output);
    let lines: Vec<&str> = complaint.lines().filter(|line| line.contains("extremes: ")).collect();
    assert_eq!(lines.len(), 1, "{complaint}");
    lines[0].to_owned()
}

/// The process of a rank of the job that writes into a folder.
fn process(rank: usize, folder: &Path) -> Option<String> {
    let is_of = |file: &str, process: &Path, words: &[u8]| {
        let bytes = std::fs::read(process.join(file)).unwrap_or_default();
        bytes.split(|byte| *byte == 0).any(|word| word == words)
    };
    let is_rank = |process: &Path| {
        let of = |name: &str| is_of("environ", process, format!("{name}={rank}").as_bytes());
        of("OMPI_COMM_WORLD_RANK") || of("PMI_RANK")
    };
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let folder = folder.as_os_str().as_encoded_bytes();
    // Launchers have the program's arguments, but not its name.
    let program = Path::new(env!("CARGO_BIN_EXE_extremes"));
    let mut found = processes.filter(|process| {
        let is_program = std::fs::read_link(process.join("exe")).is_ok_and(|path| path == program);
        is_program && is_of("cmdline", process, folder) && is_rank(process)
    });
    found.next().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
}

/// Waits until the job has a checkpoint in its folder, and sends one of its ranks a signal.
pub(crate) fn signal_at_checkpoint(job: &mut Child, rank: usize, folder: &Path, signal: &str) {
    while !folder.join("checkpoint.bin").exists() {
        assert!(job.try_wait().unwrap().is_none(), "ended before its first checkpoint");
        sleep(Duration::from_millis(2));
    }
    let process = process(rank, folder).expect("the rank lives");
    // The shell's own: a bare machine has no program of that name.
    let kill = format!("kill {signal} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}
