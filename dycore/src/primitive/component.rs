//! The primitive-equation model as a [`Component`].

use terrella_coupling::{Component, Result as CouplingResult};
use terrella_kernels::Real;

use super::Primitive;
use super::arrays::{read, write};
use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// A state is one time level of the leapfrog scheme, `[vorticity, divergence, temperature, log_surface_pressure, tracers]` as in
/// [`SpectralState`](super::SpectralState), one after the other. A memory is what a step goes from:
///
/// | part | values |
/// |---|---|
/// | mean of p_s/p_r that is held | 1 |
/// | spectra at t − Δt, filtered  | a state |
/// | spectra at t                 | a state |
/// | with column physics: u, v, T − T_r \[levels, points\], tracers \[tracers, levels, points\] and p_s \[points\] as the schemes see them | |
///
/// A run begins with two equal levels, the mean of its own surface pressure and a step of Δt; the time that physics is told counts
/// from there. The model's state is afterwards that of the last call.
///
/// Errors besides those of the trait: a semi-Lagrangian model, or physics with a memory of its own, of which the arrays would be
/// a part only.
impl<R: Real> Component for Primitive<R> {
    type Real = R;

    fn state_len(&self) -> usize {
        self.present.fields().iter().map(|(_, field)| field.len()).sum()
    }

    fn memory_len(&self) -> usize {
        let columns = self
            .physics
            .as_ref()
            .map_or(0, |physics| physics.earlier.all().iter().map(|(_, field)| field.len()).sum::<usize>());
        1 + 2 * self.state_len() + columns
    }

    fn time_step(&self) -> f64 {
        self.configuration.time_step
    }

    fn begin(&mut self, state: &[R], memory: &mut [R]) -> CouplingResult<()> {
        self.expect(memory, state)?;
        self.begin_from(state)?;
        self.work.target.copy_to_host(&mut memory[..1])?;
        Ok(self.write_levels(memory)?)
    }

    fn step(&mut self, memory: &mut [R], number: usize) -> CouplingResult<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        self.expect_whole_memory()?;
        self.work.target.copy_from_host(&memory[..1])?;
        self.read_levels(memory)?;
        self.step = number as u64;
        Primitive::step(self)?;
        Ok(self.write_levels(memory)?)
    }

    fn end(&mut self, memory: &[R], state: &mut [R]) -> CouplingResult<()> {
        self.expect(memory, state)?;
        let len = state.len();
        state.copy_from_slice(&memory[1 + len..][..len]);
        Ok(())
    }
}

impl<R: Real> Primitive<R> {
    /// Copies the state at t, as one array.
    ///
    /// Errors: an array of another length.
    pub fn copy_state_to(&self, state: &mut [R]) -> Result<()> {
        expect_length("state", self.state_len(), state.len())?;
        write(state, self.present.fields().map(|(_, field)| field))?;
        Ok(())
    }

    /// An error unless both arrays have their lengths.
    pub(super) fn expect(&self, memory: &[R], state: &[R]) -> Result<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        expect_length("state", self.state_len(), state.len())
    }

    /// An error where a memory would not hold all that a step depends on.
    pub(super) fn expect_whole_memory(&self) -> Result<()> {
        if self.transport.is_some() {
            return Err(Error::InvalidConfiguration {
                name: "time_stepping",
                got: "semi-Lagrangian".to_owned(),
                expected: "leapfrog, whose memory fits into the arrays of a run",
            });
        }
        let mut schemes = self.physics.iter().flat_map(|physics| &physics.schemes);
        match schemes.find(|scheme| !scheme.memory().is_empty()) {
            None => Ok(()),
            Some(scheme) => Err(Error::InvalidConfiguration {
                name: "physics",
                got: scheme.name().to_owned(),
                expected: "schemes without a memory of their own, which the arrays of a run do not hold",
            }),
        }
    }

    /// Starts from a state.
    pub(super) fn begin_from(&mut self, state: &[R]) -> Result<()> {
        self.expect_whole_memory()?;
        read(state, self.present.fields_mut().map(|(_, field)| field))?;
        self.device.within(|| self.start())
    }

    /// Both time levels and the columns of a memory.
    pub(super) fn read_levels(&mut self, memory: &[R]) -> Result<()> {
        let rest = read(&memory[1..], self.previous.fields_mut().map(|(_, field)| field))?;
        let rest = read(rest, self.present.fields_mut().map(|(_, field)| field))?;
        if let Some(physics) = &mut self.physics {
            read(rest, physics.earlier.all_mut())?;
        }
        Ok(())
    }

    /// The other way round.
    pub(super) fn write_levels(&self, memory: &mut [R]) -> Result<()> {
        let rest = write(&mut memory[1..], self.previous.fields().map(|(_, field)| field))?;
        let rest = write(rest, self.present.fields().map(|(_, field)| field))?;
        if let Some(physics) = &self.physics {
            write(rest, physics.earlier.all().map(|(_, field)| field))?;
        }
        Ok(())
    }
}
