//! Benchmarks with a floor and a peer in the same run.
//!
//! ```text
//! cargo run --release -p terrella-benches -- list
//! cargo run --release -p terrella-benches -- stencil --threads 1 --peer --json stencil.json
//! ```
//!
//! An [`Entry`] is data: name, keys with their defaults, and a function that sets its [`Case`]s up for one precision and
//! device. A case runs, knows the bytes and flops it cannot do without, its error against a reference, and its [`Peer`].
//!
//! What is counted:
//! - `median_s`, `min_s`: wall time of one run, each sample long enough for the clock; on a GPU until the device is done with it.
//! - `bytes`: every array that a run must read or write, each once; no cache-line fill before a store is counted.
//! - `flops`: additions, multiplications, divisions, comparisons that select, square roots, one each.
//! - `peak_fraction`: floor / median, the floor being max(bytes / copy bandwidth, flops / FMA rate) with both rates measured
//!   in the same run on the same device and number of threads ([`Peaks`]). Above 1 where the arrays fit in a cache.
//! - `ratio`: median over interleaved pairs of our time / the peer's time: below 1, ours is faster.
// Units stand in brackets and are no links.
#![allow(rustdoc::broken_intra_doc_links)]

mod arguments;
mod entry;
mod error;
mod measure;
mod peaks;
mod report;
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
