//! The model's variables, as spectra and on the grid.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::Result;
use crate::shallow_water::expect_length;

/// Spectra of the prognostic variables at one time: `[coefficients, 2]` each, in IFS order and normalisation.
#[derive(Debug)]
pub struct SpectralState<R: Real> {
    /// ζ \[s⁻¹\].
    pub vorticity: Buffer<R>,
    /// D \[s⁻¹\].
    pub divergence: Buffer<R>,
    /// Φ′ = Φ − Φ̄ \[m² s⁻²\].
    pub geopotential: Buffer<R>,
}

impl<R: Real> SpectralState<R> {
    /// Zeros: `values` is 2 × coefficients.
    pub fn zeros(device: Device, values: usize) -> Result<Self> {
        Ok(Self {
            vorticity: Buffer::zeros(device, values)?,
            divergence: Buffer::zeros(device, values)?,
            geopotential: Buffer::zeros(device, values)?,
        })
    }

    /// Copies all three from another state on the same device.
    pub fn copy_from(&mut self, source: &Self) -> Result<()> {
        self.vorticity.copy_from(&source.vorticity)?;
        self.divergence.copy_from(&source.divergence)?;
        self.geopotential.copy_from(&source.geopotential)?;
        Ok(())
    }

    /// Copies from the host: the spectra of vorticity, divergence and geopotential, `[3, coefficients, 2]`.
    pub fn copy_from_host(&mut self, values: &[R]) -> Result<()> {
        let len = self.vorticity.len();
        expect_length("values", 3 * len, values.len())?;
        let fields = [&mut self.vorticity, &mut self.divergence, &mut self.geopotential];
        for (field, values) in fields.into_iter().zip(values.chunks_exact(len)) {
            field.copy_from_host(values)?;
        }
        Ok(())
    }

    /// Copies to the host, in the same order.
    pub fn copy_to_host(&self, values: &mut [R]) -> Result<()> {
        let len = self.vorticity.len();
        expect_length("values", 3 * len, values.len())?;
        let fields = [&self.vorticity, &self.divergence, &self.geopotential];
        for (field, values) in fields.into_iter().zip(values.chunks_exact_mut(len)) {
            field.copy_to_host(values)?;
        }
        Ok(())
    }
}

/// The variables on the grid, in host memory, `[points]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct GridState<R> {
    /// Eastward wind \[m s⁻¹\].
    pub u: Vec<R>,
    /// Northward wind \[m s⁻¹\].
    pub v: Vec<R>,
    /// ζ \[s⁻¹\].
    pub vorticity: Vec<R>,
    /// D \[s⁻¹\].
    pub divergence: Vec<R>,
    /// Φ, the depth's geopotential with its mean \[m² s⁻²\].
    pub geopotential: Vec<R>,
    /// Φ_s, the ground's geopotential as the model sees it: truncated \[m² s⁻²\].
    pub orography: Vec<R>,
}

impl<R: Real> GridState<R> {
    /// The fields of all ranks on rank 0, nothing on the others.
    pub(super) fn gathered(mut self, part: &Part, communicator: &Communicator) -> Result<Option<Self>> {
        let Self { u, v, vorticity, divergence, geopotential, orography } = &mut self;
        for field in [u, v, vorticity, divergence, geopotential, orography] {
            *field = part.gather_fields(communicator, 1, field)?.unwrap_or_default();
        }
        Ok((communicator.rank() == 0).then_some(self))
    }
}
