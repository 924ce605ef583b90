//! Reading of our own NetCDF files by an independent reader: to check them, and to continue them.

use std::path::Path;

use netcdf3::FileReader;
use terrella_io::{Parameter, Time};

use crate::error::{Error, Result};

/// Hash of a field as it is stored.
pub(crate) fn hash(values: &[f32]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for value in values {
        hasher.update(&value.to_be_bytes());
    }
    hasher.finalize()
}

/// Compares times and fields of all records with what was written.
pub(crate) fn verify(
    path: &Path,
    parameters: &[Parameter],
    reference: Time,
    expected: &[(Time, Vec<blake3::Hash>)],
) -> Result<()> {
    let refuse = |message: String| Error::NotVerified { path: path.to_owned(), message };
    let failed = |error: netcdf3::error::ReadError| refuse(format!("it cannot be read: {error}"));
    let mut reader = FileReader::open(path).map_err(failed)?;
    let times = times(&mut reader, reference).map_err(failed)?;
    if times.len() != expected.len() {
        return Err(refuse(format!("{} of {} records", times.len(), expected.len())));
    }
    for (record, (got, (valid, hashes))) in times.iter().zip(expected).enumerate() {
        if got != valid {
            return Err(refuse(format!("record {record} is of {got}, written was {valid}")));
        }
        for (parameter, expected) in parameters.iter().zip(hashes) {
            let values = reader.read_record_f32(parameter.short_name, record).map_err(failed)?;
            if hash(&values) != *expected {
                return Err(refuse(format!("'{}' of {valid} differs", parameter.short_name)));
            }
        }
    }
    Ok(())
}

/// The records up to a time (inclusive) of a file of the same forecast, with values per parameter as in `sizes`; none where
/// there is no such file.
pub(crate) fn records(
    path: &Path,
    sizes: &[(Parameter, usize)],
    reference: Time,
    until: Time,
) -> Result<Vec<(Time, Vec<Vec<f32>>)>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let refuse = |message: String| Error::Input { path: path.to_owned(), message };
    let failed = |error: netcdf3::error::ReadError| {
        refuse(format!("the file to be continued cannot be read: {error}."))
    };
    let mut reader = FileReader::open(path).map_err(failed)?;
    let times = times(&mut reader, reference).map_err(failed)?;
    let mut records = Vec::new();
    for (record, valid) in times.into_iter().enumerate().filter(|(_, valid)| *valid <= until) {
        let mut fields = Vec::with_capacity(sizes.len());
        for (parameter, size) in sizes {
            let field = reader.read_record_f32(parameter.short_name, record).map_err(failed)?;
            if field.len() != *size {
                return Err(refuse(format!(
                    "'{}' has {} values, this forecast {size}: move the file away, it is of another one.",
                    parameter.short_name,
                    field.len()
                )));
            }
            fields.push(field);
        }
        records.push((valid, fields));
    }
    Ok(records)
}

/// Times of the records, which are hours since `reference`.
fn times(
    reader: &mut FileReader,
    reference: Time,
) -> std::result::Result<Vec<Time>, netcdf3::error::ReadError> {
    let count = reader.data_set().num_records().unwrap_or(0);
    (0..count)
        .map(|record| {
            let hours = reader.read_record_f64("time", record)?[0];
            Ok(reference.plus_seconds((hours * 3600.0).round() as i64))
        })
        .collect()
}
