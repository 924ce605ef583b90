//! Analyses of an ensemble that is spread over ranks, with the bits of those on one rank.
//!
//! A rank has all members of some variables, and the members' equivalents of some observations: `[variable][member]`, `[observation][member]`, members
//! innermost, as in [`terrella_kernels::assimilation`].
//!
//! ```text
//!  owners of columns            owners of observations                analysts
//!  near(column) ═══ lists ══════════════════════════════════════════► which observations? how dear?
//!                               y, r, Hx of these ═══════ Halo ═════► analyse_locally
//!  [layer][column][member] ══════════════ those that move ══════════►      │
//!  [layer][column][member] ◄═════════════ those that moved ════════════════┘
//! ```
//!
//! | analysis                                                        | with                       | a rank needs                                |
//! |-------------------------------------------------------------------|----------------------------|-----------------------------------------------|
//! | local weights: LETKF, LESTKF, local DEnKF, EnKF, EnKF-N            | [`DistributedAnalysis`]    | observations near the columns that it analyses |
//! | one matrix of weights: ETKF, ESTKF, DEnKF, EnKF, EnKF-N            | [`GatheredObservations::analyse`] | all observations                        |
//! | tapered covariances, one observation after the other               | kernels, with [`GatheredObservations`] | all observations                   |
//!
//! # Volume
//!
//! With N members, numbers of s bytes, P ranks, and L layers, rank a sends to others
//!
//! | what                                   | counted as | bytes                                                                |
//! |-----------------------------------------|------------|-----------------------------------------------------------------------|
//! | lists, once for a plan                  | all-to-all | 16 + 12 k for each column with k > 0 observations near that moves         |
//! | requests, once for a plan               | all-to-all | those of [`Halo::of_entities`](crate::halo::Halo::of_entities)           |
//! | observations, for each analysis         | exchange   | s (N + 2) Σ_{b≠a} (observations of a that b needs)                       |
//! | columns, for each analysis, and back    | exchange   | s L N (own columns that move + others' columns that moved here)          |
//! | all observations, gathered              | gather     | (P − 1) (8 + s (N + 2)) for each of its observations                     |
//!
//! and a few bytes to each for agreement. To gather p observations is to send p s (N + 2) numbers to every rank: 10⁵ observations and 50 members are 40 MB in f64 on each, and
//! the p N² multiplications of their sums are done by all ranks alike. Sums of parts would be other numbers than the serial ones; exact sums
//! ([`ExactSum`](crate::communicator::ExactSum)) would be the same for all numbers of ranks and take 568 bytes for each of N²/2 products. So weights are found
//! on every rank from the same numbers in the same order, and what is shared is the ensemble's update, which is most of the work
//! where there are more variables than observations.

mod distributed;
mod gathered;

pub use self::distributed::{DistributedAnalysis, cost_of_column};
pub use self::gathered::GatheredObservations;
