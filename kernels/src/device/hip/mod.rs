//! AMD GPUs through HIP (libamdhip64) and HIPRTC, both loaded at run time.
//!
//! Never run on AMD hardware: the kernels' text is CUDA C, which is tested on the host and on NVIDIA GPUs, and the
//! logic above the library's calls is the one that CUDA uses, but the calls themselves are only known to type-check.

mod library;
mod runtime;

pub(crate) use runtime::{HipContext, available, open};
