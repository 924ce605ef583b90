//! Latitudes and quadrature weights of regular latitude-longitude grids.
//!
//! With rings on the poles the weights are those of Clenshaw & Curtis (1960), half a row away from them those of Fejér's
//! first rule (1933). Both integrate polynomials in μ = sin φ of degree below the number of rings exactly; here their sum
//! is 1.

use std::f64::consts::PI;

/// One row: latitude [°], sin, cos, weight.
pub(super) struct Row {
    pub(super) latitude: f64,
    pub(super) sine: f64,
    pub(super) cosine: f64,
    pub(super) weight: f64,
}

/// The rows from north to south; `poles` says whether the first and the last are the poles.
pub(super) fn rows(count: usize, poles: bool) -> Vec<Row> {
    // Colatitude of row j is (2j + shift) π / (2 intervals).
    let (intervals, shift) = if poles { (count - 1, 0) } else { (count, 1) };
    let cosine_table: Vec<f64> =
        (0..2 * intervals).map(|i| (PI * i as f64 / intervals as f64).cos()).collect();
    let weight = |j: usize| {
        let mut sum = 1.0;
        for k in 1..=intervals / 2 {
            let last = poles && 2 * k == intervals;
            let factor = if last { 1.0 } else { 2.0 } / (4 * k * k - 1) as f64;
            // cos(2k · colatitude) = cos(π k (2j + shift) / intervals)
            sum -= factor * cosine_table[k * (2 * j + shift) % (2 * intervals)];
        }
        let end = poles && (j == 0 || j + 1 == count);
        sum / intervals as f64 * if end { 0.5 } else { 1.0 }
    };
    let mut rows = Vec::with_capacity(count);
    for j in 0..count.div_ceil(2) {
        let halves = 2 * j + shift;
        let equator = 2 * j + 1 == count;
        let colatitude = PI * halves as f64 / (2 * intervals) as f64;
        rows.push(Row {
            latitude: 90.0 - 90.0 * halves as f64 / intervals as f64,
            sine: if equator { 0.0 } else { colatitude.cos() },
            cosine: if equator { 1.0 } else { colatitude.sin() },
            weight: weight(j),
        });
    }
    for j in (0..count / 2).rev() {
        let Row { latitude, sine, cosine, weight } = rows[j];
        rows.push(Row { latitude: -latitude, sine: -sine, cosine, weight });
    }
    rows
}
