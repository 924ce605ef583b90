//! What a step goes from.

use terrella_kernels::Real;
use terrella_kernels::device::Device;

use crate::Result;
use crate::shallow_water::SpectralState;

/// Both time levels of a state, or of a perturbation of it, or of sensitivities to it.
#[derive(Debug)]
pub struct TwoLevels<R: Real> {
    /// Filtered, at t − Δt.
    pub previous: SpectralState<R>,
    /// At t.
    pub present: SpectralState<R>,
}

impl<R: Real> TwoLevels<R> {
    /// Zeros: `values` is 2 × coefficients.
    pub fn zeros(device: Device, values: usize) -> Result<Self> {
        Ok(Self {
            previous: SpectralState::zeros(device, values)?,
            present: SpectralState::zeros(device, values)?,
        })
    }

    /// Copies from the host: vorticity, divergence and geopotential of the previous level, then those of the present one, `[6, coefficients, 2]`.
    pub fn copy_from_host(&mut self, values: &[R]) -> Result<()> {
        let Self { previous, present } = self;
        previous.copy_from_host(&values[..values.len() / 2])?;
        present.copy_from_host(&values[values.len() / 2..])
    }

    /// Copies to the host, in the same order.
    pub fn copy_to_host(&self, values: &mut [R]) -> Result<()> {
        let half = values.len() / 2;
        let (previous, present) = values.split_at_mut(half);
        self.previous.copy_to_host(previous)?;
        self.present.copy_to_host(present)
    }
}
