//! What ours is measured against: loops written by hand for the CPU, and other libraries.
//!
//! The loops are compiled for the same instruction sets as the kernels (run-time dispatch by `pulp`) and use the same
//! threads; their slices are cut to equal length first, so that no bounds check is left in them.

mod eigen;
mod loops;
mod model;
mod python;
mod transform;

pub use eigen::EigenPeer;
pub use loops::{bernoulli_function, elementwise, flux_divergence, laplacian, moist_air_density, sum};
pub use model::ModelPeer;
pub use transform::{TRANSFORM_LIBRARIES, TransformLibrary, TransformPeer, TransformWork};
