//! Values of a message in Terrella's order: rings north to south, each eastward from 0°E.

use super::header::Header;
use super::points::{self, Points};
use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// What to do with points that have no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An error with their number.
    Refuse,
    /// They become NaN.
    Nan,
}

/// A field on points.
#[derive(Clone, Debug)]
pub struct Field {
    /// Parameter, level and time.
    pub header: Header,
    /// Where the points are.
    pub layout: Layout,
    /// One value per point, in the layout's order and the header's unit.
    pub values: Vec<f64>,
}

/// A field as spherical harmonics in GRIB's order, which is Terrella's: m-major, n = m..T, real then imaginary part,
/// Legendre functions normalised so that the (0,0) coefficient is the global mean. Imaginary parts of m = 0 are 0.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// Parameter, level and time.
    pub header: Header,
    /// Triangular truncation T.
    pub truncation: usize,
    /// (T+1)(T+2) values.
    pub coefficients: Vec<f64>,
}

/// Marks missing points between ecCodes and us; no field reaches it.
const MISSING: f64 = 9.999e37;

pub(super) fn field(mut handle: Message, header: Header, missing: Missing) -> Result<Field> {
    let points = points::read(&handle, &header)?;
    handle.set_double("missingValue", MISSING)?;
    let stored = handle.doubles("values")?;
    let Points { layout, order } = points;
    let mut values = order.arrange(&stored).ok_or_else(|| Error::LengthMismatch {
        name: header.title(),
        expected: order.stored_points(),
        got: stored.len(),
    })?;
    let mut without = 0;
    for value in &mut values {
        if *value == MISSING || !value.is_finite() {
            *value = f64::NAN;
            without += 1;
        }
    }
    if without > 0 && missing == Missing::Refuse {
        let first = values.iter().position(|value| value.is_nan()).unwrap_or(0);
        return Err(Error::MissingValues {
            field: header.title(),
            missing: without,
            first,
            total: values.len(),
        });
    }
    Ok(Field { header, layout, values })
}

/// As they are stored; NaN where there is none.
pub(super) fn stored(mut handle: Message) -> Result<Vec<f64>> {
    // Spectra have no such key, and no missing values.
    let _ = handle.set_double("missingValue", MISSING);
    let mut values = handle.doubles("values")?;
    values.iter_mut().filter(|value| **value == MISSING).for_each(|value| *value = f64::NAN);
    Ok(values)
}

pub(super) fn spectrum(handle: &Message, header: Header) -> Result<Spectrum> {
    let unsupported = |reason: String| Error::UnsupportedGrid {
        field: header.title(),
        grid: header.grid_type.clone(),
        reason,
    };
    if header.grid_type != "sh" {
        return Err(unsupported("spherical harmonics (sh) are needed".into()));
    }
    let [j, k, m] = [handle.long("J")?, handle.long("K")?, handle.long("M")?];
    if j != k || k != m || j < 0 {
        return Err(unsupported(format!("truncation J={j}, K={k}, M={m} is not triangular")));
    }
    let mut coefficients = handle.doubles("values")?;
    if handle.string("packingType")? == "spectral_simple" {
        // ecCodes 2.28 leaves out the last value; it has all but the first under this name.
        coefficients.truncate(1);
        coefficients.extend(handle.doubles("codedValues")?);
    }
    let truncation = j as usize;
    let expected = (truncation + 1) * (truncation + 2);
    if coefficients.len() != expected {
        return Err(Error::LengthMismatch { name: header.title(), expected, got: coefficients.len() });
    }
    if let Some(first) = coefficients.iter().position(|value| !value.is_finite()) {
        let missing = coefficients.iter().filter(|value| !value.is_finite()).count();
        return Err(Error::MissingValues { field: header.title(), missing, first, total: expected });
    }
    // Of m = 0: a real field has none, simple packing leaves its rounding there.
    coefficients[..2 * (truncation + 1)].iter_mut().skip(1).step_by(2).for_each(|value| *value = 0.0);
    Ok(Spectrum { header, truncation, coefficients })
}
