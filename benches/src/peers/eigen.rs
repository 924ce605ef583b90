//! LAPACK's eigenvalues of symmetric matrices, in a Python process of its own.

use serde_json::json;
use terrella_kernels::Precision;

use super::python::PythonPeer;
use crate::Result;

const REMEDY: &str = "install it with 'python3 -m pip install scipy'";
const PROGRAM: &str = include_str!("eigen/lapack.py");

/// `syevd` (divide and conquer), called once per matrix on one thread. Starts `python3` and decomposes a matrix, which must come out
/// right. A run is `count` matrices.
pub fn eigen_peer(precision: Precision, size: usize, count: usize) -> Result<PythonPeer> {
    let precision = match precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    let work = json!({ "size": size, "count": count, "precision": precision });
    PythonPeer::new("lapack", REMEDY, PROGRAM, 1, &work)
}
