//! Operators on fields against closed forms, with their orders of accuracy.

mod divergence;
mod pointwise;
mod reduction;
mod stencil;
