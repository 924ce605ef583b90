//! Coefficients of the wind for one zonal wavenumber, to be summed with the functions of `points`, and the transpose.
//!
//! For m > 0 those of u cos φ and v cos φ, n = m ..= T+1, with s_n = −a/(n(n+1)):
//!
//! U_n = i m s_n δ_n + (n−1) ε_n s_{n−1} ζ_{n−1} − (n+2) ε_{n+1} s_{n+1} ζ_{n+1}
//! V_n = i m s_n ζ_n − (n−1) ε_n s_{n−1} δ_{n−1} + (n+2) ε_{n+1} s_{n+1} δ_{n+1}
//!
//! and for m = 0, summed with P̄_n1, n = 1 ..= T: U_n = a ζ_n/√(n(n+1)), V_n = −a δ_n/√(n(n+1)).

use crate::spectral::recurrence::epsilon;

/// Row of coefficients [re, im] of one field and one m, from n = m on.
type Row = [[f64; 2]];

/// Number of coefficients of each component.
pub(super) fn count(m: usize, total: usize) -> usize {
    if m == 0 { total } else { total + 2 - m }
}

/// U and V from ζ and δ, whose rows hold n = m ..= T.
pub(super) fn from_sources(
    m: usize,
    total: usize,
    radius: f64,
    [vorticity, divergence]: [&Row; 2],
    [u, v]: [&mut Row; 2],
) {
    if m == 0 {
        for n in 1..=total {
            let factor = radius / ((n * (n + 1)) as f64).sqrt();
            u[n - 1] = [factor * vorticity[n][0], 0.0];
            v[n - 1] = [-factor * divergence[n][0], 0.0];
        }
        return;
    }
    let scaled = |row: &Row, n: usize| row[n - m].map(|value| scale(n, radius) * value);
    for n in m..=total + 1 {
        let (mut eastward, mut northward) = ([0.0; 2], [0.0; 2]);
        if n <= total {
            let turn = |[re, im]: [f64; 2]| [-(m as f64) * im, m as f64 * re];
            eastward = turn(scaled(divergence, n));
            northward = turn(scaled(vorticity, n));
        }
        let mut add = |factor: f64, neighbour: usize| {
            let (psi, chi) = (scaled(vorticity, neighbour), scaled(divergence, neighbour));
            for part in 0..2 {
                eastward[part] += factor * psi[part];
                northward[part] -= factor * chi[part];
            }
        };
        if n > m {
            add((n - 1) as f64 * epsilon(m, n), n - 1);
        }
        if n < total {
            add(-((n + 2) as f64) * epsilon(m, n + 1), n + 1);
        }
        (u[n - m], v[n - m]) = (eastward, northward);
    }
}

/// The transpose of [`from_sources`].
pub(super) fn to_sources(
    m: usize,
    total: usize,
    radius: f64,
    [u, v]: [&Row; 2],
    [vorticity, divergence]: [&mut Row; 2],
) {
    if m == 0 {
        (vorticity[0], divergence[0]) = ([0.0; 2], [0.0; 2]);
        for n in 1..=total {
            let factor = radius / ((n * (n + 1)) as f64).sqrt();
            vorticity[n] = [factor * u[n - 1][0], 0.0];
            divergence[n] = [-factor * v[n - 1][0], 0.0];
        }
        return;
    }
    for n in m..=total {
        let back = |[re, im]: [f64; 2]| [m as f64 * im, -(m as f64) * re];
        let (mut zeta, mut delta) = (back(v[n - m]), back(u[n - m]));
        let mut add = |factor: f64, neighbour: usize| {
            for part in 0..2 {
                zeta[part] += factor * u[neighbour - m][part];
                delta[part] -= factor * v[neighbour - m][part];
            }
        };
        add(n as f64 * epsilon(m, n + 1), n + 1);
        if n > m {
            add(-((n + 1) as f64) * epsilon(m, n), n - 1);
        }
        vorticity[n - m] = zeta.map(|value| scale(n, radius) * value);
        divergence[n - m] = delta.map(|value| scale(n, radius) * value);
    }
}

/// s_n.
fn scale(n: usize, radius: f64) -> f64 {
    -radius / (n * (n + 1)) as f64
}
