//! Legendre sums between rows and waves.
//!
//! The functions below say what is computed, and compute it on the CPU; on GPUs the texts beside them do the same work in tiles,
//! with fused multiply-adds in CUDA. There a group of 256 threads makes far more than 256 values, so that of the groups that
//! the launcher starts most find nothing to do, and where there are too few of them, each goes on to further tiles.

use crate::{Real, kernel};

/// One part of the Fourier coefficient of one wavenumber, column and latitude pair: the sum over the rows of even (part 0
/// re, 1 im) or odd (2, 3) n − m of coefficient times scaled function, the odd ones times μ.
///
/// m counts the wavenumbers that are here.
///
/// | argument     | shape                | see                                |
/// |--------------|----------------------|------------------------------------|
/// | `first_row`  | [m+1]                | [`Rows`](super::tables::Rows)       |
/// | `factors`    | [row][3]             | [`Rows`](super::tables::Rows)       |
/// | `rows`       | [row][2][column]     | coefficients                       |
/// | `arguments`  | [pair][3]            | [`Latitudes`](super::tables::Latitudes) |
/// | `start`      | [m][pair]            | [`Latitudes`](super::tables::Latitudes) |
/// | `first_pair` | [chunk]              | [`Latitudes`](super::tables::Latitudes) |
/// | `restarts`   | [chunk][pair][4]     | [`Latitudes`](super::tables::Latitudes) |
#[kernel(indices = 4, cuda = "legendre_synthesis.cu", wgsl = "legendre_synthesis.wgsl")]
pub fn legendre_synthesis<R: Real>(
    m: u32,
    column: u32,
    pair: u32,
    part: u32,
    columns: u32,
    pairs: u32,
    first_row: &[u32],
    factors: &[R],
    arguments: &[R],
    start: &[u32],
    first_pair: &[u32],
    restarts: &[R],
    rows: &[R],
) -> R {
    let parity = part / 2;
    let imaginary = part % 2;
    let begin = first_row[m];
    let argument = arguments[3 * pair];
    let sign = arguments[3 * pair + 2];
    let mut offset = 1;
    if sign > 0.0 {
        offset = 2;
    }
    let first_step = start[m * pairs + pair];
    let mut total = 0.0;
    for chunk in begin / 32..first_row[m + 1] / 32 {
        if pair >= first_pair[chunk] {
            let at = (chunk * pairs + pair) * 4 + 2 * parity;
            let mut difference = restarts[at];
            let mut function = restarts[at + 1];
            let mut power = 1.0;
            let mut sum = 0.0;
            for k in 0..16 {
                let row = chunk * 32 + 2 * k + parity;
                if (row - begin) / 2 >= first_step {
                    sum += rows[(2 * row + imaginary) * columns + column] * (power * function);
                    difference -= (factors[3 * row] * argument + factors[3 * row + offset]) * function;
                    function += difference;
                }
                power *= sign;
            }
            total += sum;
        }
    }
    if parity == 1 {
        total *= arguments[3 * pair + 1];
    }
    total
}

/// The transpose of [`legendre_synthesis`]: one row's sum over latitude pairs, re (part 0) or im, of one column.
#[kernel(indices = 3, cuda = "legendre_analysis.cu", wgsl = "legendre_analysis.wgsl")]
pub fn legendre_analysis<R: Real>(
    row: u32,
    part: u32,
    column: u32,
    columns: u32,
    pairs: u32,
    wavenumber: &[u32],
    first_row: &[u32],
    factors: &[R],
    arguments: &[R],
    start: &[u32],
    first_pair: &[u32],
    restarts: &[R],
    waves: &[R],
) -> R {
    let m = wavenumber[row];
    let chunk = row / 32;
    let parity = row % 2;
    let step = (row - first_row[m]) / 2;
    let mut total = 0.0;
    for tile in first_pair[chunk] / 32..(pairs + 31) / 32 {
        let mut end = 32 * tile + 32;
        if end > pairs {
            end = pairs;
        }
        let mut sum = 0.0;
        for pair in 32 * tile..end {
            let first_step = start[m * pairs + pair];
            if step >= first_step {
                let at = (chunk * pairs + pair) * 4 + 2 * parity;
                let mut difference = restarts[at];
                let mut function = restarts[at + 1];
                let sign = arguments[3 * pair + 2];
                let mut offset = 1;
                if sign > 0.0 {
                    offset = 2;
                }
                for k in 0..row % 32 / 2 {
                    let earlier = chunk * 32 + 2 * k + parity;
                    if (earlier - first_row[m]) / 2 >= first_step {
                        difference -= (factors[3 * earlier] * arguments[3 * pair]
                            + factors[3 * earlier + offset])
                            * function;
                        function += difference;
                    }
                }
                if step % 2 == 1 {
                    function *= sign;
                }
                if parity == 1 {
                    function *= arguments[3 * pair + 1];
                }
                sum += function * waves[((m * columns + column) * pairs + pair) * 4 + 2 * parity + part];
            }
        }
        total += sum;
    }
    total
}
