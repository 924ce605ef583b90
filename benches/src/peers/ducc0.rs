//! ducc0 in a Python process of its own, which stays for the whole run.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::{Error, Peer, Result};

const NAME: &str = "ducc0";

/// The work that ducc0 times: a transform between a triangular truncation and a full Gaussian grid.
#[derive(Clone, Copy, Debug)]
pub struct Transform {
    /// `synthesis`, `analysis`, `wind_synthesis` or `wind_analysis`.
    pub direction: &'static str,
    /// Triangular truncation.
    pub truncation: usize,
    /// Number of rings.
    pub rings: usize,
    /// Points on each ring.
    pub points: usize,
    /// Number of fields (of wind: of pairs), one after the other.
    pub fields: usize,
    /// Number of threads.
    pub threads: usize,
    /// `f32` or `f64`.
    pub precision: &'static str,
}

/// A Python process that times ducc0's transforms on request.
#[derive(Debug)]
pub struct Ducc0 {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    direction: &'static str,
    name: String,
}

impl Ducc0 {
    /// Starts `python3` and sets the work up; an error that says what is missing where there is no Python or no ducc0.
    pub fn new(transform: Transform) -> Result<Self> {
        let mut process = Command::new("python3")
            .args(["-c", include_str!("ducc0_server.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failure(format!("python3 could not be started: {error}.")))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failure("python3 was started without its pipes.".to_owned()));
        };
        let answers = BufReader::new(answers);
        let mut peer =
            Self { process, requests, answers, direction: transform.direction, name: String::new() };
        let greeting = peer.answer()?;
        if let Some(reason) = greeting["missing"].as_str() {
            return Err(failure(format!("{reason}; install it with 'python3 -m pip install ducc0'.")));
        }
        peer.name = format!("{NAME} {}", greeting["version"].as_str().unwrap_or_default());
        let Transform { truncation, rings, points, fields, threads, precision, .. } = transform;
        peer.ask(&json!({
            "do": "setup", "truncation": truncation, "rings": rings, "points": points,
            "fields": fields, "threads": threads, "precision": precision,
        }))?;
        Ok(peer)
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        sent.map_err(|error| failure(format!("its process does not listen: {error}.")))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Value> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| failure(format!("its process does not answer: {error}.")))?;
        serde_json::from_str(&line)
            .map_err(|_| failure(format!("its process stopped (it wrote '{}').", line.trim())))
    }
}

impl Peer for Ducc0 {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let answer = self.ask(&json!({ "do": self.direction, "repeats": repeats }))?;
        answer["seconds"].as_f64().ok_or_else(|| failure(format!("expected seconds, got {answer}.")))
    }
}

impl Drop for Ducc0 {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; the process has ended or ends with its input.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn failure(reason: String) -> Error {
    Error::Peer { peer: NAME, reason }
}
