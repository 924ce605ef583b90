//! Launching a kernel where its buffers are.

use super::Device;
use super::buffer::AnyBuffer;
#[cfg(any(feature = "cuda", feature = "hip"))]
use super::memory::Memory;
use super::text::{KernelText, ParameterKind};
use crate::{Error, Precision, Result, ScalarKind};

/// One argument of a kernel, in the order of its parameters.
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    /// A u32, or a bool as 0 or 1.
    U32(u32),
    /// An i32.
    I32(i32),
    /// An f32.
    F32(f32),
    /// An f64.
    F64(f64),
    /// A slice: the whole buffer.
    Buffer(&'a dyn AnyBuffer),
}

impl Argument<'_> {
    pub(crate) fn kind(&self) -> ScalarKind {
        match self {
            Self::U32(_) => ScalarKind::U32,
            Self::I32(_) => ScalarKind::I32,
            Self::F32(_) => ScalarKind::F32,
            Self::F64(_) => ScalarKind::F64,
            Self::Buffer(buffer) => buffer.kind(),
        }
    }
}

/// One call of a kernel over all indices below `extent`.
///
/// The generated `launch` functions of kernels use this; call it directly only for texts written by hand.
pub struct Launch<'a> {
    /// The kernel.
    pub text: &'static KernelText,
    /// What the kernel's `R` is.
    pub precision: Precision,
    /// Number of values of each index, slowest first.
    pub extent: &'a [u32],
}

/// The names under which outputs appear in errors.
const OUTPUTS: [&str; 8] =
    ["output 0", "output 1", "output 2", "output 3", "output 4", "output 5", "output 6", "output 7"];

impl Launch<'_> {
    /// The device that all buffers share, after checking the arguments.
    ///
    /// # Errors
    /// `DeviceMismatch` names the first buffer that is elsewhere, `ArgumentKind` the first argument of a type that
    /// the kernel doesn't take, `LengthMismatch` the first output whose length isn't the product of the extent
    /// (without the first index for what a scan carries), and `InvalidValue` an extent whose product is 2³² or more.
    ///
    /// # Panics
    /// Where the number of indices, arguments or outputs isn't the kernel's, or there is no buffer at all.
    pub fn device(&self, arguments: &[Argument], outputs: &[&mut dyn AnyBuffer]) -> Result<Device> {
        let text = self.text;
        let got = [self.extent.len(), arguments.len(), outputs.len()];
        let expected = [text.indices.len(), text.parameters.len(), text.outputs.len()];
        assert_eq!(got, expected, "kernel '{}': numbers of indices, arguments and outputs", text.name);

        let mut device = None;
        let mut expect_device = |name: &'static str, buffer: &dyn AnyBuffer| {
            let expected = *device.get_or_insert(buffer.device());
            let got = buffer.device();
            if got == expected { Ok(()) } else { Err(Error::DeviceMismatch { name, expected, got }) }
        };
        for (parameter, argument) in text.parameters.iter().zip(arguments) {
            let (kind, slice) = match parameter.kind {
                ParameterKind::Scalar(kind) => (kind, false),
                ParameterKind::Slice(kind) => (kind, true),
            };
            let (kind, buffer) = (self.resolve(kind), matches!(argument, Argument::Buffer(_)));
            if kind != argument.kind() || slice != buffer {
                let describe =
                    |kind, slice| format!("{} {kind:?}", if slice { "a buffer of" } else { "one" });
                return Err(Error::ArgumentKind {
                    kernel: text.name,
                    name: parameter.name,
                    expected: describe(kind, slice),
                    got: describe(argument.kind(), buffer),
                });
            }
            if let Argument::Buffer(buffer) = argument {
                expect_device(parameter.name, *buffer)?;
            }
        }
        let [points, columns] = [self.points()?, self.columns()?];
        let first_carried = text.outputs.len() - text.carried;
        for (position, ((&kind, output), name)) in text.outputs.iter().zip(outputs).zip(OUTPUTS).enumerate() {
            if self.resolve(kind) != output.kind() {
                return Err(Error::ArgumentKind {
                    kernel: text.name,
                    name,
                    expected: format!("a buffer of {:?}", self.resolve(kind)),
                    got: format!("a buffer of {:?}", output.kind()),
                });
            }
            expect_device(name, &**output)?;
            let expected = if position < first_carried { points } else { columns } as usize;
            if output.len() != expected {
                return Err(Error::LengthMismatch { name, expected, got: output.len() });
            }
        }
        Ok(device.unwrap_or_else(|| panic!("kernel '{}' has no buffer", text.name)))
    }

    /// Enqueues the kernel on a GPU, behind all work given to that device before.
    ///
    /// Returns at once; `synchronize` and copies to the host wait for the result. Repeats the checks of
    /// [`Launch::device`], so that no text ever runs on memory it was not written for. Indices that the kernel reads
    /// from its own input are not checked on CUDA and HIP: whoever builds an index table answers for it.
    ///
    /// # Errors
    /// Those of [`Launch::device`]; `KernelCompilation`, `DeviceUnavailable` where the device lacks something that the
    /// kernel needs, `DeviceFailure`.
    pub fn enqueue(
        &self,
        device: Device,
        arguments: &[Argument],
        outputs: &mut [&mut dyn AnyBuffer],
    ) -> Result<()> {
        let got = self.device(arguments, outputs)?;
        if got != device {
            return Err(Error::DeviceMismatch { name: self.text.name, expected: device, got });
        }
        if self.threads()? == 0 {
            return Ok(());
        }
        match device {
            Device::Cpu => {
                panic!("kernel '{}': the CPU runs the function itself, not its text", self.text.name)
            }
            #[cfg(feature = "cuda")]
            Device::Cuda(index) => {
                super::registry::cuda(index)?.enqueue(self, arguments, outputs, |buffer| {
                    match buffer.memory().0 {
                        Memory::Cuda(allocation) => allocation,
                        _ => unreachable!("the devices were compared"),
                    }
                })
            }
            #[cfg(feature = "hip")]
            Device::Hip(index) => super::registry::hip(index)?.enqueue(self, arguments, outputs, |buffer| {
                match buffer.memory().0 {
                    Memory::Hip(allocation) => allocation,
                    _ => unreachable!("the devices were compared"),
                }
            }),
            #[cfg(feature = "wgpu")]
            Device::Wgpu(index) => super::registry::wgpu(index)?.enqueue(self, arguments, outputs),
            #[allow(unreachable_patterns, reason = "reachable where a GPU feature is off")]
            _ => Err(super::registry::not_built(device)),
        }
    }

    /// The product of the extent.
    fn points(&self) -> Result<u32> {
        self.product(self.extent)
    }

    /// The product of the extents that a scan has a column for each value of; 1 for kernels that are no scans.
    fn columns(&self) -> Result<u32> {
        if self.text.carried > 0 { self.product(&self.extent[1..]) } else { Ok(1) }
    }

    /// Number of calls of the text's entry: one for each point, in a scan one for each column.
    pub(crate) fn threads(&self) -> Result<u32> {
        if self.text.carried > 0 { self.columns() } else { self.points() }
    }

    fn product(&self, extent: &[u32]) -> Result<u32> {
        let product = extent.iter().try_fold(1_u32, |product, &extent| product.checked_mul(extent));
        // A zero anywhere means nothing at all, however large the other extents are.
        if extent.contains(&0) { Some(0) } else { product }.ok_or_else(|| Error::InvalidValue {
            name: "extent",
            got: format!("{:?}", self.extent),
            expected: "a product below 2^32".to_owned(),
        })
    }

    /// The kind with `Real` replaced by what it is in this launch.
    pub(crate) fn resolve(&self, kind: ScalarKind) -> ScalarKind {
        match (kind, self.precision) {
            (ScalarKind::Real, Precision::F32) => ScalarKind::F32,
            (ScalarKind::Real, Precision::F64) => ScalarKind::F64,
            (kind, _) => kind,
        }
    }

    /// Whether the kernel takes or returns f64 in this launch.
    #[cfg(feature = "wgpu")]
    pub(crate) fn uses_f64(&self) -> bool {
        let parameters = self.text.parameters.iter().map(|parameter| match parameter.kind {
            ParameterKind::Scalar(kind) | ParameterKind::Slice(kind) => kind,
        });
        parameters.chain(self.text.outputs.iter().copied()).any(|kind| self.resolve(kind) == ScalarKind::F64)
    }
}
