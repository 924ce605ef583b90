//! Exponential time differencing with the stages of Runge and Kutta, for coefficients with a diagonal linear part.

use std::f64::consts::PI;

use realfft::num_complex::Complex;
use terrella_kernels::Real;

use crate::fourier::{FourierReal, rounded};

/// Points of the contour on which the coefficients are means.
const CONTOUR: usize = 32;

/// A step of dv/dt = Lv + N(v) with a real diagonal L, ETDRK4 of Cox & Matthews (2002) as Kassam & Trefethen (2005) compute its
/// coefficients: with h the time step and E = e^{hL},
///
/// - a = √E v + Q N(v),  b = √E v + Q N(a),  c = √E a + Q (2N(b) − N(v)),
/// - v ← E v + f₁ N(v) + 2f₂ (N(a) + N(b)) + f₃ N(c).
pub(super) struct ExponentialScheme<R> {
    /// E.
    whole: Vec<R>,
    /// √E.
    half: Vec<R>,
    /// Q.
    stage: Vec<R>,
    /// f₁, 2f₂, f₃.
    weights: [Vec<R>; 3],
    /// a, and b or c; in an adjoint their sensitivities.
    states: [Vec<Complex<R>>; 2],
    /// N of v, a, b and c.
    terms: [Vec<Complex<R>>; 4],
    /// What an adjoint hands to the transposed derivative of N.
    into: Vec<Complex<R>>,
}

impl<R: FourierReal> ExponentialScheme<R> {
    /// For these eigenvalues of L.
    pub(super) fn new(eigenvalues: &[f64], time_step: f64) -> Self {
        let by_mode = |function: &dyn Fn(f64) -> f64| {
            eigenvalues
                .iter()
                .map(|&eigenvalue| rounded(function(time_step * eigenvalue)))
                .collect::<Vec<R>>()
        };
        let phi = |function: fn(Complex<f64>) -> Complex<f64>| {
            by_mode(&|x| time_step * mean_on_contour(x, function))
        };
        let zeros = vec![Complex::default(); eigenvalues.len()];
        Self {
            whole: by_mode(&<f64 as Real>::exp),
            half: by_mode(&|x| <f64 as Real>::exp(0.5 * x)),
            stage: phi(|z| (exponential(0.5 * z) - 1.0) / z),
            weights: [
                phi(|z| (-4.0 - z + exponential(z) * (4.0 - 3.0 * z + z * z)) / (z * z * z)),
                phi(|z| 2.0 * (2.0 + z + exponential(z) * (z - 2.0)) / (z * z * z)),
                phi(|z| (-4.0 - 3.0 * z - z * z + exponential(z) * (4.0 - z)) / (z * z * z)),
            ],
            states: [zeros.clone(), zeros.clone()],
            terms: std::array::from_fn(|_| zeros.clone()),
            into: zeros,
        }
    }

    /// Number of coefficients.
    pub(super) fn modes(&self) -> usize {
        self.whole.len()
    }

    /// Replaces v by its successor. `term(number, x, result)` writes N(x), where x is v, a, b or c by `number`; with N replaced by its derivative
    /// there, the step is the tangent linear one.
    pub(super) fn step(
        &mut self,
        v: &mut [Complex<R>],
        mut term: impl FnMut(usize, &[Complex<R>], &mut [Complex<R>]),
    ) {
        let Self { whole, half, stage, weights, states: [a, other], terms: [of_v, of_a, of_b, of_c], .. } =
            self;
        term(0, v, of_v);
        for k in 0..v.len() {
            a[k] = v[k] * half[k] + of_v[k] * stage[k];
        }
        term(1, a, of_a);
        for k in 0..v.len() {
            other[k] = v[k] * half[k] + of_a[k] * stage[k];
        }
        term(2, other, of_b);
        for k in 0..v.len() {
            other[k] = a[k] * half[k] + (of_b[k] + of_b[k] - of_v[k]) * stage[k];
        }
        term(3, other, of_c);
        for k in 0..v.len() {
            v[k] = v[k] * whole[k]
                + of_v[k] * weights[0][k]
                + (of_a[k] + of_b[k]) * weights[1][k]
                + of_c[k] * weights[2][k];
        }
    }

    /// Replaces the sensitivity to a step's end by that to its beginning. `term(number, w, result)` writes the transposed derivative of N at v, a, b
    /// or c, by `number`, applied to w.
    pub(super) fn adjoint_step(
        &mut self,
        w: &mut [Complex<R>],
        mut term: impl FnMut(usize, &[Complex<R>], &mut [Complex<R>]),
    ) {
        let Self { whole, half, stage, weights, states: [to_a, to_b], terms: [of_v, _, of_b, to_c], into } =
            self;
        for k in 0..w.len() {
            into[k] = w[k] * weights[2][k];
        }
        term(3, into, to_c);
        for k in 0..w.len() {
            into[k] = w[k] * weights[1][k] + (to_c[k] + to_c[k]) * stage[k];
        }
        term(2, into, to_b);
        for k in 0..w.len() {
            into[k] = w[k] * weights[1][k] + to_b[k] * stage[k];
        }
        term(1, into, of_b);
        for k in 0..w.len() {
            to_a[k] = to_c[k] * half[k] + of_b[k];
            into[k] = w[k] * weights[0][k] + (to_a[k] - to_c[k]) * stage[k];
        }
        term(0, into, of_v);
        for k in 0..w.len() {
            w[k] = w[k] * whole[k] + (to_b[k] + to_a[k]) * half[k] + of_v[k];
        }
    }
}

/// The value at a real x of a function that is analytic there but cancels digits near 0: the mean over a circle of radius 1 about x, of
/// which one half mirrors the other.
fn mean_on_contour(x: f64, function: impl Fn(Complex<f64>) -> Complex<f64>) -> f64 {
    let on_circle = |number: usize| {
        let angle = PI * (number as f64 + 0.5) / CONTOUR as f64;
        function(x + Complex::new(Real::cos(angle), Real::sin(angle))).re
    };
    (0..CONTOUR).map(on_circle).sum::<f64>() / CONTOUR as f64
}

fn exponential(z: Complex<f64>) -> Complex<f64> {
    Complex::new(Real::cos(z.im), Real::sin(z.im)) * <f64 as Real>::exp(z.re)
}
