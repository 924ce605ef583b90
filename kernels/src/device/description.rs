//! What devices this machine has.

use std::fs;

use super::Device;

/// A device as its driver describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceDescription {
    /// How to ask for it.
    pub device: Device,
    /// The product's name.
    pub name: String,
    /// Its memory [bytes], where the driver tells.
    pub memory: Option<u64>,
    /// The driver and its version.
    pub driver: String,
}

impl Device {
    /// The devices of this machine that this build can use: the CPU first, then CUDA, HIP, wgpu.
    ///
    /// One piece of hardware may appear twice, as `cuda:0` and as `wgpu:0`.
    pub fn available() -> Vec<DeviceDescription> {
        #[allow(unused_mut, reason = "no GPU in this build")]
        let mut devices = vec![host()];
        #[cfg(feature = "cuda")]
        devices.extend(super::cuda::available());
        #[cfg(feature = "hip")]
        devices.extend(super::hip::available());
        #[cfg(feature = "wgpu")]
        devices.extend(super::wgpu::available());
        devices
    }
}

fn host() -> DeviceDescription {
    let field = |path: &str, name: &str| {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let kibibytes = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok()));
    DeviceDescription {
        device: Device::Cpu,
        name: field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        memory: kibibytes.map(|number| number * 1024),
        driver: format!("{} threads", rayon::current_num_threads()),
    }
}
