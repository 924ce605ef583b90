//! Semi-Lagrangian transport on the sphere: geometry, accuracy, limiters, and the same bits on every device.

#[path = "../devices/mod.rs"]
mod devices;
#[path = "../kernel_suite/fixture.rs"]
#[allow(dead_code)]
mod fixture;
#[path = "../kernel_suite/host_cuda.rs"]
mod host_cuda;
#[cfg(feature = "cuda")]
#[path = "../kernel_suite/nvrtc.rs"]
mod nvrtc;
#[path = "../kernel_suite/stamp.rs"]
#[macro_use]
#[allow(dead_code, unused_macros)]
mod stamp;

mod bits;
mod places;
mod sphere;
mod transport;
