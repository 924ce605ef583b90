//! Analysis by iteration where the quadrature of a grid is not exact, as on HEALPix.
//!
//! With synthesis S and analysis A, AS is near the identity but not equal to it. Jacobi's iteration
//!
//! a ← a + A (f − S a), from a = A f,
//!
//! converges to the coefficients of a band-limited f by the factor ‖1 − AS‖ a step (Górski et al. 2005,
//! doi:10.1086/427976, do three steps). For fields that are not band-limited it converges to a with A (f − S a) = 0, and the
//! residual on the grid stays.

mod kernels;

pub use kernels::{difference_of_values, sum_of_values};

use super::power::SpectralPower;
use super::{Transform, expect};
use crate::device::Buffer;
use crate::operators::reduction::Reduction;
use crate::{Error, Real, Result};

/// When the iteration stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criteria {
    /// The largest number of corrections.
    pub iterations: usize,
    /// The correction, relative to the spectrum, at which it has converged; 0 goes on to the limit of rounding.
    pub tolerance: f64,
}

/// Why the iteration stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The last correction was within the tolerance.
    Converged,
    /// The last correction was no smaller than the one before: at the limit of rounding, where the iteration diverges, or
    /// with values that are no numbers. It was not applied.
    NoProgress,
    /// The number of iterations.
    Iterations,
}

/// How the iteration went.
#[derive(Clone, Debug, PartialEq)]
pub struct Convergence {
    /// Why it stopped.
    pub stop: Stop,
    /// Norm of each correction relative to that of the spectrum, the largest of all fields. Norms are those of
    /// [`SpectralPower`].
    pub corrections: Vec<f64>,
    /// ‖f − S a‖ / ‖f‖ before each correction, root of the sum of squares over all points and fields.
    pub residuals: Vec<f64>,
}

/// Grid fields to spectra; shapes, units and errors as in [`Transform::analysis`], and criteria that cannot be met.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::grid::Grid;
/// use terrella_kernels::spectral::iterative_analysis::{Criteria, analysis};
/// use terrella_kernels::spectral::{Transform, Truncation};
///
/// let (grid, truncation): (Grid, _) = ("H16".parse()?, Truncation::new(20));
/// let mut transform = Transform::<f64>::new(&grid, truncation, Device::Cpu)?;
/// let squares: Vec<f64> = (0..grid.points()).map(|at| grid.coordinates(at).0.to_radians().sin().powi(2)).collect();
/// let values = Buffer::from_slice(Device::Cpu, &squares)?;
/// let mut spectrum = Buffer::zeros(Device::Cpu, truncation.spectrum_len(1))?;
/// let criteria = Criteria { iterations: 10, tolerance: 1e-12 };
/// let convergence = analysis(&mut transform, 1, &values, &mut spectrum, criteria)?;
/// assert!((spectrum.to_vec()?[0] - 1.0 / 3.0).abs() < 1e-12, "{convergence:?}");
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
pub fn analysis<R: Real>(
    transform: &mut Transform<R>,
    fields: usize,
    values: &Buffer<R>,
    spectrum: &mut Buffer<R>,
    criteria: Criteria,
) -> Result<Convergence> {
    expect("values", transform.device(), fields * transform.grid().points(), values)?;
    expect("spectrum", transform.device(), transform.truncation().spectrum_len(fields), spectrum)?;
    iterate(
        transform,
        fields,
        [values],
        [spectrum],
        criteria,
        |transform, [spectrum], [values]| transform.synthesis(fields, spectrum, values),
        |transform, [values], [spectrum]| transform.analysis(fields, values, spectrum),
    )
}

/// Winds to vorticity and divergence; shapes, units and errors as in [`Transform::wind_analysis`], and criteria that cannot
/// be met.
pub fn wind_analysis<R: Real>(
    transform: &mut Transform<R>,
    fields: usize,
    [u, v]: [&Buffer<R>; 2],
    [vorticity, divergence]: [&mut Buffer<R>; 2],
    criteria: Criteria,
) -> Result<Convergence> {
    let points = fields * transform.grid().points();
    let len = transform.truncation().spectrum_len(fields);
    expect("u", transform.device(), points, u)?;
    expect("v", transform.device(), points, v)?;
    expect("vorticity", transform.device(), len, vorticity)?;
    expect("divergence", transform.device(), len, divergence)?;
    iterate(
        transform,
        fields,
        [u, v],
        [vorticity, divergence],
        criteria,
        |transform, [vorticity, divergence], [u, v]| {
            transform.wind_synthesis(fields, vorticity, divergence, u, v)
        },
        |transform, [u, v], [vorticity, divergence]| {
            transform.wind_analysis(fields, u, v, vorticity, divergence)
        },
    )
}

fn iterate<R: Real, const N: usize>(
    transform: &mut Transform<R>,
    fields: usize,
    targets: [&Buffer<R>; N],
    results: [&mut Buffer<R>; N],
    Criteria { iterations, tolerance }: Criteria,
    synthesis: impl Fn(&mut Transform<R>, &[Buffer<R>; N], &mut [Buffer<R>; N]) -> Result<()>,
    analysis: impl Fn(&mut Transform<R>, &[Buffer<R>; N], &mut [Buffer<R>; N]) -> Result<()>,
) -> Result<Convergence> {
    if !(tolerance.is_finite() && tolerance >= 0.0) {
        let expected = "0 or a positive number".to_owned();
        return Err(Error::InvalidValue { name: "tolerance", got: tolerance.to_string(), expected });
    }
    let mut convergence =
        Convergence { stop: Stop::Iterations, corrections: Vec::new(), residuals: Vec::new() };
    if fields == 0 {
        return Ok(Convergence { stop: Stop::Converged, ..convergence });
    }
    let (device, truncation) = (transform.device(), transform.truncation());
    let (points, len) = (fields * transform.grid().points(), truncation.spectrum_len(fields));
    let buffers = |len: usize| -> Result<[Buffer<R>; N]> {
        let mut made = Vec::with_capacity(N);
        for _ in 0..N {
            made.push(Buffer::zeros(device, len)?);
        }
        Ok(made.try_into().unwrap_or_else(|_| unreachable!("as many buffers as there are places")))
    };
    let (mut model, mut residual) = (buffers(points)?, buffers(points)?);
    let (mut estimate, mut correction, mut sum) = (buffers(len)?, buffers(len)?, buffers(len)?);
    let mut reduction = Reduction::new(device, points)?;
    let mut power = SpectralPower::new(device, truncation)?;

    let mut length = |buffers: [&Buffer<R>; N]| -> Result<f64> {
        let mut square = 0.0;
        for buffer in buffers {
            square += reduction.dot(buffer, buffer)?.to_f64();
        }
        Ok(square.sqrt())
    };
    let size = length(targets)?;
    for (copy, target) in residual.iter_mut().zip(targets) {
        copy.copy_from(target)?;
    }
    analysis(transform, &residual, &mut estimate)?;
    for _ in 0..iterations {
        synthesis(transform, &estimate, &mut model)?;
        for ((residual, target), model) in residual.iter_mut().zip(targets).zip(&model) {
            difference_of_values::launch([points as u32], target, model, residual)?;
        }
        analysis(transform, &residual, &mut correction)?;
        let mut largest: f64 = 0.0;
        let of_correction = norms(&mut power, fields, &correction)?;
        for (change, whole) in of_correction.into_iter().zip(norms(&mut power, fields, &estimate)?) {
            // NaN must not get lost in a maximum.
            let relative = if change == 0.0 { 0.0 } else { change / whole };
            largest = if relative > largest || relative.is_nan() { relative } else { largest };
        }
        let residual_size = length(std::array::from_fn(|index| &residual[index]))?;
        convergence.residuals.push(if residual_size == 0.0 { 0.0 } else { residual_size / size });
        let before = convergence.corrections.last().copied().unwrap_or(f64::INFINITY);
        convergence.corrections.push(largest);
        if largest > tolerance && largest >= before || largest.is_nan() {
            convergence.stop = Stop::NoProgress;
            break;
        }
        for ((sum, estimate), correction) in sum.iter_mut().zip(&estimate).zip(&correction) {
            sum_of_values::launch([len as u32], estimate, correction, sum)?;
        }
        std::mem::swap(&mut estimate, &mut sum);
        if largest <= tolerance {
            convergence.stop = Stop::Converged;
            break;
        }
    }
    for (result, estimate) in results.into_iter().zip(&estimate) {
        result.copy_from(estimate)?;
    }
    Ok(convergence)
}

/// Norm of each field, of all spectra together.
fn norms<R: Real, const N: usize>(
    power: &mut SpectralPower<R>,
    fields: usize,
    spectra: &[Buffer<R>; N],
) -> Result<Vec<f64>> {
    let mut squares = vec![0.0; fields];
    for spectrum in spectra {
        for (square, norm) in squares.iter_mut().zip(power.norms(fields, spectrum)?) {
            *square += norm.to_f64().powi(2);
        }
    }
    Ok(squares.into_iter().map(f64::sqrt).collect())
}
