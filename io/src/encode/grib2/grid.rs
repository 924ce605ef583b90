//! Section 3: where the points are. Grid definition templates 3.0, 3.40 and 3.150.

use crate::error::{Error, Result};
use crate::layout::{Family, Layout};

use super::octets::{MISSING, Section, fit};

/// Latitudes and longitudes are stored in 10⁻⁶ degrees.
const PER_DEGREE: f64 = 1e6;

/// The increments are given (flag table 3.3).
const INCREMENTS_GIVEN: u8 = 0x30;

/// The section for a layout, rows from the north, eastward. Errors: a layout that no template describes.
pub(super) fn section(layout: &Layout) -> Result<Vec<u8>> {
    match layout.family() {
        Family::LatLon => lat_lon(layout),
        Family::FullGaussian => full_gaussian(layout),
        Family::ReducedGaussian | Family::Octahedral => reduced_gaussian(layout),
        Family::HealPix => healpix(layout, false),
    }
}

fn unsupported(layout: &Layout, reason: &str) -> Error {
    let grid = layout.name().unwrap_or_else(|| format!("{:?}", layout.family()));
    Error::UnsupportedGrid { field: "GRIB2".into(), grid, reason: reason.into() }
}

/// Up to the shape of the Earth: a sphere of 6 371 229 m.
fn begin(layout: &Layout, template: u16, octets_per_ring: u8) -> Result<Section> {
    let mut section = Section::new(3)
        .byte(0)
        .long(fit("points", layout.points() as i64)?)
        .byte(octets_per_ring)
        // Code table 3.11: the list at the end is the points of each ring.
        .byte(u8::from(octets_per_ring > 0))
        .short(template)
        .byte(6);
    for _ in 0..3 {
        section = section.byte(u8::MAX).long(MISSING);
    }
    Ok(section)
}

fn degrees(value: f64) -> i32 {
    (value * PER_DEGREE).round() as i32
}

/// First and last point, with the flags between them.
fn edges(section: Section, layout: &Layout, flags: u8) -> Section {
    let rings = layout.rings();
    let (first, last) = (&rings[0], &rings[rings.len() - 1]);
    let east = rings.iter().map(|ring| ring.longitude(ring.points - 1)).fold(f64::MIN, f64::max);
    section
        .signed(degrees(first.latitude))
        .signed(degrees(first.west.rem_euclid(360.0)))
        .byte(flags)
        .signed(degrees(last.latitude))
        .signed(degrees(east.rem_euclid(360.0)))
}

fn lat_lon(layout: &Layout) -> Result<Vec<u8>> {
    let rings = layout.rings();
    let steps = (rings.len() - 1).max(1) as f64;
    let spacing = (rings[0].latitude - rings[rings.len() - 1].latitude) / steps;
    if rings.windows(2).any(|pair| (pair[0].latitude - pair[1].latitude - spacing).abs() > 1e-5) {
        return Err(unsupported(layout, "its latitudes are not equally spaced"));
    }
    let section = begin(layout, 0, 0)?
        .long(fit("points on a ring", rings[0].points as i64)?)
        .long(fit("rings", rings.len() as i64)?)
        .long(0)
        .long(MISSING);
    Ok(edges(section, layout, INCREMENTS_GIVEN)
        .signed(degrees(rings[0].spacing))
        .signed(degrees(spacing))
        .byte(0)
        .finish())
}

fn full_gaussian(layout: &Layout) -> Result<Vec<u8>> {
    let rings = layout.rings();
    let section = begin(layout, 40, 0)?
        .long(fit("points on a ring", rings[0].points as i64)?)
        .long(fit("rings", rings.len() as i64)?)
        .long(0)
        .long(MISSING);
    Ok(edges(section, layout, INCREMENTS_GIVEN)
        .signed(degrees(rings[0].spacing))
        .long(rings.len() as u32 / 2)
        .byte(0)
        .finish())
}

fn reduced_gaussian(layout: &Layout) -> Result<Vec<u8>> {
    let rings = layout.rings();
    let section =
        begin(layout, 40, 2)?.long(MISSING).long(fit("rings", rings.len() as i64)?).long(0).long(MISSING);
    let mut section = edges(section, layout, 0).long(MISSING).long(rings.len() as u32 / 2).byte(0);
    for ring in rings {
        section = section.short(fit("points on a ring", ring.points as i64)?);
    }
    Ok(section.finish())
}

/// HEALPix, in ring or nested order.
pub(super) fn healpix(layout: &Layout, nested: bool) -> Result<Vec<u8>> {
    let side = (layout.rings().len() + 1) / 4;
    Ok(begin(layout, 150, 0)?
        .byte(INCREMENTS_GIVEN)
        .long(fit("side", side as i64)?)
        // Longitude of the centre line of the first rhomboid.
        .signed(degrees(45.0))
        // Code table 3.8: values at the centres of the cells. 3.12: the order. 3.13: eastward, from the north.
        .byte(4)
        .byte(u8::from(nested))
        .byte(0)
        .finish())
}
