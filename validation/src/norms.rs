//! Relative errors over the sphere, as Williamson et al. (1992) define them.
//!
//! With I the area mean: l1 = I(|x − r|)/I(|r|), l2 = √(I((x − r)²)/I(r²)), l∞ = max|x − r|/max|r|.

use terrella_kernels::Real;
use terrella_kernels::grid::Grid;

/// Relative errors of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    /// l1.
    pub mean: f64,
    /// l2.
    pub root_mean_square: f64,
    /// l∞.
    pub maximum: f64,
}

/// Errors of `values` against `reference`, `[points]` each.
pub fn relative_error<R: Real>(grid: &Grid, values: &[R], reference: &[f64]) -> Norms {
    assert_eq!(values.len(), grid.points(), "values of another grid");
    assert_eq!(reference.len(), grid.points(), "reference of another grid");
    let weights = grid
        .rings()
        .iter()
        .flat_map(|ring| std::iter::repeat_n(ring.weight / ring.points as f64, ring.points));
    weighted_error(weights, values.iter().map(|value| value.to_f64()), reference.iter().copied())
}

/// The same over points with given area weights.
pub fn weighted_error(
    weights: impl Iterator<Item = f64>,
    values: impl Iterator<Item = f64>,
    reference: impl Iterator<Item = f64>,
) -> Norms {
    let (mut errors, mut sizes) = ([0.0; 3], [0.0; 3]);
    for ((weight, value), expected) in weights.zip(values).zip(reference) {
        for (sums, magnitude) in [(&mut errors, (value - expected).abs()), (&mut sizes, expected.abs())] {
            sums[0] += weight * magnitude;
            sums[1] += weight * magnitude * magnitude;
            // NaN must not be lost, as `max` would lose it.
            sums[2] = if magnitude.is_nan() || magnitude > sums[2] { magnitude } else { sums[2] };
        }
    }
    Norms {
        mean: errors[0] / sizes[0],
        root_mean_square: (errors[1] / sizes[1]).sqrt(),
        maximum: errors[2] / sizes[2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_offset_has_all_norms_equal() {
        let norms = weighted_error([1.0, 3.0].into_iter(), [1.1, 1.1].into_iter(), [1.0, 1.0].into_iter());
        for norm in [norms.mean, norms.root_mean_square, norms.maximum] {
            assert!((norm - 0.1).abs() < 1e-15, "{norm}");
        }
    }

    #[test]
    fn one_nan_spoils_every_norm() {
        let norms =
            weighted_error([1.0, 1.0].into_iter(), [f64::NAN, 1.0].into_iter(), [1.0, 1.0].into_iter());
        assert!(norms.mean.is_nan() && norms.root_mean_square.is_nan() && norms.maximum.is_nan());
    }
}
