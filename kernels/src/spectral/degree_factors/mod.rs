//! Operators that multiply each coefficient by a number that depends on its total wavenumber n alone: the Laplacian, its
//! inverse and powers, and isotropic filters.
//!
//! g_nm = s_n f_nm. [`factors`] has the ready-made s_n. Multiplication by real numbers is symmetric, so that each operator is
//! its own adjoint with respect to plain dot products of the arrays as stored.

pub mod factors;

use terrella_kernels_macros::kernel;

use super::{Truncation, expect};
use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// One value of one coefficient: factor · value.
///
/// | argument   | shape                      | unit |
/// |------------|----------------------------|------|
/// | `lanes`    | 1                          | –    |
/// | `factors`  | [coefficient]              | any  |
/// | `spectrum` | [coefficient][lanes]       | any  |
///
/// `lane` runs over real and imaginary parts of all fields, [2][field].
#[kernel(indices = 2)]
pub fn multiply_coefficients<R: Real>(
    coefficient: u32,
    lane: u32,
    lanes: u32,
    factors: &[R],
    spectrum: &[R],
) -> R {
    factors[coefficient] * spectrum[coefficient * lanes + lane]
}

/// A diagonal operator on the spectra of one truncation, on one device.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::spectral::Truncation;
/// use terrella_kernels::spectral::degree_factors::{DegreeFactors, factors};
///
/// let truncation = Truncation::new(21);
/// let laplacian = factors::laplacian(truncation, 6_371_229.0)?;
/// let operator = DegreeFactors::<f64>::new(Device::Cpu, truncation, &laplacian)?;
/// let spectrum = Buffer::from_slice(Device::Cpu, &vec![1.0; truncation.spectrum_len(1)])?;
/// let mut result = Buffer::zeros(Device::Cpu, spectrum.len())?;
/// operator.apply(1, &spectrum, &mut result)?;
/// assert_eq!(result.to_vec()?[2 * truncation.index(3, 5)], -30.0 / 6_371_229.0_f64.powi(2));
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct DegreeFactors<R: Real> {
    truncation: Truncation,
    device: Device,
    /// One factor per coefficient.
    factors: Buffer<R>,
}

impl<R: Real> DegreeFactors<R> {
    /// The operator with these factors of n = 0 ..= T.
    ///
    /// Errors: another number of factors than T+1, one that is not finite in this precision, no room on the device.
    pub fn new(device: Device, truncation: Truncation, by_degree: &[f64]) -> Result<Self> {
        let expected = truncation.total() + 1;
        if by_degree.len() != expected {
            return Err(Error::LengthMismatch { name: "by_degree", expected, got: by_degree.len() });
        }
        let rounded: Vec<R> = by_degree.iter().map(|&factor| R::from_f64(factor)).collect();
        if let Some(n) = rounded.iter().position(|factor| !factor.to_f64().is_finite()) {
            let expected = format!("a number that is finite in {:?}", R::PRECISION);
            let got = format!("{} for n = {n}", by_degree[n]);
            return Err(Error::InvalidValue { name: "by_degree", got, expected });
        }
        let factors: Vec<R> = truncation.wavenumbers().map(|(_, n)| rounded[n]).collect();
        Ok(Self { truncation, device, factors: Buffer::from_slice(device, &factors)? })
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.truncation
    }

    /// Applies the operator, which is its own adjoint.
    ///
    /// | argument   | shape                    | unit                     |
    /// |------------|--------------------------|--------------------------|
    /// | `spectrum` | [coefficient][2][fields] | any                      |
    /// | `result`   | [coefficient][2][fields] | of spectrum times factor |
    ///
    /// Errors: a buffer of another length or on another device.
    pub fn apply(&self, fields: usize, spectrum: &Buffer<R>, result: &mut Buffer<R>) -> Result<()> {
        let len = self.truncation.spectrum_len(fields);
        expect("spectrum", self.device, len, spectrum)?;
        expect("result", self.device, len, result)?;
        if fields == 0 {
            return Ok(());
        }
        let lanes = 2 * fields as u32;
        let extent = [self.truncation.coefficients() as u32, lanes];
        multiply_coefficients::launch(extent, lanes, &self.factors, spectrum, result)
    }
}
