//! The largest eigenvalues of a large symmetric operator, by the method of Lanczos.

use terrella_kernels::assimilation::symmetric::tridiagonal;
use terrella_kernels::assimilation::vectors::{add, dot, norm, orthogonalise};
use terrella_kernels::{Error, Real, Result};

/// When the iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Found is an eigenvalue whose residual |A v − λ v| is at most this share of the largest one.
    pub tolerance: f64,
    /// The largest number of products with A.
    pub products: usize,
}

/// What [`leading`] has found.
#[derive(Clone, Debug)]
pub(super) struct Leading<R> {
    /// λ, falling.
    pub values: Vec<f64>,
    /// Of each its v, orthonormal.
    pub vectors: Vec<Vec<R>>,
    /// |A v − λ v|: an eigenvalue is no further from λ than that.
    pub residuals: Vec<f64>,
    /// Products with A.
    pub products: usize,
    /// Whether as many as were asked for are as accurate as was asked for.
    pub converged: bool,
}

/// The `count` largest eigenvalues, with eigenvectors, of a symmetric operator A (Lanczos 1950, *J. Res. Natl. Bur. Stand.* 45, 255–282).
///
/// | argument  | what |
/// |-----------|------|
/// | `count`   | how many are wanted |
/// | `start`   | [n]: any vector with a part in all directions wanted, such as a random one |
/// | `operator` | (v, out): out = A v |
///
/// Each new vector of the Krylov space is orthogonalised against all before, twice; sums are formed in f64. Memory: a vector for each product. Where the
/// space that `start` spans ends before, fewer are found, and all of them are exact.
///
/// # Errors
/// [`Error::InvalidValue`] for a start that is 0 or not finite, a count of 0, fewer products than that or a tolerance that is not positive;
/// [`Error::LengthMismatch`]; those of `operator`.
pub(super) fn leading<R: Real, E: From<Error>>(
    count: usize,
    start: &[R],
    accuracy: Accuracy,
    mut operator: impl FnMut(&[R], &mut [R]) -> std::result::Result<(), E>,
) -> std::result::Result<Leading<R>, E> {
    let length = norm(start);
    check(count, length, accuracy)?;
    let mut basis = vec![scaled(start, 1.0 / length)];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut image = vec![R::ZERO; start.len()];
    loop {
        let newest = &basis[basis.len() - 1];
        operator(newest, &mut image)?;
        diagonal.push(dot(newest, &image));
        orthogonalise(&mut image, &basis);
        let length = norm(&image);
        beside.push(length);
        let (values, coordinates) = tridiagonal(&diagonal, &beside)?;
        let products = diagonal.len();
        let residual = |number: usize| length * coordinates[(number + 1) * products - 1].abs();
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        // Ritz values rise.
        let wanted = || (0..products).rev().take(count);
        let found = wanted().all(|number| residual(number) <= accuracy.tolerance * largest);
        let ends = length <= R::EPSILON.to_f64() * largest || products == start.len();
        let converged = ends || found && products >= count;
        if !length.is_finite() {
            let expected = "finite numbers".to_owned();
            return Err(Error::InvalidValue { name: "product", got: length.to_string(), expected }.into());
        }
        if converged || products == accuracy.products {
            let vector = |number: usize| {
                let mut vector = vec![R::ZERO; start.len()];
                for (coordinate, basis) in coordinates[number * products..].iter().zip(&basis) {
                    add(&mut vector, *coordinate, basis);
                }
                vector
            };
            return Ok(Leading {
                values: wanted().map(|number| values[number]).collect(),
                vectors: wanted().map(vector).collect(),
                residuals: wanted().map(residual).collect(),
                products,
                converged,
            });
        }
        basis.push(scaled(&image, 1.0 / length));
    }
}

fn check(count: usize, length: f64, accuracy: Accuracy) -> Result<()> {
    let invalid =
        |name, got, expected: &str| Err(Error::InvalidValue { name, got, expected: expected.to_owned() });
    if count == 0 {
        return invalid("count", count.to_string(), "at least 1");
    }
    if accuracy.products < count {
        return invalid(
            "products",
            accuracy.products.to_string(),
            "at least as many as eigenvalues are wanted",
        );
    }
    if accuracy.tolerance.is_nan() || accuracy.tolerance <= 0.0 {
        return invalid("tolerance", accuracy.tolerance.to_string(), "a number above 0");
    }
    if !(length > 0.0 && length.is_finite()) {
        return invalid("start", format!("a vector of length {length}"), "one that is finite and not 0");
    }
    Ok(())
}

fn scaled<R: Real>(x: &[R], factor: f64) -> Vec<R> {
    x.iter().map(|x| R::from_f64(factor * x.to_f64())).collect()
}

#[cfg(test)]
mod tests {
    use terrella_kernels::random::normals;

    use super::*;

    #[test]
    fn the_largest_eigenvalues_of_a_diagonal_are_found() {
        // Clustered, isolated and negative ones.
        let exact = |place: usize| match place {
            0 => 9.0,
            1 => 8.99,
            2 => 5.0,
            _ => 4.0 * (place as f64).sin(),
        };
        let mut start = vec![0.0_f64; 200];
        normals(1, [0; 3], &mut start);
        let operator = |v: &[f64], out: &mut [f64]| {
            (0..200).for_each(|place| out[place] = exact(place) * v[place]);
            Ok::<_, Error>(())
        };
        let accuracy = Accuracy { tolerance: 1e-10, products: 200 };
        let found = leading(3, &start, accuracy, operator).expect("eigenvalues");
        assert!(found.converged && found.products < 120, "{}", found.products);
        for (number, (value, vector)) in found.values.iter().zip(&found.vectors).enumerate() {
            assert!((value - exact(number)).abs() < 1e-9, "{value}");
            assert!((vector[number].abs() - 1.0).abs() < 1e-9);
            assert!(found.residuals[number] < 1e-9);
        }
        let few = leading(3, &start, Accuracy { products: 5, ..accuracy }, operator).expect("five products");
        assert!(!few.converged && few.products == 5);
    }

    #[test]
    fn a_space_that_ends_is_exhausted() {
        let operator = |v: &[f32], out: &mut [f32]| {
            (0..6).for_each(|place| out[place] = if place < 2 { 3.0 + place as f32 } else { 0.0 } * v[place]);
            Ok::<_, Error>(())
        };
        let accuracy = Accuracy { tolerance: 1e-5, products: 6 };
        let found = leading(5, &[1.0, 1.0, 0.5, 0.0, 0.0, 0.0], accuracy, operator).expect("eigenvalues");
        assert!(found.converged);
        assert_eq!(found.values.len(), 3);
        for (value, exact) in found.values.iter().zip([4.0, 3.0, 0.0]) {
            assert!((value - exact).abs() < 1e-5, "{value}");
        }
        let refused = |count, start: [f32; 6], tolerance, products| {
            leading(count, &start, Accuracy { tolerance, products }, operator)
                .expect_err("refused")
                .to_string()
        };
        assert!(refused(0, [1.0; 6], 1e-5, 6).contains("count"));
        assert!(refused(4, [1.0; 6], 1e-5, 3).contains("products"));
        assert!(refused(1, [1.0; 6], f64::NAN, 3).contains("tolerance"));
        assert!(refused(1, [0.0; 6], 1e-5, 3).contains("start"));
    }
}
