//! From one triangular truncation to another: coefficients beyond the new one are left out, missing ones are 0.
//!
//! Cutting off and padding with zeros are each other's adjoints with respect to plain dot products.

use terrella_kernels_macros::kernel;

use super::{Truncation, expect};
use crate::device::{Buffer, Device};
use crate::{Real, Result};

/// Marks a coefficient that the source does not have.
const ABSENT: u32 = u32::MAX;

/// One value of one coefficient of the target: the source's, or 0 where it has none.
///
/// | argument    | shape                          | unit                                       |
/// |-------------|--------------------------------|--------------------------------------------|
/// | `lanes`     | 1                              | –                                          |
/// | `available` | 1                              | coefficients of the source                 |
/// | `source_of` | [coefficient of the target]    | index in the source, ≥ `available` if none |
/// | `source`    | [coefficient of the source][lanes] | any                                    |
///
/// `lane` runs over real and imaginary parts of all fields, [2][field].
#[kernel(indices = 2)]
pub fn change_coefficients<R: Real>(
    coefficient: u32,
    lane: u32,
    lanes: u32,
    available: u32,
    source_of: &[u32],
    source: &[R],
) -> R {
    let at = source_of[coefficient];
    let mut value = 0.0;
    if at < available {
        value = source[at * lanes + lane];
    }
    value
}

/// The change between two truncations, on one device.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::spectral::Truncation;
/// use terrella_kernels::spectral::truncation_change::TruncationChange;
///
/// let (small, large) = (Truncation::new(21), Truncation::new(42));
/// let change = TruncationChange::new(Device::Cpu, small, large)?;
/// let spectrum = Buffer::from_slice(Device::Cpu, &vec![1.0_f64; small.spectrum_len(1)])?;
/// let mut padded = Buffer::zeros(Device::Cpu, large.spectrum_len(1))?;
/// change.apply(1, &spectrum, &mut padded)?;
/// let padded = padded.to_vec()?;
/// assert_eq!((padded[2 * large.index(3, 21)], padded[2 * large.index(3, 22)]), (1.0, 0.0));
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct TruncationChange {
    device: Device,
    from: Truncation,
    to: Truncation,
    forward: Buffer<u32>,
    backward: Buffer<u32>,
}

impl TruncationChange {
    /// The change from one truncation to another, in either direction or none. Error: no room on the device.
    pub fn new(device: Device, from: Truncation, to: Truncation) -> Result<Self> {
        let table = |from: Truncation, to: Truncation| {
            let source_of = |(m, n)| if n <= from.total() { from.index(m, n) as u32 } else { ABSENT };
            Buffer::from_slice(device, &to.wavenumbers().map(source_of).collect::<Vec<_>>())
        };
        Ok(Self { device, from, to, forward: table(from, to)?, backward: table(to, from)? })
    }

    /// The new truncation's spectrum of the old one's.
    ///
    /// | argument   | shape                                    | unit        |
    /// |------------|------------------------------------------|-------------|
    /// | `spectrum` | [coefficient of the old truncation][2][fields] | any   |
    /// | `result`   | [coefficient of the new truncation][2][fields] | the same |
    ///
    /// Errors: a buffer of another length or on another device.
    pub fn apply<R: Real>(&self, fields: usize, spectrum: &Buffer<R>, result: &mut Buffer<R>) -> Result<()> {
        expect("spectrum", self.device, self.from.spectrum_len(fields), spectrum)?;
        expect("result", self.device, self.to.spectrum_len(fields), result)?;
        run(fields, self.from, self.to, &self.forward, spectrum, result)
    }

    /// The adjoint: the change back. `result` has the new truncation, `spectrum` the old one.
    pub fn apply_adjoint<R: Real>(
        &self,
        fields: usize,
        result: &Buffer<R>,
        spectrum: &mut Buffer<R>,
    ) -> Result<()> {
        expect("result", self.device, self.to.spectrum_len(fields), result)?;
        expect("spectrum", self.device, self.from.spectrum_len(fields), spectrum)?;
        run(fields, self.to, self.from, &self.backward, result, spectrum)
    }
}

fn run<R: Real>(
    fields: usize,
    from: Truncation,
    to: Truncation,
    source_of: &Buffer<u32>,
    source: &Buffer<R>,
    target: &mut Buffer<R>,
) -> Result<()> {
    if fields == 0 {
        return Ok(());
    }
    let lanes = 2 * fields as u32;
    let extent = [to.coefficients() as u32, lanes];
    change_coefficients::launch(extent, lanes, from.coefficients() as u32, source_of, source, target)
}
