//! GPUs through wgpu: Vulkan and Metal.
//!
//! `context` opens the adapter, `memory` copies, `shader` and `pipeline` compile kernels, `recorder` batches what is to be run.

mod adapter;
mod arguments;
mod context;
mod memory;
mod pipeline;
mod recorder;
mod shader;
mod timer;

pub(crate) use adapter::available;
pub(crate) use context::WgpuContext;
