//! Background covariances B = U Uᵀ, by their square roots U as [`LinearOperator`](super::LinearOperator)s from control vectors to increments.
//!
//! | what | U | where |
//! |------|---|-------|
//! | a matrix | V Λ^½ | [`MatrixRoot`] |
//! | an ensemble, localised | Σ_j x′_j ∘ (C^½ v_j) | [`LocalisedEnsemble`] |
//! | a weighted sum of covariances | (β₁ U₁, β₂ U₂, …) | [`Sum`] |
//! | spectra on the sphere, with balance | K Σ A | [`spectral::SpectralCovariance`] |
//! | several fields with the same covariance | U for each | [`Repeated`] |

mod ensemble;
mod matrix;
pub mod spectral;
mod sum;
#[cfg(test)]
mod tests;

pub use ensemble::{LocalisedEnsemble, Uniform};
pub use matrix::MatrixRoot;
pub use sum::{Repeated, Sum};
