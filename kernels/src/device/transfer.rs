//! Host memory that a device copies from and to by itself.

// Pages are locked by their address.
#![allow(unsafe_code)]

use std::fmt;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

use super::{Device, registry};
use crate::{Error, Result};

/// Keeps pages locked until it is dropped.
pub(crate) type PageLock = Box<dyn Send + Sync>;

/// A page of the largest size that hosts of GPUs have as a rule (64 KiB on Arm), so that no two memories share one.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(65536))]
struct Page([[u64; 1024]; 8]);

/// Words of host memory for copies from and to one device, and for whoever else works on them between these, such as MPI.
///
/// On a CUDA or HIP device their pages are locked (`cuMemHostRegister`, `hipHostRegister`), for all devices of the kind: copies with
/// [`Buffer`](super::Buffer) then go over the bus at once, where those of other pages first go through locked ones of the driver's. They take
/// whole pages of 64 KiB. Where the driver cannot lock that many, and on other devices, they are like any other memory.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device, TransferMemory};
///
/// let device = Device::Cpu; // or cuda:0, hip:0, wgpu:0
/// let mut memory = TransferMemory::zeros(device, 2)?;
/// Buffer::from_slice(device, &[1.0, 2.0])?.copy_to_host(bytemuck::cast_slice_mut::<_, f64>(&mut memory))?;
/// assert_eq!(memory[1], 2.0_f64.to_bits());
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
pub struct TransferMemory {
    /// Before the pages: fields are dropped in their order.
    lock: Option<PageLock>,
    pages: Vec<Page>,
    len: usize,
}

impl TransferMemory {
    /// Words that are zero.
    ///
    /// # Errors
    /// `OutOfMemory` where the host has no room, `DeviceUnavailable` where there is no such device.
    pub fn zeros(device: Device, len: usize) -> Result<Self> {
        let pages = bytemuck::allocation::try_zeroed_vec(len.div_ceil(size_of::<Page>() / size_of::<u64>()));
        let pages: Vec<Page> = pages.map_err(|()| Error::OutOfMemory {
            device: Device::Cpu,
            requested: (len as u64).saturating_mul(size_of::<u64>() as u64),
            in_use: 0,
            reason: "the host's allocator has no room".to_owned(),
        })?;
        let place: &[u8] = bytemuck::cast_slice(&pages);
        let lock = if pages.is_empty() {
            None
        } else {
            // SAFETY: the pages are this memory's own and never moved or made longer; the lock is dropped before them.
            unsafe { registry::lock_pages(device, place.as_ptr().addr() as u64, place.len() as u64) }?
        };
        Ok(Self { lock, pages, len })
    }

    /// Whether the device copies from and to it by itself.
    pub fn is_page_locked(&self) -> bool {
        self.lock.is_some()
    }
}

impl Deref for TransferMemory {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &bytemuck::cast_slice(&self.pages)[..self.len]
    }
}

impl DerefMut for TransferMemory {
    fn deref_mut(&mut self) -> &mut [u64] {
        &mut bytemuck::cast_slice_mut(&mut self.pages)[..self.len]
    }
}

impl fmt::Debug for TransferMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("TransferMemory");
        text.field("len", &self.len).field("is_page_locked", &self.is_page_locked()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_a_page_and_is_zero() {
        for len in [0, 1, 8191, 8192, 8193] {
            let mut memory = TransferMemory::zeros(Device::Cpu, len).unwrap();
            assert_eq!((memory.len(), memory.is_page_locked()), (len, false));
            assert!(memory.iter().all(|&word| word == 0));
            assert_eq!(memory.as_ptr() as usize % 65536, 0);
            memory.fill(7);
            assert_eq!(memory.iter().sum::<u64>(), 7 * len as u64);
        }
    }

    #[test]
    fn refuses_what_cannot_be_addressed() {
        let error = TransferMemory::zeros(Device::Cpu, usize::MAX / 16).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    }
}
