//! The shallow-water model as a [`Component`].

use terrella_coupling::{Component, Result as CouplingResult};
use terrella_kernels::Real;

use super::{ShallowWater, expect_length};

/// A state is the spectra of vorticity, divergence and geopotential departure, `[3, coefficients, 2]`; a memory is the previous and the present
/// state, `[2, 3, coefficients, 2]`. A run begins with two equal levels and a step of Δt.
impl<R: Real> Component for ShallowWater<R> {
    type Real = R;

    fn state_len(&self) -> usize {
        6 * self.coefficients()
    }

    fn memory_len(&self) -> usize {
        2 * self.state_len()
    }

    fn time_step(&self) -> f64 {
        self.configuration.time_step
    }

    fn begin(&mut self, state: &[R], memory: &mut [R]) -> CouplingResult<()> {
        expect_length("state", self.state_len(), state.len())?;
        expect_length("memory", self.memory_len(), memory.len())?;
        memory.chunks_exact_mut(state.len()).for_each(|level| level.copy_from_slice(state));
        Ok(())
    }

    fn step(&mut self, memory: &mut [R], number: usize) -> CouplingResult<()> {
        self.set_memory(memory, number)?;
        ShallowWater::step(self)?;
        let (previous, present) = memory.split_at_mut(memory.len() / 2);
        self.previous.copy_to_host(previous)?;
        Ok(self.present.copy_to_host(present)?)
    }

    fn end(&mut self, memory: &[R], state: &mut [R]) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        expect_length("state", self.state_len(), state.len())?;
        state.copy_from_slice(&memory[state.len()..]);
        Ok(())
    }
}

impl<R: Real> ShallowWater<R> {
    /// Both levels and the number of the step that follows.
    pub(super) fn set_memory(&mut self, memory: &[R], number: usize) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        let (previous, present) = memory.split_at(memory.len() / 2);
        self.previous.copy_from_host(previous)?;
        self.present.copy_from_host(present)?;
        self.step = number as u64;
        Ok(())
    }
}
