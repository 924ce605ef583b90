//! Low-order models: systems of a few equations that are chaotic as the atmosphere is, for trying methods of assimilation.
//!
//! States of several members are stored side by side, \[variable]\[member], as an
//! [`Ensemble`](terrella_kernels::assimilation::Ensemble) has them, and go through a step together. Time is without unit.

mod component;
mod equations;
mod lorenz_63;
mod lorenz_96;
mod runge_kutta;

pub use component::LowOrderModel;
pub use equations::{Equations, LinearisedEquations};
pub use lorenz_63::Lorenz63;
pub use lorenz_96::Lorenz96;
pub use runge_kutta::{LinearisedRungeKutta, RungeKutta};
