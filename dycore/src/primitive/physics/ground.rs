//! What the columns stand on.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};

use crate::Result;
use crate::shallow_water::{expect_finite, expect_length, rounded};

/// The ground under the columns, and what passes between it and the atmosphere, `[points]` each.
#[derive(Debug)]
pub struct Ground<R: Real> {
    /// T_s \[K\].
    pub temperature: Buffer<R>,
    /// β, the part of saturation humidity that the ground offers: 1 over water, 0 over a dry desert.
    pub wetness: Buffer<R>,
    /// Net radiation that the ground receives \[W m⁻²\].
    pub radiation: Buffer<R>,
    /// Exchange velocity of momentum w_m = C_d·|V| \[m s⁻¹\].
    pub momentum_velocity: Buffer<R>,
    /// Exchange velocity of heat and water w_h \[m s⁻¹\].
    pub scalar_velocity: Buffer<R>,
    /// Height of the middle of the lowest layer \[m\].
    pub height: Buffer<R>,
    /// Depth of air that takes up the fluxes \[m\].
    pub depth: Buffer<R>,
    /// Momentum that the atmosphere receives, eastward \[N m⁻²\].
    pub eastward_stress: Buffer<R>,
    /// Momentum that the atmosphere receives, northward \[N m⁻²\].
    pub northward_stress: Buffer<R>,
    /// Sensible heat that the atmosphere receives \[W m⁻²\].
    pub sensible_heat: Buffer<R>,
    /// Water that the atmosphere receives \[kg m⁻² s⁻¹\]; times L, the latent heat.
    pub evaporation: Buffer<R>,
}

impl<R: Real> Ground<R> {
    /// A wet ground of this temperature \[K\], `[points]`, without fluxes.
    pub fn new(temperature: &[R], device: Device) -> Result<Self> {
        expect_finite("surface_temperature", temperature)?;
        let points = temperature.len();
        let zero = || Buffer::zeros(device, points);
        Ok(Self {
            temperature: Buffer::from_slice(device, temperature)?,
            wetness: Buffer::from_slice(device, &rounded::<R>(&vec![1.0; points]))?,
            radiation: zero()?,
            momentum_velocity: zero()?,
            scalar_velocity: zero()?,
            height: zero()?,
            depth: zero()?,
            eastward_stress: zero()?,
            northward_stress: zero()?,
            sensible_heat: zero()?,
            evaporation: zero()?,
        })
    }

    /// Sets T_s \[K\], `[points]`.
    pub fn set_temperature(&mut self, temperature: &[R]) -> Result<()> {
        expect_length("surface_temperature", self.temperature.len(), temperature.len())?;
        expect_finite("surface_temperature", temperature)?;
        self.temperature.copy_from_host(temperature)?;
        Ok(())
    }
}
