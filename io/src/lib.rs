//! Terrella: reading and writing of fields.
//!
//! - [`read`]: GRIB1 and GRIB2 files of any producer, fields and states in NetCDF and HDF5 files and Zarr stores, onto points in Terrella's order;
//!   variables of such files as they are;
//! - [`encode`]: GRIB2 messages, by our own packing or by ecCodes, which also does ensembles, and CF-NetCDF files, classic or
//!   compressed in HDF5, and Zarr stores, that are readable during a run;
//! - [`manifest`]: what a run wrote, in a chain of hashes, and [`checkpoint`]: the last few states of a run, the damaged ones told;
//! - [`provenance`]: what a run used and made, as W3C PROV-JSON;
//! - [`plan`]: what happens to fields on their way to files, from a plan file in MultIO's vocabulary;
//! - [`server`]: plans in threads of their own, so that a model never waits for its output;
//! - [`transport`]: the same on ranks that do nothing else;
//! - [`interpolation`]: from the points of a field to those of another layout;
//! - [`observations`]: reports in BUFR and in MADIS's NetCDF, of one form, with what was wrong with them;
//! - [`picture`]: maps, charts and animations as PNG;
//! - [`sink`]: files that appear whole or not at all;
//! - [`log`]: messages by number on the disk, which survive a kill and never make their writer wait for a reader;
//! - [`fdb`]: ECMWF's archive of fields by key;
//! - [`stream`]: a log for consumers on the network, by pull, push and notification;
//! - [`layout`]: where a field's points are. Model grids ([`terrella_kernels::grid::Grid`]) are layouts.
//!
//! ```
//! use terrella_io::encode::{Grib2Encoder, GribSettings, Identity};
//! use terrella_io::read::{GribFile, Selection};
//! use terrella_io::{Level, Parameter};
//! # let state = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/extremes/data/gfs.t12z.pgrbf120.2p5deg.grib2");
//! let file = GribFile::open(state)?;
//! let wind = file.field(&Selection::parameter("u").pressure(500.0))?;
//! assert_eq!(wind.layout.name().as_deref(), Some("r144x73"));
//!
//! let encoder = Grib2Encoder::new(&wind.layout, &GribSettings::default())?;
//! let identity = Identity {
//!     parameter: Parameter::EASTWARD_WIND,
//!     level: Level::Pressure(500.0),
//!     reference: wind.header.reference,
//!     valid: wind.header.valid,
//! };
//! let message: Vec<u8> = encoder.encode(&identity, &wind.values)?;
//! assert_eq!(&message[..4], b"GRIB");
//! # Ok::<(), terrella_io::Error>(())
//! ```
//!
//! Errors are one type, [`Error`], with the file, the offending value and what was expected; no input makes this crate
//! panic. ecCodes is loaded at run time (Debian's package `libeccodes0`, or the path in `TERRELLA_ECCODES`) and used by
//! one thread at a time; only reading GRIB and BUFR, [`encode::GribEncoder`] and [`encode::repack`] need it. libaec (`libaec0`,
//! `TERRELLA_LIBAEC`) is loaded where CCSDS is written, libfdb5 (`libfdb5-0d`, `TERRELLA_FDB`) where [`fdb`] is used, and libhdf5
//! (`libhdf5-103-1`, `TERRELLA_HDF5`) where NetCDF-4 is, by one thread at a time too. Counts in GRIB2 messages are checked before
//! ecCodes sees them; damaged GRIB1 and BUFR messages are its own affair, and so is libhdf5 in damaged files of others.
//!
//! Features, all defaults: `command` builds the program `terrella-io` too; `tls` brings TLS for streams, by rustls; `zarr` reads and
//! writes Zarr stores of version 3 (`encode::ZarrStore`, `encode::ZarrStream`, [`read`], the sink `zarr` of plans) and needs no
//! library.
//!
//! Not here: multi-message indexes, other grids than lat-lon, Gaussian and HEALPix ones, Zarr stores elsewhere than in folders.

pub mod checkpoint;
pub mod eccodes;
pub mod encode;
mod error;
pub mod fdb;
pub mod hdf5;
pub mod interpolation;
pub mod layout;
mod libaec;
mod lock;
pub mod log;
pub mod manifest;
pub mod observations;
pub mod parameter;
pub mod picture;
pub mod plan;
pub mod provenance;
pub mod read;
pub mod server;
mod shared_library;
pub mod sink;
pub mod stream;
mod time;
pub mod transport;

pub use error::{Error, Result};
pub use parameter::{Level, Parameter};
pub use time::Time;
