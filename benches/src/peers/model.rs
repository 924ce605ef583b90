//! Another atmosphere, in a Python process of its own: Dinosaur's primitive equations with the same forcing.

use serde_json::json;

use super::python::PythonPeer;
use crate::Result;

const REMEDY: &str = "install it with 'python3 -m pip install dinosaur-dycore'";
const PROGRAM: &str = include_str!("model/dinosaur.py");

/// Dinosaur at one resolution, with the longest of its time steps that is stable there. Starts `python3`, compiles the model and runs
/// it for two days, into the climate's first storms or an error where its wind does not stay finite. A run is `seconds` of
/// simulated time.
pub fn model_peer(truncation: usize, levels: usize, seconds: f64, threads: usize) -> Result<PythonPeer> {
    let work = json!({
        "truncation": truncation,
        "levels": levels,
        "seconds": seconds,
        "threads": threads,
    });
    PythonPeer::new("dinosaur", REMEDY, PROGRAM, threads, &work)
}
