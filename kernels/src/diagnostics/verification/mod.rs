//! How good ensembles, analyses and observations are.
//!
//! | question | where |
//! |---|---|
//! | Are members and truth drawn from the same distribution? | [`RankHistogram`] |
//! | Does the spread say how large errors are? | [`SpreadSkill`] |
//! | How far is the predicted distribution from what came? | [`crps`], [`fair_crps`], [`CrpsDecomposition`] |
//! | Are the assumed errors those of the departures? | [`desroziers`] |
//! | How much do observations count in the analysis? | [`degrees_of_freedom`] |
//! | Which observations made the forecast better? | [`ensemble_impact`] |
//! | How certain is a mean over time? | [`TimeMean`] |
//!
//! Everything is computed in f64.

mod crps;
mod departures;
mod impact;
mod rank_histogram;
mod spread_skill;
mod time_mean;

pub use crps::{CrpsDecomposition, crps, fair_crps};
pub use departures::{ErrorEstimates, degrees_of_freedom, desroziers};
pub use impact::ensemble_impact;
pub use rank_histogram::{Flatness, RankHistogram};
pub use spread_skill::{SpreadBin, SpreadSkill};
pub use time_mean::TimeMean;

/// Refuses ensembles that have no spread.
fn expect_members(members: usize) -> crate::Result<()> {
    if members >= 2 {
        return Ok(());
    }
    Err(crate::Error::InvalidValue {
        name: "members",
        got: members.to_string(),
        expected: "at least two members".to_owned(),
    })
}
