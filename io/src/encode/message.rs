//! What a GRIB2 message is told by its caller, whichever encoder writes it.
//!
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2, code tables 4.4 and 4.5.

use terrella_kernels::Real;

use crate::error::{Error, Result};
use crate::parameter::{Level, Parameter};
use crate::read::Missing;
use crate::time::Time;

/// What all messages of a stream share.
#[derive(Clone, Debug, PartialEq)]
pub struct GribSettings {
    /// Originating centre: ecCodes' abbreviation (`ecmf`, `kwbc`) or number. None: 65535, "missing".
    pub centre: Option<String>,
    /// Bits per value, 1 to 32. The error is at most range / 2^(bits+1), or up to twice that, as the step is a power of
    /// two.
    pub bits_per_value: u32,
    /// NaN is refused, or becomes a missing value in a bit map.
    pub missing: Missing,
    /// How the values are stored.
    pub packing: Packing,
}

/// How values are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Simple packing, data representation template 5.0.
    #[default]
    Simple,
    /// The codes of simple packing compressed without loss as CCSDS 121.0-B-2 says, template 5.42. Needs libaec.
    Ccsds,
}

impl Default for GribSettings {
    fn default() -> Self {
        Self { centre: None, bits_per_value: 16, missing: Missing::Refuse, packing: Packing::Simple }
    }
}

impl GribSettings {
    pub(super) fn check(&self) -> Result<()> {
        check_bits(self.bits_per_value)
    }
}

/// The error of a number of bits per value that no packing has.
pub(super) fn check_bits(bits_per_value: u32) -> Result<()> {
    if (1..=32).contains(&bits_per_value) {
        return Ok(());
    }
    Err(Error::InvalidValue {
        name: "bits_per_value".into(),
        got: bits_per_value.to_string(),
        expected: "1 to 32".into(),
    })
}

/// What one message is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Identity {
    /// The quantity.
    pub parameter: Parameter,
    /// The level.
    pub level: Level,
    /// Start of the forecast.
    pub reference: Time,
    /// Time at which the field is valid, not before `reference`.
    pub valid: Time,
}

/// A period of time whose values became one; it ends at the identity's `valid`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Period {
    /// What became of the values.
    pub statistic: Statistic,
    /// Start of the period, not before the identity's `reference`.
    pub since: Time,
}

/// What became of a period's values, by its number in code table 4.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    Average = 0,
    /// The sum.
    Accumulation = 1,
    /// The largest.
    Maximum = 2,
    /// The least.
    Minimum = 3,
    /// The last less the first.
    Difference = 4,
    /// The standard deviation.
    StandardDeviation = 6,
}

impl Identity {
    /// Forecast time: its unit as in code table 4.4 (hour, minute or second: the longest that divides it), and its count.
    pub(super) fn step(&self) -> Result<(u8, i64)> {
        passed("valid", self.valid, "reference", self.reference)
    }
}

/// Time from `earlier` to `time`: its unit as in code table 4.4, and its count. Both are named where they are in disorder.
pub(super) fn passed(name: &str, time: Time, earlier_name: &str, earlier: Time) -> Result<(u8, i64)> {
    let seconds = time.seconds() - earlier.seconds();
    if seconds < 0 {
        return Err(Error::InvalidValue {
            name: name.into(),
            got: time.to_string(),
            expected: format!("a time not before the {earlier_name} time {earlier}"),
        });
    }
    let (unit, length) = unit_of(seconds);
    Ok((unit, seconds / length))
}

/// Unit of time (code table 4.4: 1 hour, 0 minute, 13 second) and its seconds: the longest that divides `seconds`.
fn unit_of(seconds: i64) -> (u8, i64) {
    [(1, 3600), (0, 60), (13, 1)].into_iter().find(|(_, length)| seconds % length == 0).unwrap_or((13, 1))
}

/// Type of the second fixed surface of a column, code table 4.5: the nominal top of the atmosphere.
pub(super) const NOMINAL_TOP: u8 = 8;

/// Type of the fixed surface (code table 4.5), and scale factor and scaled value of its value: 0 where it has none.
pub(super) fn fixed_surface(level: Level) -> (u8, u8, i64) {
    // 1 ground, 100 isobaric [Pa], 101 mean sea level, 103 height above ground [m].
    let (surface, value) = match level {
        Level::Surface | Level::Column => return (1, 0, 0),
        Level::MeanSea => return (101, 0, 0),
        Level::Pressure(hectopascal) => (100, hectopascal * 100.0),
        Level::HeightAboveGround(metre) => (103, metre),
    };
    // The value is a decimal: the fewest places that keep it, to 10⁻⁶.
    let places = (0..6)
        .find(|&places| {
            let scaled = value * 10_f64.powi(places);
            (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs()
        })
        .unwrap_or(6);
    (surface, places as u8, (value * 10_f64.powi(places)).round() as i64)
}

/// The error of a field that has values it may not have: infinite ones, and NaN where `missing` refuses it.
pub(super) fn check_missing<R: Real>(identity: &Identity, values: &[R], missing: Missing) -> Result<()> {
    let refused = |value: &R| match missing {
        Missing::Refuse => !value.to_f64().is_finite(),
        Missing::Nan => value.to_f64().is_infinite(),
    };
    match values.iter().position(refused) {
        None => Ok(()),
        Some(first) => Err(Error::MissingValues {
            field: identity.parameter.short_name.into(),
            missing: values.iter().filter(|value| !value.to_f64().is_finite()).count(),
            first,
            total: values.len(),
        }),
    }
}
