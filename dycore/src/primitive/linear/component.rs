//! The derivative as that of a [`Component`].

use terrella_coupling::{Component, Linearised, Result as CouplingResult};
use terrella_kernels::Real;

use super::super::arrays::write;
use super::parts::Parts;
use super::trajectory::Kept;
use super::{Linearisation, LinearisedPrimitive};
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
    /// Besides its [`Linearisation`], each step that is kept takes a copy of its memory, by which it is known.
    fn keep_linearisations(&mut self, steps: usize, budget: usize) -> CouplingResult<usize> {
        let memory_len = self.memory_len();
        let each = self.own.bytes() + memory_len * size_of::<R>();
        self.kept.clear();
        for _ in 0..steps.min(budget / each) {
            self.kept.push(Kept::zeros(&self.parts.model, memory_len)?);
        }
        Ok(self.kept.len() * each)
    }

    fn begin_tangent(&mut self, state: &[R], of_state: &[R], of_memory: &mut [R]) -> CouplingResult<()> {
        self.parts.model.expect(of_memory, of_state)?;
        expect_length("state", of_state.len(), state.len())?;
        let Self { parts, own, .. } = self;
        parts.surface_at_beginning(state, own)?;
        parts.begin_tangent(own, of_state)?;
        parts.mass.copy_to_host(&mut of_memory[..1])?;
        Ok(parts.model.write_levels(of_memory)?)
    }

    fn tangent_step(&mut self, memory: &[R], number: usize, perturbation: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        expect_length("perturbation", self.memory_len(), perturbation.len())?;
        let Self { parts, own, kept } = self;
        let about = at_step(parts, own, kept, memory, number)?;
        Ok(parts.tangent(about, perturbation)?)
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
        let Self { parts, own, kept } = self;
        let about = at_step(parts, own, kept, memory, number)?;
        Ok(parts.adjoint(about, sensitivity)?)
    }

    fn begin_adjoint(&mut self, state: &[R], of_memory: &[R], of_state: &mut [R]) -> CouplingResult<()> {
        self.parts.model.expect(of_memory, of_state)?;
        expect_length("state", of_state.len(), state.len())?;
        let Self { parts, own, .. } = self;
        parts.surface_at_beginning(state, own)?;
        parts.model.read_levels(of_memory)?;
        parts.mass.copy_from_host(&of_memory[..1])?;
        parts.begin_adjoint(own)?;
        write(of_state, parts.model.present.fields().map(|(_, field)| field))?;
        Ok(())
    }
}

/// The linearisation of a step: that which is kept, or found anew in `own`.
fn at_step<'a, R: Real>(
    parts: &mut Parts<R>,
    own: &'a mut Linearisation<R>,
    kept: &'a mut [Kept<R>],
    memory: &[R],
    number: usize,
) -> crate::Result<&'a Linearisation<R>> {
    if let Some(kept) = kept.get_mut(number) {
        return kept.of(parts, memory, number);
    }
    parts.linearise(memory, number, own)?;
    Ok(own)
}
