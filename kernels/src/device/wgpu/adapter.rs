//! The adapters of this machine.

use std::sync::OnceLock;

use wgpu::{Adapter, Backends, Instance, InstanceDescriptor, InstanceFlags};

use crate::device::{Device, DeviceDescription};

const BACKENDS: Backends = Backends::VULKAN.union(Backends::METAL);

/// The one connection to the loader. Opened on first use, kept: closing and reopening it would reload the drivers.
fn instance() -> &'static Instance {
    static INSTANCE: OnceLock<Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let mut descriptor = InstanceDescriptor::new_without_display_handle();
        descriptor.backends = BACKENDS;
        // wgpu checks every call itself; the drivers' own validation layers are for debugging wgpu.
        descriptor.flags = InstanceFlags::empty();
        Instance::new(descriptor)
    })
}

/// All adapters, in the order in which the loader lists them. Listed once: it takes the loader some time, and what it
/// prints on a machine without a display it would print again.
pub(super) fn adapters() -> &'static [Adapter] {
    static ADAPTERS: OnceLock<Vec<Adapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| pollster::block_on(instance().enumerate_adapters(BACKENDS)))
}

/// All adapters as devices.
pub(crate) fn available() -> Vec<DeviceDescription> {
    (0..).zip(adapters()).map(|(index, adapter)| describe(index, &adapter.get_info())).collect()
}

pub(super) fn describe(index: u32, info: &wgpu::AdapterInfo) -> DeviceDescription {
    DeviceDescription {
        device: Device::Wgpu(index),
        name: info.name.clone(),
        // wgpu doesn't tell.
        memory: None,
        driver: format!("{:?}, {} {}", info.backend, info.driver, info.driver_info),
    }
}
