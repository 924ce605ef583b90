//! Reading: files of GRIB messages.
//!
//! [`GribFile::open`] finds the messages and their headers, [`GribFile::field`] decodes one of them onto points in
//! Terrella's order (rings north to south, eastward from 0°E).

mod decode;
mod file;
mod header;
mod order;
mod points;
mod scan;
mod selection;
mod split;
mod verify;

pub use decode::{Field, Missing, Spectrum};
pub use file::GribFile;
pub use header::Header;
pub use selection::Selection;
