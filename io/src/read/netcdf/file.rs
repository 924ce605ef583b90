//! Variables of a NetCDF file as f64, with their coordinates found.

use std::path::{Path, PathBuf};

use netcdf3::{DataVector, FileReader};

use super::verify;
use crate::error::{Error, Result};
use crate::layout::{Layout, gaussian_latitudes};

/// Latitudes of files are rounded to less than this (degrees).
const ROUNDED: f64 = 5e-3;

/// A file whose horizontal coordinates are known.
pub(super) struct Source {
    pub(super) path: PathBuf,
    reader: FileReader,
    latitude: Axis,
    longitude: Axis,
    pub(super) layout: Layout,
    /// Stored position of each of our rows, and of each point of a row.
    rows: Vec<usize>,
    columns: Vec<usize>,
}

/// A coordinate: its dimension and values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) dimension: String,
    pub(super) values: Vec<f64>,
    pub(super) units: String,
}

/// A variable's name, unit and dimensions.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) units: String,
    pub(super) dimensions: Vec<(String, usize)>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut reader = verify::open(path)?;
        let missing = |wanted: &str| Error::NotFound {
            path: path.to_owned(),
            wanted: wanted.into(),
            found: format!("it has {}", reader.data_set().get_var_names().join(", ")),
        };
        let find = |units: &str, names: &[&str], wanted: &str| {
            let is_one = |name: &String| {
                let own = text(&reader, name, "units");
                own.starts_with(units) || names.contains(&name.to_lowercase().as_str())
            };
            let line = |name: &String| reader.data_set().get_var(name).is_some_and(|own| own.num_dims() == 1);
            let found = reader.data_set().get_var_names().into_iter().find(|name| line(name) && is_one(name));
            found.ok_or_else(|| missing(wanted))
        };
        let latitude = find("degrees_north", &["latitude", "lat"], "latitude in one dimension")?;
        let longitude = find("degrees_east", &["longitude", "lon"], "longitude in one dimension")?;
        let latitude = axis(path, &mut reader, &latitude)?;
        let longitude = axis(path, &mut reader, &longitude)?;
        let (layout, rows, columns) = layout(&latitude.values, &longitude.values).map_err(|reason| {
            Error::UnsupportedGrid { field: path.display().to_string(), grid: "lat-lon".into(), reason }
        })?;
        Ok(Self { path: path.to_owned(), reader, latitude, longitude, layout, rows, columns })
    }

    /// Names of all variables.
    pub(super) fn names(&self) -> Vec<String> {
        self.reader.data_set().get_var_names()
    }

    /// The first variable with one of these names, short names or standard names, in the order of the names.
    pub(super) fn find(&self, names: &[&str], fits: impl Fn(&Variable) -> bool) -> Option<Variable> {
        names.iter().find_map(|wanted| {
            self.names().into_iter().map(|name| self.variable(&name)).find(|variable| {
                let attributes = ["short_name", "standard_name"].map(|key| self.text(&variable.name, key));
                (variable.name.eq_ignore_ascii_case(wanted) || attributes.iter().any(|own| own == wanted))
                    && fits(variable)
            })
        })
    }

    /// Whether a variable lies on the horizontal points.
    pub(super) fn is_horizontal(&self, variable: &Variable) -> bool {
        let has = |axis: &Axis| variable.dimensions.iter().any(|(name, _)| *name == axis.dimension);
        has(&self.latitude) && has(&self.longitude)
    }

    pub(super) fn text(&self, variable: &str, key: &str) -> String {
        text(&self.reader, variable, key)
    }

    pub(super) fn variable(&self, name: &str) -> Variable {
        let own = self.reader.data_set().get_var(name);
        let dimensions = own.map(|own| own.get_dims()).unwrap_or_default();
        Variable {
            name: name.to_owned(),
            units: self.text(name, "units"),
            dimensions: dimensions.iter().map(|dimension| (dimension.name(), dimension.size())).collect(),
        }
    }

    /// A coordinate variable, of one dimension or of none.
    pub(super) fn axis(&mut self, name: &str) -> Result<Axis> {
        axis(&self.path, &mut self.reader, name)
    }

    /// Values `[level][point]` in the layout's order; NaN where there is none. `level` names a dimension that is taken
    /// whole, `chosen` others with the element taken; those besides must have one element.
    pub(super) fn values(
        &mut self,
        variable: &Variable,
        level: Option<&Axis>,
        chosen: &[(&str, usize)],
    ) -> Result<Vec<f64>> {
        let stored = values(&self.path, &mut self.reader, &variable.name)?;
        let mut stride = 1;
        let (mut rows, mut columns, mut levels, mut offset) = (0, 0, 0, 0);
        for (name, size) in variable.dimensions.iter().rev() {
            if *name == self.latitude.dimension {
                rows = stride;
            } else if *name == self.longitude.dimension {
                columns = stride;
            } else if level.is_some_and(|axis| axis.dimension == *name) {
                levels = stride;
            } else if let Some((_, index)) = chosen.iter().find(|(own, _)| own == name) {
                if index >= size {
                    return Err(Error::InvalidValue {
                        name: format!("index of '{name}'"),
                        got: index.to_string(),
                        expected: format!("one below the {size} elements of '{}'", variable.name),
                    });
                }
                offset += index * stride;
            } else if *size != 1 {
                return Err(Error::InvalidValue {
                    name: format!("dimension '{name}' of '{}'", variable.name),
                    got: size.to_string(),
                    expected: "1, or one of its elements to be chosen".into(),
                });
            }
            stride *= size;
        }
        if stored.len() != stride {
            return Err(Error::LengthMismatch {
                name: variable.name.clone(),
                expected: stride,
                got: stored.len(),
            });
        }
        let count = level.map_or(1, |axis| axis.values.len());
        let mut result = Vec::with_capacity(count * self.layout.points());
        for number in 0..count {
            for row in &self.rows {
                let start = offset + number * levels + row * rows;
                result.extend(self.columns.iter().map(|column| stored[start + column * columns]));
            }
        }
        Ok(result)
    }
}

fn text(reader: &FileReader, variable: &str, key: &str) -> String {
    reader.data_set().get_var_attr_as_string(variable, key).unwrap_or_default()
}

fn axis(path: &Path, reader: &mut FileReader, name: &str) -> Result<Axis> {
    let dimensions = reader.data_set().get_var(name).map(|own| own.dim_names()).unwrap_or_default();
    Ok(Axis {
        dimension: dimensions.into_iter().next().unwrap_or_default(),
        values: values(path, reader, name)?,
        units: text(reader, name, "units"),
    })
}

/// All values of a variable, unpacked; NaN where there is none.
pub(super) fn values(path: &Path, reader: &mut FileReader, name: &str) -> Result<Vec<f64>> {
    verify::expect_room(path, reader, name)?;
    let data = reader
        .read_var(name)
        .map_err(|error| Error::Netcdf { path: path.to_owned(), reason: format!("'{name}': {error}") })?;
    let mut values: Vec<f64> = match data {
        DataVector::I8(values) => values.into_iter().map(f64::from).collect(),
        DataVector::U8(values) => values.into_iter().map(f64::from).collect(),
        DataVector::I16(values) => values.into_iter().map(f64::from).collect(),
        DataVector::I32(values) => values.into_iter().map(f64::from).collect(),
        DataVector::F32(values) => values.into_iter().map(f64::from).collect(),
        DataVector::F64(values) => values,
    };
    let number = |key: &str| number(reader, name, key);
    for fill in [number("_FillValue"), number("missing_value")].into_iter().flatten() {
        values.iter_mut().filter(|value| **value == fill).for_each(|value| *value = f64::NAN);
    }
    let (scale, offset) = (number("scale_factor").unwrap_or(1.0), number("add_offset").unwrap_or(0.0));
    if (scale, offset) != (1.0, 0.0) {
        values.iter_mut().for_each(|value| *value = scale * *value + offset);
    }
    Ok(values)
}

/// The first value of a numeric attribute of any type.
fn number(reader: &FileReader, variable: &str, key: &str) -> Option<f64> {
    let set = reader.data_set();
    let wide = set.get_var_attr_f64(variable, key).and_then(|values| values.first().copied());
    let narrow = || set.get_var_attr_f32(variable, key)?.first().copied().map(f64::from);
    let long = || set.get_var_attr_i32(variable, key)?.first().copied().map(f64::from);
    let short = || set.get_var_attr_i16(variable, key)?.first().copied().map(f64::from);
    wide.or_else(narrow).or_else(long).or_else(short)
}

/// Rows north to south, each eastward from 0°E where it closes, and their stored positions.
fn layout(
    latitudes: &[f64],
    longitudes: &[f64],
) -> std::result::Result<(Layout, Vec<usize>, Vec<usize>), String> {
    let monotonic = |values: &[f64]| {
        values.windows(2).all(|pair| pair[0] < pair[1]) || values.windows(2).all(|pair| pair[0] > pair[1])
    };
    if latitudes.len() < 2 || longitudes.len() < 2 || !monotonic(latitudes) || !monotonic(longitudes) {
        return Err("latitudes and longitudes that rise or fall are needed".into());
    }
    let mut rows: Vec<usize> = (0..latitudes.len()).collect();
    rows.sort_by(|one, other| latitudes[*other].total_cmp(&latitudes[*one]));
    let sorted: Vec<f64> = rows.iter().map(|row| latitudes[*row]).collect();
    let mut columns: Vec<usize> = (0..longitudes.len()).collect();
    columns.sort_by(|one, other| longitudes[*one].total_cmp(&longitudes[*other]));
    let (first, last) = (longitudes[columns[0]], longitudes[columns[columns.len() - 1]]);
    let spacing = (last - first) / (columns.len() - 1) as f64;
    let even = columns
        .windows(2)
        .all(|pair| (longitudes[pair[1]] - longitudes[pair[0]] - spacing).abs() < 1e-3 * spacing);
    if !even {
        return Err("equally spaced longitudes are needed".into());
    }
    let closed = (spacing * columns.len() as f64 - 360.0).abs() < 1e-3 * spacing;
    let mut west = first;
    if closed {
        let from_zero = |column: &usize| {
            let longitude = longitudes[*column].rem_euclid(360.0);
            longitude.min(360.0 - longitude) < 1e-3 * spacing
        };
        if let Some(start) = columns.iter().position(from_zero) {
            columns.rotate_left(start);
            west = 0.0;
        }
    }
    let near = |expected: &[f64]| {
        expected.len() == sorted.len()
            && expected.iter().zip(&sorted).all(|(one, other)| (one - other).abs() < ROUNDED)
    };
    let gaussian =
        if sorted.len().is_multiple_of(2) { gaussian_latitudes(sorted.len() / 2) } else { Vec::new() };
    let layout = if closed && west == 0.0 && near(&gaussian) {
        Layout::gaussian(&gaussian, &vec![columns.len(); sorted.len()])
    } else if closed {
        Layout::lat_lon(&sorted, west, 360.0 / columns.len() as f64, columns.len())
    } else {
        Layout::lat_lon(&sorted, west, spacing, columns.len())
    };
    Ok((layout, rows, columns))
}
