//! Output by ranks of their own: the same files on any number of ranks, nothing lost with a server, and nothing twice.

#[path = "../../../coupling/tests/ranks/mod.rs"]
mod ranks;

mod common;
mod lost;
mod room;
mod same_bytes;
mod told;
