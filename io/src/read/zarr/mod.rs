//! Zarr stores of version 3 in folders: groups of arrays with their attributes, in chunks.
//!
//! Data types: integers and floats of 8 to 64 bits, all as f64. Chunks: regular, with the codecs `bytes`, `sharding_indexed`,
//! `gzip`, `zstd` and `crc32c`. What else a document may name is refused by its name.
//!
//! Why this is no crate: the one that is well kept, `zarrs`, brings 77 more crates and a minute of building with the fewest
//! features, and its files are written over in place, where a reader could see half of a document. What is needed
//! here stands on crates that we have.
//!
//! Source: Zarr core specification, version 3, and its codecs (<https://zarr-specs.readthedocs.io>).

mod codec;
mod document;
mod region;
mod shard;
mod store;

pub(crate) use document::{DOCUMENT, read};
pub(crate) use store::{Array, Store};
