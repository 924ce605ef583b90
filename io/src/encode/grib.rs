//! GRIB2 messages through ecCodes: the sections that a stream of fields shares are prepared once.
//!
//! Grid definition templates 3.0 (lat-lon) and 3.40 (Gaussian, with the points per ring where it is reduced), product
//! definition templates 4.0 (a field at a time on a level), 4.8 (a sum since the reference time) and those of
//! [`EnsembleProduct`], simple packing (5.0).
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2.

use terrella_kernels::Real;

use super::ensemble::EnsembleProduct;
use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::parameter::{Level, Parameter};
use crate::read::Missing;
use crate::time::Time;

/// What all messages of a stream share.
#[derive(Clone, Debug, PartialEq)]
pub struct GribSettings {
    /// Originating centre: ecCodes' abbreviation (`ecmf`, `kwbc`) or number. None: 65535, "missing".
    pub centre: Option<String>,
    /// Bits per value of simple packing, 1 to 32. The error is at most range / 2^(bits+1), or up to twice that, as
    /// the step is a power of two.
    pub bits_per_value: u32,
    /// NaN is refused, or becomes a missing value in a bit map.
    pub missing: Missing,
}

impl Default for GribSettings {
    fn default() -> Self {
        Self { centre: None, bits_per_value: 16, missing: Missing::Refuse }
    }
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

/// Encodes fields of one layout as GRIB2 messages.
pub struct GribEncoder {
    template: Message,
    points: usize,
    missing: Missing,
}

const MISSING: f64 = 9.999e37;

impl GribEncoder {
    /// Prepares the sections that do not change. Errors: ecCodes is absent, or refuses a setting.
    pub fn new(layout: &Layout, settings: &GribSettings) -> Result<Self> {
        if !(1..=32).contains(&settings.bits_per_value) {
            return Err(Error::InvalidValue {
                name: "bits_per_value".into(),
                got: settings.bits_per_value.to_string(),
                expected: "1 to 32".into(),
            });
        }
        let mut template = match layout.family() {
            Family::LatLon => lat_lon(layout)?,
            Family::FullGaussian => full_gaussian(layout)?,
            Family::ReducedGaussian | Family::Octahedral => reduced_gaussian(layout)?,
            Family::HealPix => {
                return Err(Error::UnsupportedGrid {
                    field: "GRIB2".into(),
                    grid: "HEALPix".into(),
                    reason: "its grid definition template is not among ecCodes' samples".into(),
                });
            }
        };
        // A sphere of 6 371 229 m; rows from the north, eastward.
        template.set_long("shapeOfTheEarth", 6)?;
        template.set_long("iScansNegatively", 0)?;
        template.set_long("jScansPositively", 0)?;
        template.set_long("jPointsAreConsecutive", 0)?;
        match &settings.centre {
            Some(centre) => template.set_string("centre", centre)?,
            None => template.set_long("centre", 65_535)?,
        }
        template.set_long("subCentre", 65_535)?;
        template.set_long("productionStatusOfProcessedData", 2)?;
        template.set_long("productDefinitionTemplateNumber", 0)?;
        template.set_long("generatingProcessIdentifier", 255)?;
        template.set_string("packingType", "grid_simple")?;
        template.set_long("bitmapPresent", 0)?;
        template.set_long("bitsPerValue", i64::from(settings.bits_per_value))?;
        Ok(Self { template, points: layout.points(), missing: settings.missing })
    }

    /// One message. `values`: one per point in the layout's order, in the parameter's unit.
    pub fn encode<R: Real>(&self, identity: &Identity, values: &[R]) -> Result<Vec<u8>> {
        self.message(identity, None, values)
    }

    /// One message of an ensemble: a member, mean or spread in the parameter's unit, or a probability in %.
    pub fn encode_ensemble<R: Real>(
        &self,
        identity: &Identity,
        product: EnsembleProduct,
        values: &[R],
    ) -> Result<Vec<u8>> {
        self.message(identity, Some(product), values)
    }

    fn message<R: Real>(
        &self,
        identity: &Identity,
        product: Option<EnsembleProduct>,
        values: &[R],
    ) -> Result<Vec<u8>> {
        let name = identity.parameter.short_name;
        if values.len() != self.points {
            return Err(Error::LengthMismatch {
                name: name.into(),
                expected: self.points,
                got: values.len(),
            });
        }
        let mut packed: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
        let without = packed.iter().filter(|value| !value.is_finite()).count();
        let infinite = packed.iter().any(|value| value.is_infinite());
        if without > 0 && (infinite || self.missing == Missing::Refuse) {
            return Err(Error::MissingValues { field: name.into(), missing: without, total: values.len() });
        }
        let mut message = self.template.duplicate()?;
        let sum = identity.parameter.accumulated;
        let template = product.map_or(if sum { 8 } else { 0 }, |product| product.template(sum));
        message.set_long("productDefinitionTemplateNumber", template)?;
        set_product(&mut message, identity)?;
        if let Some(product) = product {
            product.set(&mut message)?;
        }
        if without > 0 {
            // Not part of a message's bytes, so a copy starts with ecCodes' own value.
            message.set_double("missingValue", MISSING)?;
            message.set_long("bitmapPresent", 1)?;
            for value in packed.iter_mut().filter(|value| value.is_nan()) {
                *value = MISSING;
            }
        }
        message.set_doubles("values", &packed)?;
        message.bytes()
    }
}

fn set_product(message: &mut Message, identity: &Identity) -> Result<()> {
    let [discipline, category, number] = identity.parameter.codes;
    message.set_long("discipline", i64::from(discipline))?;
    message.set_long("parameterCategory", i64::from(category))?;
    message.set_long("parameterNumber", i64::from(number))?;
    let (year, month, day, hour, minute, second) = identity.reference.civil();
    message.set_long("year", year)?;
    for (key, value) in
        [("month", month), ("day", day), ("hour", hour), ("minute", minute), ("second", second)]
    {
        message.set_long(key, i64::from(value))?;
    }
    let step = identity.valid.seconds() - identity.reference.seconds();
    if step < 0 {
        return Err(Error::InvalidValue {
            name: "valid".into(),
            got: identity.valid.to_string(),
            expected: format!("a time not before the reference time {}", identity.reference),
        });
    }
    // Code table 4.4: 1 hour, 0 minute, 13 second; the largest that divides the step.
    let (unit, length) =
        [(1, 3600), (0, 60), (13, 1)].into_iter().find(|(_, length)| step % length == 0).unwrap_or((13, 1));
    message.set_long("indicatorOfUnitOfTimeRange", unit)?;
    if identity.parameter.accumulated {
        set_sum(message, identity.valid, unit, step / length)?;
    } else {
        message.set_long("forecastTime", step / length)?;
    }
    // Code tables 1.2, 1.4 and 4.3: the start of a forecast; a forecast product; a forecast.
    message.set_long("significanceOfReferenceTime", 1)?;
    message.set_long("typeOfProcessedData", 1)?;
    message.set_long("typeOfGeneratingProcess", 2)?;
    set_level(message, identity.level)
}

/// A sum from the reference time to `valid`, `range` units of time (code table 4.4) later.
fn set_sum(message: &mut Message, valid: Time, unit: i64, range: i64) -> Result<()> {
    message.set_long("forecastTime", 0)?;
    let (year, month, day, hour, minute, second) = valid.civil();
    message.set_long("yearOfEndOfOverallTimeInterval", year)?;
    let rest = [("month", month), ("day", day), ("hour", hour), ("minute", minute), ("second", second)];
    for (key, value) in rest {
        message.set_long(&format!("{key}OfEndOfOverallTimeInterval"), i64::from(value))?;
    }
    message.set_long("numberOfTimeRange", 1)?;
    // Code tables 4.10 and 4.11: accumulation; successive times of one forecast.
    message.set_long("typeOfStatisticalProcessing", 1)?;
    message.set_long("typeOfTimeIncrement", 2)?;
    message.set_long("indicatorOfUnitForTimeRange", unit)?;
    message.set_long("lengthOfTimeRange", range)
}

fn set_level(message: &mut Message, level: Level) -> Result<()> {
    // Code table 4.5: 1 ground, 8 nominal top, 100 isobaric [Pa], 101 mean sea level, 103 height above ground [m].
    if level == Level::Column {
        message.set_long("typeOfSecondFixedSurface", 8)?;
    }
    let (surface, value) = match level {
        Level::Surface | Level::Column => (1, None),
        Level::MeanSea => (101, None),
        Level::Pressure(hectopascal) => (100, Some(hectopascal * 100.0)),
        Level::HeightAboveGround(metre) => (103, Some(metre)),
    };
    message.set_long("typeOfFirstFixedSurface", surface)?;
    let Some(value) = value else {
        // Else the value of the sample's pressure level would stay.
        message.set_long("scaleFactorOfFirstFixedSurface", 0)?;
        return message.set_long("scaledValueOfFirstFixedSurface", 0);
    };
    // The value is a decimal: the fewest places that keep it, to 10⁻⁶.
    let places = (0..6)
        .find(|&places| {
            let scaled = value * 10_f64.powi(places);
            (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs()
        })
        .unwrap_or(6);
    message.set_long("scaleFactorOfFirstFixedSurface", i64::from(places))?;
    let scaled = (value * 10_f64.powi(places)).round() as i64;
    message.set_long("scaledValueOfFirstFixedSurface", scaled)?;
    Ok(())
}

fn lat_lon(layout: &Layout) -> Result<Message> {
    let mut message = Message::from_sample("regular_ll_pl_grib2")?;
    let rings = layout.rings();
    message.set_long("Nj", rings.len() as i64)?;
    let steps = (rings.len() - 1).max(1) as f64;
    let spacing = (rings[0].latitude - rings[rings.len() - 1].latitude) / steps;
    let uneven = rings.windows(2).any(|pair| (pair[0].latitude - pair[1].latitude - spacing).abs() > 1e-5);
    if uneven {
        return Err(Error::UnsupportedGrid {
            field: "GRIB2".into(),
            grid: "lat-lon".into(),
            reason: "its latitudes are not equally spaced".into(),
        });
    }
    message.set_double("jDirectionIncrementInDegrees", spacing)?;
    set_edges(&mut message, layout)?;
    Ok(message)
}

fn full_gaussian(layout: &Layout) -> Result<Message> {
    let mut message = Message::from_sample("regular_gg_pl_grib2")?;
    message.set_long("Nj", layout.rings().len() as i64)?;
    message.set_long("N", layout.rings().len() as i64 / 2)?;
    set_edges(&mut message, layout)?;
    Ok(message)
}

fn reduced_gaussian(layout: &Layout) -> Result<Message> {
    let mut message = Message::from_sample("reduced_gg_pl_grib2")?;
    let points: Vec<i64> = layout.rings().iter().map(|ring| ring.points as i64).collect();
    message.set_long("Nj", points.len() as i64)?;
    message.set_long("N", points.len() as i64 / 2)?;
    message.set_longs("pl", &points)?;
    message.set_long("numberOfDataPoints", layout.points() as i64)?;
    message.set_long("numberOfValues", layout.points() as i64)?;
    set_edges(&mut message, layout)?;
    Ok(message)
}

/// First and last latitude and longitude, and on a rectangle the numbers eastward.
fn set_edges(message: &mut Message, layout: &Layout) -> Result<()> {
    let rings = layout.rings();
    let (first, last) = (&rings[0], &rings[rings.len() - 1]);
    if layout.is_rectangular() {
        message.set_long("Ni", first.points as i64)?;
        message.set_double("iDirectionIncrementInDegrees", first.spacing)?;
    }
    let east = rings.iter().map(|ring| ring.longitude(ring.points - 1)).fold(f64::MIN, f64::max);
    message.set_double("latitudeOfFirstGridPointInDegrees", first.latitude)?;
    message.set_double("latitudeOfLastGridPointInDegrees", last.latitude)?;
    message.set_double("longitudeOfFirstGridPointInDegrees", first.west.rem_euclid(360.0))?;
    message.set_double("longitudeOfLastGridPointInDegrees", east.rem_euclid(360.0))
}
