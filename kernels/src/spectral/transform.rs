//! The plan of a transform, the same for every device.

use super::HostTransform;
use super::Truncation;
use super::device::{DeviceEngine, device_engine};
use super::operation::{Operation, with_operators};
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
    Gpu(Box<dyn DeviceEngine<R>>),
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

impl<R: Real> Transform<R> {
    /// A plan for a sphere of [`EARTH_RADIUS`](crate::constants::EARTH_RADIUS).
    ///
    /// Errors: the largest truncation where the grid cannot carry this one; a GPU whose memory the tables do not fit.
    pub fn new(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        let engine = match device {
            Device::Cpu => Engine::Cpu(Box::new(HostTransform::new(grid, truncation)?)),
            _ => Engine::Gpu(device_engine(grid, truncation, None, device)?),
        };
        Ok(Self { device, engine })
    }

    /// With the engine of other devices even on the CPU, where its kernels' own functions run.
    #[cfg(test)]
    pub(super) fn with_device_engine(grid: &Grid, truncation: Truncation, device: Device) -> Result<Self> {
        Ok(Self { device, engine: Engine::Gpu(device_engine(grid, truncation, None, device)?) })
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

    fn expect_here(&self, name: &'static str, buffer: &Buffer<R>) -> Result<()> {
        if buffer.device() == self.device {
            return Ok(());
        }
        Err(Error::DeviceMismatch { name, expected: self.device, got: buffer.device() })
    }
}

/// The operators of both engines, over buffers.
macro_rules! on_either {
    ($($(#[$doc:meta])+ $name:ident: $direction:ident $operation:ident,
        ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real> Transform<R> {$(
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
                    Engine::Gpu(engine) => {
                        let operation = Operation::$operation(engine.radius());
                        let inputs = [$((stringify!($input), $input)),+];
                        let outputs = &mut [$((stringify!($output), $output)),+];
                        engine.$direction(operation, fields, &inputs, outputs, &mut |_, _| None)
                    }
                }
            }
        )+}
    };
}
with_operators!(on_either);
