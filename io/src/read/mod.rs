//! Reading: files of GRIB messages.
//!
//! [`GribFile::open`] finds the messages and their headers, [`GribFile::field`] decodes one of them onto points in
//! Terrella's order (rings north to south, eastward from 0°E). [`GribFile::state`] gathers all levels of a whole state.

mod decode;
mod file;
mod header;
mod order;
mod points;
mod scan;
mod selection;
mod split;
mod state;
mod verify;

pub use decode::{Field, Missing, Spectrum};
pub use file::GribFile;
pub use header::Header;
pub use selection::Selection;
pub use state::{State, StateField, StateLevels, StateSelection, StateSurface};
