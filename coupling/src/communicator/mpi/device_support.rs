//! Whether MPI takes addresses in the memory of devices.
#![allow(unsafe_code)]

use std::env;
use std::ffi::c_int;

use terrella_kernels::device::Device;

use super::functions::{Functions, Handle};
use super::version;

/// `MPIX_GPU_SUPPORT_CUDA` and `MPIX_GPU_SUPPORT_HIP` of MPICH.
const MPICH_CUDA: c_int = 0;
const MPICH_HIP: c_int = 2;

/// What the library says of the memory of each kind of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DeviceSupport {
    cuda: bool,
    hip: bool,
}

impl DeviceSupport {
    /// By the questions that the library has an answer to: Open MPI's `MPIX_Query_cuda_support` and `MPIX_Query_rocm_support`, MPICH's
    /// `MPIX_GPU_query_support`, and in Cray's the variable by which its users ask for support. MPI has been begun.
    pub(super) fn of<H: Handle>(functions: &Functions<H>) -> Self {
        let query = |query: Option<unsafe extern "C" fn() -> c_int>| {
            // SAFETY: takes nothing and answers 0 or 1.
            query.is_some_and(|query| unsafe { query() } == 1)
        };
        let gpu_query = |kind: c_int| {
            let mut answer = 0;
            let ask = functions.gpu_query_support;
            // SAFETY: the pointer is to a live integer; MPI has been begun.
            ask.is_some_and(|ask| unsafe { ask(kind, &mut answer) } == 0) && answer != 0
        };
        let enabled = env::var("MPICH_GPU_SUPPORT_ENABLED").ok();
        let is_cray = is_enabled_cray(&version().unwrap_or_default(), enabled.as_deref());
        Self {
            cuda: is_cray || query(functions.query_cuda_support) || gpu_query(MPICH_CUDA),
            hip: is_cray || query(functions.query_rocm_support) || gpu_query(MPICH_HIP),
        }
    }

    pub(super) fn takes(self, device: Device) -> bool {
        match device {
            Device::Cuda(_) => self.cuda,
            Device::Hip(_) => self.hip,
            // The memory of others has no addresses, or is the host's.
            Device::Cpu | Device::Wgpu(_) => false,
        }
    }
}

/// Whether a library is Cray's and was asked for support of devices. Without the part that it needs for that, it does not begin.
fn is_enabled_cray(version: &str, enabled: Option<&str>) -> bool {
    version.contains("CRAY MPICH") && enabled.map(str::trim) == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_for_the_devices_that_the_library_names() {
        let devices = [Device::Cpu, Device::Cuda(3), Device::Hip(0), Device::Wgpu(0)];
        for (support, expected) in [
            (DeviceSupport::default(), [false; 4]),
            (DeviceSupport { cuda: true, hip: false }, [false, true, false, false]),
            (DeviceSupport { cuda: false, hip: true }, [false, false, true, false]),
            (DeviceSupport { cuda: true, hip: true }, [false, true, true, false]),
        ] {
            assert_eq!(devices.map(|device| support.takes(device)), expected, "{support:?}");
        }
    }

    #[test]
    fn crays_library_is_asked_for_support_by_a_variable() {
        let cray = "MPI VERSION    : CRAY MPICH version 8.1.28.15 (ANL base 3.4a2)";
        for (version, enabled, expected) in [
            (cray, Some("1"), true),
            (cray, Some("0"), false),
            (cray, None, false),
            ("MPICH Version: 4.0.2", Some("1"), false),
        ] {
            assert_eq!(is_enabled_cray(version, enabled), expected, "{version} {enabled:?}");
        }
    }
}
