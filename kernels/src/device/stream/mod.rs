//! GPUs that are driven through pointers and one stream: CUDA and HIP.
//!
//! The two libraries have the same calls under different names. [`Runtime`] is that set of calls, one method each;
//! [`StreamContext`] is everything above them: the allocator, compiled kernels, launches, fills, timing.

mod arguments;
mod compiler;
mod context;
mod runtime;
#[cfg(test)]
mod tests;

pub(crate) use compiler::{Dialect, RuntimeCompiler};
pub(crate) use context::StreamContext;
pub(crate) use runtime::{Reported, Runtime};
