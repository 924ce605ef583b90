//! [`Lorenz96`]: a quantity around a circle of latitude.

use terrella_kernels::Real;

use super::{Equations, LinearisedEquations};
use crate::{Error, Result};

/// dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + F, with i on a circle (Lorenz 1996, "Predictability: a problem partly solved", Proc. Seminar on
/// Predictability, ECMWF, 1–18, equation 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lorenz96<R> {
    variables: usize,
    forcing: R,
}

impl<R: Real> Lorenz96<R> {
    /// With this number of variables and forcing F; 40 and 8 are usual.
    ///
    /// # Errors
    /// [`Error::InvalidConfiguration`] for fewer than four variables and a forcing that is not finite.
    pub fn new(variables: usize, forcing: R) -> Result<Self> {
        let invalid = |name, got, expected| Err(Error::InvalidConfiguration { name, got, expected });
        if variables < 4 {
            return invalid("variables", variables.to_string(), "at least 4");
        }
        if !forcing.to_f64().is_finite() {
            return invalid("forcing", forcing.to_string(), "a finite number");
        }
        Ok(Self { variables, forcing })
    }
}

impl<R: Real> Equations<R> for Lorenz96<R> {
    fn variables(&self) -> usize {
        self.variables
    }

    #[inline(always)]
    fn tendency(&self, members: usize, state: &[R], tendency: &mut [R]) {
        let variables = self.variables;
        let row = |variable: usize| &state[variable % variables * members..][..members];
        for (variable, tendency) in tendency.chunks_exact_mut(members).enumerate() {
            let (next, here) = (row(variable + 1), row(variable));
            let (before, second) = (row(variable + variables - 1), row(variable + variables - 2));
            for member in 0..members {
                tendency[member] =
                    (next[member] - second[member]) * before[member] - here[member] + self.forcing;
            }
        }
    }
}

impl<R: Real> LinearisedEquations<R> for Lorenz96<R> {
    #[inline(always)]
    fn tangent(&self, members: usize, state: &[R], perturbation: &[R], tendency: &mut [R]) {
        let variables = self.variables;
        let row = |variable: usize| &state[variable % variables * members..][..members];
        let change = |variable: usize| &perturbation[variable % variables * members..][..members];
        for (variable, tendency) in tendency.chunks_exact_mut(members).enumerate() {
            let (before, second) = (variable + variables - 1, variable + variables - 2);
            let (d_next, d_here) = (change(variable + 1), change(variable));
            let (d_before, d_second) = (change(before), change(second));
            let (next, before, second) = (row(variable + 1), row(before), row(second));
            for member in 0..members {
                tendency[member] = (d_next[member] - d_second[member]) * before[member]
                    + (next[member] - second[member]) * d_before[member]
                    - d_here[member];
            }
        }
    }

    #[inline(always)]
    fn adjoint(&self, members: usize, state: &[R], sensitivity: &[R], result: &mut [R]) {
        let variables = self.variables;
        let row = |variable: usize| &state[variable % variables * members..][..members];
        let to = |variable: usize| &sensitivity[variable % variables * members..][..members];
        for (variable, result) in result.chunks_exact_mut(members).enumerate() {
            let (before, second) = (variable + variables - 1, variable + variables - 2);
            // x_i is x_{j+1} in the tendency of j = i − 1, x_j in that of i, x_{j−1} in that of i + 1, x_{j−2} in that of i + 2.
            let (to_before, to_here) = (to(before), to(variable));
            let (to_next, to_after_next) = (to(variable + 1), to(variable + 2));
            let (second, before) = (row(second), row(before));
            let (next, after_next) = (row(variable + 1), row(variable + 2));
            for member in 0..members {
                result[member] = to_before[member] * second[member]
                    + to_next[member] * (after_next[member] - before[member])
                    - to_after_next[member] * next[member]
                    - to_here[member];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::low_order::{Lorenz63, RungeKutta};

    /// The largest error after one unit of time against steps 16 times as short.
    fn error<E: Equations<f64>>(equations: &E, start: &[f64], steps: u32) -> f64 {
        let run = |steps: u32| {
            let mut scheme = RungeKutta::new(equations, 1, 1.0 / f64::from(steps)).expect("a time step");
            let mut state = start.to_vec();
            (0..steps).for_each(|_| scheme.step(equations, &mut state));
            state
        };
        run(steps).iter().zip(run(16 * steps)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn errors_fall_with_the_fourth_power_of_the_step() {
        let lorenz_96 = Lorenz96::new(7, 8.0).expect("variables");
        let start = [1.0, 3.0, -2.0, 0.5, 8.0, 4.0, -1.0];
        let order = (error(&lorenz_96, &start, 64) / error(&lorenz_96, &start, 128)).log2();
        assert!((3.7..4.3).contains(&order), "{order}");
        let lorenz_63 = Lorenz63::default();
        let order =
            (error(&lorenz_63, &[1.0, 2.0, 20.0], 256) / error(&lorenz_63, &[1.0, 2.0, 20.0], 512)).log2();
        assert!((3.7..4.3).contains(&order), "{order}");
    }

    #[test]
    fn nonlinear_terms_keep_energy() {
        // Σ x_i (x_{i+1} − x_{i−2}) x_{i−1} = 0: what is left is forcing and damping.
        let equations = Lorenz96::new(9, 3.0).expect("variables");
        let state: Vec<f64> = (0..9).map(|i| f64::from(i * i % 7) - 2.5).collect();
        let mut tendency = vec![0.0; 9];
        equations.tendency(1, &state, &mut tendency);
        let change: f64 = state.iter().zip(&tendency).map(|(x, t)| x * t).sum();
        let expected: f64 = state.iter().map(|x| x * (3.0 - x)).sum();
        assert!((change - expected).abs() < 1e-12, "{change} {expected}");
    }

    #[test]
    fn members_do_not_see_each_other() {
        let equations = Lorenz96::new(5, 8.0_f32).expect("variables");
        let states = [[1.0, 2.0, 3.0, 4.0, 5.0], [8.0, 8.01, 8.0, 8.0, 8.0], [0.0, -3.0, 1.0, 9.0, 2.0]];
        let mut together: Vec<f32> = (0..5).flat_map(|i| states.map(|state| state[i])).collect();
        let mut scheme = RungeKutta::new(&equations, 3, 0.05).expect("a time step");
        (0..20).for_each(|_| scheme.step(&equations, &mut together));
        for (member, state) in states.iter().enumerate() {
            let mut alone = state.to_vec();
            let mut scheme = RungeKutta::new(&equations, 1, 0.05).expect("a time step");
            (0..20).for_each(|_| scheme.step(&equations, &mut alone));
            let of_member: Vec<f32> = together.chunks_exact(3).map(|row| row[member]).collect();
            assert_eq!(of_member, alone);
        }
    }

    #[test]
    fn impossible_systems_are_refused() {
        let text = |error: Error| error.to_string();
        assert!(text(Lorenz96::new(3, 8.0).expect_err("refused")).contains("at least 4"));
        assert!(text(Lorenz96::new(40, f64::NAN).expect_err("refused")).contains("NaN"));
        for (members, step) in [(0, 0.05), (1, 0.0), (1, f64::NAN)] {
            assert!(RungeKutta::new(&Lorenz63::<f64>::default(), members, step).is_err());
        }
    }
}
