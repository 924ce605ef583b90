//! Reduction of symmetric matrices to tridiagonal form, A = Q T Qᵀ, by Householder's reflections.
//!
//! Golub & Van Loan (2013, *Matrix Computations*, 4th ed., sections 5.1 and 8.3.1).

use super::lanes::Lanes;
use super::workspace::Workspace;
use crate::Real;

/// Reduces the lower triangle in `matrix`; leaves T's diagonal and subdiagonal in `diagonal` and `subdiagonal`, and Qᵀ in `vectors`.
#[inline(always)]
pub(super) fn reduce<R: Real, L: Lanes<R>>(workspace: &mut Workspace<L>) {
    let size = workspace.size;
    let Workspace { matrix, vectors, diagonal, subdiagonal, factors, reflector, product, .. } = workspace;
    for column in 0..size.saturating_sub(2) {
        let first = column + 1;
        // x, the column below the diagonal, becomes ‖x‖ e₁ under I − β v vᵀ with v = x ± ‖x‖ e₁.
        let mut tail = L::default();
        for row in first..size {
            reflector[row] = matrix[row * size + column];
            if row > first {
                tail += reflector[row] * reflector[row];
            }
        }
        let head = reflector[first];
        let norm = (tail + head * head).map(R::sqrt);
        // Of the two signs the one that adds numbers of the same sign.
        let image = norm.zip(head, |norm, head| if head > R::ZERO { -norm } else { norm });
        // Where nothing stands below the subdiagonal the reflection is the identity.
        let image = image.zip(tail, |image, tail| if tail == R::ZERO { R::ZERO } else { image });
        let image = image.zip(head, |image, head| if image == R::ZERO { head } else { image });
        reflector[first] = head - image;
        let squared = tail + reflector[first] * reflector[first];
        let factor =
            squared.map(|squared| if squared == R::ZERO { R::ZERO } else { R::from_f64(2.0) / squared });
        subdiagonal[column] = image;
        factors[column] = factor;
        for row in first..size {
            matrix[row * size + column] = reflector[row];
        }
        symmetric_product(size, first, matrix, reflector, product);
        let mut along = L::default();
        for row in first..size {
            product[row] = product[row] * factor;
            along += product[row] * reflector[row];
        }
        let half = along * factor.map(|factor| R::from_f64(0.5) * factor);
        for row in first..size {
            product[row] -= half * reflector[row];
        }
        // A − v wᵀ − w vᵀ
        for row in first..size {
            let (v, w) = (reflector[row], product[row]);
            let elements = &mut matrix[row * size + first..row * size + row + 1];
            for ((element, v_column), w_column) in
                elements.iter_mut().zip(&reflector[first..]).zip(&product[first..])
            {
                *element = *element - v * *w_column - w * *v_column;
                L::end_turn();
            }
        }
    }
    for row in 0..size {
        diagonal[row] = matrix[row * size + row];
    }
    if size >= 2 {
        subdiagonal[size - 2] = matrix[(size - 1) * size + size - 2];
    }
    if size >= 1 {
        subdiagonal[size - 1] = L::default();
    }
    accumulate::<R, L>(size, matrix, factors, reflector, vectors);
}

/// A v of the trailing part whose lower triangle `matrix` holds.
#[inline(always)]
fn symmetric_product<R: Real, L: Lanes<R>>(
    size: usize,
    first: usize,
    matrix: &[L],
    v: &[L],
    product: &mut [L],
) {
    product[first..size].fill(L::default());
    for row in first..size {
        let elements = &matrix[row * size + first..row * size + row];
        let of_row = v[row];
        let mut sum = matrix[row * size + row] * of_row;
        for ((element, v), product) in elements.iter().zip(&v[first..]).zip(&mut product[first..]) {
            sum += *element * *v;
            *product += *element * of_row;
            L::end_turn();
        }
        product[row] += sum;
    }
}

/// Qᵀ, the product of the reflections, from the last to the first.
#[inline(always)]
fn accumulate<R: Real, L: Lanes<R>>(
    size: usize,
    matrix: &[L],
    factors: &[L],
    reflector: &mut [L],
    vectors: &mut [L],
) {
    vectors[..size * size].fill(L::default());
    for row in 0..size {
        vectors[row * size + row] = L::splat(R::ONE);
    }
    for column in (0..size.saturating_sub(2)).rev() {
        let first = column + 1;
        for row in first..size {
            reflector[row] = matrix[row * size + column];
        }
        for row in first..size {
            let vector = &mut vectors[row * size + first..(row + 1) * size];
            let mut along = L::default();
            for (element, v) in vector.iter().zip(&reflector[first..size]) {
                along += *element * *v;
                L::end_turn();
            }
            let along = along * factors[column];
            for (element, v) in vector.iter_mut().zip(&reflector[first..size]) {
                *element -= along * *v;
                L::end_turn();
            }
        }
    }
}
