//! The primitive equations against analytic solutions and themselves, and their derivative.
//!
//! One program, because each compiles the model anew.

mod common;
#[path = "../../../kernels/tests/devices/mod.rs"]
mod devices;
#[path = "../../../coupling/tests/ranks/mod.rs"]
mod ranks;

mod balance;
mod columns;
mod configuration;
mod damping;
mod initial;
mod linear;
mod mass;
mod on_devices;
mod on_ranks;
mod on_ranks_semi_lagrangian;
mod perturbations;
mod physics;
mod runs;
mod semi_lagrangian;
mod waves;
