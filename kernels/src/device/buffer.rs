//! Typed memory on one device.

// A buffer over memory that is someone else's is made from its address.
#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use super::Device;
use super::memory::Memory;
use crate::error::expect_len;
use crate::{Element, Error, Result, ScalarKind};

/// `len` values of `T` in the memory of one device.
///
/// The host sees them through explicit copies; only on the CPU are they also a slice, which starts at a multiple of
/// 64 bytes. Copies to a device and between buffers of one device are enqueued behind the work already there; copies
/// to the host wait for that work. On a GPU a dropped buffer's memory is kept for the next one of about its size
/// ([`Device::release_cached_memory`] gives it back).
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
///
/// let mut temperature = Buffer::from_slice(Device::Cpu, &[281.5_f32, 279.0, 284.25])?;
/// temperature.copy_range_from_host(1, &[280.0])?;
/// assert_eq!(temperature.to_vec()?, [281.5, 280.0, 284.25]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
pub struct Buffer<T: Element> {
    device: Device,
    memory: Memory,
    len: usize,
    element: PhantomData<T>,
}

/// A buffer of whatever element type, as a kernel's argument.
pub trait AnyBuffer: sealed::HasMemory + Send + Sync {
    /// Where the memory is.
    fn device(&self) -> Device;
    /// The type of its values.
    fn kind(&self) -> ScalarKind;
    /// Number of values.
    fn len(&self) -> usize;
    /// Whether it holds no value.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The address of the first value in the memory of a CUDA or HIP device, for other libraries that work there; nothing on other
    /// devices. Work enqueued here may still be at it ([`Device::synchronize`]).
    fn device_address(&self) -> Option<u64> {
        self.memory().0.device_address()
    }
}

pub(crate) mod sealed {
    use super::Memory;

    /// What the launcher needs of a buffer, out of reach of other crates.
    pub trait HasMemory {
        fn memory(&self) -> MemoryOf<'_>;
    }

    /// A buffer's memory.
    pub struct MemoryOf<'a>(pub(crate) &'a Memory);
}

impl<T: Element> sealed::HasMemory for Buffer<T> {
    fn memory(&self) -> sealed::MemoryOf<'_> {
        sealed::MemoryOf(&self.memory)
    }
}

impl<T: Element> AnyBuffer for Buffer<T> {
    fn device(&self) -> Device {
        self.device
    }
    fn kind(&self) -> ScalarKind {
        T::KIND
    }
    fn len(&self) -> usize {
        self.len
    }
}

impl<T: Element> fmt::Debug for Buffer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("Buffer");
        text.field("device", &self.device).field("kind", &T::KIND).field("len", &self.len).finish()
    }
}

impl<T: Element> Buffer<T> {
    /// Memory for `len` values, of any content on a GPU.
    fn allocate(device: Device, len: usize) -> Result<Self> {
        let bytes = (len as u64).checked_mul(size_of::<T>() as u64).ok_or(Error::BufferTooLarge {
            device,
            requested: u64::MAX,
            limit: isize::MAX as u64,
        })?;
        Ok(Self { device, memory: Memory::new(device, bytes)?, len, element: PhantomData })
    }

    /// A buffer of zeros.
    pub fn zeros(device: Device, len: usize) -> Result<Self> {
        let mut buffer = Self::allocate(device, len)?;
        if device != Device::Cpu {
            buffer.memory.fill([0, 0])?;
        }
        Ok(buffer)
    }

    /// A buffer with a copy of `values`.
    pub fn from_slice(device: Device, values: &[T]) -> Result<Self> {
        let mut buffer = Self::allocate(device, values.len())?;
        buffer.copy_from_host(values)?;
        Ok(buffer)
    }

    /// A buffer over `len` values that already lie in the memory of a CUDA or HIP device, from `address` on, and that stay
    /// their owner's: dropping the buffer frees nothing.
    ///
    /// The device may be asked to wait for what other libraries still do with the values
    /// ([`Device::synchronize_all_streams`]). For `len` 0, `address` is not looked at.
    ///
    /// # Errors
    /// `ForeignMemory` for an address that is null or not a multiple of the values' size, for values beyond the last address,
    /// on a device whose memory has no addresses (the CPU's buffers are the host's own, wgpu's are handles), and where the
    /// driver says that the first or the last value lies in host memory, on another device, or in a CUDA context other than
    /// the device's primary one. Managed memory is taken. `DeviceUnavailable` where there is no such device.
    ///
    /// # Safety
    /// Until the buffer is dropped and the work enqueued on it is done ([`Device::synchronize`]), all `len` values are live,
    /// nobody else writes to them, and nobody else reads what is written through the buffer.
    pub unsafe fn from_device_address(device: Device, address: u64, len: usize) -> Result<Self> {
        let refused = |reason: String| Err(Error::ForeignMemory { device, address, reason });
        if !matches!(device, Device::Cuda(_) | Device::Hip(_)) {
            return refused("only CUDA and HIP devices have addresses".to_owned());
        }
        if len == 0 {
            return Self::allocate(device, 0);
        }
        let bytes = (len as u64).checked_mul(size_of::<T>() as u64);
        let Some(bytes) = bytes.filter(|&bytes| address.checked_add(bytes).is_some()) else {
            return refused(format!("{len} values of {} bytes go beyond the last address", size_of::<T>()));
        };
        if address == 0 {
            return refused("it is null".to_owned());
        }
        if !address.is_multiple_of(size_of::<T>() as u64) {
            return refused(format!("it is not a multiple of {} bytes", size_of::<T>()));
        }
        // SAFETY: the caller's promise.
        let memory = unsafe { Memory::foreign(device, address, bytes) }?;
        Ok(Self { device, memory, len, element: PhantomData })
    }

    /// A copy on another device (or the same), by way of the host where the devices differ.
    pub fn to_device(&self, device: Device) -> Result<Self> {
        if device == self.device {
            let mut copy = Self::allocate(device, self.len)?;
            copy.copy_from(self)?;
            return Ok(copy);
        }
        if device == Device::Cpu {
            let mut copy = Self::zeros(device, self.len)?;
            self.copy_to_host(copy.cpu_slice_mut()?)?;
            return Ok(copy);
        }
        match self.cpu_slice() {
            Ok(values) => Self::from_slice(device, values),
            Err(_) => Self::from_slice(device, &self.to_vec()?),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the memory is.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Copies `values` from the host; the lengths must be equal.
    pub fn copy_from_host(&mut self, values: &[T]) -> Result<()> {
        self.expect_len("host values", values.len())?;
        self.copy_range_from_host(0, values)
    }

    /// Copies to the host's `values`; the lengths must be equal. Waits for the device.
    pub fn copy_to_host(&self, values: &mut [T]) -> Result<()> {
        self.expect_len("host values", values.len())?;
        self.copy_range_to_host(0, values)
    }

    /// Copies from another buffer on the same device; the lengths must be equal.
    pub fn copy_from(&mut self, source: &Self) -> Result<()> {
        self.expect_len("source", source.len())?;
        self.copy_range(0, source, 0..source.len())
    }

    /// Copies the host's `values` to the places from `start` on.
    pub fn copy_range_from_host(&mut self, start: usize, values: &[T]) -> Result<()> {
        self.expect_range("target range", start, values.len())?;
        if values.is_empty() {
            return Ok(());
        }
        self.memory.write(byte_offset::<T>(start), bytemuck::cast_slice(values))
    }

    /// Copies the values from place `start` on to the host's `values`. Waits for the device.
    pub fn copy_range_to_host(&self, start: usize, values: &mut [T]) -> Result<()> {
        self.expect_range("source range", start, values.len())?;
        if values.is_empty() {
            return Ok(());
        }
        self.memory.read(byte_offset::<T>(start), bytemuck::cast_slice_mut(values))
    }

    /// Copies the places `range` of another buffer on the same device to the places from `start` on.
    pub fn copy_range(&mut self, start: usize, source: &Self, range: Range<usize>) -> Result<()> {
        if source.device != self.device {
            return Err(Error::DeviceMismatch { name: "source", expected: self.device, got: source.device });
        }
        let len = range.end.saturating_sub(range.start);
        source.expect_range("source range", range.start, len)?;
        self.expect_range("target range", start, len)?;
        if len == 0 {
            return Ok(());
        }
        let bytes = byte_offset::<T>(range.start)..byte_offset::<T>(range.end);
        self.memory.copy(byte_offset::<T>(start), &source.memory, bytes)
    }

    /// Sets all values to `value`.
    pub fn fill(&mut self, value: T) -> Result<()> {
        if let Ok(values) = self.cpu_slice_mut() {
            values.fill(value);
            return Ok(());
        }
        let words: &[u32] = bytemuck::cast_slice(std::slice::from_ref(&value));
        self.memory.fill([words[0], words[words.len() - 1]])
    }

    /// A copy of the values on the host.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let mut values = vec![T::zeroed(); self.len];
        self.copy_to_host(&mut values)?;
        Ok(values)
    }

    /// The values themselves; an error unless the buffer is on the CPU.
    pub fn cpu_slice(&self) -> Result<&[T]> {
        match &self.memory {
            Memory::Cpu(host) => Ok(host.values()),
            #[allow(unreachable_patterns, reason = "reachable as soon as one GPU feature is on")]
            _ => Err(self.not_on_the_cpu()),
        }
    }

    /// The values themselves, for writing; an error unless the buffer is on the CPU.
    pub fn cpu_slice_mut(&mut self) -> Result<&mut [T]> {
        let error = self.not_on_the_cpu();
        match &mut self.memory {
            Memory::Cpu(host) => Ok(host.values_mut()),
            #[allow(unreachable_patterns, reason = "reachable as soon as one GPU feature is on")]
            _ => Err(error),
        }
    }

    fn not_on_the_cpu(&self) -> Error {
        Error::DeviceMismatch { name: "slice of a buffer", expected: Device::Cpu, got: self.device }
    }

    fn expect_len(&self, name: &'static str, got: usize) -> Result<()> {
        expect_len(name, self.len, got)
    }

    fn expect_range(&self, name: &'static str, start: usize, len: usize) -> Result<()> {
        if start.checked_add(len).is_some_and(|end| end <= self.len) {
            return Ok(());
        }
        Err(Error::InvalidValue {
            name,
            got: format!("{start}..{}", start.saturating_add(len)),
            expected: format!("places within 0..{}", self.len),
        })
    }
}

fn byte_offset<T>(place: usize) -> u64 {
    (place * size_of::<T>()) as u64
}
