//! Random rotations of ensembles that keep mean and covariance.
//!
//! Anomalies A become A Ω with an orthogonal Ω that keeps the vector of ones, drawn evenly among all of these (Sakov & Oke 2008b, *Mon. Wea. Rev.* 136,
//! 1042–1053): with an orthonormal basis B of what is orthogonal to the ones, Ω = 1 1ᵀ/N + B Q Bᵀ, where Q comes from the QR
//! factors of a matrix of normal deviates (Mezzadri 2007, *Notices of the AMS* 54, 592–604).

use pulp::{Simd, WithSimd};

use super::Ensemble;
use super::analysis::reweigh;
use super::ensemble::{dot, sum};
use crate::{Real, random};

/// The place of rotations among an experiment's random numbers.
const ROTATION: u32 = 0x070a;

/// Rotates the anomalies of all variables by one Ω, a function of seed and cycle.
pub fn rotate<R: Real>(ensemble: &mut Ensemble<R>, seed: u64, cycle: u32) {
    pulp::Arch::new().dispatch(Rotate { ensemble, seed, cycle });
}

struct Rotate<'a, R> {
    ensemble: &'a mut Ensemble<R>,
    seed: u64,
    cycle: u32,
}

impl<R: Real> WithSimd for Rotate<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { ensemble, seed, cycle } = self;
        let members = ensemble.members();
        let rotation: Vec<R> = orthogonal(members, seed, cycle).into_iter().map(R::from_f64).collect();
        reweigh(ensemble.values_mut(), &rotation, members);
    }
}

/// Ω, \[row]\[column].
///
/// The rows of Q are those of a matrix of deviates made orthonormal one after the other; as a Householder reflection that takes the first unit
/// vector to 1/√N takes the others to a basis B.
#[inline(always)]
fn orthogonal(members: usize, seed: u64, cycle: u32) -> Vec<f64> {
    let inner = members - 1;
    let mut deviates = vec![0.0; inner * inner];
    random::normals(seed, [cycle, ROTATION, 0], &mut deviates);
    for row in 0..inner {
        let (before, now) = deviates.split_at_mut(row * inner);
        let now = &mut now[..inner];
        // Twice is enough for orthogonality to rounding.
        for _ in 0..2 {
            for earlier in before.chunks_exact(inner) {
                let along: f64 = dot(now, earlier);
                now.iter_mut().zip(earlier).for_each(|(value, earlier)| *value -= along * *earlier);
            }
        }
        let norm = sum(now, |value| value * value).sqrt();
        now.iter_mut().for_each(|value| *value /= norm);
    }
    // 1 and Q side by side, between the reflection I − β v vᵀ with v = e₁ − 1/√N on both sides.
    let mut rotation = vec![0.0; members * members];
    rotation[0] = 1.0;
    for row in 0..inner {
        rotation[(row + 1) * members + 1..(row + 2) * members]
            .copy_from_slice(&deviates[row * inner..(row + 1) * inner]);
    }
    let mut v = vec![-1.0 / (members as f64).sqrt(); members];
    v[0] += 1.0;
    let beta = 2.0 / sum(&v, |value| value * value);
    for row in rotation.chunks_exact_mut(members) {
        let along = beta * dot(row, &v);
        row.iter_mut().zip(&v).for_each(|(value, v)| *value -= along * *v);
    }
    let mut along = vec![0.0; members];
    for (row, v) in rotation.chunks_exact(members).zip(&v) {
        along.iter_mut().zip(row).for_each(|(sum, value)| *sum += beta * *v * *value);
    }
    for (row, v) in rotation.chunks_exact_mut(members).zip(&v) {
        row.iter_mut().zip(&along).for_each(|(value, along)| *value -= *v * *along);
    }
    rotation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assimilation::ensemble::mean_of;

    #[test]
    fn rotations_are_orthogonal_and_keep_the_ones() {
        for members in [2, 3, 10, 41] {
            let rotation = orthogonal(members, 1, 2);
            for i in 0..members {
                let row = &rotation[i * members..(i + 1) * members];
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-13);
                assert!((rotation.iter().skip(i).step_by(members).sum::<f64>() - 1.0).abs() < 1e-13);
                for j in 0..members {
                    let product = dot(row, &rotation[j * members..(j + 1) * members]);
                    assert!((product - f64::from(i == j)).abs() < 1e-13, "{members}, ({i}, {j}): {product}");
                }
            }
            assert!((orthogonal(members, 1, 3)[0] - rotation[0]).abs() > 1e-9 || members == 2);
        }
    }

    #[test]
    fn mean_and_covariance_stay() {
        let mut values = vec![0.0_f64; 4 * 12];
        random::normals(9, [0; 3], &mut values);
        let before = Ensemble::new(12, values).expect("an ensemble");
        let mut after = before.clone();
        rotate(&mut after, 3, 4);
        let covariance = |ensemble: &Ensemble<f64>, i: usize, j: usize| {
            let row = |k: usize| &ensemble.values()[12 * k..12 * (k + 1)];
            let (mean_i, mean_j) = (mean_of(row(i)), mean_of(row(j)));
            row(i).iter().zip(row(j)).map(|(a, b)| (a - mean_i) * (b - mean_j)).sum::<f64>()
        };
        for i in 0..4 {
            for j in 0..4 {
                let (a, b) = (covariance(&before, i, j), covariance(&after, i, j));
                assert!((a - b).abs() < 1e-12, "({i}, {j}): {a} {b}");
            }
        }
        assert_ne!(before, after);
    }
}
