//! Removal of gravity waves from an initial state by a digital filter.
//!
//! The filtered state is a weighted mean of states around the initial time, X̄ = Σ h_n X_n for n = −M..M, with the
//! weights of a low-pass filter of cutoff period τ and a Lanczos window,
//!
//! h_n = sin(nθ)/(nπ) · sin(nπ/(M+1))/(nπ/(M+1)),  θ = 2πΔt/τ,  divided by their sum,
//!
//! from runs without dissipation, forward and backward from the initial state (Lynch & Huang 1992, *Mon. Wea. Rev.*
//! 120, 1019–1034). A run backward in time is a run forward of the time-reversed equations: reversing the wind and the
//! rotation of the sphere leaves the shallow-water equations as they are, so that −ζ, −D, Φ under −Ω passes through
//! the past states. The area mean of Φ is conserved in both, hence by the filter.

use std::f64::consts::PI;

use terrella_dycore::shallow_water::{Configuration, ShallowWater};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

use crate::error::{Error, Result};
use crate::interruption;
use crate::spectra::Spectra;

/// The state without waves of a shorter period than `cutoff_period` \[s\], which is also the length of each of the two
/// runs: so long, the filter takes away 95% of waves of two thirds of the period and keeps 94% of those of twice it.
///
/// `configuration` is the forecast model's.
pub(crate) fn filter<R: Real>(
    configuration: &Configuration,
    device: Device,
    state: &Spectra,
    cutoff_period: f64,
) -> Result<Spectra> {
    let steps = (cutoff_period / configuration.time_step).ceil().max(2.0) as usize;
    let time_step = cutoff_period / steps as f64;
    let weights = lanczos_weights(steps, time_step, cutoff_period);
    let mut filtered = state.scaled(weights[0]);
    for direction in [1.0, -1.0] {
        let settings = Configuration {
            rotation: direction * configuration.rotation,
            time_step,
            diffusion: None,
            // Off-centring would damp, in both directions.
            implicit_weight: 0.5,
            ..configuration.clone()
        };
        let mut model = ShallowWater::<R>::new(settings, device)?;
        let start = state.clone().reversed(direction);
        let buffers = start.to_buffers::<R>(device)?;
        model.set_state(&buffers.vorticity, &buffers.divergence, &buffers.geopotential)?;
        for weight in &weights[1..] {
            if interruption::requested() {
                return Err(Error::InterruptedBeforeStart);
            }
            model.step()?;
            filtered.add(
                *weight,
                &Spectra::from_state(state.truncation, model.spectral_state())?.reversed(direction),
            );
        }
    }
    Ok(filtered)
}

/// h_0, h_1, ..., h_M; the sum of h_0 and twice the others is 1.
fn lanczos_weights(steps: usize, time_step: f64, cutoff_period: f64) -> Vec<f64> {
    let cutoff = 2.0 * PI * time_step / cutoff_period;
    let mut weights: Vec<f64> = (0..=steps)
        .map(|n| {
            if n == 0 {
                return cutoff / PI;
            }
            let n = n as f64;
            let window = n * PI / (steps as f64 + 1.0);
            (n * cutoff).sin() / (n * PI) * window.sin() / window
        })
        .collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amplification of a wave of this period.
    fn response(weights: &[f64], time_step: f64, period: f64) -> f64 {
        let angle = 2.0 * PI * time_step / period;
        weights[0]
            + 2.0 * weights.iter().enumerate().skip(1).map(|(n, h)| h * (n as f64 * angle).cos()).sum::<f64>()
    }

    #[test]
    fn slow_waves_pass_and_fast_waves_do_not() {
        let hour = 3600.0;
        let weights = lanczos_weights(144, 300.0, 12.0 * hour);
        assert!((response(&weights, 300.0, 1e12) - 1.0).abs() < 1e-12);
        assert!(response(&weights, 300.0, 48.0 * hour) > 0.99);
        assert!(response(&weights, 300.0, 24.0 * hour) > 0.93);
        assert!(response(&weights, 300.0, 8.0 * hour).abs() < 0.06);
        for period in [1.0, 2.0, 4.0, 6.0] {
            assert!(response(&weights, 300.0, period * hour).abs() < 0.01, "{period} h");
        }
    }
}
