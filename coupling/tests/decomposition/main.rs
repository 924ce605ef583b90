//! Who owns what: parts of meshes, the ways between decompositions, and copies of what neighbours own.

#[path = "../ranks/mod.rs"]
mod ranks;

mod halo;
mod partition;
mod transpositions;
