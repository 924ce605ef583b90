//! The hydrostatic primitive equations on the rotating sphere, spectral, semi-implicit, on hybrid sigma-pressure levels.
//!
//! With V = (u, v) the wind \[m s⁻¹\], ζ and D its vorticity and divergence on levels \[s⁻¹\], T temperature and T_v = T·(1 +
//! (R_v/R_d − 1)q) virtual temperature \[K\], p_s surface pressure \[Pa\], q specific humidity, X any tracer, φ geopotential
//! \[m² s⁻²\], w ∂/∂p the advection through levels:
//!
//! - ∂ζ/∂t = k·∇×F, ∂D/∂t = ∇·F − ∇²(E + φ),  E = |V|²/2
//! - F = −(ζ + f) k×V − w ∂V/∂p − R_d·T_v·∇ln p
//! - ∂T/∂t = −V·∇T − w ∂T/∂p + κ·T_v/(1 + (c_pv/c_pd − 1)q)·ω/p
//! - ∂ln p_s/∂t = −(1/p_s)·Σ_k ∇·(V_k Δp_k)
//! - ∂X/∂t = −V·∇X − w ∂X/∂p
//!
//! **Vertical.** Simmons & Burridge (1981), as in [`terrella_kernels::vertical`]: pressure gradient, geopotential and
//! conversion term are consistent, so that what the wind gains from pressure forces is what temperature and surface pressure
//! lose, column by column, to round-off; so is the torque on mountains and the change of angular momentum. Vertical
//! advection conserves V, T and their squares in the same way. Kernels: [`mass_flux()`], [`energy()`], [`wind_and_temperature_tendencies()`].
//!
//! **Horizontal.** Spherical harmonics; products on a Gaussian grid on which quadratic terms do not alias (products of more
//! fields do, slightly). Variables are departures: T − T_r and ln(p_s/p_r), which single precision resolves better.
//!
//! **Time.** Leapfrog with the filter of [`crate::time_stepping`]. The gravity-wave terms of an isothermal atmosphere at
//! rest (γ, τ, ν of [`ReferenceState`]) act on the weighted mean of next and previous level instead of the present one, as in
//! Hoskins & Simmons (1975): with the departure D′ = βD⁺ + (1 − β)D⁻ − D⁰, I = 2Δt and λ = n(n+1)/a²,
//!
//! - (1 + (Iβ)²·λ·(γτ + R·T_r·ν))·D′ = D⁻ − D⁰ + βI·(∂D/∂t + λ·(γ(T⁻ + βI·∂T/∂t − T⁰) + R·T_r·(P⁻ + βI·∂P/∂t − P⁰)))
//! - T⁺ = T⁻ + I·(∂T/∂t − τD′),  P⁺ = P⁻ + I·(∂P/∂t − ν·D′),  P = ln(p_s/p_r)
//!
//! one matrix of levels × levels per total wavenumber n, inverted once in f64. Diffusion and sponge follow implicitly,
//! X⁺/(1 + I·κ). Diffusion acts on levels, not on pressure surfaces: over steep ground, where levels are not level, it mixes
//! warm and cold air.
//!
//! [`TimeStepping::SemiLagrangian`] is the alternative, SETTLS on two time levels: no advection limits its time step.
//! The same vertical scheme and matrices, the linear terms averaged along trajectories. With N the other terms and D the point
//! that a parcel leaves, X⁺ = \[X + (1 − β)Δt·L + Δt/2·(2N − N⁻)\]_D + Δt/2·N + βΔt·L⁺ (Hortal 2002). Winds are carried as
//! vectors and turned by the Coriolis force, ln p_s + φ_s/(R_d·T̄) in place of ln p_s, tracers on the grid.
//!
//! **Mass.** ln p_s does not conserve the mean of p_s. With `conserve_mass` the mean over the grid is restored in each step
//! by a shift of ln p_s, uniform over the globe, so that it stays at its initial value to round-off.
//!
//! **Derivative.** [`linear`]: tangent linear and adjoint of the leapfrog step, for variational assimilation and singular vectors.
//!
//! **Memory.** With column physics the arrays of the scheme take 18 values per point and level, 6 more for each tracer, and
//! spectra a quarter of that. The peak, initial state and transforms included, is 1.2 times as much on the CPU: 27 values per
//! point and level for dry air, 34 with humidity (T42 and T85, 20 levels). A step allocates nothing.

mod arrays;
mod checkpoint;
mod columns;
mod component;
mod configuration;
mod dense;
mod diagnostics;
mod held_suarez;
pub mod initial;
mod isobaric;
pub mod linear;
mod model;
mod physics;
mod reference;
mod semi_lagrangian;
mod state;
mod step;
mod surface;
mod tendencies;
mod terms;
mod update;
mod watch;
mod workspace;

pub use checkpoint::Checkpoint;
pub use columns::{energy, mass_flux, vertical_velocity};
pub use configuration::{Configuration, Sponge};
pub use dense::Matrix;
pub use diagnostics::Diagnostics;
pub use held_suarez::HeldSuarez;
pub use isobaric::IsobaricState;
pub use model::Primitive;
pub use physics::{
    Affects, BoundaryLayer, ColumnPhysics, ColumnScheme, ColumnState, Columns, Convection, Diagnostic,
    GreyAtmosphere, GreyRadiation, Ground, GroundKind, LargeScaleCondensation, Mixing, MoistPhysics,
    ProvisionalFields, SimpleSurfaceFluxes, Sunlight, SurfaceFluxes, accumulated, suite_tendencies,
    suite_tracer_tendencies, total_column_water,
};
pub use reference::ReferenceState;
pub use semi_lagrangian::{
    SemiLagrangian, TimeStepping, arrive, continuity, damped, global_mass, heating, implicit_divergence,
    implicit_right_side, implicit_surface_pressure, implicit_temperature, pressure_force, restore_mass,
    ring_mass, tracer_column,
};
pub use state::{GridState, SpectralState};
pub use surface::{
    mean_and_shift, relative_logarithm, relative_pressure, ring_sum, surface_pressure, temperature_departure,
};
pub use tendencies::{tracer_tendency, vertical_advection, wind_and_temperature_tendencies};
pub use update::{
    advance_divergence, advance_explicit, advance_surface_pressure, advance_temperature,
    divergence_right_side,
};
pub use workspace::Tendencies;

pub use crate::timing::{Phase, PhaseTimes};
