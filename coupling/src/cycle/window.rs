//! [`ComponentWindow`]: a run of a component from a window's beginning to its observations, with the derivative.

use terrella_kernels::assimilation::variational::{ObservationOperator, Window};
use terrella_kernels::{Error as KernelError, Real, Result as KernelResult};

use crate::error::expect_len;
use crate::trajectory::Trajectory;
use crate::{Error, Linearised, Result};

/// The equivalents of a window's observations, by a run of the component from its beginning: with
/// [`analyse_variationally`](terrella_kernels::assimilation::variational::analyse_variationally) this is strong-constraint 4D-Var, and
/// 3D-Var where all observations are at the beginning.
///
/// Observations are at rising numbers of steps, from 0 for the beginning. The run goes through whole memories of the component, so that
/// a leapfrog scheme is not begun anew at times of observation, and keeps as many of them as the budget allows; where that is all, the component
/// may have the rest of the budget for its linearisations.
pub struct ComponentWindow<'a, C: Linearised, H> {
    component: &'a mut C,
    operator: H,
    /// Steps after which there are observations, and where these begin among all.
    times: Vec<usize>,
    begins: Vec<usize>,
    /// None where there are no steps.
    trajectory: Option<Trajectory<C::Real>>,
    first: Vec<C::Real>,
    /// The memory after the last step, and what is carried along with it.
    last: Vec<C::Real>,
    carried: Vec<C::Real>,
    of_memory: Vec<C::Real>,
    state: Vec<C::Real>,
    /// What the component said when it failed.
    failure: Option<Error>,
}

impl<'a, C: Linearised, H: ObservationOperator<C::Real>> ComponentWindow<'a, C, H> {
    /// A window with observations after so many steps, whose trajectory and linearisations take at most `budget` bytes.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for times that do not rise, and where two memories do not fit into the budget.
    pub fn new(component: &'a mut C, operator: H, times: Vec<usize>, budget: usize) -> Result<Self> {
        if times.is_empty() || !times.is_sorted_by(|a, b| a < b) {
            return Err(Error::InvalidValue {
                name: "times",
                got: format!("{times:?}"),
                expected: "at least one number of steps, rising".to_owned(),
            });
        }
        let mut begins = vec![0];
        for time in 0..times.len() {
            begins.push(begins[time] + operator.count(time));
        }
        let steps = times[times.len() - 1];
        let zeros = |len| vec![C::Real::ZERO; len];
        let memory = component.memory_len();
        let trajectory = match steps {
            0 => None,
            _ => Some(Trajectory::within(component, steps, budget)?),
        };
        Ok(Self {
            trajectory,
            first: zeros(component.state_len()),
            state: zeros(component.state_len()),
            last: zeros(memory),
            carried: zeros(memory),
            of_memory: zeros(memory),
            failure: None,
            component,
            operator,
            times,
            begins,
        })
    }

    /// What the component said, where an analysis ended with an error of its.
    pub fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// The observation operator.
    pub fn operator(&self) -> &H {
        &self.operator
    }

    fn steps(&self) -> usize {
        self.times[self.times.len() - 1]
    }

    /// Turns an error of this crate into one of the kernels', which name what is theirs alone.
    fn keep<T>(&mut self, result: Result<T>) -> KernelResult<T> {
        result.map_err(|error| match error {
            Error::Kernels(error) => error,
            Error::LengthMismatch { name, expected, got } => {
                KernelError::LengthMismatch { name, expected, got }
            }
            other => {
                let got = other.to_string();
                self.failure = Some(other);
                let expected = "a run without errors".to_owned();
                KernelError::InvalidValue { name: "component", got, expected }
            }
        })
    }

    fn run(&mut self, state: &[C::Real], equivalents: &mut [C::Real]) -> Result<()> {
        let steps = self.steps();
        let Self { component, operator, times, begins, trajectory, first, last, carried, state: at, .. } =
            self;
        expect_len("state", first.len(), state.len())?;
        expect_len("equivalents", begins[times.len()], equivalents.len())?;
        first.copy_from_slice(state);
        component.begin(first, carried)?;
        let mut observe = |component: &mut C, memory: &[C::Real], number: usize| {
            if let Ok(time) = times.binary_search(&number) {
                component.end(memory, at)?;
                operator.observe(time, at, &mut equivalents[begins[time]..begins[time + 1]])?;
            }
            Ok::<_, Error>(())
        };
        match trajectory {
            None => {
                last.copy_from_slice(carried);
                observe(component, last, 0)
            }
            Some(trajectory) => trajectory.run(carried, *component, C::step, |component, memory, number| {
                if number == steps {
                    last.copy_from_slice(memory);
                }
                observe(component, memory, number)
            }),
        }
    }

    fn forward(&mut self, increment: &[C::Real], equivalents: &mut [C::Real]) -> Result<()> {
        let steps = self.steps();
        let Self { component, operator, times, begins, trajectory, first, last, carried, state: at, .. } =
            self;
        expect_len("increment", first.len(), increment.len())?;
        expect_len("equivalents", begins[times.len()], equivalents.len())?;
        component.begin_tangent(first, increment, carried)?;
        let mut observe = |component: &mut C, memory: &[C::Real], carried: &[C::Real], number: usize| {
            if let Ok(time) = times.binary_search(&number) {
                component.end_tangent(memory, carried, at)?;
                operator.tangent(time, at, &mut equivalents[begins[time]..begins[time + 1]])?;
            }
            Ok::<_, Error>(())
        };
        if let Some(trajectory) = trajectory {
            trajectory.forward(*component, C::step, |component, memory, number| {
                observe(component, memory, carried, number)?;
                component.tangent_step(memory, number, carried)
            })?;
        }
        observe(component, last, carried, steps)
    }

    fn backward(&mut self, equivalents: &[C::Real], increment: &mut [C::Real]) -> Result<()> {
        let steps = self.steps();
        let Self {
            component,
            operator,
            times,
            begins,
            trajectory,
            first,
            last,
            carried,
            of_memory,
            state: at,
            ..
        } = self;
        expect_len("increment", first.len(), increment.len())?;
        expect_len("equivalents", begins[times.len()], equivalents.len())?;
        carried.fill(C::Real::ZERO);
        let mut observe = |component: &mut C, memory: &[C::Real], carried: &mut [C::Real], number: usize| {
            if let Ok(time) = times.binary_search(&number) {
                at.fill(C::Real::ZERO);
                operator.adjoint(time, &equivalents[begins[time]..begins[time + 1]], at)?;
                component.end_adjoint(memory, at, of_memory)?;
                carried.iter_mut().zip(of_memory.iter()).for_each(|(sum, value)| *sum += *value);
            }
            Ok::<_, Error>(())
        };
        observe(component, last, carried, steps)?;
        if let Some(trajectory) = trajectory {
            trajectory.backward(*component, C::step, |component, memory, number| {
                component.adjoint_step(memory, number, carried)?;
                observe(component, memory, carried, number)
            })?;
        }
        component.begin_adjoint(first, carried, increment)
    }
}

impl<C: Linearised, H: ObservationOperator<C::Real>> Window<C::Real> for ComponentWindow<'_, C, H> {
    fn state_len(&self) -> usize {
        self.first.len()
    }

    fn increment_len(&self) -> usize {
        self.first.len()
    }

    fn observation_count(&self) -> usize {
        self.begins[self.times.len()]
    }

    fn trajectory(&mut self, state: &[C::Real], equivalents: &mut [C::Real]) -> KernelResult<()> {
        let result = self.run(state, equivalents);
        self.keep(result)
    }

    fn tangent(&mut self, increment: &[C::Real], equivalents: &mut [C::Real]) -> KernelResult<()> {
        let result = self.forward(increment, equivalents);
        self.keep(result)
    }

    fn adjoint(&mut self, equivalents: &[C::Real], increment: &mut [C::Real]) -> KernelResult<()> {
        let result = self.backward(equivalents, increment);
        self.keep(result)
    }
}

#[cfg(test)]
mod tests {
    use terrella_kernels::assimilation::variational::{Selection, Tangent};
    use terrella_kernels::assimilation::{LinearOperator, adjoint_error};

    use super::*;
    use crate::Component;

    /// Two levels: x_{n+1} = x_{n−1} + 0.2 x_n (1 − x_n) with neighbours exchanged; the first step is half as long and begins from two equal levels.
    struct Leapfrog;

    impl Leapfrog {
        fn length(number: usize) -> f64 {
            if number == 0 { 0.1 } else { 0.2 }
        }
    }

    impl Component for Leapfrog {
        type Real = f64;

        fn state_len(&self) -> usize {
            3
        }

        fn memory_len(&self) -> usize {
            6
        }

        fn time_step(&self) -> f64 {
            0.1
        }

        fn begin(&mut self, state: &[f64], memory: &mut [f64]) -> Result<()> {
            memory.chunks_exact_mut(3).for_each(|level| level.copy_from_slice(state));
            Ok(())
        }

        fn step(&mut self, memory: &mut [f64], number: usize) -> Result<()> {
            let (before, now) = memory.split_at_mut(3);
            for i in 0..3 {
                let next = before[i] + Self::length(number) * now[(i + 1) % 3] * (1.0 - now[i]);
                before[i] = next;
            }
            before.swap_with_slice(now);
            Ok(())
        }

        fn end(&mut self, memory: &[f64], state: &mut [f64]) -> Result<()> {
            state.copy_from_slice(&memory[3..]);
            Ok(())
        }
    }

    impl Linearised for Leapfrog {
        fn begin_tangent(&mut self, _: &[f64], of_state: &[f64], of_memory: &mut [f64]) -> Result<()> {
            self.begin(of_state, of_memory)
        }

        fn tangent_step(&mut self, memory: &[f64], number: usize, perturbation: &mut [f64]) -> Result<()> {
            let now = &memory[3..];
            let (before, carried) = perturbation.split_at_mut(3);
            for i in 0..3 {
                let j = (i + 1) % 3;
                before[i] += Self::length(number) * (carried[j] * (1.0 - now[i]) - now[j] * carried[i]);
            }
            before.swap_with_slice(carried);
            Ok(())
        }

        fn end_tangent(&mut self, _: &[f64], of_memory: &[f64], of_state: &mut [f64]) -> Result<()> {
            self.end(of_memory, of_state)
        }

        fn end_adjoint(&mut self, _: &[f64], of_state: &[f64], of_memory: &mut [f64]) -> Result<()> {
            of_memory[..3].fill(0.0);
            of_memory[3..].copy_from_slice(of_state);
            Ok(())
        }

        fn adjoint_step(&mut self, memory: &[f64], number: usize, sensitivity: &mut [f64]) -> Result<()> {
            let now = &memory[3..];
            let (before, carried) = sensitivity.split_at_mut(3);
            before.swap_with_slice(carried);
            for i in 0..3 {
                let (j, weight) = ((i + 1) % 3, Self::length(number) * before[i]);
                carried[j] += weight * (1.0 - now[i]);
                carried[i] -= weight * now[j];
            }
            Ok(())
        }

        fn begin_adjoint(&mut self, _: &[f64], of_memory: &[f64], of_state: &mut [f64]) -> Result<()> {
            (0..3).for_each(|i| of_state[i] = of_memory[i] + of_memory[3 + i]);
            Ok(())
        }
    }

    const STATE: [f64; 3] = [0.3, 0.8, -0.4];

    fn window(
        component: &mut Leapfrog,
        times: Vec<usize>,
        budget: usize,
    ) -> ComponentWindow<'_, Leapfrog, Selection> {
        let places = times.iter().map(|time| if time % 2 == 0 { vec![0, 2] } else { vec![1] }).collect();
        let selection = Selection::new(3, places).expect("elements of the state");
        ComponentWindow::new(component, selection, times, budget).expect("a window")
    }

    #[test]
    fn levels_go_through_times_of_observation() {
        for times in [vec![0], vec![5], vec![0, 1, 4, 9]] {
            for budget in [96, 4_096] {
                let mut component = Leapfrog;
                let mut window = window(&mut component, times.clone(), budget);
                let mut equivalents = vec![0.0; window.observation_count()];
                window.trajectory(&STATE, &mut equivalents).expect("a run");
                let error = adjoint_error(&mut Tangent(&mut window), 3).expect("a window");
                assert!(error < 1e-14, "{times:?}: {error}");
                // Taylor: what is left falls with the square of the perturbation.
                let direction = [0.5, -1.0, 0.7];
                let mut linear = equivalents.clone();
                Tangent(&mut window).apply(&direction, &mut linear).expect("a window");
                let rest = |window: &mut ComponentWindow<Leapfrog, Selection>, size: f64| {
                    let state: Vec<f64> = STATE.iter().zip(direction).map(|(x, d)| x + size * d).collect();
                    let mut perturbed = equivalents.clone();
                    window.trajectory(&state, &mut perturbed).expect("a run");
                    let differences = perturbed.iter().zip(&equivalents).zip(&linear);
                    differences.map(|((a, b), l)| (a - b - size * l).abs()).fold(0.0, f64::max)
                };
                let (large, small) = (rest(&mut window, 1e-3), rest(&mut window, 1e-4));
                assert!(small < 1e-15 || (90.0..110.0).contains(&(large / small)), "{large} {small}");
            }
        }
    }

    #[test]
    fn impossible_windows_are_refused() {
        let text = |times: Vec<usize>, budget: usize| {
            let selection = Selection::new(3, vec![vec![0]; times.len()]).expect("elements");
            let mut component = Leapfrog;
            ComponentWindow::new(&mut component, selection, times, budget)
                .map(|_| ())
                .expect_err("refused")
                .to_string()
        };
        assert!(text(vec![], 4_096).contains("rising"));
        assert!(text(vec![3, 3], 4_096).contains("[3, 3]"));
        assert!(text(vec![3], 95).contains("95 bytes"));
    }
}
