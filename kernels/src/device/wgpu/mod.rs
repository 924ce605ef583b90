//! GPUs through wgpu: Vulkan and Metal.
//!
//! `context` opens the adapter, `memory` copies, `pipeline` compiles kernels, `recorder` batches what is to be run.

mod adapter;
mod arguments;
mod context;
mod memory;
mod pipeline;
mod recorder;
mod timer;

pub(crate) use adapter::available;
pub(crate) use context::WgpuContext;
