//! Tangent linear and adjoint of the leapfrog model: [`LinearisedPrimitive`].
//!
//! With M the map of one step, m ↦ M(m), over all that a step depends on (two time levels, the mean surface pressure that is
//! held, and the columns that physics sees), a tangent step is dm ↦ M′(m)·dm and an adjoint step m* ↦ M′(m)ᵀ·m*: the derivative
//! of the discrete step, to rounding, and its transpose with respect to the sum of products over the arrays as they are stored.
//!
//! | part of the step                                | its derivative                                      |
//! |-------------------------------------------------|-----------------------------------------------------|
//! | spectral transforms                             | themselves; their adjoints                          |
//! | mass flux, geopotential, tendencies, tracers    | exact, with virtual temperature in moist air        |
//! | semi-implicit step, diffusion, sponge, filter   | themselves without orography: they are linear       |
//! | shift that holds the mean surface pressure      | exact; the mean that is held is part of the state   |
//! | forcing of Held and Suarez                      | exact, with its dependence on surface pressure; one-sided at its two kinks |
//! | any other column physics                        | left out: it changes the trajectory alone           |
//! | compensated sums, watching the wind             | left out: they are rounding, and stop runs          |
//! | semi-Lagrangian scheme                          | refused                                             |
//!
//! **Trajectory.** Fields on the grid are synthesised anew from the spectra of each step's memory, unless
//! [`keep_linearisations`](terrella_coupling::Linearised::keep_linearisations) has made room for those who come back to the same step many
//! times: a [`Linearisation`] of 8 to 15 values per point and level for each.
//!
//! **Devices.** Kernels of columns read fields of the trajectory and of the perturbation, more than 40 buffers each. A wgpu adapter that allows
//! fewer per kernel refuses them (Mesa's llvmpipe allows 32).
//!
//! **Zonal coefficients.** The imaginary parts of m = 0 and the (0,0) coefficients of vorticity and divergence reach nothing on
//! the grid, but are stored and stepped; they are no degrees of freedom and belong in no norm.

mod adjoint;
mod adjoint_columns;
mod adjoint_update;
mod beginning;
mod component;
mod energy;
mod forcing;
mod gather;
mod layers;
mod model;
mod parts;
mod surface;
mod tables;
mod tangent;
mod tangent_columns;
mod tangent_tendencies;
mod trajectory;

pub use adjoint_columns::{
    mass_and_temperature_adjoint, tracer_adjoint, vertical_advection_adjoint, wind_and_divergence_adjoint,
};
pub use adjoint_update::{
    departure_adjoint, displacement_adjoint, divergence_adjoint, explicit_adjoint, pressure_adjoint,
    right_side_adjoint, sum_of_three, sum_of_two, temperature_adjoint,
};
pub use energy::total_energy_norm;
pub use layers::layer_coefficients;
pub use model::LinearisedPrimitive;
pub use surface::{
    logarithm_adjoint, mean_and_shift_adjoint, mean_and_shift_tangent, relative_pressure_tangent,
    surface_pressure_adjoint, surface_pressure_tangent,
};
pub use tangent_columns::{energy_tangent, mass_flux_tangent};
pub use tangent_tendencies::{tracer_tangent, wind_and_temperature_tangent};
pub use trajectory::Linearisation;
