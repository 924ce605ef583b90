//! NVIDIA GPUs through the CUDA driver (libcuda) and NVRTC, both loaded at run time.

mod compile;
mod runtime;

pub use compile::compile_cuda;
pub(crate) use runtime::{CudaContext, available, open};
