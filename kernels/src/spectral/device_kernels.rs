//! The transform as kernels for GPUs: Legendre sums against a table, Fourier sums term by term.
//!
//! Shapes: `table` [coefficient up to degree T+1][pair] holds P̄_nm at the northern latitude of every pair of rings; spectra are
//! [coefficient][2][field]. Triangles are addressed by their total wavenumber: coefficient (m, m) stands at
//! m (2 total + 3 − m)/2.

use crate::{Real, kernel};

/// Fourier coefficients (north re, north im, south re, south im) of one wavenumber, field and latitude pair:
/// Σ_n f_nm P̄_nm(±μ), where P̄_nm(−μ) = (−1)^{n−m} P̄_nm(μ).
#[kernel(indices = 3)]
pub fn legendre_synthesis<R: Real>(
    m: u32,
    field: u32,
    pair: u32,
    fields: u32,
    pairs: u32,
    total: u32,
    table_total: u32,
    table: &[R],
    spectrum: &[R],
) -> (R, R, R, R) {
    let first = m * (2 * total + 3 - m) / 2;
    let row = m * (2 * table_total + 3 - m) / 2;
    let count = total + 1 - m;
    let mut even_re = 0.0;
    let mut even_im = 0.0;
    let mut odd_re = 0.0;
    let mut odd_im = 0.0;
    for k in 0..(count + 1) / 2 {
        let function = table[(row + 2 * k) * pairs + pair];
        let at = (first + 2 * k) * 2 * fields + field;
        even_re += function * spectrum[at];
        even_im += function * spectrum[at + fields];
    }
    for k in 0..count / 2 {
        let function = table[(row + 2 * k + 1) * pairs + pair];
        let at = (first + 2 * k + 1) * 2 * fields + field;
        odd_re += function * spectrum[at];
        odd_im += function * spectrum[at + fields];
    }
    (even_re + odd_re, even_im + odd_im, even_re - odd_re, even_im - odd_im)
}

/// The value at one point: factor₀ F_0 + 2 factor₁ Σ_m Re(F_m e^{imλ}).
///
/// `rings` [ring][5]: latitude pair, 1 if southern, number of wavenumbers, number of points, first point; `roots` [ring's
/// roots][2]: cos and sin of 2πj/points from `first_root` on; `factor` [ring][2]: at m = 0 and m > 0.
#[kernel(indices = 2)]
pub fn fourier_synthesis<R: Real>(
    field: u32,
    point: u32,
    fields: u32,
    pairs: u32,
    ring_of_point: &[u32],
    rings: &[u32],
    first_root: &[u32],
    roots: &[R],
    factor: &[R],
    north_re: &[R],
    north_im: &[R],
    south_re: &[R],
    south_im: &[R],
) -> R {
    let ring = ring_of_point[point];
    let pair = rings[5 * ring];
    let southern = rings[5 * ring + 1];
    let wavenumbers = rings[5 * ring + 2];
    let points = rings[5 * ring + 3];
    let longitude = point - rings[5 * ring + 4];
    let root = first_root[ring];
    let mut zonal = north_re[field * pairs + pair];
    if southern == 1 {
        zonal = south_re[field * pairs + pair];
    }
    let mut sum = 0.0;
    let mut phase = 0;
    for m in 1..wavenumbers {
        phase += longitude;
        if phase >= points {
            phase -= points;
        }
        let at = (m * fields + field) * pairs + pair;
        let cosine = roots[2 * (root + phase)];
        let sine = roots[2 * (root + phase) + 1];
        if southern == 1 {
            sum += south_re[at] * cosine - south_im[at] * sine;
        } else {
            sum += north_re[at] * cosine - north_im[at] * sine;
        }
    }
    factor[2 * ring] * zonal + 2.0 * factor[2 * ring + 1] * sum
}

/// Fourier coefficient (re, im) of one field, ring and wavenumber: factor Σ_j f_j e^{−2πi jm/points}; 0 where the ring does
/// not carry the wavenumber. Tables as in [`fourier_synthesis`].
#[kernel(indices = 3)]
pub fn fourier_analysis<R: Real>(
    field: u32,
    ring: u32,
    m: u32,
    grid_points: u32,
    rings: &[u32],
    first_root: &[u32],
    roots: &[R],
    factor: &[R],
    values: &[R],
) -> (R, R) {
    let wavenumbers = rings[5 * ring + 2];
    let points = rings[5 * ring + 3];
    let first = field * grid_points + rings[5 * ring + 4];
    let root = first_root[ring];
    let mut re = 0.0;
    let mut im = 0.0;
    if m < wavenumbers {
        let mut phase = 0;
        for j in 0..points {
            let value = values[first + j];
            re += value * roots[2 * (root + phase)];
            im -= value * roots[2 * (root + phase) + 1];
            phase += m;
            if phase >= points {
                phase -= points;
            }
        }
        let mut weight = factor[2 * ring + 1];
        if m == 0 {
            weight = factor[2 * ring];
        }
        re *= weight;
        im *= weight;
    }
    (re, im)
}

/// One part of one coefficient: Σ over pairs of P̄_nm(μ) (F_m(μ) ± F_m(−μ)), from `re` and `im` [field][ring][wavenumber].
#[kernel(indices = 3)]
pub fn legendre_analysis<R: Real>(
    coefficient: u32,
    part: u32,
    field: u32,
    pairs: u32,
    rings: u32,
    wavenumbers: u32,
    total: u32,
    table_total: u32,
    wavenumber_of: &[u32],
    table: &[R],
    re: &[R],
    im: &[R],
) -> R {
    let m = wavenumber_of[coefficient];
    let mut sum = 0.0;
    if m < wavenumbers {
        let degree = coefficient - m * (2 * total + 3 - m) / 2;
        let row = m * (2 * table_total + 3 - m) / 2 + degree;
        for pair in 0..pairs {
            let at = (field * rings + pair) * wavenumbers + m;
            let mirrored = (field * rings + rings - 1 - pair) * wavenumbers + m;
            let mut north = re[at];
            let mut south = re[mirrored];
            if part == 1 {
                north = im[at];
                south = im[mirrored];
            }
            if mirrored == at {
                south = 0.0;
            }
            if degree % 2 == 1 {
                south = -south;
            }
            sum += table[row * pairs + pair] * (north + south);
        }
    }
    sum
}

/// Coefficients of u cos φ and v cos φ from those of vorticity and divergence: the relations of `spectral::wind`.
///
/// `coefficient` runs over the triangle of T+1, the sources over that of T; `zonal`, `below`, `above` are the factors of
/// degrees n, n−1, n+1 on the unit sphere, 0 where there is no such degree.
#[kernel(indices = 3)]
pub fn wind_coefficients<R: Real>(
    coefficient: u32,
    part: u32,
    field: u32,
    fields: u32,
    total: u32,
    radius: R,
    wavenumber_of: &[u32],
    zonal: &[R],
    below: &[R],
    above: &[R],
    vorticity: &[R],
    divergence: &[R],
) -> (R, R) {
    let m = wavenumber_of[coefficient];
    let mut eastward = 0.0;
    let mut northward = 0.0;
    if m <= total {
        let degree = coefficient - m * (2 * total + 5 - m) / 2;
        let source = m * (2 * total + 3 - m) / 2 + degree;
        if m + degree <= total {
            let other = (2 * source + 1 - part) * fields + field;
            let mut turn = zonal[coefficient];
            if part == 0 {
                turn = -turn;
            }
            eastward = turn * divergence[other];
            northward = turn * vorticity[other];
        }
        if degree > 0 && m + degree <= total + 1 {
            let at = (2 * source - 2 + part) * fields + field;
            eastward += below[coefficient] * vorticity[at];
            northward -= below[coefficient] * divergence[at];
        }
        if m + degree < total {
            let at = (2 * source + 2 + part) * fields + field;
            eastward += above[coefficient] * vorticity[at];
            northward -= above[coefficient] * divergence[at];
        }
    }
    (radius * eastward, radius * northward)
}

/// Vorticity and divergence from the coefficients of u/cos φ and v/cos φ up to degree T+1: the relations of
/// `spectral::wind`.
///
/// `coefficient` runs over the triangle of T; `below` and `above` are the factors of degrees n−1 and n+1.
#[kernel(indices = 3)]
pub fn vorticity_divergence<R: Real>(
    coefficient: u32,
    part: u32,
    field: u32,
    fields: u32,
    total: u32,
    radius: R,
    wavenumber_of: &[u32],
    below: &[R],
    above: &[R],
    eastward: &[R],
    northward: &[R],
) -> (R, R) {
    let m = wavenumber_of[coefficient];
    let degree = coefficient - m * (2 * total + 3 - m) / 2;
    let source = m * (2 * total + 5 - m) / 2 + degree;
    let other = (2 * source + 1 - part) * fields + field;
    let mut turn = m as R;
    if part == 0 {
        turn = -turn;
    }
    let mut vorticity = turn * northward[other];
    let mut divergence = turn * eastward[other];
    if degree > 0 {
        let at = (2 * source - 2 + part) * fields + field;
        vorticity += below[coefficient] * eastward[at];
        divergence -= below[coefficient] * northward[at];
    }
    let at = (2 * source + 2 + part) * fields + field;
    vorticity += above[coefficient] * eastward[at];
    divergence -= above[coefficient] * northward[at];
    if m + degree == 0 {
        vorticity = 0.0;
        divergence = 0.0;
    }
    (vorticity / radius, divergence / radius)
}
