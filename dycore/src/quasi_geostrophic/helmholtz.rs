//! The inverse of the five-point Laplacian minus a constant, on a square with zeros on its edge.

use std::f64::consts::PI;

use realfft::num_complex::Complex;
use terrella_kernels::Real;

use super::operators::Square;
use crate::fourier::{FourierReal, LineFourier, rounded};

/// Solves (Δ − F)ψ = q directly: sines in x make it N − 1 tridiagonal systems in y, which are eliminated side by side.
///
/// The matrix is symmetric, so that its inverse is its own adjoint.
pub(super) struct Helmholtz<R: FourierReal> {
    square: Square<R>,
    fourier: LineFourier<R>,
    /// \[row inside]\[wavenumber]: 1 over the pivots.
    inverse_pivots: Vec<R>,
    /// \[row inside]\[wavenumber].
    sines: Vec<R>,
    line: Vec<R>,
    spectrum: Vec<Complex<R>>,
}

impl<R: FourierReal> Helmholtz<R> {
    /// For this square and F ≥ 0.
    pub(super) fn new(square: Square<R>, shift: f64) -> Self {
        let intervals = square.points - 1;
        let inside = intervals - 1;
        let spacing = 1.0 / intervals as f64;
        let diagonal: Vec<f64> = (1..intervals)
            .map(|wavenumber| {
                let sine = Real::sin(0.5 * PI * wavenumber as f64 / intervals as f64);
                -2.0 - 4.0 * sine * sine - spacing * spacing * shift
            })
            .collect();
        let mut above = vec![0.0; inside];
        let mut inverse_pivots = Vec::with_capacity(inside * inside);
        for _ in 0..inside {
            for (above, diagonal) in above.iter_mut().zip(&diagonal) {
                *above = 1.0 / (diagonal - *above);
                inverse_pivots.push(rounded(*above));
            }
        }
        let zero = <R as Real>::ZERO;
        Self {
            square,
            fourier: LineFourier::new(2 * intervals),
            inverse_pivots,
            sines: vec![zero; inside * inside],
            line: vec![zero; 2 * intervals],
            spectrum: vec![Complex::default(); intervals + 1],
        }
    }

    /// Replaces q by ψ.
    #[inline(always)]
    pub(super) fn solve(&mut self, field: &mut [R]) {
        let points = self.square.points;
        let intervals = points - 1;
        let inside = intervals - 1;
        let squared = self.square.spacing * self.square.spacing;
        // Going down, y_j = (h² q_j − y_{j−1})/p_j.
        for row in 0..inside {
            let (before, from_here) = self.sines.split_at_mut(row * inside);
            let here = &mut from_here[..inside];
            sines(
                &mut self.fourier,
                &mut self.line,
                &mut self.spectrum,
                &field[(row + 1) * points + 1..][..inside],
                here,
            );
            let pivots = &self.inverse_pivots[row * inside..][..inside];
            if row == 0 {
                for (value, pivot) in here.iter_mut().zip(pivots) {
                    *value = squared * *value * *pivot;
                }
                continue;
            }
            let before = &before[(row - 1) * inside..];
            for ((value, pivot), before) in here.iter_mut().zip(pivots).zip(before) {
                *value = (squared * *value - *before) * *pivot;
            }
        }
        // Coming up, ψ_j = y_j − ψ_{j+1}/p_j.
        for row in (0..inside - 1).rev() {
            let (here, after) = self.sines.split_at_mut((row + 1) * inside);
            let here = &mut here[row * inside..];
            let pivots = &self.inverse_pivots[row * inside..][..inside];
            for ((value, pivot), after) in here.iter_mut().zip(pivots).zip(after) {
                *value -= *pivot * *after;
            }
        }
        // Sines of sines are N/2 times what they are of.
        let share = rounded::<R>(2.0 / intervals as f64);
        let Self { square, fourier, line, spectrum, sines: solution, .. } = self;
        square.each_row(field, |row, values| {
            sines(fourier, line, spectrum, &solution[(row - 1) * inside..][..inside], values);
            values.iter_mut().for_each(|value| *value *= share);
        });
    }
}

/// s_k = Σ_j x_j sin(πjk/N) for j, k = 1..N−1: the imaginary part of the Fourier transform of the odd line of length 2N.
#[inline(always)]
fn sines<R: FourierReal>(
    fourier: &mut LineFourier<R>,
    line: &mut [R],
    spectrum: &mut [Complex<R>],
    values: &[R],
    result: &mut [R],
) {
    let length = line.len();
    for (place, value) in values.iter().enumerate() {
        line[place + 1] = *value;
        line[length - 1 - place] = -*value;
    }
    fourier.analyse(line, spectrum);
    let half = rounded::<R>(-0.5);
    for (result, value) in result.iter_mut().zip(&spectrum[1..]) {
        *result = half * value.im;
    }
}

#[cfg(test)]
mod tests {
    use terrella_kernels::random::normals;

    use super::*;

    #[test]
    fn the_operator_of_a_solution_is_the_right_side() {
        for (points, shift) in [(33, 1600.0), (20, 0.0), (3, 4.0)] {
            let square = Square { points, spacing: 1.0 / (points - 1) as f64 };
            let mut right_side = vec![0.0_f64; square.len()];
            normals(3, [points as u32, 0, 0], &mut right_side);
            square.clear_edge(&mut right_side);
            let mut solution = right_side.clone();
            Helmholtz::new(square, shift).solve(&mut solution);
            let mut image = vec![0.0; square.len()];
            square.shifted_laplacian(shift, &solution, &mut image);
            for (image, expected) in image.iter().zip(&right_side) {
                assert!((image - expected).abs() < 1e-11, "{points}: {image} {expected}");
            }
        }
    }
}
