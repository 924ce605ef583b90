//! Forecast files: GRIB2, one per output time, and one CF-NetCDF file that grows; each is read back.
//!
//! A GRIB file gets its name when it is whole. The NetCDF file is valid after every record, so that an interrupted run
//! leaves two readable sets of files.

use std::path::{Path, PathBuf};

use terrella_io::encode::{EnsembleProduct, GribEncoder, GribSettings, Identity, NetcdfFile, Variable};
use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Missing};
use terrella_io::sink::AtomicFile;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Precision;

use crate::configuration::{Format, Output};
use crate::error::{Error, Result};
use crate::netcdf;

/// A quantity of the output and the levels on which it is written.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    pub(crate) parameter: Parameter,
    pub(crate) levels: Vec<Level>,
}

impl Quantity {
    /// Its pressure levels \[hPa\].
    fn pressures(&self) -> Vec<f64> {
        let pressure = |level: &Level| match level {
            Level::Pressure(pressure) => Some(*pressure),
            _ => None,
        };
        self.levels.iter().filter_map(pressure).collect()
    }
}

/// The fields of one time on the output grid, `[level][point]` each, in the order of the writer's quantities.
#[derive(Clone, Debug)]
pub(crate) struct OutputFields {
    pub(crate) valid: Time,
    pub(crate) values: Vec<Vec<f64>>,
}

/// What files say about their run.
pub(crate) struct Titles {
    pub(crate) title: String,
    pub(crate) source: &'static str,
    /// Which member of an ensemble.
    pub(crate) member: Option<EnsembleProduct>,
}

/// The files of one run.
pub(crate) struct Writer {
    folder: PathBuf,
    stem: String,
    reference: Time,
    quantities: Vec<Quantity>,
    points: usize,
    bits: u32,
    member: Option<EnsembleProduct>,
    grib: Option<GribEncoder>,
    netcdf: Option<NetcdfWriter>,
    files: Vec<PathBuf>,
}

struct NetcdfWriter {
    path: PathBuf,
    file: NetcdfFile,
    /// Valid time and hash of the stored bytes of every record.
    hashes: Vec<(Time, Vec<blake3::Hash>)>,
}

impl Writer {
    /// Opens the files. After a restart, `resume` is the time up to which (inclusive) records of an earlier NetCDF
    /// file of the same name are kept.
    pub(crate) fn new(
        output: &Output,
        quantities: Vec<Quantity>,
        titles: &Titles,
        folder: &Path,
        layout: &Layout,
        reference: Time,
        resume: Option<Time>,
    ) -> Result<Self> {
        let stem = stem(reference);
        let grib = if output.formats.contains(&Format::Grib2) {
            let settings = GribSettings { bits_per_value: output.bits, ..GribSettings::default() };
            Some(GribEncoder::new(layout, &settings)?)
        } else {
            None
        };
        let netcdf = if output.formats.contains(&Format::Netcdf) {
            let path = folder.join(format!("{stem}.nc"));
            let sizes: Vec<(Parameter, usize)> = quantities
                .iter()
                .map(|quantity| (quantity.parameter, layout.points() * quantity.levels.len()))
                .collect();
            let kept = match resume {
                Some(until) => netcdf::records(&path, &sizes, reference, until)?,
                None => Vec::new(),
            };
            let variables: Vec<Variable> = quantities
                .iter()
                .map(|quantity| Variable {
                    parameter: quantity.parameter,
                    precision: Precision::F32,
                    pressures: quantity.pressures(),
                })
                .collect();
            let attributes = [("title", titles.title.as_str()), ("source", titles.source)];
            let file = NetcdfFile::create(&path, layout, reference, &variables, &attributes)?;
            let mut writer = NetcdfWriter { path, file, hashes: Vec::new() };
            for (valid, values) in kept {
                writer.append(valid, &values)?;
            }
            Some(writer)
        } else {
            None
        };
        let files = netcdf.iter().map(|netcdf| netcdf.path.clone()).collect();
        Ok(Self {
            folder: folder.to_owned(),
            stem,
            reference,
            quantities,
            points: layout.points(),
            bits: output.bits,
            member: titles.member,
            grib,
            netcdf,
            files,
        })
    }

    /// Writes one output time and reads its GRIB file back.
    pub(crate) fn write(&mut self, fields: &OutputFields) -> Result<()> {
        if self.grib.is_some() {
            let path = self.write_grib(fields)?;
            self.files.push(path);
        }
        if let Some(netcdf) = &mut self.netcdf {
            let narrow = |field: &Vec<f64>| field.iter().map(|value| *value as f32).collect();
            let values: Vec<Vec<f32>> = fields.values.iter().map(narrow).collect();
            netcdf.append(fields.valid, &values)?;
        }
        Ok(())
    }

    fn write_grib(&self, fields: &OutputFields) -> Result<PathBuf> {
        let encoder = self.grib.as_ref().expect("only called with an encoder");
        let hours = fields.valid.hours_since(self.reference);
        let path = self.folder.join(format!("{}_f{hours:03}.grib2", self.stem));
        let mut file = AtomicFile::create(&path)?;
        for (parameter, level, values) in self.messages(fields) {
            let identity = Identity { parameter, level, reference: self.reference, valid: fields.valid };
            file.append(&match self.member {
                Some(member) => encoder.encode_ensemble(&identity, member, values)?,
                None => encoder.encode(&identity, values)?,
            })?;
        }
        file.commit()?;
        if let Err(error) = self.verify_grib(&path, fields) {
            // A file that does not hold what it should must not look whole.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }

    /// Parameter, level and values of every message of an output time.
    fn messages<'a>(
        &'a self,
        fields: &'a OutputFields,
    ) -> impl Iterator<Item = (Parameter, Level, &'a [f64])> {
        self.quantities.iter().zip(&fields.values).flat_map(|(quantity, values)| {
            let levels = quantity.levels.iter().zip(values.chunks_exact(self.points));
            levels.map(|(level, values)| (quantity.parameter, *level, values))
        })
    }

    /// Every message must be there, in order, with its values within the packing's precision.
    fn verify_grib(&self, path: &Path, fields: &OutputFields) -> Result<()> {
        let refuse = |message: String| Error::NotVerified { path: path.to_owned(), message };
        let file = GribFile::open(path)?;
        let messages: Vec<_> = self.messages(fields).collect();
        if file.headers().len() != messages.len() {
            return Err(refuse(format!("{} of {} messages", file.headers().len(), messages.len())));
        }
        for (header, (parameter, _, written)) in file.headers().iter().zip(messages) {
            if header.short_name != parameter.short_name || header.valid != fields.valid {
                return Err(refuse(format!(
                    "'{}' valid {} in place of '{}' valid {}",
                    header.short_name, header.valid, parameter.short_name, fields.valid
                )));
            }
            let field = file.decode(header, Missing::Refuse)?;
            let tolerance = packing_error(written, self.bits);
            if field.values.len() != written.len() {
                return Err(refuse(format!("{} of {} values", field.values.len(), written.len())));
            }
            let worst = field.values.iter().zip(written).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            if worst > tolerance {
                return Err(refuse(format!(
                    "'{}' is off by {worst:e}, packing explains {tolerance:e}",
                    header.short_name
                )));
            }
        }
        Ok(())
    }

    /// Closes the files; the NetCDF file is read back record by record. Returns all that were written.
    pub(crate) fn finish(self) -> Result<Vec<PathBuf>> {
        if let Some(netcdf) = self.netcdf {
            netcdf.file.finish()?;
            let parameters: Vec<Parameter> =
                self.quantities.iter().map(|quantity| quantity.parameter).collect();
            netcdf::verify(&netcdf.path, &parameters, self.reference, &netcdf.hashes)?;
        }
        Ok(self.files)
    }

    /// Leaves the files valid but marked unfinished. Returns all that were written.
    pub(crate) fn interrupt(self) -> Vec<PathBuf> {
        self.files
    }
}

impl NetcdfWriter {
    fn append(&mut self, valid: Time, values: &[Vec<f32>]) -> Result<()> {
        let slices: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        self.file.append(valid, &slices)?;
        self.hashes.push((valid, values.iter().map(|values| netcdf::hash(values)).collect()));
        Ok(())
    }
}

/// `forecast_2011011512`.
pub(crate) fn stem(reference: Time) -> String {
    let (year, month, day, hour, _, _) = reference.civil();
    format!("forecast_{year:04}{month:02}{day:02}{hour:02}")
}

/// Largest difference that simple packing explains: its step is at most range / 2^(bits−1), rounding makes half of
/// that; the reference value is an f32.
pub(crate) fn packing_error(values: &[f64], bits: u32) -> f64 {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (high - low) / 2_f64.powi(bits as i32) + f64::from(f32::EPSILON) * low.abs().max(high.abs())
}
