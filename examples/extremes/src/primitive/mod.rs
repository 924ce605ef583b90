//! Forecasts with the hydrostatic primitive equations, from a whole state of the atmosphere.

mod analysis;
mod checkpoint;
mod configuration;
mod fields;
mod model;
mod records;
mod setup;

pub(crate) use model::run;
