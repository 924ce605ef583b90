//! Whether an existing file is the one described, and which of its steps are whole.

use std::io::Read;
use std::path::Path;

use super::compression::{Compression, ROUNDED};
use super::create::{Described, Description};
use crate::encode::classic::Value;
use crate::error::{Error, Result};
use crate::hdf5::{Access, Contents, Dataset, File, Shape};

/// The first bytes of an HDF5 file, and the version of the format with its checksums and marks.
const SIGNATURE: [u8; 9] = [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', 3];

impl Description {
    /// The times of the finished steps (hours). The file is only read, but for the mark of a
    /// killed writer.
    pub(super) fn check(&self, path: &Path, compression: Compression) -> Result<Vec<f64>> {
        let wrong = |reason: String| Error::Netcdf { path: path.to_owned(), reason };
        let file = open(path)?;
        let mut steps = u64::MAX;
        let mut time = None;
        for described in self.variables() {
            let name = described.name();
            let dataset = file.dataset(name)?.ok_or_else(|| wrong(format!("it has no variable '{name}'")))?;
            let found = file.contents(dataset)?;
            if described.shape.grows {
                steps = steps.min(found.shape.lengths.first().copied().unwrap_or(0));
            }
            difference(described, compression, &file, dataset, &found)?
                .map_or(Ok(()), |reason| Err(wrong(format!("'{name}' has {reason}"))))?;
            if name == "time" {
                time = Some(dataset);
            }
        }
        let time = time.expect("every description has a time");
        let times: Vec<f64> = file.read(time, &[0], &[steps])?;
        file.close()?;
        // A time that was not written is NaN.
        let mut whole = 0;
        while whole < times.len()
            && times[whole].is_finite()
            && (whole == 0 || times[whole] > times[whole - 1])
        {
            whole += 1;
        }
        Ok(times[..whole].to_vec())
    }
}

/// Opens a file that may have been made here, and whose writer may have been killed.
pub(super) fn open(path: &Path) -> Result<File> {
    let wrong = |reason: String| Error::Netcdf { path: path.to_owned(), reason };
    let mut start = [0; SIGNATURE.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    match read {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(wrong("it is too short for HDF5".into()));
        }
        other => other.map_err(|source| Error::file(path, "reading", source))?,
    }
    if start[..8] != SIGNATURE[..8] {
        return Err(wrong("it is no HDF5 file".into()));
    }
    if start[8] != SIGNATURE[8] {
        let reason = format!("its HDF5 format is version {}, expected 3 as of files made here", start[8]);
        return Err(wrong(reason));
    }
    // A mark that is not of appending is left by a kill in the moment of marking the file complete.
    let file = File::open(path, Access::ReadWhileWritten)
        .or_else(|error| File::open(path, Access::Repair).map_err(|_| error))?;
    if file.text(None, "run_status")?.is_none_or(|status| status.len() != 8 && status != "running") {
        return Err(wrong("it has no attribute 'run_status' as files made here have".into()));
    }
    Ok(file)
}

/// In what a variable differs from its description.
fn difference(
    described: &Described,
    compression: Compression,
    file: &File,
    dataset: Dataset,
    found: &Contents,
) -> Result<Option<String>> {
    let expected = Contents {
        numbers: Some(described.numbers()),
        shape: Shape {
            lengths: match described.shape.grows {
                // Another number of dimensions is a difference; a number of steps is none.
                true => described.lengths(found.shape.lengths.first().copied().unwrap_or(0)),
                false => described.shape.lengths.clone(),
            },
            ..described.shape.clone()
        },
        filters: match described.is_field() {
            true => compression.filters().iter().map(|filter| filter.number()).collect(),
            false => vec![],
        },
    };
    if *found != expected {
        return Ok(Some(format!("{found:?}, expected {expected:?}")));
    }
    for (name, value) in &described.variable.attributes {
        if let (Value::Text(text), true) = (value, ["units", "calendar", "cell_methods"].contains(&&name[..]))
        {
            let got = file.text(Some(dataset), name)?;
            if got.as_ref() != Some(text) {
                let got = got.map_or("none".into(), |got| format!("'{got}'"));
                return Ok(Some(format!("'{name}' {got}, expected '{text}'")));
            }
        }
    }
    if described.is_field() {
        let (got, bits) = (file.integer(dataset, ROUNDED)?, compression.mantissa_bits());
        if got != bits.map(|bits| bits as i32) {
            return Ok(Some(format!("{got:?} mantissa bits, expected {bits:?}")));
        }
    }
    if let Some(values) = &described.values {
        let lengths = &expected.shape.lengths;
        let got: Vec<f64> = file.read(dataset, &vec![0; lengths.len()], lengths)?;
        if let Some(place) = (0..values.len()).find(|&place| got[place] != values[place]) {
            return Ok(Some(format!("{} at position {place}, expected {}", got[place], values[place])));
        }
    }
    Ok(None)
}
