//! Values as CF means them: unpacked, NaN where there is none.
//!
//! A stored number is missing where it is `_FillValue` or `missing_value`, where it is NetCDF's own filling of floats and
//! the file names no other, and outside `valid_min`, `valid_max` or `valid_range`. These are numbers as stored, but those of
//! a floating type for packed whole numbers are taken as unpacked, as NOAA writes them. `_Unsigned` turns negative whole
//! numbers of classic files into large ones. Then `scale_factor` and `add_offset`.
//!
//! Source: NetCDF User's Guide, appendix "Attribute Conventions".

use std::path::Path;

use super::container::Container;
use super::variables::NetcdfVariable;
use crate::encode::NETCDF_FILL;
use crate::error::{Error, Result};

/// A box of a variable, which must hold numbers.
pub(super) fn read(
    container: &mut dyn Container,
    path: &Path,
    variable: &NetcdfVariable,
    start: &[usize],
    counts: &[usize],
) -> Result<Vec<f64>> {
    for ((name, length), (start, count)) in variable.dimensions.iter().zip(start.iter().zip(counts)) {
        if start.checked_add(*count).is_none_or(|end| end > *length) {
            return Err(Error::InvalidValue {
                name: format!("'{name}' of '{}' in '{}'", variable.name, path.display()),
                got: format!("{count} elements from {start} on"),
                expected: format!("some of its {length}"),
            });
        }
    }
    let mut values = container.read(variable, start, counts)?;
    unpack(container, variable, &mut values, true);
    Ok(values)
}

/// All of a variable, also what is outside the range that the file calls valid.
pub(super) fn read_beyond_range(
    container: &mut dyn Container,
    variable: &NetcdfVariable,
) -> Result<Vec<f64>> {
    let counts: Vec<usize> = variable.dimensions.iter().map(|(_, length)| *length).collect();
    let mut values = container.read(variable, &vec![0; counts.len()], &counts)?;
    unpack(container, variable, &mut values, false);
    Ok(values)
}

/// All of a variable.
pub(super) fn read_all(
    container: &mut dyn Container,
    path: &Path,
    variable: &NetcdfVariable,
) -> Result<Vec<f64>> {
    let counts: Vec<usize> = variable.dimensions.iter().map(|(_, length)| *length).collect();
    read(container, path, variable, &vec![0; counts.len()], &counts)
}

fn unpack(container: &dyn Container, variable: &NetcdfVariable, values: &mut [f64], has_range: bool) {
    let numbers = |key: &str| container.numbers(&variable.name, key);
    let number = |key: &str| numbers(key).and_then(|(values, _)| values.first().copied());
    let is_float = variable.kind == "float";
    // Attributes of double precision speak of floats too.
    let stored = |value: f64| if is_float { f64::from(value as f32) } else { value };
    let fills: Vec<f64> = ["_FillValue", "missing_value"]
        .into_iter()
        .filter_map(numbers)
        .flat_map(|(values, _)| values)
        .map(stored)
        .collect();
    let unnamed = fills.is_empty() && ["float", "double"].contains(&variable.kind);
    let is_missing = |value: f64| fills.contains(&value) || unnamed && value == f64::from(NETCDF_FILL);
    values.iter_mut().filter(|value| is_missing(**value)).for_each(|value| *value = f64::NAN);

    let (scale, offset) = (number("scale_factor").unwrap_or(1.0), number("add_offset").unwrap_or(0.0));
    let is_packed = (scale, offset) != (1.0, 0.0);
    let whole = !["float", "double"].contains(&variable.kind);
    let (mut least, mut largest) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut is_unpacked = false;
    for (key, place) in [("valid_min", 0), ("valid_max", 1), ("valid_range", 2)] {
        let Some((range, is_real)) = numbers(key).filter(|_| has_range) else { continue };
        match (place, &range[..]) {
            (0, [bound, ..]) => least = stored(*bound),
            (1, [bound, ..]) => largest = stored(*bound),
            (2, [low, high, ..]) => (least, largest) = (stored(*low), stored(*high)),
            _ => continue,
        }
        is_unpacked |= is_real && whole && is_packed;
    }
    let confine = |values: &mut [f64]| {
        let outside = |value: &&mut f64| **value < least || **value > largest;
        values.iter_mut().filter(outside).for_each(|value| *value = f64::NAN);
    };
    if !is_unpacked {
        confine(values);
    }
    if variable.attribute("_Unsigned").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        let span = match variable.kind {
            "byte" => 256.0,
            "short" => 65_536.0,
            "int" => 4_294_967_296.0,
            _ => 0.0,
        };
        values.iter_mut().filter(|value| **value < 0.0).for_each(|value| *value += span);
    }
    if is_packed {
        values.iter_mut().for_each(|value| *value = scale * *value + offset);
    }
    if is_unpacked {
        confine(values);
    }
}
