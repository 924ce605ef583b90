//! A state of the atmosphere in a NetCDF file.

use std::collections::VecDeque;
use std::path::Path;

use super::file::{Axis, Source};
use super::time::times;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::read::state::{State, StateField, StateLevels, StateSelection, StateSurface};
use crate::time::Time;

/// Names of a level's coordinate.
pub(super) const LEVELS: [&str; 8] =
    ["level", "pressure_level", "plev", "pressure", "isobaricInhPa", "lev", "air_pressure", "levels"];
/// Names of a field, its short name first.
type Names = &'static [&'static str];
const EASTWARD: Names = &["u", "u_component_of_wind", "ua", "eastward_wind"];
const NORTHWARD: Names = &["v", "v_component_of_wind", "va", "northward_wind"];
const TEMPERATURE: Names = &["t", "temperature", "ta", "air_temperature"];
const SPECIFIC_HUMIDITY: Names = &["q", "specific_humidity", "hus", "shum"];
const RELATIVE_HUMIDITY: Names = &["r", "relative_humidity", "hur", "rhum"];
const HEIGHT: Names = &["gh", "geopotential_height", "zg", "hgt"];
const GEOPOTENTIAL: Names = &["z", "geopotential"];
const SURFACE_PRESSURE: Names = &["sp", "surface_pressure", "ps", "surface_air_pressure"];
const SEA_LEVEL_PRESSURE: Names =
    &["msl", "mean_sea_level_pressure", "psl", "air_pressure_at_mean_sea_level", "prmsl"];
const OROGRAPHY: Names = &["orog", "orography", "zsurf", "surface_altitude"];
const SURFACE_GEOPOTENTIAL: Names = &["z", "geopotential_at_surface", "surface_geopotential"];
const LAND: Names = &["lsm", "land_sea_mask", "land_mask", "sftlf", "land_binary_mask", "land_area_fraction"];
const SURFACE_TEMPERATURE: Names = &["skt", "skin_temperature", "ts", "surface_temperature"];
const SEA_TEMPERATURE: Names = &["sst", "sea_surface_temperature", "tos"];

/// The state of one date in a NetCDF file, classic or in HDF5, on pressure levels.
///
/// Fields are found by their names, as CF, ERA5 and CMIP have them, in dimensions of any order; levels are in the unit of
/// their coordinate, or without one in hPa where all are below 2000. Rows become north to south, eastward from 0°E.
/// Errors: what is missing, by name; several times without a choice; dimensions besides level, latitude, longitude and time
/// that have more than one element.
pub fn state(path: impl AsRef<Path>, selection: &StateSelection) -> Result<State> {
    let (mut fields, found) = Fields::open(path.as_ref(), selection)?;
    found.read(|places, _| fields.all(&places))
}

/// A file, read at one time.
#[derive(Debug)]
pub(in crate::read) struct Fields {
    source: Source,
    /// Pressures in Pa.
    level: Axis,
    time: Option<(String, usize)>,
    /// The last fields, such as a wind's, of which levels are stored together: their names, and values as [`Fields::read`] gives them.
    kept: VecDeque<(String, Vec<f64>)>,
}

/// Fields that are kept, because levels of them are stored together.
const KEPT: usize = 2;

/// Where the values of a field of a state are in a file.
#[derive(Clone, Debug)]
pub(in crate::read) struct Places {
    variable: NetcdfVariable,
    /// Of its levels, from the top downwards; none where it has none.
    rows: Option<Vec<usize>>,
    /// Whether no value may be missing.
    whole: bool,
    /// To the unit that is told.
    factor: f64,
}

impl Places {
    /// Number of levels; 1 where it has none.
    pub(in crate::read) fn count(&self) -> usize {
        self.rows.as_ref().map_or(1, Vec::len)
    }
}

impl Fields {
    /// Opens a file, and finds the state that is selected in it without its values.
    pub(in crate::read) fn open(path: &Path, selection: &StateSelection) -> Result<(Self, State<Places>)> {
        let mut source = Source::open(path, TEMPERATURE)?;
        let level = level(&mut source)?;
        let (time, valid) = chosen_time(&mut source, selection)?;
        let fields = Self { source, level, time, kept: VecDeque::new() };
        let found = State {
            reference: valid,
            valid,
            u: fields.needed(EASTWARD)?,
            v: fields.needed(NORTHWARD)?,
            temperature: fields.needed(TEMPERATURE)?,
            humidity: fields.upper(SPECIFIC_HUMIDITY).or_else(|| fields.upper(RELATIVE_HUMIDITY)),
            geopotential: fields.upper(HEIGHT).or_else(|| fields.upper(GEOPOTENTIAL)),
            surface_pressure: fields.surface(SURFACE_PRESSURE, true),
            sea_level_pressure: fields.surface(SEA_LEVEL_PRESSURE, true),
            orography: fields.surface(OROGRAPHY, true).or_else(|| fields.surface(SURFACE_GEOPOTENTIAL, true)),
            land_fraction: fields.surface(LAND, true),
            surface_temperature: fields.surface(SURFACE_TEMPERATURE, false),
            sea_temperature: fields.surface(SEA_TEMPERATURE, false),
            incomplete: Vec::new(),
            layout: fields.source.layout().clone(),
        };
        Ok((fields, found))
    }

    fn is_upper(&self, variable: &NetcdfVariable) -> bool {
        variable.dimensions.iter().any(|(name, _)| *name == self.level.dimension)
    }

    fn needed(&self, names: Names) -> Result<StateField<Places>> {
        self.upper(names).ok_or_else(|| Error::NotFound {
            path: self.source.path.clone(),
            wanted: format!("'{}' on pressure levels ({})", names[0], names[1..].join(", ")),
            found: format!("it has {}", self.source.names().join(", ")),
        })
    }

    fn upper(&self, names: Names) -> Option<StateField<Places>> {
        let variable = self
            .source
            .find(names, |variable| self.source.is_horizontal(variable) && self.is_upper(variable))?;
        // From the top downwards.
        let mut rows: Vec<usize> = (0..self.level.values.len()).collect();
        rows.sort_by(|one, other| self.level.values[*one].total_cmp(&self.level.values[*other]));
        Some(StateField {
            short_name: names[0].into(),
            units: grib_units(variable.attribute("units").unwrap_or_default()),
            levels: StateLevels::Pressure(rows.iter().map(|row| self.level.values[*row]).collect()),
            values: Places { variable, rows: Some(rows), whole: true, factor: 1.0 },
        })
    }

    /// A field without levels; with gaps unless it is to be `whole`.
    fn surface(&self, names: Names, whole: bool) -> Option<StateSurface<Places>> {
        let variable = self
            .source
            .find(names, |variable| self.source.is_horizontal(variable) && !self.is_upper(variable))?;
        let (units, factor) = match grib_units(variable.attribute("units").unwrap_or_default()) {
            units if matches!(units.as_str(), "hPa" | "mbar" | "millibars") => ("Pa".into(), 100.0),
            units => (units, 1.0),
        };
        let values = Places { variable, rows: None, whole, factor };
        Some(StateSurface { short_name: names[0].into(), units, values })
    }

    /// All levels of a field, `[level][point]`.
    fn all(&mut self, places: &Places) -> Result<Vec<f64>> {
        let Some(rows) = &places.rows else { return self.level(places, 0) };
        let level = self.level.clone();
        let stored = self.read(places, Some(&level), None)?;
        let points = self.source.layout().points();
        let values = rows.iter().flat_map(|row| &stored[row * points..(row + 1) * points]);
        Ok(values.copied().collect())
    }

    /// A level of a field, or a field without levels, `[point]`. Where levels are stored together, all of them are read at once and kept.
    pub(in crate::read) fn level(&mut self, places: &Places, level: usize) -> Result<Vec<f64>> {
        let Some(row) = places.rows.as_ref().map(|rows| rows[level]) else {
            return self.read(places, None, None);
        };
        if !self.source.is_stored_together(&places.variable, &self.level.dimension)? {
            return self.read(places, None, Some(row));
        }
        let name = &places.variable.name;
        if self.kept.iter().all(|(kept, _)| kept != name) {
            self.kept.truncate(KEPT - 1);
            let level = self.level.clone();
            let stored = self.read(places, Some(&level), None)?;
            self.kept.push_front((name.clone(), stored));
        }
        let points = self.source.layout().points();
        let stored = self.kept.iter().find(|(kept, _)| kept == name);
        Ok(stored.map_or(Vec::new(), |(_, values)| values[row * points..(row + 1) * points].to_vec()))
    }

    fn read(&mut self, places: &Places, levels: Option<&Axis>, row: Option<usize>) -> Result<Vec<f64>> {
        let time = self.time.iter().map(|(name, index)| (name.as_str(), *index));
        let row = row.map(|row| (self.level.dimension.as_str(), row));
        let chosen: Vec<(&str, usize)> = time.chain(row).collect();
        let mut values = self.source.values(&places.variable, levels, &chosen)?;
        if places.whole {
            expect_all(&places.variable.name, &values)?;
        }
        if places.factor != 1.0 {
            values.iter_mut().for_each(|value| *value *= places.factor);
        }
        Ok(values)
    }
}

/// The coordinate of pressure levels, in Pa.
fn level(source: &mut Source) -> Result<Axis> {
    let found = source.find(&LEVELS, |variable| variable.dimensions.len() == 1);
    let variable = found.ok_or_else(|| Error::NotFound {
        path: source.path.clone(),
        wanted: format!("pressure levels ({})", LEVELS.join(", ")),
        found: format!("it has {}", source.names().join(", ")),
    })?;
    source.axis(&variable).map(pressures)
}

/// Pressures in Pa: those without a unit are hPa where all are below 2000.
pub(super) fn pressures(mut axis: Axis) -> Axis {
    let highest = axis.values.iter().copied().fold(0.0, f64::max);
    let factor = match axis.units.as_str() {
        "Pa" => 1.0,
        "hPa" | "mbar" | "millibars" | "mb" => 100.0,
        _ if highest < 2000.0 => 100.0,
        _ => 1.0,
    };
    axis.values.iter_mut().for_each(|value| *value *= factor);
    axis
}

/// The dimension and position of the selected time, if times are a dimension, and the time.
fn chosen_time(source: &mut Source, selection: &StateSelection) -> Result<(Option<(String, usize)>, Time)> {
    let refuse = |source: &Source, wanted: &str, found: String| Error::NotFound {
        path: source.path.clone(),
        wanted: wanted.into(),
        found,
    };
    if selection.step.is_some_and(|step| step != 0.0) || selection.member.is_some() {
        let found = "it has states of one run, told apart by their time".to_owned();
        return Err(refuse(source, "forecast step or member", found));
    }
    let Some(variable) = source.find(&["time", "valid_time"], |variable| variable.dimensions.len() < 2)
    else {
        let time = selection.reference.ok_or_else(|| {
            let found = format!("it has {}; 'date' can say when it is valid", source.names().join(", "));
            refuse(source, "time", found)
        })?;
        return Ok((None, time));
    };
    let axis = source.axis(&variable)?;
    let calendar = variable.attribute("calendar").unwrap_or_default();
    let all = times(&axis.values, &axis.units, calendar).filter(|all| !all.is_empty());
    let all = all.ok_or_else(|| Error::InvalidValue {
        name: format!("units of '{}'", variable.name),
        got: format!("'{}', calendar '{calendar}'", axis.units),
        expected: "days, hours, minutes or seconds since a date, in a calendar of CF and on days of the Gregorian one"
            .into(),
    })?;
    let list = || all.iter().take(8).map(Time::to_string).collect::<Vec<String>>().join(", ");
    let index = match selection.reference {
        Some(wanted) => all
            .iter()
            .position(|time| *time == wanted)
            .ok_or_else(|| refuse(source, &format!("time {wanted}"), format!("it has {}", list())))?,
        None if all.len() == 1 => 0,
        None => {
            let found = format!("it has several, choose one by date: {}", list());
            return Err(refuse(source, "single state", found));
        }
    };
    Ok((variable.dimensions.first().map(|(name, _)| (name.clone(), index)), all[index]))
}

fn expect_all(name: &str, values: &[f64]) -> Result<()> {
    let Some(first) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
    let missing = values.iter().filter(|value| !value.is_finite()).count();
    Err(Error::MissingValues { field: name.into(), missing, first, total: values.len() })
}

/// Units as ecCodes writes them, where the two ways differ for what a state holds.
fn grib_units(units: &str) -> String {
    match units {
        "m2 s-2" | "m^2 s^-2" | "m2/s2" | "J kg-1" | "m**2 s**-2" => "m**2 s**-2".into(),
        "kg kg-1" | "kg/kg" => "kg kg**-1".into(),
        "m s-1" | "m/s" => "m s**-1".into(),
        other => other.into(),
    }
}
