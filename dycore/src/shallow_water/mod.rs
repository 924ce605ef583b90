//! The shallow-water equations on the rotating sphere, spectral, semi-implicit.
//!
//! With V = (u, v) the wind \[m s⁻¹\], ζ its vorticity and D its divergence \[s⁻¹\], Φ = g·depth the geopotential of the
//! fluid's depth \[m² s⁻²\], Φ_s that of the ground below it, f the Coriolis parameter and k the vertical:
//!
//! - ∂ζ/∂t = −∇·((ζ + f)V)
//! - ∂D/∂t = k·∇×((ζ + f)V) − ∇²(Φ + Φ_s + |V|²/2)
//! - ∂Φ/∂t = −∇·(ΦV)
//!
//! This is the vorticity-divergence form of Bourke (1972, *Mon. Wea. Rev.* 100, 683–689) and of the spectral transform
//! model of Hack & Jakob (1992, NCAR/TN-343+STR). Prognostic variables are the spherical-harmonic coefficients of ζ, D
//! and Φ′ = Φ − Φ̄; products are formed on a Gaussian grid fine enough that quadratic terms do not alias.
//!
//! Time stepping is leapfrog with the filter of [`crate::time_stepping`]. The terms of gravity waves about the mean
//! depth, ∇²Φ′ and Φ̄D, are weighted means of the previous and next level (weights 1 − β and β), which leaves one
//! division per coefficient:
//!
//! - D⁺·(a_D + (Iβ)²·λ·Φ̄/a_Φ) = D⁻ + I·(N_D + λ·((1 − β)Φ⁻ + β·P)),  λ = n(n+1)/r²
//! - P = (Φ⁻ + I·(N_Φ − (1 − β)Φ̄·D⁻))/a_Φ,  Φ⁺ = P − Iβ·Φ̄/a_Φ·D⁺
//!
//! where I = 2Δt, a = 1 + I·κ holds the implicit damping κ (hyperdiffusion and relaxation) and N the explicit rest.
//!
//! Diffusion acts on ζ, D and the height of the free surface Φ + Φ_s, not on the depth, so that a fluid at rest over a
//! mountain stays at rest.

mod checkpoint;
mod component;
mod configuration;
mod diagnostics;
pub mod linear;
mod model;
mod products;
mod scheme;
mod state;
mod update;
mod watch;

pub use checkpoint::Checkpoint;
pub use configuration::{Configuration, RelaxationTimes, linear_grid, quadratic_grid};
pub use diagnostics::Diagnostics;
pub use model::ShallowWater;
pub(crate) use model::{degrees, expect_finite, expect_length, rounded};
pub use products::{departure, interleave, kinetic_energy, transport};
pub use state::{GridState, SpectralState};
pub use update::advance_gravity_waves;
