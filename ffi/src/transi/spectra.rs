//! What is computed of spectra alone: norms, and the wind's spectra.

use std::ffi::c_int;

use terrella_kernels::spectral::Truncation;

use super::layout::{Norm, WindSpectra};
use super::requests::{count, plan_of, use_once};
use super::{entry, library, not_implemented};
use crate::border::{Array, input, reference, slices};
use crate::failure::{Cause, Failure};

/// Multiplies the coefficients with m > 0 by a factor.
pub(super) fn scale_waves(truncation: Truncation, fields: usize, spectrum: &mut [f64], factor: f64) {
    let zonal = 2 * (truncation.total() + 1) * fields;
    for value in spectrum.iter_mut().skip(zonal) {
        *value *= factor;
    }
}

/// Norm of a spectrum, √(Σ_n met(n) (f_n0² + 2 Σ_{m>0} |f_nm|²)), with met = 1 unless it is given.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_specnorm(request: *mut Norm) -> c_int {
    entry("trans_specnorm", || {
        // SAFETY: the header asks for NULL or a valid request.
        let (request, plan) = unsafe {
            let request = reference("request", request)?;
            use_once(&mut request.count)?;
            let plan = plan_of(request.trans)?;
            (request, plan)
        };
        let fields = count("nfld", request.nfld)?;
        if request.nmaster != 1 {
            return Err(Failure::invalid("nmaster", request.nmaster, "1, the only task"));
        }
        let truncation = plan.truncation()?;
        let weights: Option<&[f64]> = match request.rmet.is_null() {
            true => None,
            // SAFETY: the header asks for nsmax + 1 weights.
            false => Some(unsafe { input("rmet", request.rmet, truncation.total() + 1) }?),
        };
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([spectrum], [norms]) = unsafe {
            slices(
                [Array::input("rspec", request.rspec, fields * plan.spectrum_len())],
                [Array::output("rnorm", request.rnorm, fields)],
            )
        }?;
        norms.fill(0.0);
        for (index, (m, n)) in truncation.wavenumbers().enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[n]);
            let (real, imaginary) = spectrum[2 * index * fields..][..2 * fields].split_at(fields);
            for ((norm, real), imaginary) in norms.iter_mut().zip(real).zip(imaginary) {
                *norm += match m {
                    0 => weight * real * real,
                    _ => 2.0 * weight * (real * real + imaginary * imaginary),
                };
            }
        }
        for norm in norms {
            *norm = norm.sqrt();
        }
        Ok(())
    })
}

/// Spectra of vorticity and divergence [s⁻¹] to those of u cos φ and v cos φ [m s⁻¹], cut off at the same truncation.
#[unsafe(no_mangle)]
#[allow(non_snake_case, reason = "the header's name")]
unsafe extern "C" fn trans_vordiv_to_UV(request: *mut WindSpectra) -> c_int {
    entry("trans_vordiv_to_UV", || {
        // SAFETY: the header asks for NULL or a valid request.
        let request = unsafe { reference("request", request) }?;
        use_once(&mut request.count)?;
        for (name, value) in [("ncoeff", request.ncoeff), ("nsmax", request.nsmax)] {
            if value == 0 {
                let message = format!("'{name}' is not set: expected a positive number.");
                return Err(Failure::new(Cause::NullPointer, message));
            }
        }
        let (fields, total) = (count("nfld", request.nfld)?, count("nsmax", request.nsmax)?);
        let expected = (total as u64 + 1) * (total as u64 + 2);
        if request.ncoeff as i64 != expected as i64 {
            if request.ncoeff > 0 && (request.ncoeff as u64) < expected {
                return Err(not_implemented(
                    "A spectrum that is spread over tasks ('ncoeff' below that of 'nsmax')",
                ));
            }
            return Err(Failure::length("ncoeff", request.ncoeff as u64, expected));
        }
        let len = fields * request.ncoeff as usize;
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let ([vorticity, divergence], [u, v]) = unsafe {
            slices(
                [Array::input("rspvor", request.rspvor, len), Array::input("rspdiv", request.rspdiv, len)],
                [Array::output("rspu", request.rspu, len), Array::output("rspv", request.rspv, len)],
            )
        }?;
        wind_spectra(Truncation::new(total), library::radius(), fields, [vorticity, divergence], [u, v]);
        Ok(())
    })
}

/// With ∇²ψ = ζ and ∇²χ = δ, a u cos φ = ∂χ/∂λ − (1−μ²) ∂ψ/∂μ and a v cos φ = ∂ψ/∂λ + (1−μ²) ∂χ/∂μ; the coefficient
/// (n, m) of (1−μ²) ∂f/∂μ is (n+2) ε_{n+1} f_{n+1} − (n−1) ε_n f_{n−1}, ε_n = √((n²−m²)/(4n²−1)).
fn wind_spectra(
    truncation: Truncation,
    radius: f64,
    fields: usize,
    [vorticity, divergence]: [&[f64]; 2],
    [u, v]: [&mut [f64]; 2],
) {
    let total = truncation.total();
    // ψ_n/a and χ_n/a per ζ_n and δ_n; 0 for n = 0, where the sources of a wind vanish.
    let inverse = |n: usize| if n == 0 { 0.0 } else { -radius / (n * (n + 1)) as f64 };
    let epsilon = |m: usize, n: usize| {
        let (m, n) = (m as f64, n as f64);
        ((n * n - m * m) / (4.0 * n * n - 1.0)).sqrt()
    };
    for (index, (m, n)) in truncation.wavenumbers().enumerate() {
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
