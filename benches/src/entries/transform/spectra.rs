//! The spectra that are transformed.

use terrella_kernels::Real;
use terrella_kernels::spectral::Truncation;

use crate::entries::data::scattered;

/// Coefficients of order 1 with a zero imaginary part for m = 0, and for a wind's a zero mean.
pub(in crate::entries) fn spectrum<R: Real>(
    truncation: Truncation,
    fields: usize,
    wind: bool,
    seed: u64,
) -> Vec<R> {
    let mut values: Vec<R> = scattered(truncation.spectrum_len(fields), -1.0, 1.0, seed);
    for n in 0..=truncation.total() {
        let real = truncation.index(0, n) * 2 * fields;
        values[real + fields..real + 2 * fields].fill(R::ZERO);
        if wind && n == 0 {
            values[real..real + fields].fill(R::ZERO);
        }
    }
    values
}

/// The spectrum of the derivative by longitude: coefficients times i m.
pub(super) fn zonal_derivative<R: Real>(truncation: Truncation, fields: usize, values: &mut [R]) {
    for (m, n) in truncation.wavenumbers() {
        let start = truncation.index(m, n) * 2 * fields;
        let (real, imaginary) = values[start..start + 2 * fields].split_at_mut(fields);
        let order = R::from_f64(m as f64);
        for (real, imaginary) in real.iter_mut().zip(imaginary) {
            (*real, *imaginary) = (-order * *imaginary, order * *real);
        }
    }
}
