//! GRIB2 messages with their values packed anew.

use std::path::Path;

use terrella_io::Error;
use terrella_io::encode::{Packing, repack};
use terrella_io::read::{GribFile, Header};
use terrella_io::sink::AtomicFile;

use crate::arguments::PackingName;
use crate::failure::{Failure, Result};

pub(crate) fn write(
    file: &GribFile,
    headers: &[&Header],
    output: &Path,
    packing: Option<PackingName>,
    bits: Option<u32>,
) -> Result<()> {
    let packing = match packing {
        None | Some(PackingName::Simple) => Packing::Simple,
        Some(PackingName::Ccsds) => Packing::Ccsds,
    };
    let named = |header: &Header, error: Error| {
        let text = error.to_string();
        Failure::Because(format!("'{}': {}: {text}", file.path().display(), header.title()))
    };
    let mut whole = AtomicFile::create(output)?;
    for header in headers {
        let message = file.message(header)?;
        let message = repack(&message, packing, bits).map_err(|error| named(header, error))?;
        whole.append(&message)?;
    }
    Ok(whole.commit()?)
}
