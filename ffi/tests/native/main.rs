//! C and Fortran programs, compiled against the headers and run with the libraries.
//!
//! A compiler that is not there says `not run: <reason>`, unless `TERRELLA_REQUIRE` names it (`c`, `fortran`, `cmake`):
//! then the test fails.

mod examples;
mod install;
mod interface;
mod programs;
mod toolchain;
