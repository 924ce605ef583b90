//! The model's variables, as spectra and on the grid.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::Result;

/// Spectra of the prognostic variables at one time, in IFS order and normalisation, level fastest, top first.
#[derive(Debug)]
pub struct SpectralState<R: Real> {
    /// ζ \[s⁻¹\], `[coefficients, 2, levels]`.
    pub vorticity: Buffer<R>,
    /// D \[s⁻¹\], `[coefficients, 2, levels]`.
    pub divergence: Buffer<R>,
    /// T − T_r \[K\], `[coefficients, 2, levels]`.
    pub temperature: Buffer<R>,
    /// ln(p_s/p_r), `[coefficients, 2]`.
    pub log_surface_pressure: Buffer<R>,
    /// Specific humidity first in a moist model \[kg kg⁻¹\], then the others, `[coefficients, 2, tracers, levels]`.
    pub tracers: Buffer<R>,
}

impl<R: Real> SpectralState<R> {
    /// Zeros: `rows` is 2 × coefficients.
    pub fn zeros(device: Device, rows: usize, levels: usize, tracers: usize) -> Result<Self> {
        Ok(Self {
            vorticity: Buffer::zeros(device, rows * levels)?,
            divergence: Buffer::zeros(device, rows * levels)?,
            temperature: Buffer::zeros(device, rows * levels)?,
            log_surface_pressure: Buffer::zeros(device, rows)?,
            tracers: Buffer::zeros(device, rows * levels * tracers)?,
        })
    }

    /// Copies all variables from another state of the same size on the same device.
    pub fn copy_from(&mut self, source: &Self) -> Result<()> {
        for ((_, target), (_, source)) in self.fields_mut().into_iter().zip(source.fields()) {
            target.copy_from(source)?;
        }
        Ok(())
    }

    /// The variables by name.
    pub fn fields(&self) -> [(&'static str, &Buffer<R>); 5] {
        [
            ("vorticity", &self.vorticity),
            ("divergence", &self.divergence),
            ("temperature", &self.temperature),
            ("log_surface_pressure", &self.log_surface_pressure),
            ("tracers", &self.tracers),
        ]
    }

    pub(super) fn fields_mut(&mut self) -> [(&'static str, &mut Buffer<R>); 5] {
        [
            ("vorticity", &mut self.vorticity),
            ("divergence", &mut self.divergence),
            ("temperature", &mut self.temperature),
            ("log_surface_pressure", &mut self.log_surface_pressure),
            ("tracers", &mut self.tracers),
        ]
    }
}

/// The variables on the grid, in host memory: `[levels, points]`, top first, or `[points]`.
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
    /// T \[K\].
    pub temperature: Vec<R>,
    /// p_s \[Pa\], `[points]`.
    pub surface_pressure: Vec<R>,
    /// ω = Dp/Dt \[Pa s⁻¹\].
    pub vertical_velocity: Vec<R>,
    /// φ \[m² s⁻²\].
    pub geopotential: Vec<R>,
    /// φ_s, the ground's geopotential as the model sees it: truncated \[m² s⁻²\], `[points]`.
    pub orography: Vec<R>,
    /// Specific humidity first in a moist model \[kg kg⁻¹\], then the others, `[tracers, levels, points]`.
    pub tracers: Vec<R>,
}

impl<R: Real> GridState<R> {
    /// The fields of all ranks on rank 0, nothing on the others.
    pub(super) fn gathered(mut self, part: &Part, communicator: &Communicator) -> Result<Option<Self>> {
        let fields = [
            &mut self.u,
            &mut self.v,
            &mut self.vorticity,
            &mut self.divergence,
            &mut self.temperature,
            &mut self.surface_pressure,
            &mut self.vertical_velocity,
            &mut self.geopotential,
            &mut self.orography,
            &mut self.tracers,
        ];
        for field in fields {
            let levels = field.len() / part.points();
            *field = part.gather_fields(communicator, levels, field)?.unwrap_or_default();
        }
        Ok((communicator.rank() == 0).then_some(self))
    }
}
