//! The derivative of the primitive equations against differences of the model itself, and its transpose.

#[path = "../primitive_common/mod.rs"]
mod primitive_common;

mod columns;
mod energy;
mod forcing;
mod runs;
mod steps;
