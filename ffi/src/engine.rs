//! The transform behind both interfaces: an operator, the caller's arrays, and any device.

use terrella_coupling::spectral::DistributedTransform;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Transform, Truncation};
use terrella_kernels::{Real, Result};

use crate::border::{Array, expect_apart};
use crate::failure::{Cause, Failure, Outcome};

/// Where the arrays of all calls lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrayMemory {
    /// In the host's memory.
    Host,
    /// In the memory of the engine's device.
    Device,
}

/// The operators of [`HostTransform`], by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Synthesis,
    SynthesisAdjoint,
    Analysis,
    AnalysisAdjoint,
    WindSynthesis,
    WindSynthesisAdjoint,
    WindAnalysis,
    WindAnalysisAdjoint,
    GradientSynthesis,
    GradientSynthesisAdjoint,
    WindZonalDerivativeSynthesis,
    WindZonalDerivativeSynthesisAdjoint,
}

impl Operator {
    /// Whether it goes from spectra to the grid.
    pub(crate) fn is_to_grid(self) -> bool {
        use Operator::*;
        match self {
            Synthesis
            | WindSynthesis
            | GradientSynthesis
            | WindZonalDerivativeSynthesis
            | AnalysisAdjoint
            | WindAnalysisAdjoint => true,
            SynthesisAdjoint
            | WindSynthesisAdjoint
            | GradientSynthesisAdjoint
            | WindZonalDerivativeSynthesisAdjoint
            | Analysis
            | WindAnalysis => false,
        }
    }
}

/// Calls the method of an operator, which takes its arrays in the same order on every device.
macro_rules! call {
    ($transform:expr, $operator:expr, $fields:expr, $inputs:expr, $outputs:expr) => {{
        use Operator::*;
        let (transform, fields) = ($transform, $fields);
        match ($operator, $inputs, $outputs) {
            (Synthesis, [x], [y]) => transform.synthesis(fields, x, y),
            (SynthesisAdjoint, [x], [y]) => transform.synthesis_adjoint(fields, x, y),
            (Analysis, [x], [y]) => transform.analysis(fields, x, y),
            (AnalysisAdjoint, [x], [y]) => transform.analysis_adjoint(fields, x, y),
            (WindSynthesis, [x, z], [u, v]) => transform.wind_synthesis(fields, x, z, u, v),
            (WindSynthesisAdjoint, [u, v], [x, z]) => transform.wind_synthesis_adjoint(fields, u, v, x, z),
            (WindAnalysis, [u, v], [x, z]) => transform.wind_analysis(fields, u, v, x, z),
            (WindAnalysisAdjoint, [x, z], [u, v]) => transform.wind_analysis_adjoint(fields, x, z, u, v),
            (GradientSynthesis, [x], [u, v]) => transform.gradient_synthesis(fields, x, u, v),
            (GradientSynthesisAdjoint, [u, v], [x]) => transform.gradient_synthesis_adjoint(fields, u, v, x),
            (WindZonalDerivativeSynthesis, [x, z], [u, v]) => {
                transform.wind_zonal_derivative_synthesis(fields, x, z, u, v)
            }
            (WindZonalDerivativeSynthesisAdjoint, [u, v], [x, z]) => {
                transform.wind_zonal_derivative_synthesis_adjoint(fields, u, v, x, z)
            }
            (operator, inputs, outputs) => wrong_arity(operator, inputs.len(), outputs.len()),
        }
    }};
}

/// A transform between one grid and one truncation on one device.
pub(crate) enum Engine<R: Real> {
    /// On the CPU, over the caller's own arrays.
    Host(Box<HostTransform<R>>),
    /// On a GPU. Every call copies arrays in host memory there, and results back.
    Device(Box<Transform<R>>, ArrayMemory),
}

impl<R: Real> Engine<R> {
    pub(crate) fn new(grid: &Grid, truncation: Truncation, device: Device) -> Outcome<Self> {
        truncation.check_on(grid)?;
        Ok(match device {
            Device::Cpu => {
                expect_memory(grid, truncation)?;
                Self::Host(Box::new(HostTransform::new(grid, truncation)?))
            }
            _ => Self::Device(Box::new(Transform::new(grid, truncation, device)?), ArrayMemory::Host),
        })
    }

    /// Where the arrays of calls lie.
    pub(crate) fn memory(&self) -> ArrayMemory {
        match self {
            Self::Host(_) => ArrayMemory::Host,
            Self::Device(_, memory) => *memory,
        }
    }

    /// A failure where arrays cannot lie there.
    pub(crate) fn set_memory(&mut self, memory: ArrayMemory) -> Outcome {
        let device = match self {
            Self::Host(_) => Device::Cpu,
            Self::Device(transform, _) => transform.device(),
        };
        match self {
            Self::Device(_, chosen) if matches!(device, Device::Cuda(_) | Device::Hip(_)) => *chosen = memory,
            _ if memory == ArrayMemory::Host => {}
            _ => {
                let expected =
                    format!("TERRELLA_HOST_MEMORY on device '{device}', device memory on CUDA and HIP alone");
                return Err(Failure::invalid("memory", "TERRELLA_DEVICE_MEMORY", &expected));
            }
        }
        Ok(())
    }

    pub(crate) fn set_radius(&mut self, radius: f64) -> Result<()> {
        match self {
            Self::Host(transform) => transform.set_radius(radius),
            Self::Device(transform, _) => transform.set_radius(radius),
        }
    }

    pub(crate) fn radius(&self) -> f64 {
        match self {
            Self::Host(transform) => transform.radius(),
            Self::Device(transform, _) => transform.radius(),
        }
    }

    pub(crate) fn truncation(&self) -> Truncation {
        match self {
            Self::Host(transform) => transform.truncation(),
            Self::Device(transform, _) => transform.truncation(),
        }
    }

    pub(crate) fn grid(&self) -> &Grid {
        match self {
            Self::Host(transform) => transform.grid(),
            Self::Device(transform, _) => transform.grid(),
        }
    }

    /// Applies an operator; inputs and outputs in the order in which the method of [`HostTransform`] takes them.
    pub(crate) fn apply(
        &mut self,
        operator: Operator,
        fields: usize,
        inputs: &[&[R]],
        outputs: &mut [&mut [R]],
    ) -> Outcome {
        match self {
            Self::Host(transform) => on_host(transform, operator, fields, inputs, outputs),
            Self::Device(transform, _) => on_device(transform, operator, fields, inputs, outputs),
        }
    }

    /// Applies an operator to arrays in the memory of the device, which is not the CPU. Waits for everything that the process
    /// gave to the device before, and for the results.
    ///
    /// # Safety
    /// Every array is NULL, or live for its length; while this runs, nobody writes to inputs or uses outputs but work that
    /// was given to the device before.
    pub(crate) unsafe fn apply_there(
        &mut self,
        operator: Operator,
        fields: usize,
        inputs: &[Array<R>],
        outputs: &[Array<R>],
    ) -> Outcome {
        let Self::Device(transform, _) = self else { unreachable!("the CPU has no memory of its own") };
        expect_apart(inputs, outputs)?;
        let device = transform.device();
        // SAFETY: outputs are apart from everything else; the rest is the caller's promise. The buffers are dropped here,
        // after the device has been waited for.
        let buffer = |array: &Array<R>| unsafe { array.buffer(device) };
        let sources: Vec<Buffer<R>> = inputs.iter().map(buffer).collect::<Outcome<_>>()?;
        let mut results: Vec<Buffer<R>> = outputs.iter().map(buffer).collect::<Outcome<_>>()?;
        device.synchronize_all_streams()?;
        let enqueued = call!(transform, operator, fields, sources.as_slice(), results.as_mut_slice());
        // Where one launch fails, those before it still use the arrays.
        let finished = device.synchronize();
        enqueued?;
        Ok(finished?)
    }
}

/// A failure where the system would not give the memory that a plan needs, for which the plan itself does not ask in a way
/// that may fail: what stands in front of the recurrences, at most 64 bytes per wavenumber and degree, and per wavenumber
/// and ring.
fn expect_memory(grid: &Grid, truncation: Truncation) -> Outcome {
    let degrees = truncation.total() + 3;
    let bytes = degrees.saturating_mul(degrees.saturating_add(grid.rings().len())).saturating_mul(64);
    let mut probe = Vec::<u8>::new();
    probe.try_reserve_exact(bytes).map_err(|_| {
        let message = format!("No room for a transform to {truncation} on grid '{grid}', {bytes} bytes.");
        Failure::new(Cause::OutOfMemory, message)
    })?;
    // Without a use the compiler would do away with the request.
    std::hint::black_box(probe.as_ptr());
    Ok(())
}

fn on_host<R: Real>(
    transform: &mut HostTransform<R>,
    operator: Operator,
    fields: usize,
    inputs: &[&[R]],
    outputs: &mut [&mut [R]],
) -> Outcome {
    call!(transform, operator, fields, inputs, outputs).map_err(Failure::from)
}

/// Applies an operator to the parts that this task has of a transform; all tasks call it together.
pub(crate) fn on_tasks<R: Real>(
    transform: &mut DistributedTransform<R>,
    operator: Operator,
    fields: usize,
    inputs: &[&[R]],
    outputs: &mut [&mut [R]],
) -> Outcome {
    call!(transform, operator, fields, inputs, outputs).map_err(Failure::from)
}

fn on_device<R: Real>(
    transform: &mut Transform<R>,
    operator: Operator,
    fields: usize,
    inputs: &[&[R]],
    outputs: &mut [&mut [R]],
) -> Outcome {
    let device = transform.device();
    let sources: Vec<Buffer<R>> =
        inputs.iter().map(|values| Buffer::from_slice(device, values)).collect::<Result<_>>()?;
    let mut results: Vec<Buffer<R>> =
        outputs.iter().map(|values| Buffer::zeros(device, values.len())).collect::<Result<_>>()?;
    call!(transform, operator, fields, sources.as_slice(), results.as_mut_slice())?;
    for (result, output) in results.iter().zip(outputs) {
        result.copy_to_host(output)?;
    }
    Ok(())
}

fn wrong_arity(operator: Operator, inputs: usize, outputs: usize) -> ! {
    unreachable!("{operator:?} of {inputs} arrays into {outputs}")
}
