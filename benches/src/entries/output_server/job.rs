//! A run of a model that computes, and writes a field, and so on, with the time that writing took it.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;
use terrella_coupling::communicator::Communicator;
use terrella_io::transport::{Client, OutputServer, Role, Settings};

use crate::entries::plan::metadata;
use crate::entries::server_stall::model::Field;
use crate::{Error, Request, Result, median};

/// Tells a process where it is one of a job's, and where the job's files go.
const FOLDER: &str = "TERRELLA_BENCHES_OUTPUT_SERVER";

const PLANS: &str = "
plans:
  - name: archive
    actions:
      - {type: transport}
      - {type: aggregate}
      - {type: encode, format: grib}
      - {type: sink, sinks: [{type: file, path: '[step].grib2', whole: true}]}
";

/// What the ranks of a job are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ranks {
    /// One, which writes by itself.
    Alone,
    /// A thread that computes and one that writes.
    Threads,
    /// The same as processes under MPI.
    Processes,
}

#[derive(Clone)]
pub(super) struct Job {
    grid: String,
    work: usize,
    fields: usize,
    field: Field,
}

/// What a run came to.
pub(super) struct Done {
    /// Time of the model in calls of the output for a field, the median of all, without the last call, which waits for the server [s].
    pub(super) seconds_per_field: f64,
    /// Every field is in a file of its own.
    pub(super) is_whole: bool,
}

impl Job {
    /// `work`: before each field [µs].
    pub(super) fn new(grid: &str, work: usize, fields: usize) -> Result<Self> {
        Ok(Self { grid: grid.to_owned(), work, fields, field: Field::new(grid, work)? })
    }

    pub(super) fn field(&self) -> &Field {
        &self.field
    }

    pub(super) fn run(&self, ranks: Ranks) -> Result<Done> {
        let folder = TempDir::new().map_err(|source| Error::File { path: "/tmp".into(), source })?;
        let seconds = match ranks {
            Ranks::Alone => self.rank(&Communicator::serial(), 0, folder.path())?,
            Ranks::Threads => {
                let results = Communicator::threads(2, |all| self.rank(&all, 1, folder.path()));
                results.into_iter().collect::<Result<Vec<_>>>()?.iter().sum()
            }
            Ranks::Processes => self.processes(folder.path())?,
        };
        let file = |step: usize| std::fs::metadata(folder.path().join(format!("{step}.grib2")));
        // 16 bits of each value, and its sections.
        let is_whole = |step| file(step).is_ok_and(|file| file.len() > self.field.bytes() / 4);
        Ok(Done { seconds_per_field: seconds, is_whole: (0..self.fields).all(is_whole) })
    }

    /// What one rank does; the model's time in its output for a field [s].
    fn rank(&self, all: &Communicator, servers: usize, folder: &Path) -> Result<f64> {
        let mut settings = Settings::in_folder(folder.join("transport"));
        // As in a model that has run for a while: no field is the first in its memory.
        settings.memory = (self.field.bytes() + 4096) * 64;
        let link = match Role::of(all, servers)? {
            Role::Server(link) => {
                OutputServer::start(&link, PLANS, folder, &settings)?.serve()?;
                return Ok(0.0);
            }
            Role::Model { link, .. } => link,
        };
        let mut output = Client::start(&link, PLANS, folder, &settings)?;
        output.prepare(self.field.layout(), 4);
        let mut seconds = Vec::with_capacity(self.fields);
        for step in 0..self.fields {
            self.field.compute();
            let metadata = metadata().with("step", step as i64);
            let start = Instant::now();
            output.write_field(metadata, self.field.layout(), &self.field.values)?;
            output.end_step()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        output.finish()?;
        Ok(median(&seconds))
    }

    /// This program twice, by MPI's launcher.
    fn processes(&self, folder: &Path) -> Result<f64> {
        let fail = |reason: String| Error::Value {
            name: "--ranks".into(),
            got: "mpi".into(),
            expected: format!("a launcher 'mpirun' that runs this program ({reason})"),
        };
        let program = std::env::current_exe().map_err(|error| fail(error.to_string()))?;
        let output = Command::new("mpirun")
            .args(["--oversubscribe", "--allow-run-as-root", "--bind-to", "none", "-n", "2"])
            .arg(program)
            .args(["output_server", "--grid", &self.grid])
            .args(["--work", &self.work.to_string(), "--fields", &self.fields.to_string()])
            .env(FOLDER, folder)
            .output()
            .map_err(|error| fail(error.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let seconds = text.lines().find_map(|line| line.strip_prefix("seconds ")?.parse().ok());
        seconds.filter(|_| output.status.success()).ok_or_else(|| {
            fail(
                String::from_utf8_lossy(&output.stderr)
                    .lines()
                    .next()
                    .unwrap_or("it said nothing")
                    .to_owned(),
            )
        })
    }
}

/// Whether this process is one of [`Job::processes`], and has done its part.
pub(super) fn was_a_process(request: &Request) -> Result<bool> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(false) };
    let job = Job::new(request.text("grid"), request.numbers("work")?[0], request.number("fields")?)?;
    let seconds = job.rank(&request.job, 1, Path::new(&folder))?;
    if request.job.rank() == 0 {
        println!("seconds {seconds}");
    }
    Ok(true)
}
