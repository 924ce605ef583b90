//! Runs from one analysis to the next that pass the times of observation.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;

use super::Network;
use crate::error::expect_len;
use crate::{Component, Result};

impl<R: Real> Network<R> {
    /// Replaces a state by that at the end of the window that begins with it, and writes what is observed on the way to `equivalents`,
    /// \[time]\[observation].
    ///
    /// The run goes through whole memories of the component: a leapfrog scheme is not begun anew at times of observation.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch), and those of [`Component::step`].
    pub fn forecast<C: Component<Real = R>>(
        &self,
        component: &mut C,
        state: &mut [R],
        equivalents: &mut [R],
    ) -> Result<()> {
        self.pass(component, 1, state, |_, _| Ok(()), equivalents)
    }

    /// [`Network::forecast`] of every member; `equivalents` are \[time]\[observation]\[member].
    ///
    /// # Errors
    /// Those of [`Network::forecast`].
    pub fn forecast_ensemble<C: Component<Real = R>>(
        &self,
        component: &mut C,
        ensemble: &mut Ensemble<R>,
        equivalents: &mut Ensemble<R>,
    ) -> Result<()> {
        self.pass_ensemble(component, 1, ensemble, equivalents)
    }

    /// Through so many windows, the last of which is observed; `visit` sees the number and state of its times.
    pub(super) fn pass<C: Component<Real = R>>(
        &self,
        component: &mut C,
        windows: usize,
        state: &mut [R],
        mut visit: impl FnMut(usize, &[R]) -> Result<()>,
        equivalents: &mut [R],
    ) -> Result<()> {
        expect_len("equivalents", self.total(), equivalents.len())?;
        let before = (windows - 1) * self.interval();
        if self.times() == 1 {
            component.advance(state, before + self.interval())?;
            visit(0, state)?;
            return self.observe(state, equivalents);
        }
        let mut memory = vec![R::ZERO; component.memory_len()];
        component.begin(state, &mut memory)?;
        let mut number = 0;
        let parts = equivalents.chunks_exact_mut(self.count());
        for (time, (steps, part)) in self.steps().into_iter().zip(parts).enumerate() {
            while number < before + steps {
                component.step(&mut memory, number)?;
                number += 1;
            }
            component.end(&memory, state)?;
            visit(time, state)?;
            self.observe(state, part)?;
        }
        Ok(())
    }

    /// [`Network::pass`] of every member.
    pub(super) fn pass_ensemble<C: Component<Real = R>>(
        &self,
        component: &mut C,
        windows: usize,
        ensemble: &mut Ensemble<R>,
        equivalents: &mut Ensemble<R>,
    ) -> Result<()> {
        expect_len("equivalents", self.total(), equivalents.variables())?;
        if self.times() == 1 {
            component.advance_ensemble(ensemble, windows * self.interval())?;
            return self.observe_ensemble(ensemble, equivalents);
        }
        let mut state = vec![R::ZERO; ensemble.variables()];
        let mut found = vec![R::ZERO; self.total()];
        for member in 0..ensemble.members() {
            ensemble.read_member(member, &mut state)?;
            self.pass(component, windows, &mut state, |_, _| Ok(()), &mut found)?;
            ensemble.write_member(member, &state)?;
            equivalents.write_member(member, &found)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step multiplies by 2, but the first of a run, which multiplies by 3.
    struct Growing;

    impl Component for Growing {
        type Real = f64;

        fn state_len(&self) -> usize {
            2
        }

        fn time_step(&self) -> f64 {
            1.0
        }

        fn step(&mut self, memory: &mut [f64], number: usize) -> Result<()> {
            memory.iter_mut().for_each(|value| *value *= if number == 0 { 3.0 } else { 2.0 });
            Ok(())
        }
    }

    #[test]
    fn runs_are_not_begun_anew_at_times_of_observation() {
        let network = Network::new(2, vec![1], vec![1.0], 4).expect("a network");
        let network = network.with_times(2).expect("a divisor");
        let (mut state, mut equivalents) = (vec![1.0, 10.0], vec![0.0; 2]);
        network.forecast(&mut Growing, &mut state, &mut equivalents).expect("a run");
        assert_eq!((state, equivalents), (vec![24.0, 240.0], vec![60.0, 240.0]));
        let mut ensemble = Ensemble::of_states(&[&[1.0, 10.0], &[2.0, 1.0]]).expect("an ensemble");
        let mut equivalents = Ensemble::new(2, vec![0.0; 4]).expect("an ensemble");
        network.pass_ensemble(&mut Growing, 2, &mut ensemble, &mut equivalents).expect("a run");
        assert_eq!(ensemble.values(), [384.0, 768.0, 3_840.0, 384.0]);
        assert_eq!(equivalents.values(), [960.0, 96.0, 3_840.0, 384.0]);
    }
}
