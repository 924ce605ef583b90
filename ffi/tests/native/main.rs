//! C and Fortran programs, compiled against the headers and run with the libraries, and the Python package.
//!
//! A compiler or Python that is not there says `not run: <reason>`, unless `TERRELLA_REQUIRE` names it (`c`, `fortran`,
//! `cmake`, `python`, `mpi`): then the test fails.

mod device_memory;
mod examples;
#[cfg(target_os = "linux")]
#[path = "../../../kernels/tests/host_gpu/mod.rs"]
mod host_gpu;
mod install;
mod interface;
#[path = "../../../coupling/tests/ranks/launcher.rs"]
mod launcher;
mod programs;
mod python;
mod tasks;
mod toolchain;
