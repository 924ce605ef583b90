//! From one set of levels to another, column by column, and what lies below the ground.
//!
//! The vertical coordinate is x = ln p; profiles are given at nodes x_1 < x_2 < ... (from the top downwards). Plain f64
//! functions for set-up and output on the host.
//!
//! | what                                                      | where                              |
//! |-----------------------------------------------------------|------------------------------------|
//! | a profile between nodes                                   | [`linear`], [`cubic`]              |
//! | pressure where a geopotential is reached, and the reverse | [`HydrostaticNode`]                |
//! | temperature and geopotential below the ground, and at sea level | [`Ground`]                   |

mod ground;
mod hydrostatic;
mod profile;

pub use ground::{Ground, LAPSE_RATE};
pub use hydrostatic::{HydrostaticNode, geopotential_at, log_pressure_at};
pub use profile::{cubic, linear};
