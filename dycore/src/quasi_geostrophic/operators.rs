//! Differences on a square of points, [y][x], of fields that vanish on its edge: what is written there is 0.

use terrella_kernels::Real;

/// A square of so many points per side, and the distance between neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square<R> {
    pub(super) points: usize,
    pub(super) spacing: R,
}

/// A field around a row: its values in the row before, in the row itself, and in the row after.
type Rows<'a, R> = [&'a [R]; 3];

impl<R: Real> Square<R> {
    /// Number of points of the square.
    pub(super) fn len(self) -> usize {
        self.points * self.points
    }

    #[inline(always)]
    fn rows(self, field: &[R], row: usize) -> Rows<'_, R> {
        [row - 1, row, row + 1].map(|row| &field[row * self.points..][..self.points])
    }

    /// Calls `write` with each row inside and its points there.
    #[inline(always)]
    pub(super) fn each_row(self, result: &mut [R], mut write: impl FnMut(usize, &mut [R])) {
        let last = self.points - 1;
        for (row, values) in result.chunks_exact_mut(self.points).enumerate() {
            if row == 0 || row == last {
                values.fill(R::ZERO);
                continue;
            }
            (values[0], values[last]) = (R::ZERO, R::ZERO);
            write(row, &mut values[1..last]);
        }
    }

    /// Sets the edge to 0.
    #[inline(always)]
    pub(super) fn clear_edge(self, field: &mut [R]) {
        self.each_row(field, |_, _| {});
    }

    /// Calls `write` with each value inside, the sum of a field's four values around it, and the field's value there.
    #[inline(always)]
    fn each_star(self, field: &[R], result: &mut [R], write: impl Fn(&mut R, R, R)) {
        self.each_row(result, |row, result| {
            let [south, here, north] = self.rows(field, row);
            for (x, result) in result.iter_mut().enumerate() {
                let around = (here[x] + here[x + 2]) + (south[x + 1] + north[x + 1]);
                write(result, around, here[x + 1]);
            }
        });
    }

    /// The five-point Laplacian, minus `shift` times the field.
    #[inline(always)]
    pub(super) fn shifted_laplacian(self, shift: R, field: &[R], result: &mut [R]) {
        let inverse = R::ONE / (self.spacing * self.spacing);
        let centre = R::from_f64(4.0) * inverse + shift;
        self.each_star(field, result, |result, around, here| *result = inverse * around - centre * here);
    }

    /// Adds `factor` times the five-point Laplacian.
    #[inline(always)]
    pub(super) fn add_laplacian(self, factor: R, field: &[R], result: &mut [R]) {
        let (inverse, four) = (factor / (self.spacing * self.spacing), R::from_f64(4.0));
        self.each_star(field, result, |result, around, here| *result += inverse * (around - four * here));
    }

    /// Adds `factor` times the central difference ∂/∂x.
    #[inline(always)]
    pub(super) fn add_eastward_derivative(self, factor: R, field: &[R], result: &mut [R]) {
        let half = factor / (self.spacing + self.spacing);
        self.each_row(result, |row, result| {
            let [_, here, _] = self.rows(field, row);
            for (x, result) in result.iter_mut().enumerate() {
                *result += half * (here[x + 2] - here[x]);
            }
        });
    }

    /// Adds `factor` times J(a, b) = ∂a/∂x ∂b/∂y − ∂a/∂y ∂b/∂x, the mean of the three second-order forms of Arakawa (1966, *J. Comput. Phys.* 1,
    /// 119–143).
    ///
    /// Of fields that vanish on the edge, Σ c J(a, b) = Σ a J(b, c) = Σ b J(c, a): sums of a J and b J vanish, and the transposes of J(·, b) and J(a, ·)
    /// are J(b, ·) and J(·, a).
    #[inline(always)]
    pub(super) fn add_jacobian(self, factor: R, a: &[R], b: &[R], result: &mut [R]) {
        let share = factor / (R::from_f64(12.0) * self.spacing * self.spacing);
        self.each_row(result, |row, result| {
            let ([a_south, a_here, a_north], [b_south, b_here, b_north]) =
                (self.rows(a, row), self.rows(b, row));
            for (x, result) in result.iter_mut().enumerate() {
                let (west, centre, east) = (x, x + 1, x + 2);
                let both_centred = (a_here[east] - a_here[west]) * (b_north[centre] - b_south[centre])
                    - (a_north[centre] - a_south[centre]) * (b_here[east] - b_here[west]);
                let b_at_corners = a_here[east] * (b_north[east] - b_south[east])
                    - a_here[west] * (b_north[west] - b_south[west])
                    - a_north[centre] * (b_north[east] - b_north[west])
                    + a_south[centre] * (b_south[east] - b_south[west]);
                let a_at_corners = b_north[centre] * (a_north[east] - a_north[west])
                    - b_south[centre] * (a_south[east] - a_south[west])
                    - b_here[east] * (a_north[east] - a_south[east])
                    + b_here[west] * (a_north[west] - a_south[west]);
                *result += share * (both_centred + b_at_corners + a_at_corners);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use terrella_kernels::random::normals;

    use super::*;

    fn field(square: Square<f64>, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let place = |index: usize| index as f64 * square.spacing;
        (0..square.len())
            .map(|index| value(place(index % square.points), place(index / square.points)))
            .collect()
    }

    fn jacobian(square: Square<f64>, a: &[f64], b: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; square.len()];
        square.add_jacobian(1.0, a, b, &mut result);
        result
    }

    #[test]
    fn the_jacobian_keeps_energy_and_enstrophy() {
        let square = Square { points: 33, spacing: 1.0 / 32.0 };
        let random = |number: u32| {
            let mut values = vec![0.0; square.len()];
            normals(1, [number, 0, 0], &mut values);
            square.clear_edge(&mut values);
            values
        };
        let (a, b, c) = (random(1), random(2), random(3));
        let sum = |c: &[f64], a: &[f64], b: &[f64]| -> (f64, f64) {
            let terms = || c.iter().zip(jacobian(square, a, b)).map(|(c, value)| c * value);
            (terms().sum(), terms().map(f64::abs).sum())
        };
        for (c, a, b) in [(&a, &a, &b), (&b, &a, &b)] {
            let (value, size) = sum(c, a, b);
            assert!(value.abs() < 1e-14 * size, "{value:e} of {size:e}");
        }
        let (first, size) = sum(&c, &a, &b);
        for (value, _) in [sum(&a, &b, &c), sum(&b, &c, &a)] {
            assert!((value - first).abs() < 1e-13 * size, "{value:e} {first:e}");
        }
    }

    #[test]
    fn differences_converge_with_the_second_power_of_the_spacing() {
        let errors = |points: usize| {
            let square = Square { points, spacing: 1.0 / (points - 1) as f64 };
            let a = field(square, |x, y| (PI * x).sin() * (2.0 * PI * y).sin());
            let b = field(square, |x, y| (2.0 * PI * x).sin() * (PI * y).sin());
            let exact = field(square, |x, y| {
                let [sx, cx, sy, cy] = [(PI * x).sin(), (PI * x).cos(), (PI * y).sin(), (PI * y).cos()];
                let [s2x, c2x, s2y, c2y] =
                    [2.0 * sx * cx, cx * cx - sx * sx, 2.0 * sy * cy, cy * cy - sy * sy];
                PI * PI * (cx * s2y * s2x * cy - 4.0 * sx * c2y * c2x * sy)
            });
            let difference = |values: &[f64], exact: &[f64]| {
                let inside = |index: &usize| {
                    let (x, y) = (index % points, index / points);
                    x > 0 && y > 0 && x + 1 < points && y + 1 < points
                };
                (0..square.len()).filter(inside).map(|i| (values[i] - exact[i]).abs()).fold(0.0, f64::max)
            };
            let mut laplacian = vec![0.0; square.len()];
            square.shifted_laplacian(7.0, &a, &mut laplacian);
            let expected: Vec<f64> = a.iter().map(|a| -(5.0 * PI * PI + 7.0) * a).collect();
            [difference(&jacobian(square, &a, &b), &exact), difference(&laplacian, &expected)]
        };
        let (coarse, fine) = (errors(33), errors(65));
        for (coarse, fine) in coarse.into_iter().zip(fine) {
            let order = (coarse / fine).log2();
            assert!((1.9..2.1).contains(&order), "{order}: {coarse:e} {fine:e}");
        }
    }
}
