//! The semi-implicit semi-Lagrangian scheme on two time levels: SETTLS.
//!
//! Along the trajectory of a parcel that leaves D at t and arrives at A at t + Δt, dX/dt = L + N with L the linear terms of
//! gravity waves (those of [`super::ReferenceState`]) and N all others. Hortal (2002, *Quart. J. Roy. Meteor. Soc.* 128,
//! 1671–1687):
//!
//! X⁺_A = \[X + (1 − β)Δt·L + Δt/2·(2N − N⁻)\]_D + Δt/2·N_A + βΔt·L⁺_A
//!
//! with N⁻ from t − Δt (N in a first step) and β the [`implicit_weight`](super::Configuration::implicit_weight). What stands
//! in the bracket is one field per variable, interpolated once. L⁺ is solved for as in the leapfrog scheme, with the matrices
//! for Δt.
//!
//! - **Wind**, as a vector: components are turned from the directions at D to those at A. N = −∇φ − R_d·T_v·∇ln p − L, L =
//!   −∇(γT′ + R_d·T_r·ln p_s). The Coriolis force turns what was interpolated by Q = (1 − F)(1 + F)⁻¹, F = (fΔt/2) k×, before the half
//!   of N and L at A is added: V⁺ − βΔt·L⁺ = Q·\[V + …\]_D + Δt/2·N_A. That is as stable as each part alone, since Q is a
//!   rotation, and geostrophic wind, FV = Δt/2·(L + N), stays as it is for β = ½. To carry V + 2Ω×r instead would extrapolate the
//!   Coriolis force with the wind of the trajectories, and inertial oscillations would grow by (fΔt)⁴/4 a step.
//! - **Temperature**: N = κ·T_v/(1 + (δ − 1)q)·ω/p − L, L = −τD.
//! - **Surface pressure**: ln p_s + φ_s/(R_d·T̄) is advected, which is smooth over mountains (Ritchie & Tanguay 1996, *Mon. Wea.
//!   Rev.* 124, 392–408), by the wind of each level, and the levels are averaged with the weights ΔB: N_k = −s_L +
//!   V_k·∇(ln p_s + φ_s/(R_d·T̄)) − L, L = −ν·D, s_L the divergence of the column's mass flux over p_s.
//! - **Tracers** stay on the grid and are interpolated; what is in [`SpectralState`](super::SpectralState) is their
//!   analysis. There is no diffusion of tracers. With `conserve_tracers` the mass of each is restored by X + |X|·δ, the same δ
//!   everywhere, so that nothing positive becomes negative.
//!
//! Departure points: [`terrella_kernels::semi_lagrangian`], in η = A/p_r + B.
//!
//! **Physics** sees the columns at t and acts on parcels before they leave, \[X + Δt·∂X/∂t\]_D: an implicit scheme is then as
//! stable as it is alone.
//!
//! The state is one time level, and N⁻ and the wind of t − Δt on the grid.
//!
//! **Ranks** that share a model fetch the rings around their own from which parcels can come, as many as the strongest wind of all says: see
//! `rows.rs`. Masses of tracers are sums over rings, which one rank has formed, in the order of the rings.

mod columns;
mod departure;
mod leaving;
mod memory;
mod rows;
mod settings;
mod step;
mod tracers;
mod transported;
mod update;

pub use columns::{arrive, continuity, heating, pressure_force};
pub(super) use memory::Transport;
pub(super) use rows::halo_depth;
pub use settings::{SemiLagrangian, TimeStepping};
pub use tracers::{global_mass, restore_mass, ring_mass, tracer_column};
pub use update::{
    damped, implicit_divergence, implicit_right_side, implicit_surface_pressure, implicit_temperature,
};
