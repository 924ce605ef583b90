//! Formulas that need the values at one point only. Bound by memory, except where they call `exp`.
//!
//! One index runs over all points of all levels, whatever the layout.

mod bernoulli;
mod gas_laws;
mod saturation;

pub use bernoulli::bernoulli_function;
pub use gas_laws::moist_air;
pub use saturation::{saturation_pressure_over_water, saturation_vapour_pressure};
