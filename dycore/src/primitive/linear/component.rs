//! The derivative as that of a [`Component`].

use terrella_coupling::{Component, Linearised, Result as CouplingResult};
use terrella_kernels::Real;

use super::super::arrays::write;
use super::LinearisedPrimitive;
use crate::shallow_water::expect_length;

/// As [`Primitive`](super::super::Primitive).
impl<R: Real> Component for LinearisedPrimitive<R> {
    type Real = R;

    fn state_len(&self) -> usize {
        self.parts.model.state_len()
    }

    fn memory_len(&self) -> usize {
        self.parts.model.memory_len()
    }

    fn time_step(&self) -> f64 {
        self.parts.model.time_step()
    }

    fn begin(&mut self, state: &[R], memory: &mut [R]) -> CouplingResult<()> {
        self.parts.model.begin(state, memory)
    }

    fn step(&mut self, memory: &mut [R], number: usize) -> CouplingResult<()> {
        Component::step(&mut self.parts.model, memory, number)
    }

    fn end(&mut self, memory: &[R], state: &mut [R]) -> CouplingResult<()> {
        self.parts.model.end(memory, state)
    }
}

impl<R: Real> Linearised for LinearisedPrimitive<R> {
    fn begin_tangent(&mut self, state: &[R], of_state: &[R], of_memory: &mut [R]) -> CouplingResult<()> {
        self.parts.model.expect(of_memory, of_state)?;
        expect_length("state", of_state.len(), state.len())?;
        let Self { parts, own } = self;
        parts.surface_at_beginning(state, own)?;
        parts.begin_tangent(own, of_state)?;
        parts.mass.copy_to_host(&mut of_memory[..1])?;
        Ok(parts.model.write_levels(of_memory)?)
    }

    fn tangent_step(&mut self, memory: &[R], number: usize, perturbation: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        expect_length("perturbation", self.memory_len(), perturbation.len())?;
        self.parts.linearise(memory, number, &mut self.own)?;
        Ok(self.parts.tangent(&self.own, perturbation)?)
    }

    fn end_tangent(&mut self, _memory: &[R], of_memory: &[R], of_state: &mut [R]) -> CouplingResult<()> {
        self.parts.model.end(of_memory, of_state)
    }

    fn end_adjoint(&mut self, _memory: &[R], of_state: &[R], of_memory: &mut [R]) -> CouplingResult<()> {
        self.parts.model.expect(of_memory, of_state)?;
        of_memory.fill(R::ZERO);
        of_memory[1 + of_state.len()..][..of_state.len()].copy_from_slice(of_state);
        Ok(())
    }

    fn adjoint_step(&mut self, memory: &[R], number: usize, sensitivity: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        expect_length("sensitivity", self.memory_len(), sensitivity.len())?;
        self.parts.linearise(memory, number, &mut self.own)?;
        Ok(self.parts.adjoint(&self.own, sensitivity)?)
    }

    fn begin_adjoint(&mut self, state: &[R], of_memory: &[R], of_state: &mut [R]) -> CouplingResult<()> {
        self.parts.model.expect(of_memory, of_state)?;
        expect_length("state", of_state.len(), state.len())?;
        let Self { parts, own } = self;
        parts.surface_at_beginning(state, own)?;
        parts.model.read_levels(of_memory)?;
        parts.mass.copy_from_host(&of_memory[..1])?;
        parts.begin_adjoint(own)?;
        write(of_state, parts.model.present.fields().map(|(_, field)| field))?;
        Ok(())
    }
}
