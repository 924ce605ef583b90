//! DAPPER's filters on the model of Lorenz (1996), in a Python process of its own.

use serde_json::json;

use super::python::PythonPeer;
use crate::Result;

const REMEDY: &str = "install it with 'python3 -m pip install dapper==1.7.1'";
const PROGRAM: &str = include_str!("twin_experiment/dapper.py");

/// The filter `EnKF`, `LETKF` or `EAKF` with the settings of our case, on one thread. Starts `python3` and runs it once. A run is `cycles` cycles
/// over a truth that is simulated before.
pub fn twin_experiment_peer(filter: &str, cycles: usize) -> Result<PythonPeer> {
    PythonPeer::new("dapper", REMEDY, PROGRAM, 1, &json!({ "filter": filter, "cycles": cycles }))
}
