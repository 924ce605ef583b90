//! What ours is measured against: loops written by hand for the CPU, and other libraries.
//!
//! The loops are compiled for the same instruction sets as the kernels (run-time dispatch by `pulp`) and use the same
//! threads; their slices are cut to equal length first, so that no bounds check is left in them.

mod eigen;
mod loops;
mod model;
mod python;
mod transform;
mod twin_experiment;

pub use eigen::eigen_peer;
pub use loops::{bernoulli_function, elementwise, flux_divergence, laplacian, moist_air_density, sum};
pub use model::model_peer;
pub use python::PythonPeer;
pub use transform::{TRANSFORM_LIBRARIES, TransformLibrary, TransformPeer, TransformWork};
pub use twin_experiment::twin_experiment_peer;
