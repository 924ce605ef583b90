//! The derivative of the primitive equations against differences of the model itself, and its transpose.

mod columns;
mod energy;
mod forcing;
mod runs;
mod steps;
