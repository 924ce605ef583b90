//! The model: its memory, its step and the derivative of that.

use std::f64::consts::TAU;

use realfft::num_complex::Complex;
use terrella_kernels::Real;

use super::scheme::ExponentialScheme;
use crate::fourier::{FourierReal, LineFourier, rounded};
use crate::one_level::component_of_one_level;
use crate::shallow_water::{expect_finite, expect_length};
use crate::{Error, Result};

/// The equation of Kuramoto and Sivashinsky on a circle; see [`super`].
///
/// A state is u at `points` equidistant places. A step allocates nothing.
pub struct KuramotoSivashinsky<R: FourierReal> {
    time_step: f64,
    scheme: ExponentialScheme<R>,
    terms: Terms<R>,
    spectrum: Vec<Complex<R>>,
}

/// The quadratic term and its derivative.
struct Terms<R: FourierReal> {
    fourier: LineFourier<R>,
    /// k/2 by mode; 0 for the shortest wave, whose derivative vanishes at all points.
    half_wavenumber: Vec<R>,
    /// u at the places from which the four terms of the step come.
    stages: [Vec<R>; 4],
    values: Vec<R>,
    spectrum: Vec<Complex<R>>,
}

impl<R: FourierReal> KuramotoSivashinsky<R> {
    /// A circle of this length with so many points, and a time step.
    ///
    /// # Errors
    /// [`Error::InvalidConfiguration`] for a length or a time step that is not finite and positive, and for a number of points that is
    /// odd or below 4.
    pub fn new(length: f64, points: usize, time_step: f64) -> Result<Self> {
        let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
        for (name, value) in [("length", length), ("time_step", time_step)] {
            if !(value > 0.0 && value.is_finite()) {
                return invalid(name, value.to_string(), "a finite number above 0");
            }
        }
        if points < 4 || !points.is_multiple_of(2) {
            return invalid("points", points.to_string(), "an even number from 4 on");
        }
        let modes = points / 2 + 1;
        let wavenumber = |mode: usize| TAU * mode as f64 / length;
        let eigenvalues: Vec<f64> = (0..modes)
            .map(|mode| {
                let squared = wavenumber(mode) * wavenumber(mode);
                squared - squared * squared
            })
            .collect();
        let half_wavenumber = (0..modes)
            .map(|mode| if mode == points / 2 { <R as Real>::ZERO } else { rounded(0.5 * wavenumber(mode)) })
            .collect();
        let zeros = vec![<R as Real>::ZERO; points];
        Ok(Self {
            time_step,
            scheme: ExponentialScheme::new(&eigenvalues, time_step),
            terms: Terms {
                fourier: LineFourier::new(points),
                half_wavenumber,
                stages: std::array::from_fn(|_| zeros.clone()),
                values: zeros,
                spectrum: vec![Complex::default(); modes],
            },
            spectrum: vec![Complex::default(); modes],
        })
    }

    /// The experiment of Kassam & Trefethen (2005): length 32π, 128 points, time step 1/4.
    pub fn published() -> Self {
        Self::new(16.0 * TAU, 128, 0.25).expect("these settings are possible")
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.terms.values.len()
    }

    /// Δt.
    pub fn time_step(&self) -> f64 {
        self.time_step
    }

    /// A step of `state`, `[points]`.
    ///
    /// # Errors
    /// A state of another length; [`Error::NotFinite`] where the step leads to a number that is not finite.
    pub fn step(&mut self, state: &mut [R]) -> Result<()> {
        expect_length("state", self.points(), state.len())?;
        let Self { scheme, terms, spectrum, .. } = self;
        terms.fourier.analyse(state, spectrum);
        scheme.step(spectrum, |number, of, result| terms.quadratic(number, of, result));
        terms.fourier.synthesise(spectrum, state);
        expect_finite("state", state)
    }

    /// Tangent linear of a step: dx ← M′(x) dx, with x = `state` before it.
    ///
    /// # Errors
    /// An array of another length.
    pub fn tangent_step(&mut self, state: &[R], perturbation: &mut [R]) -> Result<()> {
        expect_length("perturbation", self.points(), perturbation.len())?;
        self.linearise_about(state)?;
        let Self { scheme, terms, spectrum, .. } = self;
        terms.fourier.analyse(perturbation, spectrum);
        scheme.step(spectrum, |number, of, result| terms.tangent(number, of, result));
        terms.fourier.synthesise(spectrum, perturbation);
        Ok(())
    }

    /// Adjoint of a step: w ← M′(x)ᵀ w, with x = `state` before it.
    ///
    /// # Errors
    /// An array of another length.
    pub fn adjoint_step(&mut self, state: &[R], sensitivity: &mut [R]) -> Result<()> {
        expect_length("sensitivity", self.points(), sensitivity.len())?;
        self.linearise_about(state)?;
        let Self { scheme, terms, spectrum, .. } = self;
        // Transforms are each other's adjoint in the product of their spectra in which derivatives are transposed.
        terms.fourier.analyse(sensitivity, spectrum);
        scheme.adjoint_step(spectrum, |number, of, result| terms.adjoint(number, of, result));
        terms.fourier.synthesise(spectrum, sensitivity);
        Ok(())
    }

    /// Leaves the values of all stages of the step from `state` in the terms' memory.
    fn linearise_about(&mut self, state: &[R]) -> Result<()> {
        expect_length("state", self.points(), state.len())?;
        let Self { scheme, terms, spectrum, .. } = self;
        terms.fourier.analyse(state, spectrum);
        debug_assert_eq!(spectrum.len(), scheme.modes());
        scheme.step(spectrum, |number, of, result| terms.quadratic(number, of, result));
        Ok(())
    }
}

impl<R: FourierReal> Terms<R> {
    /// −½ ∂(u²)/∂x, keeping u as that of stage `number`.
    fn quadratic(&mut self, number: usize, of: &[Complex<R>], result: &mut [Complex<R>]) {
        let u = &mut self.stages[number];
        self.fourier.synthesise(of, u);
        for (product, u) in self.values.iter_mut().zip(u) {
            *product = *u * *u;
        }
        self.fourier.analyse(&self.values, result);
        self.differentiate(result);
    }

    /// −∂(u du)/∂x with the kept u.
    fn tangent(&mut self, number: usize, of: &[Complex<R>], result: &mut [Complex<R>]) {
        self.fourier.synthesise(of, &mut self.values);
        self.multiply(number, result);
        self.differentiate(result);
    }

    /// The transpose of that.
    fn adjoint(&mut self, number: usize, of: &[Complex<R>], result: &mut [Complex<R>]) {
        for ((target, of), wavenumber) in self.spectrum.iter_mut().zip(of).zip(&self.half_wavenumber) {
            *target = Complex::new(-(of.im * *wavenumber), of.re * *wavenumber);
        }
        self.fourier.synthesise(&self.spectrum, &mut self.values);
        self.multiply(number, result);
    }

    /// The spectrum of 2u times what `values` holds.
    fn multiply(&mut self, number: usize, result: &mut [Complex<R>]) {
        for (value, u) in self.values.iter_mut().zip(&self.stages[number]) {
            *value *= *u + *u;
        }
        self.fourier.analyse(&self.values, result);
    }

    /// −ik/2 times a spectrum.
    fn differentiate(&self, spectrum: &mut [Complex<R>]) {
        for (value, wavenumber) in spectrum.iter_mut().zip(&self.half_wavenumber) {
            *value = Complex::new(value.im * *wavenumber, -(value.re * *wavenumber));
        }
    }
}

component_of_one_level!(KuramotoSivashinsky, points);

#[cfg(test)]
mod tests {
    use super::*;

    fn first_state(points: usize) -> Vec<f64> {
        let place = |point: usize| TAU * point as f64 / points as f64;
        (0..points).map(|point| place(point).cos() * (1.0 + place(point).sin())).collect()
    }

    fn advance(model: &mut KuramotoSivashinsky<f64>, state: &mut [f64], steps: usize) {
        (0..steps).for_each(|_| model.step(state).expect("a step"));
    }

    #[test]
    fn errors_fall_with_the_fourth_power_of_the_step() {
        // With 64 points the shortest wave still is resolved in time; damping by more in a step lowers the order at first.
        let after = |steps: usize| {
            let mut state = first_state(64);
            let mut model = KuramotoSivashinsky::new(16.0 * TAU, 64, 10.0 / steps as f64).expect("a model");
            advance(&mut model, &mut state, steps);
            state
        };
        let reference = after(1280);
        let error = |steps: usize| {
            after(steps).iter().zip(&reference).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(80), error(160));
        let order = (coarse / fine).log2();
        assert!((3.7..4.2).contains(&order), "{order}: {coarse:e} {fine:e}");
    }

    #[test]
    fn small_waves_grow_as_the_linear_part_says() {
        let mut model = KuramotoSivashinsky::<f64>::published();
        for mode in [5.0, 11.0, 16.0, 20.0, 64.0] {
            let wavenumber = mode / 16.0;
            let wave = |point: usize| (TAU * mode * point as f64 / 128.0).cos();
            let mut state: Vec<f64> = (0..128).map(|point| 1e-9 * wave(point)).collect();
            advance(&mut model, &mut state, 12);
            let factor = (3.0 * (wavenumber.powi(2) - wavenumber.powi(4))).exp();
            for (point, value) in state.iter().enumerate() {
                let expected = 1e-9 * factor * wave(point);
                assert!((value - expected).abs() < 1e-15, "mode {mode}: {value:e} {expected:e}");
            }
        }
    }

    #[test]
    fn the_mean_stays_and_the_energy_is_bounded() {
        let mut model = KuramotoSivashinsky::<f64>::published();
        let mut state: Vec<f64> = first_state(128).iter().map(|value| value + 0.25).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / 128.0;
        let mut energies = Vec::new();
        for _ in 0..4_000 {
            model.step(&mut state).expect("a step");
            let mean = mean(&state);
            assert!((mean - 0.25).abs() < 1e-12, "{mean}");
            energies.push(state.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 256.0);
        }
        // On the attractor the variance of u is about 1.7.
        let later = &energies[1_000..];
        let typical = later.iter().sum::<f64>() / later.len() as f64;
        assert!((0.6..1.2).contains(&typical), "{typical}");
        assert!(later.iter().all(|energy| (0.3..2.0).contains(energy)));
    }

    #[test]
    fn single_precision_follows_double_precision() {
        let mut double = first_state(128);
        let mut single: Vec<f32> = double.iter().map(|&value| value as f32).collect();
        let (mut in_double, mut in_single) =
            (KuramotoSivashinsky::published(), KuramotoSivashinsky::published());
        for _ in 0..40 {
            in_double.step(&mut double).expect("a step");
            in_single.step(&mut single).expect("a step");
        }
        // A few roundings of f32 per step, growing little in ten units of time.
        let error = double.iter().zip(&single).map(|(a, b)| (a - f64::from(*b)).abs()).fold(0.0, f64::max);
        assert!(error < 2e-5, "{error:e}");
    }

    #[test]
    fn impossible_settings_and_states_are_refused() {
        for (length, points, time_step) in
            [(0.0, 128, 0.25), (10.0, 127, 0.25), (10.0, 2, 0.25), (10.0, 128, f64::NAN)]
        {
            assert!(KuramotoSivashinsky::<f64>::new(length, points, time_step).is_err());
        }
        let mut model = KuramotoSivashinsky::<f64>::published();
        assert!(model.step(&mut [0.0; 127]).is_err());
        let error = model.step(&mut [1e200; 128]).expect_err("overflow").to_string();
        assert!(error.contains("'state'"), "{error}");
    }
}
