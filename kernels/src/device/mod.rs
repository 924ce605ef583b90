//! Devices, the memory on them, and kernels launched where their buffers are.
//!
//! ```
//! use terrella_kernels::device::{Buffer, Device};
//!
//! for description in Device::available() {
//!     println!("{}: {}, {}", description.device, description.name, description.driver);
//! }
//! let device = Device::from_environment()?; // TERRELLA_DEVICE, else the CPU
//! let mut height = Buffer::<f64>::zeros(device, 1000)?;
//! height.fill(8000.0)?;
//! assert_eq!(height.to_vec()?[999], 8000.0);
//! # Ok::<(), terrella_kernels::Error>(())
//! ```
//!
//! **Order.** All work of one device is done in the order in which it was asked for, by whatever thread. Launches,
//! fills and copies to or within a GPU return before they are done; copies to the host and [`Device::synchronize`]
//! wait. Failures that a GPU finds out later are reported by the next call that waits.
//!
//! **Threads.** Everything here may be shared between threads; a device is opened once per process, on first use.
//!
//! **Absence.** GPU libraries are loaded at run time. What is missing (library, device, adapter's feature) is an
//! [`Error::DeviceUnavailable`] that names it.
//!
//! | variable | meaning |
//! |---|---|
//! | `TERRELLA_DEVICE` | the device of [`Device::from_environment`] |
//! | `TERRELLA_CACHE` | folder of compiled kernels; else `$XDG_CACHE_HOME/terrella`, else `~/.cache/terrella` |
//! | `TERRELLA_NVRTC`, `TERRELLA_HIPRTC` | path of the compiler's library, where the system doesn't find it |

#![cfg_attr(
    not(any(feature = "cuda", feature = "hip", feature = "wgpu")),
    allow(
        dead_code,
        unused_imports,
        unused_variables,
        reason = "without a GPU nothing is opened, pooled or cached"
    )
)]

mod allocator;
mod buffer;
pub mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod description;
#[cfg(feature = "hip")]
mod hip;
mod host_memory;
mod kernel_cache;
mod launch;
mod memory;
pub mod methods;
mod registry;
#[cfg(any(feature = "cuda", feature = "hip"))]
mod stream;
mod text;
mod timer;
mod transfer;
#[cfg(feature = "wgpu")]
mod wgpu;

pub use allocator::MemoryStatistics;
pub use buffer::{AnyBuffer, Buffer};
#[cfg(feature = "cuda")]
pub use cuda::compile_cuda;
pub use description::DeviceDescription;
pub use launch::{Argument, Launch};
pub use text::{KernelText, Parameter, ParameterKind, RealMethod};
pub use timer::Timer;
pub use transfer::TransferMemory;

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, Result};

/// Where a buffer lives and its kernels run.
///
/// Written `cpu`, `cuda:0`, `hip:0`, `wgpu:0`; without a number, the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Device {
    /// The host: rayon threads and SIMD.
    #[default]
    Cpu,
    /// An NVIDIA GPU through the CUDA driver.
    Cuda(u32),
    /// An AMD GPU through HIP.
    Hip(u32),
    /// Any GPU through wgpu (Vulkan, Metal).
    Wgpu(u32),
}

impl Device {
    /// The device named by the environment variable `TERRELLA_DEVICE`, or the CPU where it is not set.
    pub fn from_environment() -> Result<Self> {
        match std::env::var("TERRELLA_DEVICE") {
            Ok(text) => text.parse(),
            Err(_) => Ok(Self::Cpu),
        }
    }

    /// Does `work`, a sequence of launches and transforms, from where this device hears them soonest.
    ///
    /// On the CPU that is one of rayon's threads: work that comes from outside is handed over to them, which takes some
    /// 10 µs each time, as long as a small kernel; within, it is handed over once. Elsewhere nothing is different.
    ///
    /// ```
    /// use terrella_kernels::device::{Buffer, Device};
    ///
    /// let sum: f64 = Device::Cpu.within(|| Ok::<_, terrella_kernels::Error>(
    ///     Buffer::from_slice(Device::Cpu, &[1.0, 2.0])?.to_vec()?.iter().sum()
    /// ))?;
    /// assert_eq!(sum, 3.0);
    /// # Ok::<(), terrella_kernels::Error>(())
    /// ```
    pub fn within<T: Send>(self, work: impl FnOnce() -> T + Send) -> T {
        let is_there = rayon::current_thread_index().is_some() || rayon::current_num_threads() == 1;
        if self != Self::Cpu || is_there { work() } else { rayon::scope(|_| work()) }
    }
}

/// Locks `mutex` even if a thread panicked while it held it: the state behind these locks is whole between any two
/// statements that can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => write!(formatter, "cpu"),
            Self::Cuda(index) => write!(formatter, "cuda:{index}"),
            Self::Hip(index) => write!(formatter, "hip:{index}"),
            Self::Wgpu(index) => write!(formatter, "wgpu:{index}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::UnknownDevice { text: text.to_owned() };
        let (family, index) = match text.split_once(':') {
            Some((family, index)) => (family, index.parse::<u32>().map_err(|_| unknown())?),
            None => (text, 0),
        };
        match family {
            "cpu" if index == 0 => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(index)),
            "hip" => Ok(Self::Hip(index)),
            "wgpu" => Ok(Self::Wgpu(index)),
            _ => Err(unknown()),
        }
    }
}
