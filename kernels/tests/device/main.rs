//! Devices and their memory: which there are, buffers on them, launches, and each kind's own libraries.

#[path = "../devices/mod.rs"]
mod devices;
#[cfg(all(target_os = "linux", any(feature = "cuda", feature = "hip")))]
#[path = "../host_gpu/mod.rs"]
mod host_gpu;

mod available;
mod buffer;
mod cuda;
#[cfg(all(target_os = "linux", any(feature = "cuda", feature = "hip")))]
mod foreign_memory;
mod launch;
#[cfg(feature = "cuda")]
mod nvrtc;
#[cfg(all(target_os = "linux", any(feature = "cuda", feature = "hip")))]
mod on_the_host;
#[cfg(feature = "wgpu")]
mod wgpu;
