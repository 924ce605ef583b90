//! Another atmosphere, in a Python process of its own: Dinosaur's primitive equations with the same forcing.

use serde_json::json;

use super::python::PythonProcess;
use crate::{Peer, Result};

const REMEDY: &str = "install it with 'python3 -m pip install dinosaur-dycore'";
const PROGRAM: &str = include_str!("model/dinosaur.py");

/// Dinosaur at one resolution, with the longest of its time steps that is stable there.
#[derive(Debug)]
pub struct ModelPeer {
    process: PythonProcess,
    name: String,
}

impl ModelPeer {
    /// Starts `python3`, compiles the model and runs it for two days, into the climate's first storms or an error where its
    /// wind does not stay finite. A run is `seconds` of simulated time.
    pub fn new(truncation: usize, levels: usize, seconds: f64, threads: usize) -> Result<Self> {
        let mut process = PythonProcess::start("dinosaur", REMEDY, PROGRAM, threads)?;
        let greeting = process.ask(&json!({
            "truncation": truncation,
            "levels": levels,
            "seconds": seconds,
            "threads": threads,
        }))?;
        match greeting["ready"].as_str() {
            Some(name) => Ok(Self { process, name: name.to_owned() }),
            None => Err(process.failure(format!("expected to hear that it is ready, got {greeting}."))),
        }
    }
}

impl Peer for ModelPeer {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        self.process.sample(repeats)
    }
}
