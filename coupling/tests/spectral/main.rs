//! Transforms and fields that ranks share: the bits of the whole, with the documented volume, on CPUs and on devices.

#[path = "../../../kernels/tests/devices/mod.rs"]
mod devices;
#[cfg(target_os = "linux")]
#[path = "../../../kernels/tests/host_gpu/mod.rs"]
mod host_gpu;
#[path = "../ranks/mod.rs"]
mod ranks;

mod distributed_transform;
mod model_halo;
mod on_devices;
mod whole;
