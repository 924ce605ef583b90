//! Cycles of forecast and analysis: a truth, what is observed of it, and methods that follow it by that.
//!
//! ```text
//!            interval steps            interval steps
//! truth ─────────────────────► x ─────────────────────► x ──►
//!                              │ y = Hx + ε             │
//! method ── forecast ──► xᶠ ── analyse ──► xᵃ ── forecast ──►
//! ```
//!
//! A [`Twin`] makes the truth by the component itself. Random numbers are counted by seed and cycle, so that every [`Method`] sees
//! the same observations, and a run that was continued equals the whole one bit for bit.

mod climate;
mod diagnosis;
mod ensemble_of_variational;
mod filter;
mod gain;
mod hybrid;
mod inner;
mod local_particles;
mod localisation;
mod method;
mod network;
mod particles;
mod passage;
mod score;
mod smoother;
mod twin;
mod variational;
mod window;

pub use climate::Climate;
pub use diagnosis::{Cases, Departure, Diagnosis, EnsembleFindings, Findings};
pub use ensemble_of_variational::EnsembleOfVariational;
pub use filter::{Filter, FilterSettings, Inflation, Update};
pub use gain::Gain;
pub use hybrid::{EnsembleVariational, Hybrid, HybridCovariance};
pub use inner::{Inner, Prolonged, Shared};
pub use local_particles::{LocalParticleFilter, LocalParticleSettings};
pub use localisation::{Localisation, Part};
pub use method::{Condition, Method};
pub use network::{Network, Observed};
pub use particles::Particles;
pub use score::{Score, Scores, error};
pub use smoother::IterativeSmoother;
pub use twin::{Twin, follow};
pub use variational::{Minimisations, Variational, VariationalSettings};
pub use window::ComponentWindow;
