//! Timing: our run and the peer's in turn, until the budget is spent.

use std::time::Instant;

use terrella_kernels::device::Device;

use crate::{Case, Result};

/// A sample must last this long [s], so that the clock does not show; not longer, so that on a busy machine most samples
/// fall between two interruptions.
const SHORTEST_SAMPLE: f64 = 3e-4;

/// A run that is shorter than this [s] goes once untimed before each sample: a core that was asleep while the other side ran
/// takes some of a millisecond to reach its clock, which is no part of either's work.
const LONGEST_WARMED: f64 = 3e-2;

/// Samples at least.
const FEWEST_SAMPLES: usize = 7;

/// Samples at most.
const MOST_SAMPLES: usize = 4000;

/// Seconds per run of each sample.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Ours.
    pub ours: Vec<f64>,
    /// Each peer's, every one taken next to ours.
    pub peers: Vec<Vec<f64>>,
}

impl Samples {
    /// Median over the pairs of our time / a peer's.
    ///
    /// # Panics
    /// Where there are no samples of ours, or no such peer.
    pub fn ratio(&self, peer: usize) -> f64 {
        let pairs = self.ours.iter().zip(&self.peers[peer]);
        median(&pairs.map(|(ours, peer)| ours / peer).collect::<Vec<_>>())
    }
}

/// Measures a case for about `budget` seconds of each side's time, and its peers; one that [is long](Case::is_long), for as long all in
/// all.
pub fn measure(case: &mut dyn Case, device: Device, budget: f64) -> Result<Samples> {
    if case.is_long() {
        return measure_long(case, device, budget);
    }
    // The first run also builds plans, compiles kernels and touches memory.
    sample(case, device, 1)?;
    let plan = Plan::of(sample(case, device, 1)?);
    let mut peer_plans = Vec::new();
    for peer in case.peers() {
        peer.sample(1)?;
        peer_plans.push(Plan::of(peer.sample(1)?));
    }
    let mut samples = Samples { ours: Vec::new(), peers: vec![Vec::new(); peer_plans.len()] };
    let mut spent = 0.0;
    while samples.ours.len() < FEWEST_SAMPLES || (spent < budget && samples.ours.len() < MOST_SAMPLES) {
        // Who goes first alternates, so that neither always finds the other's data in the cache.
        let ours_first = samples.ours.len().is_multiple_of(2);
        if !ours_first {
            sample_peers(case, &peer_plans, &mut samples.peers)?;
        }
        if plan.warmed {
            sample(case, device, 1)?;
        }
        let seconds = sample(case, device, plan.repeats)?;
        spent += seconds * (plan.repeats + usize::from(plan.warmed)) as f64;
        samples.ours.push(seconds);
        if ours_first {
            sample_peers(case, &peer_plans, &mut samples.peers)?;
        }
    }
    Ok(samples)
}

/// Single runs, ours and the peers' in turn, until all that was done has taken `budget` seconds; at least one of each.
fn measure_long(case: &mut dyn Case, device: Device, budget: f64) -> Result<Samples> {
    let begun = Instant::now();
    let once = vec![Plan { repeats: 1, warmed: false }; case.peers().len()];
    let mut samples = Samples { ours: Vec::new(), peers: vec![Vec::new(); once.len()] };
    while samples.ours.is_empty() || begun.elapsed().as_secs_f64() < budget {
        let ours_first = samples.ours.len().is_multiple_of(2);
        if !ours_first {
            sample_peers(case, &once, &mut samples.peers)?;
        }
        let seconds = sample(case, device, 1)?;
        samples.ours.push(seconds);
        if ours_first {
            sample_peers(case, &once, &mut samples.peers)?;
        }
    }
    Ok(samples)
}

/// How a side is sampled.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Runs per sample.
    repeats: usize,
    /// Whether one goes untimed before each.
    warmed: bool,
}

impl Plan {
    /// Where a run takes so many seconds.
    fn of(seconds: f64) -> Self {
        let repeats = (SHORTEST_SAMPLE / seconds.max(1e-9)).ceil().clamp(1.0, 100_000.0) as usize;
        Self { repeats, warmed: seconds < LONGEST_WARMED }
    }
}

fn sample_peers(case: &mut dyn Case, plans: &[Plan], seconds: &mut [Vec<f64>]) -> Result<()> {
    for ((peer, plan), seconds) in case.peers().into_iter().zip(plans).zip(seconds) {
        if plan.warmed {
            peer.sample(1)?;
        }
        seconds.push(peer.sample(plan.repeats)?);
    }
    Ok(())
}

/// Seconds per run over `repeats` runs.
fn sample(case: &mut dyn Case, device: Device, repeats: usize) -> Result<f64> {
    let (clock, start) = (case.clock(), Instant::now());
    for _ in 0..repeats {
        case.run()?;
    }
    device.synchronize()?;
    let seconds = match (clock, case.clock()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    Ok(seconds / repeats as f64)
}

/// The middle value, or the mean of the two in the middle.
///
/// # Panics
/// Where there is no value.
pub fn median(values: &[f64]) -> f64 {
    assert!(!values.is_empty(), "the median of no values");
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
