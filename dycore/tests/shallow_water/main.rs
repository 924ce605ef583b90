//! The shallow-water model against analytic solutions and itself.
//!
//! One program, because each compiles the model anew.

mod common;
#[path = "../../../kernels/tests/devices/mod.rs"]
mod devices;
#[path = "../../../coupling/tests/ranks/mod.rs"]
mod ranks;

mod advection;
mod configuration;
mod conservation;
mod derivatives;
mod linear_terms;
mod on_devices;
mod on_ranks;
mod restart;
mod steady_flow;
mod waves;
