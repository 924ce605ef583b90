//! NetCDF files with one time: the end of what was observed.

use std::path::{Path, PathBuf};

use netcdf3::FileReader;
use terrella_io::Time;
use terrella_io::encode::{NamedVariable, Naming, NetcdfFile};
use terrella_io::layout::Layout;
use terrella_kernels::Precision;

use crate::error::{Error, Result};

/// A variable and its values `[point]`; NaN where there is none.
pub(super) struct Named {
    pub(super) naming: Naming,
    pub(super) values: Vec<f64>,
}

impl Named {
    pub(super) fn new(
        name: impl Into<String>,
        long_name: impl Into<String>,
        units: &str,
        values: Vec<f64>,
    ) -> Self {
        let naming = Naming {
            name: name.into(),
            long_name: long_name.into(),
            standard_name: None,
            units: units.into(),
            cell_methods: None,
        };
        Self { naming, values }
    }
}

/// Writes the variables and reads them back.
pub(super) fn write(
    path: &Path,
    layout: &Layout,
    reference: Time,
    valid: Time,
    title: &str,
    variables: &[Named],
) -> Result<PathBuf> {
    let described: Vec<NamedVariable> = variables
        .iter()
        .map(|variable| NamedVariable {
            naming: variable.naming.clone(),
            precision: Precision::F32,
            pressures: Vec::new(),
        })
        .collect();
    let source = concat!("Terrella extremes ", env!("CARGO_PKG_VERSION"));
    let attributes = [("title", title), ("source", source)];
    let mut file = NetcdfFile::create_named(path, layout, reference, &described, &attributes)?;
    let values: Vec<&[f64]> = variables.iter().map(|variable| variable.values.as_slice()).collect();
    file.append(valid, &values)?;
    file.finish()?;
    let refuse = |message: String| Error::NotVerified { path: path.to_owned(), message };
    let failed = |error: netcdf3::error::ReadError| refuse(format!("it cannot be read: {error}"));
    let mut reader = FileReader::open(path).map_err(failed)?;
    for variable in variables {
        let got = reader.read_record_f32(&variable.naming.name, 0).map_err(failed)?;
        let same = |(got, written): (&f32, &f64)| *got == *written as f32 || written.is_nan();
        if got.len() != variable.values.len() || !got.iter().zip(&variable.values).all(same) {
            return Err(refuse(format!("'{}' differs", variable.naming.name)));
        }
    }
    Ok(path.to_owned())
}

/// A moment's time after the reference.
pub(crate) fn hours(reference: Time, hour: f64) -> Time {
    reference.plus_seconds((3600.0 * hour).round() as i64)
}
