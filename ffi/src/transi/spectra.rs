//! What is computed of spectra alone: norms, and the wind's spectra.

use std::ffi::c_int;

use terrella_kernels::spectral::Truncation;

use super::layout::{Norm, WindSpectra};
use super::requests::{count, plan_of, use_once};
use super::tasks::{self, Intent, Tasks, together};
use super::waves::Waves;
use super::{entry, library};
use crate::border::{Array, input, reference, slices};
use crate::failure::{Cause, Failure};

/// Multiplies the coefficients with m > 0, which are those after the first `zonal` reals, by a factor.
pub(super) fn scale_waves(zonal: usize, spectrum: &mut [f64], factor: f64) {
    for value in spectrum.iter_mut().skip(zonal) {
        *value *= factor;
    }
}

/// Norm of a spectrum, √(Σ_n met(n) (f_n0² + 2 Σ_{m>0} |f_nm|²)), with met = 1 unless it is given, on one task. The sums over n are added in
/// the order of m, wherever they were made.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_specnorm(request: *mut Norm) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan) = unsafe {
            let request = reference("request", request)?;
            use_once(&mut request.count)?;
            let plan = plan_of(request.trans)?;
            (request, plan)
        };
        let fields = count("nfld", request.nfld)?;
        let master = tasks::number("nmaster", request.nmaster, plan.tasks)?;
        let waves = plan.waves()?;
        let weights: Option<&[f64]> = match request.rmet.is_null() {
            true => None,
            // SAFETY: the header asks for nsmax + 1 weights.
            false => Some(unsafe { input("rmet", request.rmet, waves.truncation.total() + 1) }?),
        };
        let norms = if plan.tasks.own == master { fields } else { 0 };
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [Array::input("rspec", request.rspec, fields * plan.spectrum_len())],
                [Array::output("rnorm", request.rnorm, norms)],
            )
        }?;
        let intent = Intent::default().with(plan.handle).with([fields, master]);
        Ok(((waves, weights, fields, master, slices), intent))
    };
    together("trans_specnorm", prepare, |(waves, weights, fields, master, ([spectrum], [norms]))| {
        let sums = squares(waves, weights, fields, spectrum);
        let Some(parts) = tasks::gather(master, &sums)? else { return Ok(()) };
        let mut by_wave = vec![&[][..]; waves.truncation.total() + 1];
        for (task, part) in parts.iter().enumerate() {
            for (m, sums) in waves.of(task).zip(part.chunks_exact(fields.max(1))) {
                by_wave[m] = sums;
            }
        }
        norms.fill(0.0);
        for sums in by_wave {
            for (norm, sum) in norms.iter_mut().zip(sums) {
                *norm += sum;
            }
        }
        for norm in norms {
            *norm = norm.sqrt();
        }
        Ok(())
    })
}

/// `[own wavenumber][field]` sums over n of the squares in a norm.
fn squares(waves: Waves, weights: Option<&[f64]>, fields: usize, spectrum: &[f64]) -> Vec<f64> {
    let mut sums = Vec::new();
    let mut rest = spectrum;
    for m in waves.own() {
        let first = sums.len();
        sums.resize(first + fields, 0.0);
        for n in m..=waves.truncation.total() {
            let weight = weights.map_or(1.0, |weights| weights[n]) * if m == 0 { 1.0 } else { 2.0 };
            let (real, others) = rest.split_at(fields);
            let (imaginary, others) = others.split_at(fields);
            for ((sum, real), imaginary) in sums[first..].iter_mut().zip(real).zip(imaginary) {
                let imaginary = if m == 0 { 0.0 } else { *imaginary };
                *sum += weight * (real * real + imaginary * imaginary);
            }
            rest = others;
        }
    }
    sums
}

/// Spectra of vorticity and divergence [s⁻¹] to those of u cos φ and v cos φ [m s⁻¹], cut off at the same truncation.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the header's name")]
unsafe extern "C" fn trans_vordiv_to_UV(request: *mut WindSpectra) -> c_int {
    entry("trans_vordiv_to_UV", || {
        // SAFETY: the header asks for NULL or a valid request.
        let request = unsafe { reference("request", request) }?;
        use_once(&mut request.count)?;
        // A task may have no coefficients, but not where it is alone.
        let may_be_idle = tasks::known() != Tasks::ALONE;
        for (name, value) in [("ncoeff", request.ncoeff), ("nsmax", request.nsmax)] {
            if value == 0 && !(may_be_idle && name == "ncoeff") {
                let message = format!("'{name}' is not set: expected a positive number.");
                return Err(Failure::new(Cause::NullPointer, message));
            }
        }
        let coefficients = count("ncoeff", request.ncoeff)?;
        let (fields, total) = (count("nfld", request.nfld)?, count("nsmax", request.nsmax)?);
        // The spectra are whole, or this task's part.
        let part = Waves { truncation: Truncation::new(total), tasks: tasks::known() };
        let whole = Waves { tasks: Tasks::ALONE, ..part };
        let has_len = |waves: &Waves| waves.own_len() == coefficients;
        let Some(waves) = [whole, part].into_iter().find(has_len) else {
            let expected = match part.tasks {
                Tasks::ALONE => whole.own_len().to_string(),
                _ => format!("{} of all tasks or {} of this one", whole.own_len(), part.own_len()),
            };
            return Err(Failure::invalid("ncoeff", coefficients, &expected));
        };
        let len = fields * coefficients;
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([vorticity, divergence], [u, v]) = unsafe {
            slices(
                [Array::input("rspvor", request.rspvor, len), Array::input("rspdiv", request.rspdiv, len)],
                [Array::output("rspu", request.rspu, len), Array::output("rspv", request.rspv, len)],
            )
        }?;
        wind_spectra(waves, library::radius(), fields, [vorticity, divergence], [u, v]);
        Ok(())
    })
}

/// With ∇²ψ = ζ and ∇²χ = δ, a u cos φ = ∂χ/∂λ − (1−μ²) ∂ψ/∂μ and a v cos φ = ∂ψ/∂λ + (1−μ²) ∂χ/∂μ; the coefficient
/// (n, m) of (1−μ²) ∂f/∂μ is (n+2) ε_{n+1} f_{n+1} − (n−1) ε_n f_{n−1}, ε_n = √((n²−m²)/(4n²−1)).
fn wind_spectra(
    waves: Waves,
    radius: f64,
    fields: usize,
    [vorticity, divergence]: [&[f64]; 2],
    [u, v]: [&mut [f64]; 2],
) {
    let total = waves.truncation.total();
    // ψ_n/a and χ_n/a per ζ_n and δ_n; 0 for n = 0, where the sources of a wind vanish.
    let inverse = |n: usize| if n == 0 { 0.0 } else { -radius / (n * (n + 1)) as f64 };
    let epsilon = |m: usize, n: usize| {
        let (m, n) = (m as f64, n as f64);
        ((n * n - m * m) / (4.0 * n * n - 1.0)).sqrt()
    };
    for (index, (m, n)) in waves.coefficients().enumerate() {
        let above = if n < total { (n + 2) as f64 * epsilon(m, n + 1) * inverse(n + 1) } else { 0.0 };
        let below = if n > m { (n - 1) as f64 * epsilon(m, n) * inverse(n - 1) } else { 0.0 };
        let zonal = m as f64 * inverse(n);
        for part in 0..2 {
            // i (re + i im) = −im + i re
            let (other, sign) = if part == 0 { (1, -1.0) } else { (0, 1.0) };
            for field in 0..fields {
                let at = |index: usize, part: usize| (2 * index + part) * fields + field;
                let slope = |source: &[f64]| {
                    let mut slope = 0.0;
                    if n < total {
                        slope += above * source[at(index + 1, part)];
                    }
                    if n > m {
                        slope -= below * source[at(index - 1, part)];
                    }
                    slope
                };
                let turned = |source: &[f64]| sign * zonal * source[at(index, other)];
                u[at(index, part)] = turned(divergence) - slope(vorticity);
                v[at(index, part)] = turned(vorticity) + slope(divergence);
            }
        }
    }
}
