//! Layouts that points lie on: rectangles, rings one after the other, HEALPix.

use terrella_kernels::grid::{Grid, HealpixOrder};

use crate::layout::{Layout, gaussian_latitudes};

/// Latitudes and longitudes of files are rounded to less than this (degrees).
const ROUNDED: f64 = 5e-3;

/// Rows north to south, each eastward from 0°E where it closes, and their stored positions.
pub(super) fn rectangle(
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

/// Points that are given one by one: the layout, and the stored position of each of its points.
pub(super) fn scattered(
    latitudes: &[f64],
    longitudes: &[f64],
) -> std::result::Result<(Layout, Vec<usize>), String> {
    if let Some(side) = side(latitudes.len()) {
        for nested in [false, true] {
            let Ok((layout, order)) = healpix(side, nested) else { continue };
            if lie_on(&layout, &order, latitudes, longitudes) {
                return Ok((layout, order));
            }
        }
    }
    // Rings follow each other, each on one latitude.
    let mut rings: Vec<(usize, usize)> = Vec::new();
    for (point, latitude) in latitudes.iter().enumerate() {
        match rings.last_mut() {
            Some((first, count)) if (latitudes[*first] - latitude).abs() < 1e-6 => *count += 1,
            _ => rings.push((point, 1)),
        }
    }
    let unknown = || "its points are those of no Gaussian grid and of no HEALPix".to_owned();
    if rings.len() < 2 || !rings.len().is_multiple_of(2) || latitudes.iter().any(|value| !value.is_finite()) {
        return Err(unknown());
    }
    if latitudes[0] < latitudes[latitudes.len() - 1] {
        rings.reverse();
    }
    let counts: Vec<usize> = rings.iter().map(|(_, count)| *count).collect();
    let layout = Layout::gaussian(&gaussian_latitudes(rings.len() / 2), &counts);
    let order: Vec<usize> = rings.iter().flat_map(|(first, count)| *first..first + count).collect();
    match lie_on(&layout, &order, latitudes, longitudes) {
        true => Ok((layout, order)),
        false => Err(unknown()),
    }
}

/// Rings of a reduced Gaussian grid by their numbers of points, from the north or, where `northward`, from the south.
pub(super) fn reduced(counts: &[f64], northward: bool) -> std::result::Result<(Layout, Vec<usize>), String> {
    let count =
        |count: &f64| (*count >= 1.0 && *count < 1e9 && count.fract() == 0.0).then_some(*count as usize);
    let counts: Option<Vec<usize>> = counts.iter().map(count).collect();
    let counts = counts.filter(|counts| !counts.is_empty() && counts.len().is_multiple_of(2));
    let counts = counts.ok_or("an even number of rings with at least one point each is needed")?;
    let mut rings: Vec<(usize, usize)> = Vec::with_capacity(counts.len());
    let mut first = 0;
    for count in counts {
        rings.push((first, count));
        first += count;
    }
    if northward {
        rings.reverse();
    }
    let counts: Vec<usize> = rings.iter().map(|(_, count)| *count).collect();
    let layout = Layout::gaussian(&gaussian_latitudes(rings.len() / 2), &counts);
    Ok((layout, rings.iter().flat_map(|(first, count)| *first..first + count).collect()))
}

/// HEALPix with `side` pixels along a face, stored in the order of rings or nested.
pub(super) fn healpix(side: usize, nested: bool) -> std::result::Result<(Layout, Vec<usize>), String> {
    let plain = |error: terrella_kernels::Error| error.to_string().trim_end_matches('.').to_owned();
    let layout = Layout::from(&Grid::healpix(side).map_err(plain)?);
    let order = match nested {
        false => (0..layout.points()).collect(),
        true => {
            let order = HealpixOrder::new(side).map_err(plain)?;
            (0..layout.points()).map(|pixel| order.nested_from_ring(pixel)).collect()
        }
    };
    Ok((layout, order))
}

/// Pixels along a face of HEALPix with this many pixels.
pub(super) fn side(pixels: usize) -> Option<usize> {
    let side = (pixels as f64 / 12.0).sqrt().round() as usize;
    (side > 0 && side.checked_mul(side)?.checked_mul(12)? == pixels).then_some(side)
}

/// Whether the stored points are those of a layout.
fn lie_on(layout: &Layout, order: &[usize], latitudes: &[f64], longitudes: &[f64]) -> bool {
    layout.coordinates().zip(order).all(|((longitude, latitude), &point)| {
        let apart = (longitudes[point] - longitude).rem_euclid(360.0);
        (latitudes[point] - latitude).abs() < ROUNDED && apart.min(360.0 - apart) < ROUNDED
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Latitudes and longitudes of a layout's points in another order.
    fn shuffled(layout: &Layout, order: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let (mut latitudes, mut longitudes) = (vec![0.0; order.len()], vec![0.0; order.len()]);
        for ((longitude, latitude), &place) in layout.coordinates().zip(order) {
            (latitudes[place], longitudes[place]) = (latitude, (longitude + 180.0).rem_euclid(360.0) - 180.0);
        }
        (latitudes, longitudes)
    }

    #[test]
    fn points_one_by_one_are_recognised() {
        for name in ["O8", "N32", "H4", "H3", "F4"] {
            let layout = Layout::from(&name.parse::<Grid>().unwrap());
            let order: Vec<usize> = (0..layout.points()).collect();
            let (latitudes, longitudes) = shuffled(&layout, &order);
            assert_eq!(scattered(&latitudes, &longitudes).unwrap(), (layout, order), "{name}");
        }
        let (layout, order) = healpix(8, true).unwrap();
        let (latitudes, longitudes) = shuffled(&layout, &order);
        assert_eq!(scattered(&latitudes, &longitudes).unwrap(), (layout, order));
        // Rings from the south.
        let north = Layout::from(&"O4".parse::<Grid>().unwrap());
        let counts: Vec<f64> = north.rings().iter().map(|ring| ring.points as f64).collect();
        let (layout, order) = reduced(&counts, true).unwrap();
        assert_eq!((&layout, order[0]), (&north, north.points() - 20));
        let (latitudes, longitudes) = shuffled(&layout, &order);
        assert_eq!(scattered(&latitudes, &longitudes).unwrap(), (layout, order));
        // One point elsewhere.
        let (latitudes, mut longitudes) = shuffled(&north, &(0..north.points()).collect::<Vec<_>>());
        longitudes[5] += 0.02;
        assert!(scattered(&latitudes, &longitudes).unwrap_err().contains("no Gaussian grid"));
        assert!(scattered(&[f64::NAN; 4], &[0.0; 4]).is_err());
        assert!(reduced(&[20.0, 0.0], false).is_err() && reduced(&[f64::NAN; 2], false).is_err());
    }
}
