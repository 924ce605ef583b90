//! Ensemble data assimilation on arrays.
//!
//! An ensemble is an array \[variable]\[member], members innermost: x_ij is variable i of member j, x̄ the mean over the N members,
//! A = x − x̄ the anomalies. Its equivalents of the observations, Hx, are such an array too, with mean ȳ and anomalies Y.
//! Observation errors are independent, with variances R = diag(r).
//!
//! Every analysis here is a change of weights: xᵃ = x̄ + A W, with an N × N matrix W that is found from
//!
//! - C = Yᵀ R⁻¹ Y, N × N,
//! - d = Yᵀ R⁻¹ (y − ȳ), N,
//!
//! and, for perturbed observations, F = Yᵀ R⁻¹ ε, N × N. A global analysis has one W ([`analyse`]), a local one for every
//! domain, from the observations near it and tapered ([`analyse_locally`]). [`analyse_serially`] takes one observation after the other instead and
//! tapers covariances.
//!
//! | scheme | W with S = C + (N − 1) 1 |
//! |---|---|
//! | [`Scheme::Stochastic`]: perturbed observations (Burgers et al. 1998, *Mon. Wea. Rev.* 126, 1719–1724) | (N − 1) S⁻¹ + S⁻¹(d 1ᵀ + F) |
//! | [`Scheme::Deterministic`]: DEnKF (Sakov & Oke 2008, *Tellus* 60A, 361–371) | S⁻¹ d 1ᵀ + ½(1 + (N − 1) S⁻¹) |
//! | [`Scheme::SquareRoot`]: ETKF, symmetric (Hunt et al. 2007, *Physica D* 230, 112–126) | S⁻¹ d 1ᵀ + √((N − 1) S⁻¹) |
//! | [`Scheme::FiniteSize`]: EnKF-N, dual (Bocquet 2011, *Nonlin. Processes Geophys.* 18, 735–750) | that of the square root, with C and d inflated by what the innovations tell |
//!
//! The symmetric ESTKF of Nerger et al. (2012, *Mon. Wea. Rev.* 140, 2335–2345) is the square root: both turn the same N − 1
//! dimensions by the same function of C, so that no scheme of that name is needed.
//!
//! Modules: [`inflation`], [`rotation`], [`localization`] (tapers and the search for near observations), [`symmetric`] (batched
//! eigenvalues).

mod analysis;
mod ensemble;
mod finite_size;
pub mod inflation;
mod local;
pub mod localization;
mod observations;
pub mod rotation;
mod serial;
pub mod symmetric;
mod weights;

pub use analysis::analyse;
pub use ensemble::Ensemble;
pub use local::analyse_locally;
pub use observations::Observations;
pub use serial::analyse_serially;
pub use weights::Scheme;
