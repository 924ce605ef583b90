//! Other libraries' spherical harmonic transforms, each in a Python process of its own, which stays for the whole case.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use terrella_kernels::grid::Grid;

use crate::{Error, Peer, Result, nearest};

/// One library, and how it is timed.
#[derive(Debug)]
pub struct TransformLibrary {
    /// Its name after `--peer`.
    pub name: &'static str,
    /// Its part of the Python program.
    program: &'static str,
    /// What to do where it is missing.
    remedy: &'static str,
    /// Whether every ring must have the same number of points.
    full_grids_only: bool,
}

const SERVER: &str = include_str!("transform/server.py");

/// The libraries, the usual one first.
pub static TRANSFORM_LIBRARIES: [TransformLibrary; 3] = [
    TransformLibrary {
        name: "ducc0",
        program: include_str!("transform/ducc0.py"),
        remedy: "install it with 'python3 -m pip install ducc0'",
        full_grids_only: false,
    },
    TransformLibrary {
        name: "shtns",
        program: include_str!("transform/shtns.py"),
        remedy: "install it with 'python3 -m pip install shtns' (it needs a C compiler and FFTW's headers)",
        full_grids_only: true,
    },
    TransformLibrary {
        name: "transi",
        program: include_str!("transform/transi.py"),
        remedy: "name a shared library with ecTrans's C interface after --library",
        full_grids_only: false,
    },
];

/// Directions that the libraries have in common.
const DIRECTIONS: [&str; 4] = ["synthesis", "analysis", "wind_synthesis", "wind_analysis"];

/// The work that is timed: one direction between a triangular truncation and a Gaussian grid.
#[derive(Clone, Copy, Debug)]
pub struct TransformWork<'a> {
    /// `synthesis`, `analysis`, `wind_synthesis` or `wind_analysis`; the libraries have no others.
    pub direction: &'static str,
    /// Triangular truncation.
    pub truncation: usize,
    /// The grid.
    pub grid: &'a Grid,
    /// Number of fields (of wind: of pairs).
    pub fields: usize,
    /// Number of threads.
    pub threads: usize,
    /// `f32` or `f64`; a library that computes in f64 only does so, and its name then says it.
    pub precision: &'static str,
    /// The shared library behind `transi`.
    pub library: &'a str,
}

/// A Python process that times a library's transform on request.
#[derive(Debug)]
pub struct TransformPeer {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    library: &'static TransformLibrary,
    name: String,
}

impl TransformLibrary {
    /// The library of this name.
    pub fn named(name: &str) -> Result<&'static Self> {
        let names = || TRANSFORM_LIBRARIES.iter().map(|library| library.name);
        TRANSFORM_LIBRARIES.iter().find(|library| library.name == name).ok_or_else(|| Error::Unknown {
            kind: "peer".to_owned(),
            got: name.to_owned(),
            nearest: nearest(name, names()).to_owned(),
        })
    }

    /// Why the library does not do this work, if it does not.
    pub fn lacks(&self, work: &TransformWork) -> Option<String> {
        if !DIRECTIONS.contains(&work.direction) {
            return Some(format!("it has no {}", work.direction));
        }
        let rings = work.grid.rings();
        let full = rings.iter().all(|ring| ring.points == rings[0].points);
        if !work.grid.kind().is_gaussian() {
            return Some("it is timed on Gaussian grids only".to_owned());
        }
        (self.full_grids_only && !full).then(|| "it has full grids only".to_owned())
    }
}

impl TransformPeer {
    /// Starts `python3` and sets the work up; an error that says what is missing where there is no Python or no library,
    /// and where analysis after synthesis does not give the coefficients back.
    pub fn new(library: &'static TransformLibrary, work: TransformWork) -> Result<Self> {
        let failure = |reason| Error::Peer { peer: library.name, reason };
        if library.name == "transi" && work.library.is_empty() {
            return Err(failure(format!("{}.", library.remedy)));
        }
        // ecTrans's arrays lie on the stack.
        let shell = "ulimit -s unlimited 2>/dev/null; exec python3 -c \"$0\"";
        let threads = work.threads.to_string();
        let mut process = Command::new("sh")
            .args(["-c", shell, &format!("{}\n{SERVER}", library.program)])
            .envs(["OMP_NUM_THREADS", "RAYON_NUM_THREADS", "DUCC0_NUM_THREADS"].map(|name| (name, &threads)))
            .env("OPENBLAS_NUM_THREADS", "1")
            // Long enough for the gaps between parallel regions, short enough to leave the cores to us in our turn.
            .env("GOMP_SPINCOUNT", "10000")
            .env("OMP_STACKSIZE", "512M")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failure(format!("sh and python3 could not be started: {error}.")))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failure("python3 was started without its pipes.".to_owned()));
        };
        let answers = BufReader::new(answers);
        let mut peer = Self { process, requests, answers, library, name: String::new() };
        let rings = work.grid.rings();
        let greeting = peer.ask(&json!({
            "direction": work.direction,
            "truncation": work.truncation,
            "latitudes": rings.iter().map(|ring| ring.latitude).collect::<Vec<_>>(),
            "weights": rings.iter().map(|ring| ring.weight).collect::<Vec<_>>(),
            "points": rings.iter().map(|ring| ring.points).collect::<Vec<_>>(),
            "fields": work.fields,
            "threads": work.threads,
            "precision": work.precision,
            "library": work.library,
        }))?;
        let limit = if work.precision == "f32" { 1e-2 } else { 1e-7 };
        match (greeting["ready"].as_str(), greeting["error"].as_f64()) {
            (Some(name), Some(error)) if error < limit => peer.name = name.to_owned(),
            _ => return Err(peer.failure(format!("analysis after synthesis is too far off ({greeting})."))),
        }
        Ok(peer)
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        sent.map_err(|error| self.failure(format!("its process does not listen: {error}.")))?;
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| self.failure(format!("its process does not answer: {error}.")))?;
        let answer: Value = serde_json::from_str(&line)
            .map_err(|_| self.failure(format!("its process stopped (it wrote '{}').", line.trim())))?;
        match answer["impossible"].as_str() {
            Some(reason) => Err(self.failure(format!("{reason}; {}.", self.library.remedy))),
            None => Ok(answer),
        }
    }

    fn failure(&self, reason: String) -> Error {
        Error::Peer { peer: self.library.name, reason }
    }
}

impl Peer for TransformPeer {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let answer = self.ask(&json!({ "repeats": repeats }))?;
        let seconds = answer["seconds"].as_f64();
        seconds.ok_or_else(|| self.failure(format!("expected seconds, got {answer}.")))
    }
}

impl Drop for TransformPeer {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the process has ended or ends with its input.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
