//! What is made of the repository's real state: maps and charts, and its cyclones.

#[path = "../common/mod.rs"]
mod common;

mod cyclones;
mod pictures;
