//! LAPACK's eigenvalues of symmetric matrices, in a Python process of its own.

use serde_json::json;
use terrella_kernels::Precision;

use super::python::PythonProcess;
use crate::{Peer, Result};

const REMEDY: &str = "install it with 'python3 -m pip install scipy'";
const PROGRAM: &str = include_str!("eigen/lapack.py");

/// `syevd` (divide and conquer), called once per matrix on one thread.
#[derive(Debug)]
pub struct EigenPeer {
    process: PythonProcess,
    name: String,
}

impl EigenPeer {
    /// Starts `python3` and decomposes a matrix, which must come out right. A run is `count` matrices.
    pub fn new(precision: Precision, size: usize, count: usize) -> Result<Self> {
        let mut process = PythonProcess::start("lapack", REMEDY, PROGRAM, 1)?;
        let precision = match precision {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        };
        let greeting = process.ask(&json!({ "size": size, "count": count, "precision": precision }))?;
        match greeting["ready"].as_str() {
            Some(name) => Ok(Self { process, name: name.to_owned() }),
            None => Err(process.failure(format!("expected to hear that it is ready, got {greeting}."))),
        }
    }
}

impl Peer for EigenPeer {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        self.process.sample(repeats)
    }
}
