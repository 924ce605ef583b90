//! Everything that a restart needs, bit for bit.

use terrella_kernels::Real;

use super::model::{expect_finite, expect_length};
use super::{ShallowWater, SpectralState};
use crate::{Error, Result};

/// The model's prognostic variables at both time levels and its clock, in host memory.
///
/// A run that is split by `checkpoint` and `restore` continues with the same bits. Orography, relaxation and the other
/// settings are the caller's to set again.
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
    pub fn checkpoint(&self) -> Result<Checkpoint<R>> {
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
    /// On an error the model is as it was.
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
        let values = 2 * self.coefficients();
        for level in [&checkpoint.previous, &checkpoint.present] {
            for (name, array) in ["vorticity", "divergence", "geopotential"].into_iter().zip(level) {
                expect_length(name, values, array.len())?;
                expect_finite(name, array)?;
            }
        }
        from_host(&checkpoint.previous, &mut self.previous)?;
        from_host(&checkpoint.present, &mut self.present)?;
        self.step = checkpoint.step;
        Ok(())
    }
}

fn to_host<R: Real>(state: &SpectralState<R>) -> Result<[Vec<R>; 3]> {
    Ok([state.vorticity.to_vec()?, state.divergence.to_vec()?, state.geopotential.to_vec()?])
}

fn from_host<R: Real>(arrays: &[Vec<R>; 3], state: &mut SpectralState<R>) -> Result<()> {
    state.vorticity.copy_from_host(&arrays[0])?;
    state.divergence.copy_from_host(&arrays[1])?;
    state.geopotential.copy_from_host(&arrays[2])?;
    Ok(())
}
