//! Real Fourier transforms along a line.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};
use terrella_kernels::Real;

/// f32 and f64: what can be transformed along a line.
pub trait FourierReal: Real + FftNum {}

impl FourierReal for f32 {}
impl FourierReal for f64 {}

/// The nearest number of a format.
pub(crate) fn rounded<R: Real>(value: f64) -> R {
    R::from_f64(value)
}

/// Transforms of lines of one length N: c_k = Σ_j u_j e^{−2πijk/N} for k = 0..N/2, and back with the factor 1/N.
///
/// With respect to Σ_j a_j b_j on the line and 1/N Σ_k Re(c_k d̄_k) over all N wavenumbers, each is the adjoint of the other.
pub(crate) struct LineFourier<R: FourierReal> {
    forward: Arc<dyn RealToComplex<R>>,
    inverse: Arc<dyn ComplexToReal<R>>,
    values: Vec<R>,
    spectrum: Vec<Complex<R>>,
    scratch: Vec<Complex<R>>,
}

impl<R: FourierReal> LineFourier<R> {
    pub(crate) fn new(points: usize) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(points), planner.plan_fft_inverse(points));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            values: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            scratch: vec![Complex::default(); scratch],
            forward,
            inverse,
        }
    }

    /// From values to coefficients.
    pub(crate) fn analyse(&mut self, values: &[R], spectrum: &mut [Complex<R>]) {
        self.values.copy_from_slice(values);
        self.forward
            .process_with_scratch(&mut self.values, spectrum, &mut self.scratch)
            .expect("lengths are the plan's");
    }

    /// From coefficients to values. The imaginary parts of the constant and of the shortest wave count as 0.
    pub(crate) fn synthesise(&mut self, spectrum: &[Complex<R>], values: &mut [R]) {
        self.spectrum.copy_from_slice(spectrum);
        let points = values.len();
        let zero = <R as Real>::ZERO;
        self.spectrum[0].im = zero;
        if points.is_multiple_of(2) {
            self.spectrum[points / 2].im = zero;
        }
        self.inverse
            .process_with_scratch(&mut self.spectrum, values, &mut self.scratch)
            .expect("lengths are the plan's and the line is real");
        let share = rounded::<R>(1.0 / points as f64);
        values.iter_mut().for_each(|value| *value *= share);
    }
}
