//! Rings that do not begin at 0°E, as those of HEALPix: a phase for every wavenumber.

use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::{Real, Result, kernel};

/// One part of one wavenumber, column and pair, turned by e^{± imλ₀} of the pair's first longitude λ₀.
///
/// `turns` [m][pair][cos, sin]; `direction` 1 towards the grid, −1 back. Even and odd parts turn alike, because the two rings
/// of a pair begin at the same longitude.
#[kernel(indices = 4)]
pub fn turn_waves<R: Real>(
    m: u32,
    column: u32,
    pair: u32,
    part: u32,
    columns: u32,
    pairs: u32,
    direction: R,
    turns: &[R],
    waves: &[R],
) -> R {
    let wave = ((m * columns + column) * pairs + pair) * 4 + part / 2 * 2;
    let turn = (m * pairs + pair) * 2;
    let cosine = turns[turn];
    let sine = direction * turns[turn + 1];
    let mut value = cosine * waves[wave] - sine * waves[wave + 1];
    if part % 2 == 1 {
        value = cosine * waves[wave + 1] + sine * waves[wave];
    }
    value
}

/// [m][pair][cos, sin] of mλ₀; none if all rings begin at 0°E.
pub(super) fn turns<R: Real>(grid: &Grid, total: usize, device: Device) -> Result<Option<Buffer<R>>> {
    let northern = &grid.rings()[..grid.rings().len().div_ceil(2)];
    if northern.iter().all(|ring| ring.first_longitude == 0.0) {
        return Ok(None);
    }
    let mut values = Vec::with_capacity((total + 1) * northern.len() * 2);
    for m in 0..=total {
        for ring in northern {
            let (sine, cosine) = (m as f64 * ring.first_longitude % 360.0).to_radians().sin_cos();
            values.extend([cosine, sine].map(R::from_f64));
        }
    }
    Ok(Some(Buffer::from_slice(device, &values)?))
}
