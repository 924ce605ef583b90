//! The plan of a transform, the same for every device.

use super::HostTransform;
use super::Truncation;
use super::device_transform::DeviceTransform;
use crate::constants::EARTH_RADIUS;
use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::{Element, Error, Real, Result};

/// Scalar and wind transforms between one grid and one truncation, on one device.
///
/// The plan owns its workspace: after the first call with a number of fields, calls allocate nothing. On the CPU fields are
/// transformed at most 48 at a time, so that the workspace does not grow with their number; results have the same bits for
/// any number of threads. [`HostTransform`] is the same over slices, with more operators. On a GPU everything stays there;
/// calls enqueue work and return.
pub struct Transform<R: Real> {
    grid: Grid,
    truncation: Truncation,
    device: Device,
    radius: f64,
    engine: Engine<R>,
}

enum Engine<R: Real> {
    Cpu(Box<HostTransform<R>>),
    Gpu(Box<DeviceTransform<R>>),
}

impl<R: Real> Transform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`].
    ///
    /// Errors: the largest truncation where the grid cannot carry this one; on a GPU also a table of Legendre functions,
    /// (T+2)(T+3)/2 × rings/2 values, that does not fit, and a regular grid's truncation above (rings−1)/2.
    pub fn new(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        truncation.check_on(grid)?;
        let engine = match device {
            Device::Cpu => Engine::Cpu(Box::new(HostTransform::new(grid, truncation)?)),
            _ => Engine::Gpu(Box::new(DeviceTransform::new(grid, truncation, device)?)),
        };
        Ok(Self { grid: grid.clone(), truncation, device, radius: EARTH_RADIUS, engine })
    }

    /// Sets the radius of the sphere [m] that winds refer to; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        if !(radius.is_finite() && radius > 0.0) {
            let expected = "a positive length in metres".to_owned();
            return Err(Error::InvalidValue { name: "radius", got: radius.to_string(), expected });
        }
        if let Engine::Cpu(engine) = &mut self.engine {
            engine.set_radius(radius)?;
        }
        self.radius = radius;
        Ok(())
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.truncation
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Spectra to grid fields.
    ///
    /// | argument   | shape                    | unit             |
    /// |------------|--------------------------|------------------|
    /// | `spectrum` | [coefficient][2][fields] | any              |
    /// | `values`   | [fields][point]          | of the spectrum  |
    ///
    /// The imaginary parts of m = 0 count as 0. Errors: a buffer of another length or on another device.
    pub fn synthesis(&mut self, fields: usize, spectrum: &Buffer<R>, values: &mut Buffer<R>) -> Result<()> {
        self.expect_spectrum("spectrum", fields, spectrum)?;
        self.expect_grid("values", fields, values)?;
        match &mut self.engine {
            _ if fields == 0 => Ok(()),
            Engine::Cpu(engine) => engine.synthesis(fields, spectrum.cpu_slice()?, values.cpu_slice_mut()?),
            Engine::Gpu(engine) => engine.synthesis(fields, spectrum, values),
        }
    }

    /// Grid fields to spectra, the inverse of [`Transform::synthesis`] on the fields that it makes.
    ///
    /// f_nm = ½ ∫ P̄_nm (1/2π) ∫ f e^{−imλ} dλ dμ by the quadrature of the grid; shapes as in `synthesis`.
    pub fn analysis(&mut self, fields: usize, values: &Buffer<R>, spectrum: &mut Buffer<R>) -> Result<()> {
        self.expect_grid("values", fields, values)?;
        self.expect_spectrum("spectrum", fields, spectrum)?;
        match &mut self.engine {
            _ if fields == 0 => Ok(()),
            Engine::Cpu(engine) => engine.analysis(fields, values.cpu_slice()?, spectrum.cpu_slice_mut()?),
            Engine::Gpu(engine) => engine.analysis(fields, values, spectrum),
        }
    }

    /// Vorticity and divergence to eastward and northward wind.
    ///
    /// | argument                   | shape                    | unit  |
    /// |----------------------------|--------------------------|-------|
    /// | `vorticity`, `divergence`  | [coefficient][2][fields] | s⁻¹   |
    /// | `u`, `v`                   | [fields][point]          | m s⁻¹ |
    ///
    /// The (0,0) coefficients count as 0: the means of vorticity and divergence over a sphere vanish. On a pole, u and v
    /// are the components along longitude 0°E + λ of the finite vector there.
    pub fn wind_synthesis(
        &mut self,
        fields: usize,
        vorticity: &Buffer<R>,
        divergence: &Buffer<R>,
        u: &mut Buffer<R>,
        v: &mut Buffer<R>,
    ) -> Result<()> {
        self.expect_spectrum("vorticity", fields, vorticity)?;
        self.expect_spectrum("divergence", fields, divergence)?;
        self.expect_grid("u", fields, u)?;
        self.expect_grid("v", fields, v)?;
        let radius = self.radius;
        match &mut self.engine {
            _ if fields == 0 => Ok(()),
            Engine::Cpu(engine) => {
                let (vorticity, divergence) = (vorticity.cpu_slice()?, divergence.cpu_slice()?);
                engine.wind_synthesis(fields, vorticity, divergence, u.cpu_slice_mut()?, v.cpu_slice_mut()?)
            }
            Engine::Gpu(engine) => engine.wind_synthesis(fields, radius, [vorticity, divergence], [u, v]),
        }
    }

    /// Eastward and northward wind to vorticity and divergence, whose (0,0) coefficients are set to 0; shapes and units as
    /// in [`Transform::wind_synthesis`].
    pub fn wind_analysis(
        &mut self,
        fields: usize,
        u: &Buffer<R>,
        v: &Buffer<R>,
        vorticity: &mut Buffer<R>,
        divergence: &mut Buffer<R>,
    ) -> Result<()> {
        self.expect_grid("u", fields, u)?;
        self.expect_grid("v", fields, v)?;
        self.expect_spectrum("vorticity", fields, vorticity)?;
        self.expect_spectrum("divergence", fields, divergence)?;
        let radius = self.radius;
        match &mut self.engine {
            _ if fields == 0 => Ok(()),
            Engine::Cpu(engine) => {
                let (vorticity, divergence) = (vorticity.cpu_slice_mut()?, divergence.cpu_slice_mut()?);
                engine.wind_analysis(fields, u.cpu_slice()?, v.cpu_slice()?, vorticity, divergence)
            }
            Engine::Gpu(engine) => engine.wind_analysis(fields, radius, [u, v], [vorticity, divergence]),
        }
    }

    fn expect_spectrum(&self, name: &'static str, fields: usize, buffer: &Buffer<R>) -> Result<()> {
        expect(name, self.device, self.truncation.spectrum_len(fields), buffer)
    }

    fn expect_grid(&self, name: &'static str, fields: usize, buffer: &Buffer<R>) -> Result<()> {
        expect(name, self.device, fields * self.grid.points(), buffer)
    }
}

fn expect<T: Element>(name: &'static str, device: Device, len: usize, buffer: &Buffer<T>) -> Result<()> {
    if buffer.device() != device {
        return Err(Error::DeviceMismatch { name, expected: device, got: buffer.device() });
    }
    if buffer.len() != len {
        return Err(Error::LengthMismatch { name, expected: len, got: buffer.len() });
    }
    Ok(())
}
