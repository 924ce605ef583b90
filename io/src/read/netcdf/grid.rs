//! The horizontal grid of a variable.
//!
//! | what the file says | grid |
//! |---|---|
//! | `grid_mapping` to a variable whose `grid_mapping_name` is `healpix`, with `healpix_nside` and `healpix_order` (`nest` or `ring`), or `refinement_level` and `indexing_scheme` (`nested` or `ring`) | HEALPix |
//! | latitude and longitude of one dimension each | lat-lon, or full Gaussian where the latitudes are |
//! | a whole number of points for each ring, in a variable `reduced_points` or `pl` | reduced Gaussian |
//! | latitude and longitude of the same dimension | reduced Gaussian or HEALPix, where the points are theirs |
//!
//! A coordinate is a latitude by its `standard_name`, its units (`degrees_north` and CF's other spellings) or its name.

use std::path::Path;

use super::container::Container;
use super::points;
use super::values;
use super::variables::NetcdfVariable;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Where the points of a variable are, and in which of its dimensions.
#[derive(Clone, Debug)]
pub(super) struct Horizontal {
    pub(super) layout: Layout,
    pub(super) axes: Axes,
}

#[derive(Clone, Debug)]
pub(super) enum Axes {
    /// The dimensions of latitude and longitude; the stored position of each of our rows, and of each point of a row.
    Rectangle { latitude: String, longitude: String, rows: Vec<usize>, columns: Vec<usize> },
    /// The dimension of the points, and the stored position of each of ours.
    Points { dimension: String, order: Vec<usize> },
}

/// What makes a latitude, or a longitude.
struct Words {
    wanted: &'static str,
    standard_name: &'static str,
    units: [&'static str; 6],
    names: [&'static str; 2],
}

const LATITUDE: Words = Words {
    wanted: "latitude in one dimension",
    standard_name: "latitude",
    units: ["degrees_north", "degree_north", "degrees_N", "degree_N", "degreesN", "degreeN"],
    names: ["latitude", "lat"],
};

const LONGITUDE: Words = Words {
    wanted: "longitude in one dimension",
    standard_name: "longitude",
    units: ["degrees_east", "degree_east", "degrees_E", "degree_E", "degreesE", "degreeE"],
    names: ["longitude", "lon"],
};

impl Words {
    fn fit(&self, variable: &NetcdfVariable) -> bool {
        let attribute = |key: &str| variable.attribute(key).unwrap_or_default();
        let name = variable.name.rsplit('/').next().unwrap_or_default().to_lowercase();
        attribute("standard_name") == self.standard_name
            || self.units.contains(&attribute("units"))
            || self.names.contains(&name.as_str())
    }
}

/// The grid of a variable. Without one, that of the first coordinates in the file.
pub(super) fn of(
    container: &mut dyn Container,
    path: &Path,
    variable: Option<&NetcdfVariable>,
) -> Result<Horizontal> {
    if let Some(variable) = variable
        && let Some(mapped) = mapped(container, path, variable)?
    {
        return Ok(mapped);
    }
    let all = container.variables().to_vec();
    let has =
        |name: &str| variable.is_none_or(|variable| variable.dimensions.iter().any(|(own, _)| own == name));
    let find = |words: &Words| {
        let fits = |own: &&NetcdfVariable| match &own.dimensions[..] {
            [(dimension, _)] => has(dimension) && words.fit(own),
            _ => false,
        };
        // The name of the dimension itself is the best sign.
        let own = |own: &&NetcdfVariable| own.dimensions[0].0 == own.name;
        let found = all.iter().filter(fits).find(own).or_else(|| all.iter().find(fits));
        found.ok_or_else(|| absent(path, words.wanted, variable, &all))
    };
    let unsupported = |reason: String| Error::UnsupportedGrid {
        field: variable.map_or(path.display().to_string(), |variable| variable.name.clone()),
        grid: "lat-lon".into(),
        reason,
    };
    let latitude = find(&LATITUDE);
    if let Some(variable) = variable
        && let Some(reduced) = reduced(container, path, variable, latitude.as_ref().ok().copied(), &all)?
    {
        return Ok(reduced);
    }
    let (latitude, longitude) = (latitude?, find(&LONGITUDE)?);
    if let Some(curved) = variable.and_then(|variable| curved(variable, &all)) {
        return Err(unsupported(format!(
            "its coordinate '{curved}' has several dimensions: latitude and longitude in one each are needed"
        )));
    }
    let (latitudes, longitudes) =
        (values::read_all(container, path, latitude)?, values::read_all(container, path, longitude)?);
    let (first, second) = (latitude.dimensions[0].0.clone(), longitude.dimensions[0].0.clone());
    if first == second {
        let (layout, order) = points::scattered(&latitudes, &longitudes).map_err(unsupported)?;
        return Ok(Horizontal { layout, axes: Axes::Points { dimension: first, order } });
    }
    let (layout, rows, columns) = points::rectangle(&latitudes, &longitudes).map_err(unsupported)?;
    Ok(Horizontal { layout, axes: Axes::Rectangle { latitude: first, longitude: second, rows, columns } })
}

fn absent(path: &Path, wanted: &str, variable: Option<&NetcdfVariable>, all: &[NetcdfVariable]) -> Error {
    let (wanted, found) = match variable {
        None => {
            let names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
            (wanted.to_owned(), format!("it has {}", names.join(", ")))
        }
        Some(variable) => {
            let names: Vec<&str> = variable.dimensions.iter().map(|(name, _)| name.as_str()).collect();
            let unnamed = match names.iter().any(|name| name.starts_with("phony_dim_")) {
                true => ", of which the file names not all (by dimension scales)",
                false => "",
            };
            let found = format!("its dimensions are {}{unnamed}", names.join(", "));
            (format!("latitude and longitude of '{}'", variable.name), found)
        }
    };
    Error::NotFound { path: path.to_owned(), wanted, found }
}

/// A latitude or longitude with several dimensions among the coordinates that a variable names.
fn curved<'a>(variable: &NetcdfVariable, all: &'a [NetcdfVariable]) -> Option<&'a str> {
    let words = variable.attribute("coordinates")?;
    let group = variable.name.rsplit_once('/').map_or(String::new(), |(group, _)| format!("{group}/"));
    let mut named = words.split_whitespace().filter_map(|name| {
        let local = format!("{group}{name}");
        all.iter().find(|own| own.name == local || own.name == name)
    });
    let is_curved =
        |own: &&NetcdfVariable| own.dimensions.len() > 1 && (LATITUDE.fit(own) || LONGITUDE.fit(own));
    named.find(is_curved).map(|own| own.name.as_str())
}

/// A grid that `grid_mapping` describes; an error for one that is neither HEALPix nor of latitudes and longitudes.
fn mapped(
    container: &mut dyn Container,
    path: &Path,
    variable: &NetcdfVariable,
) -> Result<Option<Horizontal>> {
    let Some(words) = variable.attribute("grid_mapping") else { return Ok(None) };
    // `crs: x y` names what it is for.
    let name = words.split_whitespace().next().unwrap_or_default().trim_end_matches(':');
    let group = variable.name.rsplit_once('/').map_or(String::new(), |(group, _)| format!("{group}/"));
    let local = format!("{group}{name}");
    let found = container.variables().iter().find(|own| own.name == local || own.name == name);
    let Some(mapping) = found else { return Ok(None) };
    let kind = mapping.attribute("grid_mapping_name").unwrap_or_default();
    let unsupported =
        |reason: String| Error::UnsupportedGrid { field: variable.name.clone(), grid: kind.into(), reason };
    if ["", "latitude_longitude"].contains(&kind) {
        return Ok(None);
    }
    if kind != "healpix" {
        return Err(unsupported("latitude_longitude or healpix is needed".into()));
    }
    let number = |key: &str| {
        let (values, _) = container.numbers(&mapping.name, key)?;
        values.first().copied().filter(|value| value.fract() == 0.0 && *value >= 0.0)
    };
    let side = match (number("healpix_nside"), number("refinement_level")) {
        (Some(side), _) if (1.0..=65_536.0).contains(&side) => side as usize,
        (None, Some(level)) if level <= 16.0 => 1_usize << level as u32,
        (side, level) => {
            let reason = format!("healpix_nside {side:?} and refinement_level {level:?} tell no size");
            return Err(unsupported(reason));
        }
    };
    let order = mapping.attribute("healpix_order").or_else(|| mapping.attribute("indexing_scheme"));
    let nested = match order.map(str::to_lowercase).as_deref() {
        Some("nest" | "nested") => true,
        Some("ring") => false,
        other => {
            let got = other.unwrap_or("none");
            let reason =
                format!("the order of its pixels is '{got}' in {}: nest or ring is needed", mapping.name);
            return Err(unsupported(reason));
        }
    };
    let pixels = 12 * side * side;
    let dimension = variable.dimensions.iter().rev().find(|(_, length)| *length == pixels);
    let Some((dimension, _)) = dimension else {
        let lengths: Vec<String> =
            variable.dimensions.iter().map(|(name, length)| format!("{name}={length}")).collect();
        let reason =
            format!("none of its dimensions {} has the {pixels} pixels of nside {side}", lengths.join(", "));
        return Err(unsupported(reason));
    };
    // A part of the pixels, or another order, would have them listed.
    let index = container
        .variables()
        .iter()
        .find(|own| own.attribute("standard_name") == Some("healpix_index") && own.dimensions.len() == 1);
    if let Some(index) = index.filter(|index| index.dimensions[0].0 == *dimension).cloned() {
        let listed = values::read_all(container, path, &index)?;
        if listed.iter().zip(0..).any(|(value, pixel)| *value != f64::from(pixel)) {
            let reason =
                format!("its pixels are in the order of '{}': all in their own order are needed", index.name);
            return Err(Error::UnsupportedGrid {
                field: variable.name.clone(),
                grid: "healpix".into(),
                reason,
            });
        }
    }
    let unsupported = |reason: String| Error::UnsupportedGrid {
        field: variable.name.clone(),
        grid: "healpix".into(),
        reason,
    };
    let (layout, order) = points::healpix(side, nested).map_err(unsupported)?;
    Ok(Some(Horizontal { layout, axes: Axes::Points { dimension: dimension.clone(), order } }))
}

/// A reduced Gaussian grid whose numbers of points the file lists.
fn reduced(
    container: &mut dyn Container,
    path: &Path,
    variable: &NetcdfVariable,
    latitude: Option<&NetcdfVariable>,
    all: &[NetcdfVariable],
) -> Result<Option<Horizontal>> {
    let is_list = |own: &&NetcdfVariable| {
        let name = own.name.rsplit('/').next().unwrap_or_default();
        ["reduced_points", "pl"].contains(&name) && own.dimensions.len() == 1
    };
    let Some(list) = all.iter().find(is_list) else { return Ok(None) };
    let counts = values::read_all(container, path, list)?;
    let points: f64 = counts.iter().sum();
    let dimension = variable.dimensions.iter().rev().find(|(_, length)| *length as f64 == points);
    let Some((dimension, _)) = dimension else { return Ok(None) };
    // The latitudes of the rings say whether these run from the south.
    let rings = all.iter().find(|own| own.dimensions == list.dimensions && LATITUDE.fit(own)).or(latitude);
    let northward = match rings.filter(|rings| rings.dimensions == list.dimensions) {
        Some(rings) => {
            let latitudes = values::read_all(container, path, rings)?;
            latitudes.first() < latitudes.last()
        }
        None => false,
    };
    let (layout, order) = points::reduced(&counts, northward).map_err(|reason| Error::UnsupportedGrid {
        field: variable.name.clone(),
        grid: "reduced Gaussian".into(),
        reason,
    })?;
    Ok(Some(Horizontal { layout, axes: Axes::Points { dimension: dimension.clone(), order } }))
}
