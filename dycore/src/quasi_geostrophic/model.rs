//! The model: its memory, its step and the derivative of that.

use pulp::{Simd, WithSimd};
use terrella_kernels::Real;

use super::Configuration;
use super::basin::Basin;
use crate::Result;
use crate::fourier::{FourierReal, rounded};
use crate::one_level::component_of_one_level;
use crate::shallow_water::{expect_finite, expect_length};
use crate::time_stepping::{LinearisedStages, Stages};

/// A basin with two wind-driven gyres; see [`super`].
///
/// A state is ψ, `[points, points]`, south to north and within a row west to east. What stands on the edge counts as 0 and is 0 after a step. A step
/// allocates nothing.
pub struct QuasiGeostrophic<R: FourierReal> {
    configuration: Configuration,
    basin: Basin<R>,
    stages: Stages<R>,
    linearised: LinearisedStages<R>,
    /// The state of a derivative, with its edge at 0.
    state: Vec<R>,
}

impl<R: FourierReal> QuasiGeostrophic<R> {
    /// A model with these settings.
    ///
    /// # Errors
    /// Those of [`Configuration::validate`].
    pub fn new(configuration: Configuration) -> Result<Self> {
        configuration.validate()?;
        let basin = Basin::new(&configuration);
        let values = basin.square.len();
        Ok(Self {
            configuration,
            basin,
            stages: Stages::new(values),
            linearised: LinearisedStages::new(values),
            state: vec![<R as Real>::ZERO; values],
        })
    }

    /// Settings the model was built with.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// Δt.
    pub fn time_step(&self) -> f64 {
        self.configuration.time_step
    }

    /// Number of values of a state.
    pub fn values(&self) -> usize {
        self.stages.values()
    }

    /// A step of `state`.
    ///
    /// # Errors
    /// A state of another length; [`NotFinite`](crate::Error::NotFinite) where the step leads to a number that is not finite.
    pub fn step(&mut self, state: &mut [R]) -> Result<()> {
        expect_length("state", self.values(), state.len())?;
        pulp::Arch::new().dispatch(Step { model: self, state });
        expect_finite("state", state)
    }

    /// Tangent linear of a step: dψ ← M′(ψ) dψ, with ψ = `state` before it.
    ///
    /// # Errors
    /// An array of another length.
    pub fn tangent_step(&mut self, state: &[R], perturbation: &mut [R]) -> Result<()> {
        self.linearised_step::<false>(state, "perturbation", perturbation)
    }

    /// Adjoint of a step: w ← M′(ψ)ᵀ w, with ψ = `state` before it.
    ///
    /// # Errors
    /// An array of another length.
    pub fn adjoint_step(&mut self, state: &[R], sensitivity: &mut [R]) -> Result<()> {
        self.linearised_step::<true>(state, "sensitivity", sensitivity)
    }

    fn linearised_step<const ADJOINT: bool>(
        &mut self,
        state: &[R],
        name: &'static str,
        values: &mut [R],
    ) -> Result<()> {
        expect_length("state", self.values(), state.len())?;
        expect_length(name, self.values(), values.len())?;
        self.state.copy_from_slice(state);
        pulp::Arch::new().dispatch(LinearisedStep::<R, ADJOINT> { model: self, values });
        Ok(())
    }
}

struct Step<'a, R: FourierReal> {
    model: &'a mut QuasiGeostrophic<R>,
    state: &'a mut [R],
}

impl<R: FourierReal> WithSimd for Step<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let QuasiGeostrophic { configuration, basin, stages, .. } = self.model;
        basin.square.clear_edge(self.state);
        stages.step(rounded(configuration.time_step), basin, self.state);
    }
}

struct LinearisedStep<'a, R: FourierReal, const ADJOINT: bool> {
    model: &'a mut QuasiGeostrophic<R>,
    values: &'a mut [R],
}

impl<R: FourierReal, const ADJOINT: bool> WithSimd for LinearisedStep<'_, R, ADJOINT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let QuasiGeostrophic { configuration, basin, linearised, state, .. } = self.model;
        let time_step = rounded(configuration.time_step);
        basin.square.clear_edge(state);
        basin.square.clear_edge(self.values);
        if ADJOINT {
            linearised.adjoint_step(time_step, basin, state, self.values);
        } else {
            linearised.tangent_step(time_step, basin, state, self.values);
        }
    }
}

component_of_one_level!(QuasiGeostrophic, values);

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    /// Without wind, friction and advection, ψ = cos(x/2ω + ωt) sin πmx sin πny with 4ω² (F + π²(m² + n²)) = 1 is a solution.
    #[test]
    fn rossby_waves_of_the_basin_have_their_frequency() {
        let (froude_number, time) = (30.0_f64, 20.0);
        let frequency = 0.5 / (froude_number + PI * PI * 5.0).sqrt();
        let error = |points: usize, steps: u32| {
            let place = |index: usize| index as f64 / (points - 1) as f64;
            let wave = |time: f64| -> Vec<f64> {
                (0..points * points)
                    .map(|index| {
                        let (x, y) = (place(index % points), place(index / points));
                        (0.5 * x / frequency + frequency * time).cos() * (PI * x).sin() * (2.0 * PI * y).sin()
                    })
                    .collect()
            };
            let configuration = Configuration {
                points,
                time_step: time / f64::from(steps),
                froude_number,
                rossby_number: 0.0,
                friction: 0.0,
                wind: 0.0,
            };
            let mut model = QuasiGeostrophic::new(configuration).expect("a model");
            let mut state = wave(0.0);
            (0..steps).for_each(|_| model.step(&mut state).expect("a step"));
            largest_difference(&state, &wave(time))
        };
        let (coarse, fine) = (error(33, 40), error(65, 40));
        let order = (coarse / fine).log2();
        assert!((1.8..2.2).contains(&order), "{order}: {coarse:e} {fine:e}");
        assert!(fine < 5e-3, "{fine:e}");
    }

    #[test]
    fn errors_fall_with_the_fourth_power_of_the_step() {
        let after = |steps: u32| {
            let configuration =
                Configuration { points: 33, time_step: 40.0 / f64::from(steps), ..Configuration::default() };
            let mut model = QuasiGeostrophic::new(configuration).expect("a model");
            let place = |index: usize| index as f64 / 32.0;
            let mut state: Vec<f64> = (0..33 * 33)
                .map(|index| {
                    let (x, y) = (place(index % 33), place(index / 33));
                    30.0 * (PI * x).sin() * ((2.0 * PI * y).sin() + 0.3 * (3.0 * PI * y).sin())
                })
                .collect();
            (0..steps).for_each(|_| model.step(&mut state).expect("a step"));
            state
        };
        let reference = after(640);
        let error = |steps: u32| largest_difference(&after(steps), &reference);
        let (coarse, fine) = (error(40), error(80));
        let order = (coarse / fine).log2();
        assert!((3.7..4.3).contains(&order), "{order}: {coarse:e} {fine:e}");
    }

    #[test]
    fn the_edge_counts_as_zero() {
        let configuration = Configuration { points: 17, ..Configuration::default() };
        let mut model = QuasiGeostrophic::<f32>::new(configuration).expect("a model");
        let mut state = vec![0.0; 17 * 17];
        let mut with_edge: Vec<f32> = (0..17 * 17)
            .map(|index| {
                let (x, y) = (index % 17, index / 17);
                if x == 0 || y == 0 || x == 16 || y == 16 { 9.0 } else { 0.0 }
            })
            .collect();
        model.step(&mut state).expect("a step");
        model.step(&mut with_edge).expect("a step");
        assert_eq!(state, with_edge);
        assert!(state[17 * 4 + 8] != 0.0, "the wind does something");
    }

    #[test]
    fn impossible_settings_and_states_are_refused() {
        let configuration = Configuration { points: 9, ..Configuration::default() };
        for configuration in [
            Configuration { points: 2, ..configuration },
            Configuration { time_step: 0.0, ..configuration },
            Configuration { friction: -1.0, ..configuration },
            Configuration { wind: f64::NAN, ..configuration },
        ] {
            assert!(QuasiGeostrophic::<f64>::new(configuration).is_err());
        }
        let mut model = QuasiGeostrophic::<f64>::new(configuration).expect("a model");
        assert!(model.step(&mut [0.0; 80]).is_err());
        assert!(model.step(&mut [f64::NAN; 81]).expect_err("refused").to_string().contains("'state'"));
    }
}
