//! Reports in NetCDF files of MADIS (NOAA's Meteorological Assimilation Data Ingest System).
//!
//! What a file holds is told by its variables. The QC summary value of a variable, a letter in `<variable>DD`, becomes a [`Flag`]:
//!
//! | letter | the file's words | flag |
//! |---|---|---|
//! | Z, or none | no QC applied | unchecked |
//! | C, S, V, K | passed stage 1; 1 and 2; 1 to 3; 1 to 4 | good |
//! | G | included in accept list | good |
//! | Q, k | passed stage 1 but failed 2 or 3; failed 4 | suspect |
//! | X, B | failed stage 1; included in reject list | bad |
//!
//! Values outside a variable's `valid_range` are missing, but for positions: the ranges of files of the whole world are those of
//! North America.

mod points;
mod soundings;
mod table;

use std::path::Path;

use super::{Flag, Observed, admission::Admission};
use crate::error::{Error, Result};
use crate::read::{Format, NetcdfVariables, format};
use table::Table;

/// All reports of a MADIS file.
pub(super) fn read(path: &Path) -> Result<Observed> {
    let file = match format(path)? {
        Format::Zarr => {
            let reason = "it is a Zarr store".into();
            return Err(Error::NotObservations { path: path.to_owned(), reason });
        }
        _ => NetcdfVariables::open(path)?,
    };
    let mut table = Table::new(file)?;
    let mut admission = Admission::default();
    if table.has("prMan") {
        soundings::radiosondes(&mut table, &mut admission)?;
    } else if table.has("levels") && table.has("uComponent") {
        soundings::profilers(&mut table, &mut admission)?;
    } else if let Some(plan) = points::PLANS.iter().find(|plan| table.has(plan.sign)) {
        points::read(&mut table, plan, &mut admission)?;
    } else {
        let known = "of radiosondes, profilers, METAR, ships, aircraft or satellite winds";
        let reason = format!("its variables are not those of a MADIS file {known}");
        return Err(Error::NotObservations { path: path.to_owned(), reason });
    }
    Ok(admission.finish())
}

/// The flag of a letter.
fn flag(letter: u8) -> Flag {
    match letter {
        b'C' | b'S' | b'V' | b'K' | b'G' => Flag::Good,
        b'Q' | b'k' => Flag::Suspect,
        b'X' | b'B' => Flag::Bad,
        _ => Flag::Unchecked,
    }
}
