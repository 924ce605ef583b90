//! Variational analyses: 3D-Var, 3D-FGAT, incremental 4D-Var, hybrid and 4DEnVar by one driver, with other operators.
//!
//! The control vector v has the background at 0 and covariance 1: x = x_b + S⁻ U v with B = U Uᵀ ([`covariance`](super::covariance)) and S⁻ from the
//! increments' resolution to that of the state. An outer loop runs the full model from the best state so far and linearises about it; the
//! inner loop minimises, with departures d = y − H(M(x)) + G v and G = (H_k M_k U)_k over the times k of the window,
//!
//! J(v) = ½ vᵀv + ½ (Gv − d)ᵀ R⁻¹ (Gv − d)
//!
//! (Courtier et al. 1994, *Q. J. R. Meteorol. Soc.* 120, 1367–1387), where observations may have [`Huber`](super::quality::Huber) norms instead.
//!
//! | scheme | window | transform U |
//! |--------|--------|-------------|
//! | 3D-Var | [`ModelWindow`] with [`Persistence`] | B^½ |
//! | 3D-FGAT | [`ModelWindow`] with [`FirstGuess`] | B^½ |
//! | 4D-Var | [`ModelWindow`] with the model | B^½ |
//! | 4D-Var, increments of lower resolution | [`MultiResolution`] | B^½ there |
//! | hybrid | any | [`Sum`](super::covariance::Sum) of B^½ and [`LocalisedEnsemble`](super::covariance::LocalisedEnsemble) |
//! | 4DEnVar | [`Snapshots`] | [`LocalisedEnsemble`](super::covariance::LocalisedEnsemble) of whole trajectories |
//! | bias correction | [`BiasCorrected`] around any | [`Blocks`](super::Blocks) of the above and the parameters' standard deviations |
//!
//! [`analyse_variationally`] is the driver, [`analyse_variationally_knowing`] that of a cycle whose windows learn from those before, [`ensemble_of_analyses`] samples what uncertainty the analysis has.

mod bias_correction;
mod cost;
mod driver;
mod model;
mod multi_resolution;
mod posterior;
mod snapshots;
#[cfg(test)]
mod tests;
mod window;

pub use bias_correction::{BiasCorrected, BiasPredictors};
pub use cost::IncrementalCost;
pub use driver::{
    Departures, Minimiser, OuterLoop, OuterLoops, OuterStop, VariationalAnalysis, analyse_variationally,
    analyse_variationally_knowing,
};
pub use model::{FirstGuess, Model, Persistence};
pub use multi_resolution::MultiResolution;
pub use posterior::{Perturbations, ensemble_of_analyses};
pub use snapshots::Snapshots;
pub use window::{ModelWindow, ObservationOperator, Selection, Tangent, Window};
