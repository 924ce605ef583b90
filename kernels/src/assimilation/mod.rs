//! Data assimilation on arrays: ensembles, described here, and [`variational`] analyses with their [`minimisation`], background
//! [`covariance`]s and [`quality`] control.
//!
//! An ensemble is an array \[variable]\[member], members innermost: x_ij is variable i of member j, x̄ the mean over the N members,
//! A = x − x̄ the anomalies. Its equivalents of the observations, Hx, are such an array too, with mean ȳ and anomalies Y.
//! Observation errors are independent, with variances R = diag(r).
//!
//! Every analysis of an ensemble is a change of weights: xᵃ = x̄ + A W, with an N × N matrix W that is found from
//!
//! - C = Yᵀ R⁻¹ Y, N × N,
//! - d = Yᵀ R⁻¹ (y − ȳ), N,
//!
//! and, for perturbed observations, F = Yᵀ R⁻¹ ε, N × N. A global analysis has one W ([`analyse`]), a local one for every
//! domain, from the observations near it and tapered ([`analyse_locally`]).
//!
//! | scheme | W with S = C + (N − 1) 1 |
//! |---|---|
//! | [`Scheme::Stochastic`]: perturbed observations (Burgers et al. 1998, *Mon. Wea. Rev.* 126, 1719–1724) | (N − 1) S⁻¹ + S⁻¹(d 1ᵀ + F) |
//! | [`Scheme::Deterministic`]: DEnKF (Sakov & Oke 2008, *Tellus* 60A, 361–371) | S⁻¹ d 1ᵀ + ½(1 + (N − 1) S⁻¹) |
//! | [`Scheme::SquareRoot`]: ETKF, symmetric (Hunt et al. 2007, *Physica D* 230, 112–126) | S⁻¹ d 1ᵀ + √((N − 1) S⁻¹) |
//! | [`Scheme::ErrorSubspace`]: ESTKF, symmetric (Nerger et al. 2012, *Mon. Wea. Rev.* 140, 2335–2345) | the same, by eigenvalues in N − 1 dimensions |
//! | [`Scheme::FiniteSize`]: EnKF-N, dual (Bocquet 2011, *Nonlin. Processes Geophys.* 18, 735–750) | that of the square root, with C and d inflated by what the innovations tell |
//!
//! The ESTKF is the square root to rounding: both turn the same N − 1 dimensions by the same function of C.
//!
//! Other ways: [`analyse_serially`], one observation after the other, and [`analyse_tapered`], perturbed observations all at once, taper
//! covariances instead of R⁻¹; [`iterative`] goes through the model again and again; [`particles`] are drawn by their likelihood.
//!
//! An ensemble whose members agree on all that is observed would never move again: it is refused
//! ([`Error::CollapsedEnsemble`](crate::Error::CollapsedEnsemble)).
//!
//! [`LocalAnalysisPlan`] computes local analyses where the ensemble is, on any device.
//!
//! Modules: [`inflation`] (fixed and adaptive), [`rotation`], [`localization`] (tapers and the search for near observations), [`symmetric`]
//! (batched eigenvalues), [`vectors`] (sums and products), [`operators`] (what a background has where something was measured).

mod analysis;
pub mod covariance;
pub mod device;
mod ensemble;
mod finite_size;
pub mod inflation;
pub mod iterative;
mod linear_operator;
mod local;
pub mod localization;
pub mod minimisation;
mod observations;
pub mod operators;
pub mod particles;
pub mod quality;
pub mod rotation;
mod serial;
mod subspace;
pub mod symmetric;
mod tapered;
mod tiles;
pub mod variational;
pub mod vectors;
mod weights;

pub use analysis::analyse;
pub use device::LocalAnalysisPlan;
pub use ensemble::Ensemble;
pub use linear_operator::{Blocks, Composition, Diagonal, LinearOperator, adjoint_error};
pub use local::{analyse_locally, analyse_locally_inflated};
pub use observations::Observations;
pub use serial::analyse_serially;
pub use tapered::analyse_tapered;
pub use weights::Scheme;
