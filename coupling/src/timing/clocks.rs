//! The clocks of ranks, compared.
//!
//! No rank leaves a barrier before all have come to it. With the times e at which a rank came and l at which it left, by its own clock, and
//! θ what is to be added to the clock of rank r to have that of rank 0, each barrier says
//!
//! e_0 ≤ l_r + θ and e_r + θ ≤ l_0, so that e_0 − l_r ≤ θ ≤ l_0 − e_r.
//!
//! The bounds of many barriers together are as far apart as the quickest of them took.

use std::time::Instant;

use crate::Result;
use crate::communicator::Communicator;

const BARRIERS: usize = 32;

/// The clock of this rank beside that of rank 0.
pub(super) struct Clock {
    /// When this rank's clock was 0.
    pub(super) zero: Instant,
    /// θ \[ns\].
    pub(super) offset: i64,
    /// The largest of what θ of all ranks may be wrong by \[ns\].
    pub(super) accuracy: u64,
}

/// Compares the clocks of all ranks, which call it together.
pub(super) fn compare(communicator: &Communicator) -> Result<Clock> {
    let zero = Instant::now();
    let now = || zero.elapsed().as_nanos() as i64;
    let mut times = [[0; 2]; BARRIERS];
    for time in &mut times {
        let came = now();
        communicator.barrier()?;
        *time = [came, now()];
    }
    let all = communicator.all_gather(&times)?;
    let bounds = |rank: usize| {
        let pairs = all[0].iter().zip(&all[rank]);
        pairs.fold((i64::MIN, i64::MAX), |(lower, upper), ([came_0, left_0], [came, left])| {
            (lower.max(came_0 - left), upper.min(left_0 - came))
        })
    };
    let (lower, upper) = bounds(communicator.rank());
    // Rank 0 has its own clock.
    let offset = if communicator.rank() == 0 { 0 } else { lower + (upper - lower) / 2 };
    let widths = (1..communicator.size()).map(|rank| bounds(rank).1 - bounds(rank).0);
    // Half of it either way from rank 0, so that two others may be apart by all of it.
    Ok(Clock { zero, offset, accuracy: widths.max().unwrap_or(0).max(0) as u64 })
}
