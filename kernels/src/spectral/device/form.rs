//! Operators in spectral space, between spectra and rows, see `spectral::form`; the numbers of [`Form`] are the kernels'.
//!
//! [`Form`]: crate::spectral::operation::Form

use crate::{Real, kernel};

/// ε_n of zonal wavenumber m; 0 at n = m.
#[kernel(function)]
pub fn epsilon_of<R: Real>(m: u32, n: u32) -> R {
    let mut value = 0.0;
    if n > m {
        let twice = 2.0 * (n as R);
        value = (((n - m) as R) * ((n + m) as R) / ((twice - 1.0) * (twice + 1.0))).sqrt();
    }
    value
}

/// What an input of degree n is multiplied by: `scale`, over n(n+1) where the Laplacian is inverted.
#[kernel(function)]
pub fn scale_of<R: Real>(n: u32, scale: R, inverts_laplacian: u32) -> R {
    let mut value = scale;
    if inverts_laplacian == 1 {
        if n == 0 {
            value = 0.0;
        } else {
            value = scale / ((n as R) * ((n + 1) as R));
        }
    }
    value
}

/// One part of one row of one column: the operator's coefficient times the amplitude of the scaled function.
///
/// `column` = component · fields + field; `x` and `y` are [coefficient][2][field] up to T: the scalar twice, or vorticity and
/// divergence. Rows above the operator's degrees are 0, and so are the imaginary parts of m = 0. `wave_of_row` says to which of the
/// wavenumbers that are here a row belongs, and `zonal` [wave][2] what m is and which coefficient is its first.
#[kernel(indices = 3)]
pub fn rows_from_spectra<R: Real>(
    row: u32,
    part: u32,
    column: u32,
    fields: u32,
    total: u32,
    form: u32,
    scale: R,
    inverts_laplacian: u32,
    wave_of_row: &[u32],
    zonal: &[u32],
    first_row: &[u32],
    amplitudes: &[R],
    x: &[R],
    y: &[R],
) -> R {
    let wave = wave_of_row[row];
    let m = zonal[2 * wave];
    let n = m + row - first_row[wave];
    let component = column / fields;
    let field = column % fields;
    let at = (zonal[2 * wave + 1] + n - m) * 2 * fields + field;
    let mut value = 0.0;
    if form == 0 {
        if n <= total {
            value = x[at + part * fields];
        }
    } else {
        // ∂/∂λ of the whole swaps the parts once more.
        let mut inner = part;
        if form == 3 {
            inner = 1 - part;
        }
        let mut zonal = 1.0;
        let mut gradient = 1.0;
        if form == 1 {
            if component == 0 {
                gradient = 0.0;
            } else {
                zonal = 0.0;
            }
        } else {
            if component == 0 {
                gradient = -1.0;
            }
        }
        if n <= total {
            zonal *= (m as R) * scale_of(n, scale, inverts_laplacian);
            if inner == 0 {
                zonal = -zonal;
            }
            let from = at + (1 - inner) * fields;
            // u takes i m of the divergence, v of the vorticity.
            if component == 0 {
                value = zonal * y[from];
            } else {
                value = zonal * x[from];
            }
        }
        let from = at + inner * fields;
        if n > m && n <= total + 1 {
            let factor =
                gradient * ((n - 1) as R) * epsilon_of(m, n) * scale_of(n - 1, scale, inverts_laplacian);
            if component == 0 {
                value -= factor * x[from - 2 * fields];
            } else {
                value -= factor * y[from - 2 * fields];
            }
        }
        if n < total {
            let factor =
                gradient * ((n + 2) as R) * epsilon_of(m, n + 1) * scale_of(n + 1, scale, inverts_laplacian);
            if component == 0 {
                value += factor * x[from + 2 * fields];
            } else {
                value += factor * y[from + 2 * fields];
            }
        }
        if form == 3 {
            value *= m as R;
            if part == 0 {
                value = -value;
            }
        }
    }
    if m == 0 && part == 1 {
        value = 0.0;
    }
    amplitudes[row] * value
}

/// The transpose of [`rows_from_spectra`]: one part of one coefficient of input number `input` (0: `x`, 1: `y`).
///
/// `wave_of` is the wave of each coefficient; `rows` are [row][2][component · fields + field].
#[kernel(indices = 3)]
pub fn spectra_from_rows<R: Real>(
    coefficient: u32,
    part: u32,
    field: u32,
    fields: u32,
    input: u32,
    form: u32,
    scale: R,
    inverts_laplacian: u32,
    wave_of: &[u32],
    zonal: &[u32],
    first_row: &[u32],
    amplitudes: &[R],
    rows: &[R],
) -> R {
    let wave = wave_of[coefficient];
    let m = zonal[2 * wave];
    let j = coefficient - zonal[2 * wave + 1];
    let n = m + j;
    let row = first_row[wave] + j;
    let mut value = 0.0;
    if form == 0 {
        value += amplitudes[row] * rows[(2 * row + part) * fields + field];
    } else {
        let columns = 2 * fields;
        // The components that the input enters by i m and by H, and its sign there.
        let mut zonal_column = field;
        let mut gradient_column = fields + field;
        let mut sign = 1.0;
        if form != 1 && input == 0 {
            zonal_column = fields + field;
            gradient_column = field;
            sign = -1.0;
        }
        // A derivative to the east was the last step: its transpose comes first, (re, im) to m (im, −re).
        let mut other = 1 - part;
        let mut same = part;
        let mut other_factor = 1.0;
        let mut same_factor = 1.0;
        if part == 1 {
            other_factor = -1.0;
        }
        if form == 3 {
            other = part;
            same = 1 - part;
            // Twice i m is −m², whatever the part; once it is m im in re, −m re in im.
            other_factor = -(m as R);
            same_factor = m as R;
            if part == 1 {
                same_factor = -same_factor;
            }
        }
        value += other_factor * (m as R) * amplitudes[row] * rows[(2 * row + other) * columns + zonal_column];
        let mut turned = -(n as R)
            * epsilon_of(m, n + 1)
            * amplitudes[row + 1]
            * rows[(2 * row + 2 + same) * columns + gradient_column];
        if j > 0 {
            turned += ((n + 1) as R)
                * epsilon_of(m, n)
                * amplitudes[row - 1]
                * rows[(2 * row - 2 + same) * columns + gradient_column];
        }
        value += sign * same_factor * turned;
        value *= scale_of(n, scale, inverts_laplacian);
    }
    if m == 0 && part == 1 {
        value = 0.0;
    }
    value
}
