//! The points of a message's grid.

use super::header::Header;
use super::order::Order;
use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// GRIB1 gives longitudes and latitudes in thousandths of a degree, so a spacing such as 1/3° comes back as 0.333°.
const ROUNDED: f64 = 2e-3;

pub(super) struct Points {
    pub(super) layout: Layout,
    pub(super) order: Order,
}

pub(super) fn read(handle: &Message, header: &Header) -> Result<Points> {
    let unsupported = |reason: String| Error::UnsupportedGrid {
        field: header.title(),
        grid: header.grid_type.clone(),
        reason,
    };
    match header.grid_type.as_str() {
        "regular_ll" => regular(handle, &unsupported, false),
        "regular_gg" => regular(handle, &unsupported, true),
        "reduced_gg" => reduced(handle, &unsupported),
        "sh" => Err(unsupported("it holds spherical harmonics: decode it as a spectrum".into())),
        _ => Err(unsupported("regular_ll, regular_gg, reduced_gg or sh is needed".into())),
    }
}

fn regular(handle: &Message, unsupported: &dyn Fn(String) -> Error, gaussian: bool) -> Result<Points> {
    let columns = positive(handle, "Ni")?;
    let rows = positive(handle, "Nj")?;
    let flag = |key: &str| handle.long(key).map(|value| value != 0);
    let westward = flag("iScansNegatively")?;
    let first = handle.double("longitudeOfFirstGridPointInDegrees")?;
    let last = handle.double("longitudeOfLastGridPointInDegrees")?;
    let (west, east) = if westward { (last, first) } else { (first, last) };
    let meridians = meridians(west, east, columns).map_err(unsupported)?;
    let parallels = if gaussian {
        gaussian_latitudes(handle, rows, unsupported)?
    } else {
        latitudes(handle, rows).map_err(unsupported)?
    };
    let layout = if gaussian && meridians.closed {
        Layout::gaussian(&parallels.latitudes, &vec![columns - meridians.repeated; rows])
    } else {
        let (west, kept) = (meridians.west, columns - meridians.repeated);
        Layout::lat_lon(&parallels.latitudes, west, meridians.spacing, kept)
    };
    let order = Order {
        rows: vec![columns; rows],
        northward: parallels.northward,
        westward,
        alternating: flag("alternativeRowScanning").unwrap_or(false),
        meridional: flag("jPointsAreConsecutive")?,
        rotation: meridians.rotation,
        repeated: meridians.repeated,
    };
    Ok(Points { layout, order })
}

fn reduced(handle: &Message, unsupported: &dyn Fn(String) -> Error) -> Result<Points> {
    let mut rows = Vec::new();
    for points in handle.longs("pl")? {
        match usize::try_from(points) {
            Ok(points) if points > 0 => rows.push(points),
            _ => return Err(unsupported(format!("a ring of {points} points: the globe is not covered"))),
        }
    }
    let stored = handle.long("numberOfDataPoints")?;
    let points: usize = rows.iter().sum();
    if stored != points as i64 {
        return Err(unsupported(format!(
            "{stored} of the {points} points that its rings have: the globe is not covered"
        )));
    }
    let west = handle.double("longitudeOfFirstGridPointInDegrees")?;
    if west.rem_euclid(360.0) != 0.0 {
        return Err(unsupported(format!("its rings start at {west}°E: 0°E is needed")));
    }
    let flag = |key: &str| handle.long(key).map(|value| value != 0);
    if flag("iScansNegatively")? || flag("jPointsAreConsecutive")? {
        return Err(unsupported("its rings do not run eastward".into()));
    }
    let parallels = gaussian_latitudes(handle, rows.len(), unsupported)?;
    let mut points = rows.clone();
    if parallels.northward {
        points.reverse();
    }
    let layout = Layout::gaussian(&parallels.latitudes, &points);
    let order = Order {
        rows,
        northward: parallels.northward,
        westward: false,
        alternating: false,
        meridional: false,
        rotation: 0,
        repeated: 0,
    };
    Ok(Points { layout, order })
}

struct Parallels {
    /// North to south (degrees).
    latitudes: Vec<f64>,
    /// They are stored south to north.
    northward: bool,
}

/// Equally spaced latitudes from the first to the last.
///
/// Their direction comes from the two latitudes, not from the scanning flag, which some producers set wrong.
fn latitudes(handle: &Message, rows: usize) -> std::result::Result<Parallels, String> {
    let number = |key: &str| handle.double(key).map_err(|error| error.to_string());
    let first = number("latitudeOfFirstGridPointInDegrees")?;
    let last = number("latitudeOfLastGridPointInDegrees")?;
    let (north, south) = (first.max(last), first.min(last));
    if rows > 1 && north - south < 1e-6 || north > 90.0 + ROUNDED || south < -90.0 - ROUNDED {
        return Err(format!("latitudes from {first}° to {last}° in {rows} rows"));
    }
    // Thirds of a degree and the like are rounded in the message; from pole to pole they are exact.
    let latitudes =
        (0..rows).map(|row| north - (north - south) * row as f64 / (rows - 1).max(1) as f64).collect();
    Ok(Parallels { latitudes, northward: first < last })
}

fn gaussian_latitudes(
    handle: &Message,
    rows: usize,
    unsupported: &dyn Fn(String) -> Error,
) -> Result<Parallels> {
    let half = positive(handle, "N")?;
    if rows != 2 * half {
        return Err(unsupported(format!("{rows} of the {} rings of N = {half}: all are needed", 2 * half)));
    }
    let first = handle.double("latitudeOfFirstGridPointInDegrees")?;
    let last = handle.double("latitudeOfLastGridPointInDegrees")?;
    let latitudes = crate::layout::gaussian_latitudes(half);
    // Wrong N with a number of rows that fits it by chance would put every ring elsewhere.
    if (first.max(last) - latitudes[0]).abs() > ROUNDED {
        return Err(unsupported(format!(
            "its first latitude {}° is not that of N = {half}, {}°",
            first.max(last),
            latitudes[0]
        )));
    }
    Ok(Parallels { latitudes, northward: first < last })
}

struct Meridians {
    /// First of ours (degrees east): 0 for a closed ring.
    west: f64,
    spacing: f64,
    closed: bool,
    rotation: usize,
    repeated: usize,
}

/// Equally spaced meridians from `west` eastward to `east`.
fn meridians(west: f64, east: f64, columns: usize) -> std::result::Result<Meridians, String> {
    let mut span = (east - west).rem_euclid(360.0);
    // The end on the same meridian as the start is once round the globe, unless there is one point only.
    if columns > 1 && span < ROUNDED / 2.0 {
        span = 360.0;
    }
    let closed_spacing = 360.0 / columns as f64;
    let repeats = columns > 1 && (span - 360.0).abs() < ROUNDED / 2.0;
    let closed = repeats || (span - (360.0 - closed_spacing)).abs() < ROUNDED && columns > 1;
    if !closed {
        let start = (west + 180.0).rem_euclid(360.0) - 180.0;
        let spacing = if columns > 1 { span / (columns - 1) as f64 } else { 0.0 };
        return Ok(Meridians { west: start, spacing, closed, rotation: 0, repeated: 0 });
    }
    let kept = columns - usize::from(repeats);
    let spacing = 360.0 / kept as f64;
    // Points from `west` to 0°E.
    let steps = (-west).rem_euclid(360.0) / spacing;
    if (steps - steps.round()).abs() * spacing > ROUNDED {
        return Err(format!(
            "its rows start at {west}°E and no point lies at 0°E (spacing {spacing}°): a whole number of points is needed"
        ));
    }
    let rotation = steps.round() as usize % kept;
    Ok(Meridians { west: 0.0, spacing, closed, rotation, repeated: usize::from(repeats) })
}

fn positive(handle: &Message, key: &str) -> Result<usize> {
    let value = handle.long(key)?;
    usize::try_from(value).ok().filter(|&value| value > 0).ok_or_else(|| Error::InvalidValue {
        name: key.into(),
        got: value.to_string(),
        expected: "a positive number".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meridians_close_around_the_globe() {
        let found = meridians(-180.0, 179.0, 360).unwrap();
        assert!(found.closed && found.rotation == 180 && found.repeated == 0 && found.west == 0.0);
        let found = meridians(0.0, 360.0, 361).unwrap();
        assert!(found.closed && found.rotation == 0 && found.repeated == 1 && found.spacing == 1.0);
        let found = meridians(0.0, 359.667, 1080).unwrap();
        assert!(found.closed && (found.spacing - 1.0 / 3.0).abs() < 1e-12);
        let found = meridians(350.0, 20.0, 4).unwrap();
        assert!(!found.closed && found.west == -10.0 && found.spacing == 10.0);
        assert!(meridians(0.5, 359.5, 360).err().unwrap().contains("no point lies at 0°E"));
    }
}
