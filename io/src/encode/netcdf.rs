//! CF-NetCDF files that grow by one record per time and are readable at every moment.
//!
//! Conventions: CF-1.11 (<https://cfconventions.org>). Rectangular layouts become `lat` × `lon`, others a dimension
//! `point` with the two coordinates beside it. A record is written behind the last one and only then counted in the
//! header, so a process that is killed while writing leaves a file with the finished records.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use terrella_kernels::{Precision, Real};

use super::classic::{self, Attributes, ClassicVariable, Dimension, Kind, Plan, Value};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::parameter::Parameter;
use crate::sink::AtomicFile;
use crate::time::Time;

/// One variable of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The quantity; its short name is the variable's name.
    pub parameter: Parameter,
    /// Format of the stored values.
    pub precision: Precision,
    /// Pressure levels (hPa): none for a field without a level; the same for all variables that have some.
    pub pressures: Vec<f64>,
}

/// Names and unit of a variable that is no plain parameter, such as a statistic of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// The variable's name.
    pub name: String,
    /// Words.
    pub long_name: String,
    /// CF standard name, where there is one.
    pub standard_name: Option<String>,
    /// Unit in CF's notation.
    pub units: String,
    /// CF cell methods, such as `realization: mean`, where they say something.
    pub cell_methods: Option<String>,
}

impl From<&Parameter> for Naming {
    fn from(parameter: &Parameter) -> Self {
        Self {
            name: parameter.short_name.into(),
            long_name: parameter.long_name.into(),
            standard_name: Some(parameter.standard_name.into()),
            units: parameter.units.into(),
            cell_methods: None,
        }
    }
}

/// One variable of a file, with names of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedVariable {
    /// Names and unit.
    pub naming: Naming,
    /// Format of the stored values.
    pub precision: Precision,
    /// Pressure levels (hPa), as of [`Variable::pressures`].
    pub pressures: Vec<f64>,
}

impl From<&Variable> for NamedVariable {
    fn from(variable: &Variable) -> Self {
        Self {
            naming: Naming::from(&variable.parameter),
            precision: variable.precision,
            pressures: variable.pressures.clone(),
        }
    }
}

/// A NetCDF file in the making. Closing it without [`NetcdfFile::finish`] leaves its records readable, with
/// the global attribute `run_status` "running " in place of "complete".
#[derive(Debug)]
pub struct NetcdfFile {
    path: PathBuf,
    file: File,
    plan: Plan,
    variables: Vec<NamedVariable>,
    points: usize,
    reference: Time,
    records: u32,
    last: Option<Time>,
    status: u64,
}

/// What missing values (NaN) become: NetCDF's own default for floats.
pub(crate) const FILL: f32 = 9.969_21e36;
pub(super) const RUNNING: &str = "running ";
pub(super) const COMPLETE: &str = "complete";

impl NetcdfFile {
    /// Creates the file with coordinates and no records.
    ///
    /// `attributes` are global ones (title, institution, source, history, ...). Times are hours since `reference`.
    pub fn create(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[Variable],
        attributes: &[(&str, &str)],
    ) -> Result<Self> {
        let variables: Vec<NamedVariable> = variables.iter().map(NamedVariable::from).collect();
        Self::create_named(path, layout, reference, &variables, attributes)
    }

    /// The same for variables with names of their own.
    pub fn create_named(
        path: impl AsRef<Path>,
        layout: &Layout,
        reference: Time,
        variables: &[NamedVariable],
        attributes: &[(&str, &str)],
    ) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let pressures = common_pressures(variables)?;
        let global = global_attributes(attributes);
        let (dimensions, described, fixed) = describe(layout, reference, variables, pressures);
        let plan = classic::plan(&dimensions, &global, &described).map_err(|got| Error::InvalidValue {
            name: "variable".into(),
            got,
            expected: format!("at most {} bytes per record", classic::LARGEST_SLAB),
        })?;
        let mut start = plan.header.clone();
        start.extend(fixed.iter().flat_map(|value| value.to_be_bytes()));
        assert_eq!(start.len() as u64, plan.records, "coordinates fill the space before the records");
        AtomicFile::write(&path, &start)?;
        let file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(|source| Error::file(&path, "opening", source))?;
        let mark = RUNNING.as_bytes();
        let status = plan.header.windows(mark.len()).position(|bytes| bytes == mark);
        let status = status.expect("the attribute is in the header") as u64;
        let (variables, points) = (variables.to_vec(), layout.points());
        Ok(Self { path, file, plan, variables, points, reference, records: 0, last: None, status })
    }

    /// Adds a record: one array per variable, `[level][point]`, in the order of the variables. NaN becomes missing.
    ///
    /// After an error (such as a full disk) the file still holds the records before.
    pub fn append<R: Real>(&mut self, time: Time, fields: &[&[R]]) -> Result<()> {
        check_appended(&self.variables, self.points, fields, time, self.last, "record")?;
        let mut record = Vec::with_capacity(self.plan.record as usize);
        record.extend(time.hours_since(self.reference).to_be_bytes());
        for (variable, values) in self.variables.iter().zip(fields) {
            let stored = values.iter().map(|value| value.to_f64());
            let stored = stored.map(|value| if value.is_nan() { f64::from(FILL) } else { value });
            match variable.precision {
                Precision::F32 => record.extend(stored.flat_map(|value| (value as f32).to_be_bytes())),
                Precision::F64 => record.extend(stored.flat_map(f64::to_be_bytes)),
            }
        }
        assert_eq!(record.len() as u64, self.plan.record, "a record has the planned length");
        self.write_at(self.plan.records + u64::from(self.records) * self.plan.record, &record)?;
        // First the values, then the count: a count on the disk never speaks of values that are not.
        self.file.sync_data().map_err(|source| Error::file(&self.path, "bringing to the disk", source))?;
        self.write_at(classic::RECORD_COUNT, &(self.records + 1).to_be_bytes())?;
        self.records += 1;
        self.last = Some(time);
        Ok(())
    }

    /// Marks the file complete and brings it to the disk.
    pub fn finish(mut self) -> Result<()> {
        self.write_at(self.status, COMPLETE.as_bytes())?;
        self.file.sync_all().map_err(|source| Error::file(&self.path, "bringing to the disk", source))
    }

    fn write_at(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        self.file
            .seek(SeekFrom::Start(position))
            .and_then(|_| self.file.write_all(bytes))
            .map_err(|source| Error::file(&self.path, "writing", source))
    }
}

/// The pressure levels that all variables with levels share.
pub(super) fn common_pressures(variables: &[NamedVariable]) -> Result<&[f64]> {
    let mut pressures: &[f64] = &[];
    for variable in variables.iter().filter(|variable| !variable.pressures.is_empty()) {
        if !pressures.is_empty() && pressures != variable.pressures {
            return Err(Error::InvalidValue {
                name: format!("pressures of '{}'", variable.naming.name),
                got: format!("{:?}", variable.pressures),
                expected: format!("{pressures:?} as for the other variables"),
            });
        }
        pressures = &variable.pressures;
    }
    Ok(pressures)
}

/// Refuses what cannot be added after `last`: other numbers of fields or values than the variables', a time not after it.
/// `unit`: what the file calls a time's fields.
pub(super) fn check_appended<R>(
    variables: &[NamedVariable],
    points: usize,
    fields: &[&[R]],
    time: Time,
    last: Option<Time>,
    unit: &str,
) -> Result<()> {
    if fields.len() != variables.len() {
        return Err(Error::LengthMismatch {
            name: "fields".into(),
            expected: variables.len(),
            got: fields.len(),
        });
    }
    if let Some(last) = last.filter(|&last| time <= last) {
        return Err(Error::InvalidValue {
            name: "time".into(),
            got: time.to_string(),
            expected: format!("a time after that of the {unit} before, {last}"),
        });
    }
    for (variable, values) in variables.iter().zip(fields) {
        let expected = points * variable.pressures.len().max(1);
        if values.len() != expected {
            let name = variable.naming.name.clone();
            return Err(Error::LengthMismatch { name, expected, got: values.len() });
        }
    }
    Ok(())
}

/// Attributes of the whole file: ours, then the caller's.
pub(super) fn global_attributes(attributes: &[(&str, &str)]) -> Attributes {
    let ours = [("Conventions", "CF-1.11"), ("run_status", RUNNING)];
    let all = ours.iter().chain(attributes);
    all.map(|(name, value)| (name.to_string(), Value::Text(value.to_string()))).collect()
}

/// Dimensions, variables, and the values of the fixed variables (all doubles, in order).
pub(super) fn describe(
    layout: &Layout,
    reference: Time,
    variables: &[NamedVariable],
    pressures: &[f64],
) -> (Vec<Dimension>, Vec<ClassicVariable>, Vec<f64>) {
    let mut dimensions = vec![Dimension { name: "time", length: None }];
    let rings = layout.rings();
    let (horizontal, latitudes, longitudes): (Vec<usize>, Vec<f64>, Vec<f64>) = if layout.is_rectangular() {
        dimensions.push(Dimension { name: "lat", length: Some(rings.len()) });
        dimensions.push(Dimension { name: "lon", length: Some(rings[0].points) });
        let longitudes = (0..rings[0].points).map(|point| rings[0].longitude(point)).collect();
        (vec![1, 2], rings.iter().map(|ring| ring.latitude).collect(), longitudes)
    } else {
        dimensions.push(Dimension { name: "point", length: Some(layout.points()) });
        let (longitudes, latitudes) = layout.coordinates().unzip();
        (vec![1], latitudes, longitudes)
    };
    let vertical = if pressures.len() > 1 {
        dimensions.push(Dimension { name: "pressure", length: Some(pressures.len()) });
        vec![dimensions.len() - 1]
    } else {
        vec![]
    };
    let coordinate = |name: &str, dimensions: &[usize], attributes: &[(&str, &str)]| ClassicVariable {
        name: name.into(),
        dimensions: dimensions.to_vec(),
        attributes: attributes
            .iter()
            .map(|(name, value)| (name.to_string(), Value::Text(value.to_string())))
            .collect(),
        kind: Kind::Double,
    };
    let (latitude_dimension, longitude_dimension) =
        (&horizontal[..1], if horizontal.len() == 2 { &horizontal[1..] } else { &horizontal[..1] });
    let since = reference.to_string();
    let since = format!("hours since {}", since.trim_end_matches('Z').replace('T', " "));
    let axis = |name: &'static str| if layout.is_rectangular() { vec![("axis", name)] } else { vec![] };
    let mut described = vec![
        coordinate(
            "lat",
            latitude_dimension,
            &[&[("standard_name", "latitude"), ("units", "degrees_north")], &axis("Y")[..]].concat(),
        ),
        coordinate(
            "lon",
            longitude_dimension,
            &[&[("standard_name", "longitude"), ("units", "degrees_east")], &axis("X")[..]].concat(),
        ),
        coordinate(
            "forecast_reference_time",
            &[],
            &[
                ("standard_name", "forecast_reference_time"),
                ("units", &since),
                ("calendar", "proleptic_gregorian"),
                // As GRIB counts: every day has 86400 s.
                ("units_metadata", "leap_seconds: none"),
            ],
        ),
    ];
    let mut fixed = [latitudes, longitudes, vec![0.0]].concat();
    if !pressures.is_empty() {
        let attributes =
            [("standard_name", "air_pressure"), ("units", "hPa"), ("positive", "down"), ("axis", "Z")];
        described.push(coordinate("pressure", &vertical, &attributes));
        fixed.extend(pressures);
    }
    described.push(coordinate(
        "time",
        &[0],
        &[
            ("standard_name", "time"),
            ("units", &since),
            ("calendar", "proleptic_gregorian"),
            // As GRIB counts: every day has 86400 s.
            ("units_metadata", "leap_seconds: none"),
            ("axis", "T"),
        ],
    ));
    for variable in variables {
        described.push(field(variable, layout, &horizontal, &vertical));
    }
    (dimensions, described, fixed)
}

fn field(
    variable: &NamedVariable,
    layout: &Layout,
    horizontal: &[usize],
    vertical: &[usize],
) -> ClassicVariable {
    let naming = &variable.naming;
    let mut beside = vec!["forecast_reference_time"];
    if !layout.is_rectangular() {
        beside.extend(["lat", "lon"]);
    }
    if variable.pressures.len() == 1 {
        beside.push("pressure");
    }
    let (kind, fill) = match variable.precision {
        Precision::F32 => (Kind::Float, Value::Float(FILL)),
        Precision::F64 => (Kind::Double, Value::Double(f64::from(FILL))),
    };
    let word = |name: &str, value: &str| (name.to_string(), Value::Text(value.to_string()));
    let levels = if variable.pressures.len() > 1 { vertical } else { &[] };
    let mut attributes: Attributes =
        naming.standard_name.iter().map(|standard_name| word("standard_name", standard_name)).collect();
    attributes.push(word("long_name", &naming.long_name));
    attributes.push(word("units", &naming.units));
    attributes.extend(naming.cell_methods.iter().map(|methods| word("cell_methods", methods)));
    attributes.push(word("coordinates", &beside.join(" ")));
    attributes.push(("_FillValue".into(), fill));
    ClassicVariable {
        name: naming.name.clone(),
        dimensions: [&[0], levels, horizontal].concat(),
        attributes,
        kind,
    }
}
