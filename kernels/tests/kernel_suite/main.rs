//! Every construct of the kernel language on every device: CPU, CUDA text on the host, wgpu, NVRTC and CUDA, f32 and f64.
//!
//! What cannot run here says `not run: <reason>` unless the environment variable `TERRELLA_REQUIRE` names it (a list of
//! `host-cuda`, `wgpu`, `nvrtc`, `cuda`): then it fails.

#[path = "../devices/mod.rs"]
mod devices;
#[macro_use]
mod stamp;
mod fixture;
mod host_cuda;
#[cfg(feature = "cuda")]
mod nvrtc;

mod arithmetic;
mod assimilation;
mod calls;
mod columns;
mod control;
mod diagnostics;
mod extents;
mod hand_written;
mod integers;
mod levels;
mod math;
mod names;
mod operators;
mod packing;
mod scan_forms;
mod scans;
mod spectral;
mod threads;
