//! The derivative of the shallow-water model as that of a [`Component`].

use terrella_coupling::{Component, Linearised, Result as CouplingResult};
use terrella_kernels::Real;

use super::{LinearisedShallowWater, TwoLevels};
use crate::shallow_water::expect_length;

/// As [`ShallowWater`](crate::shallow_water::ShallowWater).
impl<R: Real> Component for LinearisedShallowWater<R> {
    type Real = R;

    fn state_len(&self) -> usize {
        self.model.state_len()
    }

    fn memory_len(&self) -> usize {
        self.model.memory_len()
    }

    fn time_step(&self) -> f64 {
        Component::time_step(&self.model)
    }

    fn begin(&mut self, state: &[R], memory: &mut [R]) -> CouplingResult<()> {
        self.model.begin(state, memory)
    }

    fn step(&mut self, memory: &mut [R], number: usize) -> CouplingResult<()> {
        Component::step(&mut self.model, memory, number)
    }

    fn end(&mut self, memory: &[R], state: &mut [R]) -> CouplingResult<()> {
        self.model.end(memory, state)
    }
}

impl<R: Real> Linearised for LinearisedShallowWater<R> {
    fn begin_tangent(&mut self, _state: &[R], of_state: &[R], of_memory: &mut [R]) -> CouplingResult<()> {
        self.model.begin(of_state, of_memory)
    }

    fn tangent_step(&mut self, memory: &[R], number: usize, perturbation: &mut [R]) -> CouplingResult<()> {
        self.carry(memory, number, perturbation, Self::tangent_step)
    }

    fn end_tangent(&mut self, _memory: &[R], of_memory: &[R], of_state: &mut [R]) -> CouplingResult<()> {
        self.model.end(of_memory, of_state)
    }

    fn end_adjoint(&mut self, _memory: &[R], of_state: &[R], of_memory: &mut [R]) -> CouplingResult<()> {
        expect_length("state", self.state_len(), of_state.len())?;
        expect_length("memory", self.memory_len(), of_memory.len())?;
        let (previous, present) = of_memory.split_at_mut(of_state.len());
        previous.fill(R::ZERO);
        present.copy_from_slice(of_state);
        Ok(())
    }

    fn adjoint_step(&mut self, memory: &[R], number: usize, sensitivity: &mut [R]) -> CouplingResult<()> {
        self.carry(memory, number, sensitivity, Self::adjoint_step)
    }

    fn begin_adjoint(&mut self, _state: &[R], of_memory: &[R], of_state: &mut [R]) -> CouplingResult<()> {
        expect_length("state", self.state_len(), of_state.len())?;
        expect_length("memory", self.memory_len(), of_memory.len())?;
        let (previous, present) = of_memory.split_at(of_state.len());
        for ((sum, previous), present) in of_state.iter_mut().zip(previous).zip(present) {
            *sum = *previous + *present;
        }
        Ok(())
    }
}

impl<R: Real> LinearisedShallowWater<R> {
    /// A step of what is in host memory.
    fn carry(
        &mut self,
        memory: &[R],
        number: usize,
        values: &mut [R],
        step: impl FnOnce(&mut Self, &mut TwoLevels<R>) -> crate::Result<()>,
    ) -> CouplingResult<()> {
        expect_length("values", self.memory_len(), values.len())?;
        self.model.set_memory(memory, number)?;
        self.linearise_about_present()?;
        let mut levels = std::mem::take(&mut self.carried).expect("put back by every call");
        let result = levels
            .copy_from_host(values)
            .and_then(|()| step(self, &mut levels))
            .and_then(|()| levels.copy_to_host(values));
        self.carried = Some(levels);
        Ok(result?)
    }
}
