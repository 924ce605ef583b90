//! A Python process that times another library's work on request: one JSON object per line, one per line back.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{Error, Peer, Result};

/// It stays for a whole case and ends with it.
#[derive(Debug)]
pub(super) struct PythonProcess {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    peer: &'static str,
    /// What to do where the library is missing.
    remedy: &'static str,
}

impl PythonProcess {
    /// Starts `python3` with a program that answers an {"impossible": reason} where it cannot do its work.
    pub(super) fn start(
        peer: &'static str,
        remedy: &'static str,
        program: &str,
        threads: usize,
    ) -> Result<Self> {
        let failure = |reason| Error::Peer { peer, reason };
        // ecTrans's arrays lie on the stack.
        let shell = "ulimit -s unlimited 2>/dev/null; exec python3 -c \"$0\"";
        let threads = threads.to_string();
        let mut process = Command::new("sh")
            .args(["-c", shell, program])
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
        Ok(Self { process, requests, answers: BufReader::new(answers), peer, remedy })
    }

    /// The answer to one request.
    pub(super) fn ask(&mut self, request: &Value) -> Result<Value> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        sent.map_err(|error| self.failure(format!("its process does not listen: {error}.")))?;
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| self.failure(format!("its process does not answer: {error}.")))?;
        let answer: Value = serde_json::from_str(&line)
            .map_err(|_| self.failure(format!("its process stopped (it wrote '{}').", line.trim())))?;
        match answer["impossible"].as_str() {
            Some(reason) => Err(self.failure(format!("{reason}; {}.", self.remedy))),
            None => Ok(answer),
        }
    }

    /// Seconds per run over some runs.
    pub(super) fn sample(&mut self, repeats: usize) -> Result<f64> {
        let answer = self.ask(&json!({ "repeats": repeats }))?;
        let seconds = answer["seconds"].as_f64();
        seconds.ok_or_else(|| self.failure(format!("expected seconds, got {answer}.")))
    }

    pub(super) fn failure(&self, reason: String) -> Error {
        Error::Peer { peer: self.peer, reason }
    }
}

impl Drop for PythonProcess {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the process has ended or ends with its input.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A library in such a process, which answers a description of the work by {"ready": its name and version}.
#[derive(Debug)]
pub struct PythonPeer {
    process: PythonProcess,
    name: String,
}

impl PythonPeer {
    /// Starts the process and has it set up the work.
    pub(super) fn new(
        peer: &'static str,
        remedy: &'static str,
        program: &str,
        threads: usize,
        work: &Value,
    ) -> Result<Self> {
        let mut process = PythonProcess::start(peer, remedy, program, threads)?;
        let greeting = process.ask(work)?;
        match greeting["ready"].as_str() {
            Some(name) => Ok(Self { process, name: name.to_owned() }),
            None => Err(process.failure(format!("expected to hear that it is ready, got {greeting}."))),
        }
    }
}

impl Peer for PythonPeer {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        self.process.sample(repeats)
    }
}
