//! GRIB: real files are read, what we write decodes to what it was, and ecCodes' own tools agree.

#[path = "../common/mod.rs"]
mod common;

mod ensembles;
mod own;
mod read;
mod states;
mod tools;
mod write;
