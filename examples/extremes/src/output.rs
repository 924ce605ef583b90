//! Forecast files: GRIB2 by an output plan, usually one per output time, and one CF-NetCDF file that grows; each is read back.
//!
//! A GRIB file gets its name when it is whole. The NetCDF file is valid after every record, so that an interrupted run
//! leaves two readable sets of files.

use std::path::PathBuf;

use serde_json::Value;
use terrella_io::encode::{EnsembleProduct, NetcdfFile, Variable};
use terrella_io::layout::Layout;
use terrella_io::plan::{Points, WholeFile};
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::Precision;

use crate::configuration::{Format, Output};
use crate::error::{Error, Result};
use crate::netcdf;
use crate::planned::{PlannedField, PlannedOutput, PlannedRun};
use crate::ranks::Ranks;

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
    reference: Time,
    quantities: Vec<Quantity>,
    grib: Option<PlannedOutput>,
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
    /// Opens the files; `plans` are for GRIB, `points` this rank's own where it is one of several. After a restart, `resume` is the time up to which (inclusive) records of an earlier NetCDF
    /// file of the same name are kept.
    pub(crate) fn new(
        output: &Output,
        plans: Option<PlannedRun>,
        ranks: &Ranks,
        quantities: Vec<Quantity>,
        titles: &Titles,
        layout: &Layout,
        points: Option<Points>,
        reference: Time,
        resume: Option<Time>,
    ) -> Result<Self> {
        let fields = quantities.iter().map(|quantity| quantity.levels.len()).sum();
        let start =
            |plans| PlannedOutput::new(plans, layout, reference, titles.member, fields, ranks, points);
        let grib = plans.map(start).transpose()?;
        let netcdf = if output.formats.contains(&Format::Netcdf) {
            let path = output.folder.join(format!("{}.nc", stem(reference)));
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
            // The records of an earlier file are there under its name until they are in the new one.
            let name = format!(".{}.nc.{}-0.part", stem(reference), std::process::id());
            let begun = if kept.is_empty() { path.clone() } else { output.folder.join(name) };
            let file = NetcdfFile::create(&begun, layout, reference, &variables, &attributes)?;
            let mut writer = NetcdfWriter { path, file, hashes: Vec::new() };
            for (valid, values) in kept {
                writer.append(valid, &values)?;
            }
            if begun != writer.path {
                std::fs::rename(&begun, &writer.path)
                    .map_err(|error| Error::file(&writer.path, "renaming", error))?;
            }
            Some(writer)
        } else {
            None
        };
        let files = netcdf.iter().map(|netcdf| netcdf.path.clone()).collect();
        Ok(Self { reference, quantities, grib, netcdf, files })
    }

    /// Writes one output time and reads its GRIB files back, or hands it to servers, to which the other ranks send what is not their
    /// `own` of this one. Returns files that are whole now.
    pub(crate) fn write(
        &mut self,
        fields: &OutputFields,
        own: Option<&OutputFields>,
    ) -> Result<Vec<WholeFile>> {
        let mut whole = Vec::new();
        if let Some(grib) = &mut self.grib {
            let own = own.map(|own| PlannedField::of(&self.quantities, own));
            whole = grib.write(fields.valid, &PlannedField::of(&self.quantities, fields), own.as_deref())?;
            self.files.extend(whole.iter().map(|file| file.path.clone()));
        }
        if let Some(netcdf) = &mut self.netcdf {
            let narrow = |field: &Vec<f64>| field.iter().map(|value| *value as f32).collect();
            let values: Vec<Vec<f32>> = fields.values.iter().map(narrow).collect();
            netcdf.append(fields.valid, &values)?;
        }
        Ok(whole)
    }

    /// Between output times: sends what waits for servers.
    pub(crate) fn progress(&mut self) -> Result<()> {
        self.grib.as_mut().map_or(Ok(()), PlannedOutput::progress)
    }

    /// What the output server measured, if there is one, under its key of the summary; after the end.
    pub(crate) fn metrics(&self) -> Option<(&'static str, Value)> {
        self.grib.as_ref().map(PlannedOutput::metrics)
    }

    /// Whether other ranks carry the plans out.
    pub(crate) fn is_on_servers(&self) -> bool {
        self.grib.as_ref().is_some_and(PlannedOutput::is_on_servers)
    }

    /// Files that have become whole since they were asked for last.
    pub(crate) fn whole_files(&mut self) -> Result<Vec<WholeFile>> {
        let whole = self.grib.as_mut().map_or(Ok(Vec::new()), PlannedOutput::whole_files)?;
        self.files.extend(whole.iter().map(|file| file.path.clone()));
        Ok(whole)
    }

    /// An output server that was lost, after the end.
    pub(crate) fn lost(&mut self) -> Option<Error> {
        self.grib.as_mut().and_then(PlannedOutput::lost)
    }

    /// What the plans remember of the output times so far; nothing where there are none.
    pub(crate) fn state(&mut self) -> Result<Vec<u8>> {
        self.grib.as_mut().map_or(Ok(Vec::new()), PlannedOutput::state)
    }

    /// Ends the plans.
    fn end_plans(&mut self) -> Result<()> {
        if let Some(grib) = &mut self.grib {
            self.files.extend(grib.finish()?.into_iter().map(|file| file.path));
        }
        Ok(())
    }

    /// Closes the files; the NetCDF file is read back record by record. Returns all that were written.
    pub(crate) fn finish(&mut self) -> Result<Vec<PathBuf>> {
        self.end_plans()?;
        if let Some(netcdf) = self.netcdf.take() {
            netcdf.file.finish()?;
            let parameters: Vec<Parameter> =
                self.quantities.iter().map(|quantity| quantity.parameter).collect();
            netcdf::verify(&netcdf.path, &parameters, self.reference, &netcdf.hashes)?;
        }
        Ok(std::mem::take(&mut self.files))
    }

    /// Leaves the files valid but marked unfinished. Returns all that were written.
    pub(crate) fn interrupt(&mut self) -> Result<Vec<PathBuf>> {
        self.end_plans()?;
        Ok(std::mem::take(&mut self.files))
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
