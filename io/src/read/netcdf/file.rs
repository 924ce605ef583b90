//! Variables of a file as f64 on points, with their coordinates found.

use std::path::{Path, PathBuf};

use super::container::{self, Container};
use super::grid::{self, Axes, Horizontal};
use super::values;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// A file whose horizontal coordinates are known.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    container: Box<dyn Container>,
    horizontal: Horizontal,
}

/// A coordinate: its dimension and values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) dimension: String,
    pub(super) values: Vec<f64>,
    pub(super) units: String,
}

impl Source {
    /// With the grid of the first variable that has one of these names, else that of the file's coordinates.
    pub(super) fn open(path: &Path, names: &[&str]) -> Result<Self> {
        let container = container::open(path)?;
        let found = find(container.variables(), names, |variable| variable.dimensions.len() > 1);
        Self::of(path, container, found.as_ref())
    }

    /// With the grid of a variable.
    pub(super) fn of(
        path: &Path,
        mut container: Box<dyn Container>,
        variable: Option<&NetcdfVariable>,
    ) -> Result<Self> {
        let horizontal = grid::of(&mut *container, path, variable)?;
        Ok(Self { path: path.to_owned(), container, horizontal })
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.horizontal.layout
    }

    /// Names of all variables.
    pub(super) fn names(&self) -> Vec<&str> {
        self.container.variables().iter().map(|variable| variable.name.as_str()).collect()
    }

    /// The first variable with one of these names, short names or standard names, in the order of the names.
    pub(super) fn find(
        &self,
        names: &[&str],
        fits: impl Fn(&NetcdfVariable) -> bool,
    ) -> Option<NetcdfVariable> {
        find(self.container.variables(), names, fits)
    }

    pub(super) fn variables(&self) -> &[NetcdfVariable] {
        self.container.variables()
    }

    /// Whether a dimension is a horizontal one.
    pub(super) fn is_on(&self, name: &str) -> bool {
        match &self.horizontal.axes {
            Axes::Rectangle { latitude, longitude, .. } => name == latitude || name == longitude,
            Axes::Points { dimension, .. } => name == dimension,
        }
    }

    /// Whether a variable lies on the horizontal points.
    pub(super) fn is_horizontal(&self, variable: &NetcdfVariable) -> bool {
        let has = |dimension: &String| variable.dimensions.iter().any(|(name, _)| name == dimension);
        match &self.horizontal.axes {
            Axes::Rectangle { latitude, longitude, .. } => has(latitude) && has(longitude),
            Axes::Points { dimension, .. } => has(dimension),
        }
    }

    /// Whether elements of a dimension of a variable cannot be had one by one without unpacking others.
    pub(super) fn is_stored_together(&self, variable: &NetcdfVariable, dimension: &str) -> Result<bool> {
        match variable.dimensions.iter().position(|(name, _)| name == dimension) {
            Some(place) => Ok(self.container.together(variable, place)? > 1),
            None => Ok(false),
        }
    }

    /// A coordinate variable, of one dimension or of none.
    pub(super) fn axis(&mut self, variable: &NetcdfVariable) -> Result<Axis> {
        Ok(Axis {
            dimension: variable.dimensions.first().map(|(name, _)| name.clone()).unwrap_or_default(),
            values: values::read_all(&mut *self.container, &self.path, variable)?,
            units: variable.attribute("units").unwrap_or_default().to_owned(),
        })
    }

    /// Values `[level][point]` in the layout's order; NaN where there is none. `level` names a dimension that is taken
    /// whole, `chosen` others with the element taken; those besides must have one element.
    pub(super) fn values(
        &mut self,
        variable: &NetcdfVariable,
        level: Option<&Axis>,
        chosen: &[(&str, usize)],
    ) -> Result<Vec<f64>> {
        let (mut start, mut counts) = (Vec::new(), Vec::new());
        for (name, size) in &variable.dimensions {
            let whole = self.is_on(name) || level.is_some_and(|axis| axis.dimension == *name);
            let index = match chosen.iter().find(|(own, _)| own == name) {
                _ if whole => 0,
                Some((_, index)) if index < size => *index,
                Some((_, index)) => {
                    return Err(Error::InvalidValue {
                        name: format!("index of '{name}'"),
                        got: index.to_string(),
                        expected: format!("one below the {size} elements of '{}'", variable.name),
                    });
                }
                None if *size == 1 => 0,
                None => {
                    return Err(Error::InvalidValue {
                        name: format!("dimension '{name}' of '{}'", variable.name),
                        got: size.to_string(),
                        expected: "1, or one of its elements to be chosen".into(),
                    });
                }
            };
            start.push(index);
            counts.push(if whole { *size } else { 1 });
        }
        let stored = values::read(&mut *self.container, &self.path, variable, &start, &counts)?;
        let stride = |dimension: &str| {
            let place = variable.dimensions.iter().position(|(name, _)| name == dimension);
            place.map_or(0, |place| counts[place + 1..].iter().product::<usize>())
        };
        let count = level.map_or(1, |axis| axis.values.len());
        let levels = level.map_or(0, |axis| stride(&axis.dimension));
        let mut result = Vec::with_capacity(count * self.horizontal.layout.points());
        for number in 0..count {
            match &self.horizontal.axes {
                Axes::Rectangle { latitude, longitude, rows, columns } => {
                    let (north, east) = (stride(latitude), stride(longitude));
                    for row in rows {
                        let start = number * levels + row * north;
                        result.extend(columns.iter().map(|column| stored[start + column * east]));
                    }
                }
                Axes::Points { dimension, order } => {
                    let east = stride(dimension);
                    result.extend(order.iter().map(|point| stored[number * levels + point * east]));
                }
            }
        }
        Ok(result)
    }
}

fn find(
    variables: &[NetcdfVariable],
    names: &[&str],
    fits: impl Fn(&NetcdfVariable) -> bool,
) -> Option<NetcdfVariable> {
    let found = names.iter().find_map(|wanted| {
        variables.iter().find(|variable| {
            let attributes = ["short_name", "standard_name"].map(|key| variable.attribute(key));
            (variable.name.eq_ignore_ascii_case(wanted) || attributes.contains(&Some(wanted)))
                && fits(variable)
        })
    });
    found.cloned()
}
