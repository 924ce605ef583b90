//! Everything that a restart needs, bit for bit.

use terrella_coupling::spectral::Part;
use terrella_kernels::Real;

use super::model::{expect_finite, expect_length, fields};
use super::{ShallowWater, SpectralState};
use crate::{Error, Result};

/// The model's prognostic variables at both time levels and its clock, in host memory.
///
/// A run that is split by `checkpoint` and `restore` continues with the same bits. Orography, relaxation and the other
/// settings are the caller's to set again. It does not know of ranks: what some wrote any other number continues from.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<R> {
    /// T of the model that wrote it.
    pub truncation: usize,
    /// Δt \[s\] of the model that wrote it.
    pub time_step: f64,
    /// Φ̄ \[m² s⁻²\] of the model that wrote it.
    pub mean_geopotential: f64,
    /// Steps done.
    pub step: u64,
    /// Spectra of vorticity, divergence and geopotential departure at t − Δt, `[coefficients, 2]` each.
    pub previous: [Vec<R>; 3],
    /// The same at t.
    pub present: [Vec<R>; 3],
}

impl<R: Real> ShallowWater<R> {
    /// A copy of all that the next step depends on.
    ///
    /// Across ranks all call it together; rank 0 gets the whole copy, the others one without values.
    pub fn checkpoint(&self) -> Result<Checkpoint<R>> {
        let mut checkpoint = self.own_checkpoint()?;
        let part = self.part();
        if !part.is_whole() {
            let communicator = self.transform.communicator()?;
            for array in checkpoint.previous.iter_mut().chain(&mut checkpoint.present) {
                *array = part.gather_spectra(&communicator, 1, array)?.unwrap_or_default();
            }
        }
        Ok(checkpoint)
    }

    /// What this rank has of a checkpoint: own coefficients. Nothing is sent.
    pub fn own_checkpoint(&self) -> Result<Checkpoint<R>> {
        Ok(Checkpoint {
            truncation: self.configuration.truncation,
            time_step: self.configuration.time_step,
            mean_geopotential: self.configuration.mean_geopotential,
            step: self.step,
            previous: to_host(&self.previous)?,
            present: to_host(&self.present)?,
        })
    }

    /// Continues from a checkpoint of a model with the same truncation, time step and mean geopotential.
    ///
    /// Across ranks each is given the whole checkpoint and takes its part, or is given its part
    /// ([`own_checkpoint`](Self::own_checkpoint)). On an error the model is as it was.
    pub fn restore(&mut self, checkpoint: &Checkpoint<R>) -> Result<()> {
        let configuration = &self.configuration;
        let settings = [
            ("truncation", configuration.truncation as f64, checkpoint.truncation as f64),
            ("time_step", configuration.time_step, checkpoint.time_step),
            ("mean_geopotential", configuration.mean_geopotential, checkpoint.mean_geopotential),
        ];
        for (name, expected, got) in settings {
            if expected != got {
                return Err(Error::CheckpointMismatch {
                    name,
                    expected: expected.to_string(),
                    got: got.to_string(),
                });
            }
        }
        let part = self.transform.part();
        let (whole, own) = (part.truncation().spectrum_len(1), 2 * part.coefficients());
        for level in [&checkpoint.previous, &checkpoint.present] {
            for (name, array) in ["vorticity", "divergence", "geopotential"].into_iter().zip(level) {
                expect_length(name, if array.len() == own { own } else { whole }, array.len())?;
                expect_finite(name, array)?;
            }
        }
        from_host(&checkpoint.previous, part, &mut self.previous)?;
        from_host(&checkpoint.present, part, &mut self.present)?;
        self.step = checkpoint.step;
        Ok(())
    }
}

fn to_host<R: Real>(state: &SpectralState<R>) -> Result<[Vec<R>; 3]> {
    let mut arrays = [const { Vec::new() }; 3];
    for (array, (_, buffer)) in arrays.iter_mut().zip(fields(state)) {
        *array = buffer.to_vec()?;
    }
    Ok(arrays)
}

fn from_host<R: Real>(arrays: &[Vec<R>; 3], part: &Part, state: &mut SpectralState<R>) -> Result<()> {
    let buffers = [&mut state.vorticity, &mut state.divergence, &mut state.geopotential];
    for (buffer, array) in buffers.into_iter().zip(arrays) {
        match buffer.len() == array.len() {
            true => buffer.copy_from_host(array)?,
            false => buffer.copy_from_host(&part.own_spectra(1, array)?)?,
        }
    }
    Ok(())
}
