//! Forecasts with the hydrostatic primitive equations, from a whole state of the atmosphere.

mod analysis;
mod checkpoint;
mod configuration;
mod fields;
mod ground;
mod model;
mod near_ground;
mod physics;
mod physics_settings;
mod records;
mod setup;

pub(crate) use configuration::Configuration;
pub(crate) use model::run;
