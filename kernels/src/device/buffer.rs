//! Memory on one device.

use super::Device;
use crate::{Element, Error, Result};

/// `len` values of `T` in the memory of one device.
///
/// The host sees them through explicit copies; only on the CPU are they also a slice.
#[derive(Debug)]
pub struct Buffer<T: Element> {
    device: Device,
    values: Vec<T>,
}

impl<T: Element> Buffer<T> {
    /// A buffer of zeros.
    pub fn zeros(device: Device, len: usize) -> Result<Self> {
        Ok(Self { device, values: vec![T::zeroed(); len] })
    }

    /// A buffer with a copy of `values`.
    pub fn from_slice(device: Device, values: &[T]) -> Result<Self> {
        Ok(Self { device, values: values.to_vec() })
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the memory is.
    pub fn device(&self) -> Device {
        self.device
    }

    /// Copies `values` from the host; the lengths must be equal.
    pub fn copy_from_host(&mut self, values: &[T]) -> Result<()> {
        self.expect_len(values.len())?;
        self.values.copy_from_slice(values);
        Ok(())
    }

    /// Copies to the host's `values`; the lengths must be equal.
    pub fn copy_to_host(&self, values: &mut [T]) -> Result<()> {
        self.expect_len(values.len())?;
        values.copy_from_slice(&self.values);
        Ok(())
    }

    /// Copies from another buffer on the same device; the lengths must be equal.
    pub fn copy_from(&mut self, source: &Self) -> Result<()> {
        self.expect_len(source.len())?;
        self.values.copy_from_slice(&source.values);
        Ok(())
    }

    /// A copy of the values on the host.
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let mut values = vec![T::zeroed(); self.len()];
        self.copy_to_host(&mut values)?;
        Ok(values)
    }

    /// The values themselves; an error unless the buffer is on the CPU.
    pub fn cpu_slice(&self) -> Result<&[T]> {
        Ok(&self.values)
    }

    /// The values themselves, for writing; an error unless the buffer is on the CPU.
    pub fn cpu_slice_mut(&mut self) -> Result<&mut [T]> {
        Ok(&mut self.values)
    }

    fn expect_len(&self, got: usize) -> Result<()> {
        if got == self.len() {
            return Ok(());
        }
        Err(Error::LengthMismatch { name: "host values", expected: self.len(), got })
    }
}
