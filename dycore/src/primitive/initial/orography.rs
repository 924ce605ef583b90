//! The model's ground: an orography fitted spectrally, without deep holes in the sea.
//!
//! A truncated spectrum of mountains ripples beside them. The fit is damped by exp(−s·n(n+1)/(T(T+1))), with the smallest
//! strength s for which the ground is nowhere over the sea deeper than the bound. That is diffusion, whose kernel is positive:
//! with growing s the holes vanish.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

use super::horizontal::Regridder;
use crate::{Error, Result};

/// Strengths that are tried: 0 and then these by halving the interval.
const STRONGEST: f64 = 24.0;

/// A fitted orography.
#[derive(Clone, Debug, PartialEq)]
pub struct Orography {
    /// φ_s on the model's grid \[m² s⁻²\].
    pub geopotential: Vec<f64>,
    /// s, the strength of the smoothing; 0 is none.
    pub smoothing: f64,
    /// Depth of the deepest hole in the sea \[m\].
    pub deepest_ripple: f64,
    /// Depth of the deepest hole in the sea without smoothing \[m\].
    pub deepest_ripple_unsmoothed: f64,
    /// Root mean square over the points of what the smoothing changes \[m\].
    pub change: f64,
}

/// Fits geopotentials \[m² s⁻²\] on `source` for the model's `grid` and `truncation`; `bound` \[m\] limits ripples.
pub(super) fn fit(
    regridder: &mut Regridder,
    source: &Grid,
    grid: &Grid,
    truncation: usize,
    geopotential: &[f64],
    land_fraction: Option<&[f64]>,
    bound: f64,
    gravity: f64,
) -> Result<Orography> {
    let at_sea = sea(source, grid, geopotential, land_fraction, gravity);
    let spectrum = regridder.analyse(&Buffer::from_slice(Device::Cpu, geopotential)?)?.to_vec()?;
    let degrees: Vec<usize> = Truncation::new(regridder.truncation()).wavenumbers().map(|(_, n)| n).collect();
    let last = (truncation * (truncation + 1)).max(1) as f64;
    let mut smoothed = |strength: f64| -> Result<Vec<f64>> {
        let damped: Vec<f64> = spectrum
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let n = degrees[index / 2];
                value * (-strength * (n * (n + 1)) as f64 / last).exp()
            })
            .collect();
        regridder.synthesise(&Buffer::from_slice(Device::Cpu, &damped)?)
    };
    let ripple = |values: &[f64]| {
        values
            .iter()
            .zip(&at_sea)
            .filter(|(_, sea)| **sea)
            .map(|(value, _)| -value / gravity)
            .fold(0.0, f64::max)
    };
    let plain = smoothed(0.0)?;
    let deepest_ripple_unsmoothed = ripple(&plain);
    let (mut best, mut smoothing) = (plain.clone(), 0.0);
    if deepest_ripple_unsmoothed > bound {
        best = smoothed(STRONGEST)?;
        smoothing = STRONGEST;
        if ripple(&best) > bound {
            return Err(Error::InvalidConfiguration {
                name: "ripple_bound",
                got: format!("{bound} m"),
                expected: "a bound that smoothing can reach, such as 100 m",
            });
        }
        let (mut low, mut high) = (0.0, STRONGEST);
        while high - low > 0.02 {
            let middle = 0.5 * (low + high);
            let values = smoothed(middle)?;
            if ripple(&values) > bound {
                low = middle;
            } else {
                (high, best, smoothing) = (middle, values, middle);
            }
        }
    }
    let squares: f64 = best.iter().zip(&plain).map(|(a, b)| ((a - b) / gravity).powi(2)).sum();
    Ok(Orography {
        deepest_ripple: ripple(&best),
        change: (squares / best.len() as f64).sqrt(),
        geopotential: best,
        smoothing,
        deepest_ripple_unsmoothed,
    })
}

/// Points of the model whose four neighbours on the source grid are sea.
fn sea(
    source: &Grid,
    grid: &Grid,
    geopotential: &[f64],
    land_fraction: Option<&[f64]>,
    gravity: f64,
) -> Vec<bool> {
    let is_sea = |point: usize| match land_fraction {
        Some(land) => land[point] < 0.5,
        None => (geopotential[point] / gravity).abs() < 1.0,
    };
    let rings = source.rings();
    let ring_is_sea = |ring: usize, longitude: f64| {
        let ring = &rings[ring];
        let position = (longitude - ring.first_longitude).rem_euclid(360.0) / 360.0 * ring.points as f64;
        let west = position as usize % ring.points;
        is_sea(ring.offset + west) && is_sea(ring.offset + (west + 1) % ring.points)
    };
    (0..grid.points())
        .map(|point| {
            let (latitude, longitude) = grid.coordinates(point);
            let south = rings.partition_point(|ring| ring.latitude >= latitude);
            ring_is_sea(south.saturating_sub(1), longitude)
                && ring_is_sea(south.min(rings.len() - 1), longitude)
        })
        .collect()
}
