//! A state of the model as spectra in host memory, in f64 whatever the model computes in.

use terrella_coupling::spectral::Part;
use terrella_dycore::shallow_water::SpectralState;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::error::Result;

/// Vorticity \[s⁻¹\], divergence \[s⁻¹\] and departure of the geopotential from its mean \[m² s⁻²\], each
/// `[coefficients, 2]` in the order of GRIB.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spectra {
    pub(crate) truncation: usize,
    pub(crate) vorticity: Vec<f64>,
    pub(crate) divergence: Vec<f64>,
    pub(crate) geopotential: Vec<f64>,
}

impl Spectra {
    /// A copy of the model's state.
    pub(crate) fn from_state<R: Real>(truncation: usize, state: &SpectralState<R>) -> Result<Self> {
        Ok(Self {
            truncation,
            vorticity: widened(&state.vorticity)?,
            divergence: widened(&state.divergence)?,
            geopotential: widened(&state.geopotential)?,
        })
    }

    /// A copy of what a model has of it, on a device in the model's precision.
    pub(crate) fn to_buffers<R: Real>(&self, part: &Part, device: Device) -> Result<SpectralState<R>> {
        Ok(SpectralState {
            vorticity: narrowed(part, device, &self.vorticity)?,
            divergence: narrowed(part, device, &self.divergence)?,
            geopotential: narrowed(part, device, &self.geopotential)?,
        })
    }

    /// The same state at another truncation: cut, or filled with zeros.
    pub(crate) fn truncated(&self, truncation: usize) -> Self {
        let convert = |spectrum: &[f64]| convert(spectrum, self.truncation, truncation);
        Self {
            truncation,
            vorticity: convert(&self.vorticity),
            divergence: convert(&self.divergence),
            geopotential: convert(&self.geopotential),
        }
    }

    /// Every coefficient times `factor`.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        let scale = |spectrum: &[f64]| spectrum.iter().map(|value| factor * value).collect();
        Self {
            truncation: self.truncation,
            vorticity: scale(&self.vorticity),
            divergence: scale(&self.divergence),
            geopotential: scale(&self.geopotential),
        }
    }

    /// The state with its wind times `direction` (1 or −1).
    pub(crate) fn reversed(mut self, direction: f64) -> Self {
        self.vorticity.iter_mut().chain(&mut self.divergence).for_each(|value| *value *= direction);
        self
    }

    /// Adds `factor` times another state of the same truncation.
    pub(crate) fn add(&mut self, factor: f64, other: &Self) {
        let fields = [
            (&mut self.vorticity, &other.vorticity),
            (&mut self.divergence, &other.divergence),
            (&mut self.geopotential, &other.geopotential),
        ];
        for (sum, addend) in fields {
            assert_eq!(sum.len(), addend.len(), "states of different truncations");
            sum.iter_mut().zip(addend).for_each(|(sum, addend)| *sum += factor * addend);
        }
    }
}

/// Root mean square over the sphere of the difference of two fields, from their spectra of truncation `truncation`.
pub(crate) fn rms_difference<R: Real>(truncation: usize, first: &[R], second: &[R]) -> f64 {
    let coefficients_of_mean_zonal = 2 * (truncation + 1);
    let mut sum = 0.0;
    for (index, (first, second)) in first.iter().zip(second).enumerate() {
        // Coefficients of wavenumber -m are the conjugates of those of m: each counts twice but for m = 0.
        let copies = if index < coefficients_of_mean_zonal { 1.0 } else { 2.0 };
        sum += copies * (first.to_f64() - second.to_f64()).powi(2);
    }
    sum.sqrt()
}

/// Root mean square wind \[m s⁻¹\] of a vorticity and divergence: Σ a²/(n(n+1))·(|ζ|² + |D|²).
pub(crate) fn rms_wind(truncation: usize, radius: f64, vorticity: &[f64], divergence: &[f64]) -> f64 {
    let mut sum = 0.0;
    let mut index = 0;
    for m in 0..=truncation {
        for n in m..=truncation {
            if n > 0 {
                let copies = if m == 0 { 1.0 } else { 2.0 };
                let power: f64 =
                    [vorticity[index], vorticity[index + 1], divergence[index], divergence[index + 1]]
                        .iter()
                        .map(|value| value * value)
                        .sum();
                sum += copies * power * radius * radius / (n * (n + 1)) as f64;
            }
            index += 2;
        }
    }
    sum.sqrt()
}

fn convert(spectrum: &[f64], from: usize, to: usize) -> Vec<f64> {
    let mut converted = Vec::with_capacity((to + 1) * (to + 2));
    let mut start = 0;
    for m in 0..=to {
        for n in m..=to {
            if n <= from {
                let index = start + 2 * (n - m);
                converted.extend_from_slice(&spectrum[index..index + 2]);
            } else {
                converted.extend_from_slice(&[0.0, 0.0]);
            }
        }
        start += 2 * (from + 1).saturating_sub(m);
    }
    converted
}

fn widened<R: Real>(buffer: &Buffer<R>) -> Result<Vec<f64>> {
    Ok(buffer.to_vec()?.into_iter().map(Real::to_f64).collect())
}

fn narrowed<R: Real>(part: &Part, device: Device, values: &[f64]) -> Result<Buffer<R>> {
    let values: Vec<R> = part.own_spectra(1, values)?.iter().map(|&value| R::from_f64(value)).collect();
    Ok(Buffer::from_slice(device, &values)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_cuts_and_pads_each_wavenumber() {
        // T1: (0,0) (0,1) (1,1).
        let small = [1.0, 0.0, 2.0, 0.0, 3.0, 4.0];
        // T2: (0,0) (0,1) (0,2) (1,1) (1,2) (2,2).
        let large = [1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        assert_eq!(convert(&small, 1, 2), large);
        assert_eq!(convert(&large, 2, 1), small);
        assert_eq!(convert(&large, 2, 0), [1.0, 0.0]);
        assert_eq!(convert(&large, 2, 2), large);
    }

    #[test]
    fn the_norm_counts_both_signs_of_a_wavenumber() {
        // 3 + 2·(4 cos λ − 5 sin λ)·P: the mean square of the second term is 2·(4² + 5²).
        let spectrum = [3.0, 0.0, 0.0, 0.0, 4.0, 5.0];
        let norm = rms_difference(1, &spectrum, &[0.0; 6]);
        assert!((norm - (9.0_f64 + 2.0 * 41.0).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn wind_of_a_solid_rotation() {
        // u = U cos φ has ζ = 2U sin φ/a and mean square 2U²/3; P̄₁₀ = √3 sin φ.
        let (wind, radius) = (20.0, 6.371e6);
        let vorticity = [0.0, 0.0, 2.0 * wind / radius / 3.0_f64.sqrt(), 0.0, 0.0, 0.0];
        let rms = rms_wind(1, radius, &vorticity, &[0.0; 6]);
        assert!((rms - wind * (2.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
