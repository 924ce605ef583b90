//! Grids as a plan names them.

use saphyr::Yaml;
use terrella_kernels::grid::{Grid, HealpixOrder};

use super::metadata::Metadata;
use super::section::Section;
use super::sink;
use crate::error::Result;
use crate::layout::{Family, Layout};

/// Rings of a Gaussian grid in each hemisphere, pixels along a face of HEALPix.
const MOST: usize = 8192;
const MOST_COLUMNS: usize = 1 << 20;
const MOST_ROWS: usize = 1 << 18;

/// Degrees by which increments may miss the end of an area.
const ROUNDED: f64 = 1e-6;

const GLOBE: [f64; 4] = [90.0, 0.0, -90.0, 360.0];

/// Where fields are to be.
pub(super) struct Target {
    pub(super) layout: Layout,
    /// Of HEALPix, to be written in nested order.
    nested: bool,
}

/// The grid at `key`. `area`: north, west, south, east \[degrees\].
pub(super) fn read(section: &Section<'_>, key: &str, area: Option<[f64; 4]>) -> Result<Target> {
    let increments = match section.get(key) {
        Some(Yaml::Sequence(_)) => match section.reals(key)?[..] {
            [eastward, southward] => Some((eastward, southward)),
            _ => None,
        },
        _ => {
            let text = sink::path(section, key)?.to_string_lossy().into_owned();
            match text.split_once('/') {
                None => return named(section, key, &text, area),
                Some((eastward, southward)) => eastward.parse().ok().zip(southward.parse().ok()),
            }
        }
    };
    let increments = increments.filter(|(eastward, southward)| *eastward > 0.0 && *southward > 0.0);
    let (eastward, southward) = increments.ok_or_else(|| {
        section.error(format!("'{key}': expected a grid's name or two positive increments in degrees"))
    })?;
    let [north, west, south, east] = area.unwrap_or(GLOBE);
    // Across 0°E the eastern edge may have the smaller number.
    let east = if east < west { east + 360.0 } else { east };
    let possible = (-90.0..=90.0).contains(&south) && south < north && north <= 90.0 && west.abs() <= 360.0;
    if !possible || !(0.0..=360.0).contains(&(east - west)) {
        return Err(section.error(format!(
            "'area': expected north, west, south, east on the globe, got {north}, {west}, {south}, {east}"
        )));
    }
    let steps = |length: f64, increment: f64| {
        let steps = (length / increment).round();
        let whole = (steps * increment - length).abs() < ROUNDED && steps >= 1.0;
        whole.then_some(steps as usize).ok_or_else(|| {
            section.error(format!("'{key}': expected increments that divide {length}°, got {increment}°"))
        })
    };
    let closed = (east - west - 360.0).abs() < ROUNDED;
    let columns = steps(east - west, eastward)? + usize::from(!closed);
    let rows = steps(north - south, southward)? + 1;
    within(section, key, rows, MOST_ROWS)?;
    within(section, key, columns, MOST_COLUMNS)?;
    let spacing = (north - south) / (rows - 1) as f64;
    let latitudes: Vec<f64> = (0..rows).map(|row| north - spacing * row as f64).collect();
    let eastward = if closed { 360.0 / columns as f64 } else { eastward };
    Ok(Target { layout: Layout::lat_lon(&latitudes, west, eastward, columns), nested: false })
}

/// A plan is a few lines: what it asks for must not fill the memory.
fn within(section: &Section<'_>, key: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(section.error(format!("'{key}': expected a size of at most {most}, got {count}")))
}

fn named(section: &Section<'_>, key: &str, text: &str, area: Option<[f64; 4]>) -> Result<Target> {
    if area.is_some() {
        return Err(
            section.error(format!("'area' has no meaning with '{key}: {text}', only with increments"))
        );
    }
    let nested = text.ends_with("_nested") || text.starts_with("HN");
    let name = match text.strip_prefix("HN") {
        Some(side) => format!("H{side}"),
        None => text.trim_end_matches("_nested").to_owned(),
    };
    let digits = |text: &str| text.parse::<usize>().ok();
    let unknown = || {
        section.error(format!(
            "'{key}': unknown grid '{text}': expected one such as F128, N320, O640, H64, HN64, r360x181 or 0.5/0.5"
        ))
    };
    match name.split_at_checked(1) {
        Some(("F" | "N" | "O" | "H", size)) => within(section, key, digits(size).ok_or_else(unknown)?, MOST)?,
        Some(("r", size)) => {
            let (columns, rows) = size.split_once('x').ok_or_else(unknown)?;
            within(section, key, digits(columns).ok_or_else(unknown)?, MOST_COLUMNS)?;
            within(section, key, digits(rows).ok_or_else(unknown)?, MOST_ROWS)?;
        }
        _ => return Err(unknown()),
    }
    let grid: Grid = name.parse().map_err(|error| section.error(format!("'{key}': {}", plain(error))))?;
    let layout = Layout::from(&grid);
    if nested {
        if layout.family() != Family::HealPix {
            return Err(unknown());
        }
        let order = HealpixOrder::new(side(&layout));
        order.map_err(|error| section.error(format!("'{key}': {}", plain(error))))?;
    }
    Ok(Target { layout, nested })
}

/// The sentence without its full stop, as part of another.
fn plain(error: impl ToString) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

/// Pixels along a face of HEALPix.
pub(super) fn side(layout: &Layout) -> usize {
    layout.rings().len().div_ceil(4)
}

/// What describes a grid in MultIO's metadata.
const DESCRIPTION: [&str; 13] = [
    "gridType",
    "globalSize",
    "N",
    "Nside",
    "orderingConvention",
    "Ni",
    "Nj",
    "west_east_increment",
    "south_north_increment",
    "north",
    "west",
    "south",
    "east",
];

impl Target {
    /// Sets what describes the grid in metadata, in place of what described another.
    pub(super) fn describe(&self, metadata: &mut Metadata) {
        DESCRIPTION.iter().for_each(|key| metadata.remove(key));
        let rings = self.layout.rings();
        let (first, last) = (&rings[0], &rings[rings.len() - 1]);
        metadata.set("globalSize", self.layout.points() as i64);
        metadata.set(
            "gridType",
            match self.layout.family() {
                Family::LatLon => "regular_ll",
                Family::FullGaussian => "regular_gg",
                Family::ReducedGaussian | Family::Octahedral => "reduced_gg",
                Family::HealPix => "HEALPix",
            },
        );
        match self.layout.family() {
            Family::HealPix => {
                metadata.set("Nside", side(&self.layout) as i64);
                metadata.set("orderingConvention", if self.nested { "nested" } else { "ring" });
            }
            Family::LatLon => {
                metadata.set("Ni", first.points as i64);
                metadata.set("Nj", rings.len() as i64);
                metadata.set("west_east_increment", first.spacing);
                let steps = (rings.len() - 1).max(1) as f64;
                metadata.set("south_north_increment", (first.latitude - last.latitude) / steps);
                metadata.set("north", first.latitude);
                metadata.set("west", first.west);
                metadata.set("south", last.latitude);
                metadata.set("east", first.longitude(first.points - usize::from(!first.is_closed())));
            }
            _ => metadata.set("N", rings.len() as i64 / 2),
        }
    }
}
