//! The plan of a transform, the same for every device.

use super::HostTransform;
use super::Truncation;
use super::device::DeviceTransform;
use crate::device::{Buffer, Device};
use crate::grid::Grid;
use crate::{Error, Real, Result};

/// Transforms between spectra and grid fields on one device, with their adjoints.
///
/// | argument                                              | shape                    |
/// |-------------------------------------------------------|--------------------------|
/// | `spectrum`, `vorticity`, `divergence`                 | [coefficient][2][fields] |
/// | `values`, `u`, `v`, `eastward`, `northward`, ...      | [fields][point]          |
///
/// The adjoint of each operator is its transpose with respect to the plain dot product of the arrays as they are stored. The
/// imaginary parts of m = 0 count as 0 on the way in and are 0 on the way out.
///
/// The plan owns its workspace: after the first call with a number of fields, calls allocate nothing. On the CPU it is
/// [`HostTransform`], where results have the same bits for any number of threads; on a GPU everything stays there, and calls
/// enqueue work and return. Sums run in another order there: results agree to round-off.
///
/// Errors: a buffer of another length or on another device; no room for the workspace.
pub struct Transform<R: Real> {
    device: Device,
    engine: Engine<R>,
}

enum Engine<R: Real> {
    Cpu(Box<HostTransform<R>>),
    Gpu(Box<DeviceTransform<R>>),
}

/// What both engines answer.
macro_rules! either {
    ($transform:expr, $engine:ident => $answer:expr) => {
        match $transform {
            Engine::Cpu($engine) => $answer,
            Engine::Gpu($engine) => $answer,
        }
    };
}

/// Methods of both engines, over buffers.
macro_rules! operators {
    ($($(#[$doc:meta])+ $name:ident($($input:ident),+) -> ($($output:ident),+);)+) => {$(
        $(#[$doc])+
        pub fn $name(
            &mut self,
            fields: usize,
            $($input: &Buffer<R>,)+
            $($output: &mut Buffer<R>,)+
        ) -> Result<()> {
            $(self.expect_here(stringify!($input), $input)?;)+
            $(self.expect_here(stringify!($output), $output)?;)+
            match &mut self.engine {
                Engine::Cpu(engine) => {
                    engine.$name(fields, $($input.cpu_slice()?,)+ $($output.cpu_slice_mut()?),+)
                }
                Engine::Gpu(engine) => engine.$name(fields, $($input,)+ $($output),+),
            }
        }
    )+};
}

impl<R: Real> Transform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`](crate::constants::EARTH_RADIUS).
    ///
    /// Errors: the largest truncation where the grid cannot carry this one; a GPU whose memory the tables do not fit.
    pub fn new(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        let engine = match device {
            Device::Cpu => Engine::Cpu(Box::new(HostTransform::new(grid, truncation)?)),
            _ => Engine::Gpu(Box::new(DeviceTransform::new(grid, truncation, device)?)),
        };
        Ok(Self { device, engine })
    }

    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        either!(&mut self.engine, engine => engine.set_radius(radius))
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        either!(&self.engine, engine => engine.grid())
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        either!(&self.engine, engine => engine.truncation())
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        either!(&self.engine, engine => engine.radius())
    }

    operators! {
        /// Spectra to grid fields: f(λ,μ) = Σ f_nm P̄_nm(μ) e^{imλ}.
        synthesis(spectrum) -> (values);

        /// The adjoint of [`Transform::synthesis`].
        synthesis_adjoint(values) -> (spectrum);

        /// Grid fields to spectra, the inverse of [`Transform::synthesis`] on the fields that it makes.
        ///
        /// f_nm = ½ ∫ P̄_nm (1/2π) ∫ f e^{−imλ} dλ dμ by the quadrature of the grid.
        analysis(values) -> (spectrum);

        /// The adjoint of [`Transform::analysis`].
        analysis_adjoint(spectrum) -> (values);

        /// Vorticity and divergence [s⁻¹] to eastward and northward wind [m s⁻¹].
        ///
        /// The (0,0) coefficients count as 0: the means of vorticity and divergence over a sphere vanish. On a pole, u and v
        /// are the components along longitude 0°E + λ of the finite vector there.
        wind_synthesis(vorticity, divergence) -> (u, v);

        /// The adjoint of [`Transform::wind_synthesis`].
        wind_synthesis_adjoint(u, v) -> (vorticity, divergence);

        /// Eastward and northward wind [m s⁻¹] to vorticity and divergence [s⁻¹], whose (0,0) coefficients are 0.
        wind_analysis(u, v) -> (vorticity, divergence);

        /// The adjoint of [`Transform::wind_analysis`].
        wind_analysis_adjoint(vorticity, divergence) -> (u, v);

        /// Spectra to their gradients on the grid: (1/(a cos φ)) ∂f/∂λ and (1/a) ∂f/∂φ [unit of f per m].
        gradient_synthesis(spectrum) -> (eastward, northward);

        /// The adjoint of [`Transform::gradient_synthesis`].
        gradient_synthesis_adjoint(eastward, northward) -> (spectrum);

        /// Vorticity and divergence [s⁻¹] to (1/(a cos φ)) ∂u/∂λ and (1/(a cos φ)) ∂v/∂λ [s⁻¹]; 0 on a pole, where they have
        /// no limit.
        wind_zonal_derivative_synthesis(vorticity, divergence) -> (u_eastward, v_eastward);

        /// The adjoint of [`Transform::wind_zonal_derivative_synthesis`].
        wind_zonal_derivative_synthesis_adjoint(u_eastward, v_eastward) -> (vorticity, divergence);
    }

    fn expect_here(&self, name: &'static str, buffer: &Buffer<R>) -> Result<()> {
        if buffer.device() == self.device {
            return Ok(());
        }
        Err(Error::DeviceMismatch { name, expected: self.device, got: buffer.device() })
    }
}
