//! Benchmarks with a floor and a peer in the same run.
//!
//! ```text
//! cargo run --release -p terrella-benches -- list
//! cargo run --release -p terrella-benches -- stencil --threads 1 --peer --json stencil.json
//! ```
//!
//! An [`Entry`] is data: name, keys with their defaults, and a function that sets its [`Case`]s up for one precision and
//! device. A case runs, knows the bytes and flops it cannot do without, its error against a reference, and its [`Peer`]s:
//! `--peer` alone stands for the entry's first, `--peer ducc0,shtns` names them, and each gives a row.
//!
//! What is counted:
//! - `median_s`, `min_s`: wall time of one run, each sample long enough for the clock; on a GPU until the device is done with it.
//! - `bytes`: every array that a run must read or write, each once; no cache-line fill before a store is counted.
//! - `flops`: additions, multiplications, divisions, comparisons that select, square roots, one each.
//! - `peak_fraction`: floor / median, the floor being max(bytes / copy bandwidth, flops / FMA rate) with both rates measured
//!   in the same run on the same device and number of threads ([`Peaks`]). Above 1 where the arrays fit in a cache.
//! - `ratio`: median over interleaved pairs of our time / the peer's time: below 1, ours is faster.
//! - `per_point_s`: of transforms, median / values on the grid (fields × points × components of a vector).
//! - `resident_ratio`: of `transform_setup`, growth of the resident memory / bytes of input and output; 1 is these alone.
//!   It counts the whole process: ask for one case.
//!
//! The flops of a transform are nominal, those of any algorithm that sums Legendre functions it is given: for each field and
//! component 2 Σ_rings Σ_{m ≤ M} (T−m+1), with the sums shared by the rings at ±φ and M the largest m that the ring carries,
//! which is (T+1)(T+2) · rings on a full grid; and 2.5 n log₂ n for a ring of n points. Making the functions is not counted,
//! so that `peak_fraction` of a transform of one field is low by nature. Leaving out functions too small to matter near the
//! poles does not lower the count, so that it can exceed the share of the core's rate that is really used.
//!
//! What the spherical harmonic transforms are compared with, each in a process of its own on arrays of its own:
//! - `ducc0`: full grids field by field by its interface for them, others with all fields in one call; f32 and f64.
//! - `shtns`: full grids; its layout of points along meridians, all fields in one call, functions below 1e-10 left out near
//!   the poles (its default), FFTW's plans chosen by measuring at most 3 s each, which takes up to half a minute a case.
//!   `pip` builds it for the processor at hand with OpenMP, on the system's FFTW.
//! - `transi`: any library with ecTrans's C interface, `--library PATH`; all fields in one call.
//!
//! The last two compute in f64 only, also beside our f32; the row's name says so. Winds start from vorticity and divergence
//! with `transi` as with ours, from spheroidal and toroidal coefficients with the others, which saves them a multiplication.
//!
//! `eigen` measures eigenvalues of many matrices of an ensemble's size against LAPACK's `syevd`, called once per matrix from Python, whose calls take
//! a microsecond or two each. `local_analysis` measures a field's LETKF on a plane against the same with a search among all observations;
//! with `--grid 2048x512` that search takes half a minute.
//!
//! `grib2` measures messages in memory on one thread: `eccodes` is ecCodes as loaded by `terrella-io`, with one more reading
//! of the field, which refuses NaN; `libaec` is the compression alone, of codes that are there already.
//!
//! `plan`, `statistics`, `hash`, `server_stall` and `output_server` measure the way of a field from the model to a file. Only the time in the
//! library counts: making the message is the model's work, and so is what it computes between two fields. `plan` writes to a file in
//! memory unless `--folder` names one on a disk, whose name stands in the row; `packer` is the encoder of the same message
//! alone, into memory that it has had before. A plan's thread is one thread: give `--threads 1`, so that `peak_fraction` is a
//! share of what one thread copies. `output_server --ranks mpi` starts this program twice by `mpirun`.
// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod entry;
mod error;
mod measure;
mod peaks;
mod ranks;
mod report;
mod resident;
mod results;

pub mod entries;
pub mod peers;

pub use arguments::{Arguments, Command, USAGE};
pub use entry::{Case, Cases, Entry, Key, Peer, Request, Work, nearest};
pub use error::{Error, Result};
pub use measure::{Samples, measure, median};
pub use peaks::Peaks;
pub use report::{Measurement, peak_fraction, print_heading, print_row};
pub use results::{Stored, default_machine, save};
