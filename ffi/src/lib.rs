//! Terrella's spectral transforms for C and Fortran, and ecTrans's C interface ("transi") over them.
//!
//! | header               | interface                                                                            |
//! |----------------------|--------------------------------------------------------------------------------------|
//! | `terrella.h`         | opaque handles, 64-bit sizes, f32 and f64, every operator of `HostTransform`, devices by name |
//! | `ectrans/transi.h`   | ecTrans 1.7's structs and functions, for programs that were written for it             |
//! | `fortran/terrella.f90` | a Fortran 2008 module over `terrella.h`                                              |
//!
//! - **Errors.** Every function returns a status; the sentence that names the offending value is kept per thread
//!   (`terrella_last_error_message`), and transi writes it to the standard error, as ecTrans does. Nothing unwinds across
//!   the border.
//! - **Pointers.** NULL, misaligned and overlapping arrays are refused, and arrays of the wrong length where the caller
//!   passes lengths; on a GPU, memory that its driver says is not that device's. That memory is as long as the caller says
//!   is for the caller to see to.
//! - **Threads.** Handles may be shared: calls on one plan wait for each other, calls on different plans do not.
//!   A handle that was destroyed is refused, also while another thread still computes with its plan.
//!
//! A Rust program uses `terrella-kernels` itself; this crate has no Rust interface.

#![allow(unsafe_code)]
// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

mod border;
mod c_api;
mod engine;
mod failure;
mod registry;
mod transi;
