//! GRIB2 messages through ecCodes: the sections that a stream of fields shares are prepared once.
//!
//! Grid definition templates 3.0 (lat-lon) and 3.40 (Gaussian, with the points per ring where it is reduced), product
//! definition templates 4.0 (a field at a time on a level), 4.8 (a sum since the reference time) and those of
//! [`EnsembleProduct`], simple packing (5.0) and CCSDS (5.42).
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2.

use terrella_kernels::{Precision, Real};

use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::parameter::Level;
use crate::read::Missing;
use crate::time::Time;

use super::ensemble::EnsembleProduct;
use super::grib2::range;
use super::message::{GribSettings, Identity, NOMINAL_TOP, Packing, check_missing, fixed_surface};

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
        settings.check()?;
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
            Some(centre) => match centre.parse() {
                Ok(number) => template.set_long("centre", number)?,
                Err(_) => template.set_string("centre", centre)?,
            },
            None => template.set_long("centre", 65_535)?,
        }
        template.set_long("subCentre", 65_535)?;
        template.set_long("productionStatusOfProcessedData", 2)?;
        template.set_long("productDefinitionTemplateNumber", 0)?;
        template.set_long("generatingProcessIdentifier", 255)?;
        let packing = match settings.packing {
            Packing::Simple => "grid_simple",
            Packing::Ccsds => "grid_ccsds",
        };
        template.set_string("packingType", packing)?;
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
        let finite = range(values).is_some();
        if !finite {
            check_missing(identity, values, self.missing)?;
        }
        let mut message = self.template.duplicate()?;
        let sum = identity.parameter.accumulated;
        let template = product.map_or(if sum { 8 } else { 0 }, |product| product.template(sum));
        message.set_long("productDefinitionTemplateNumber", template)?;
        set_product(&mut message, identity)?;
        if let Some(product) = product {
            product.set(&mut message)?;
        }
        if finite && R::PRECISION == Precision::F64 {
            message.set_doubles("values", bytemuck::cast_slice(values))?;
            return message.bytes();
        }
        if !finite {
            // Not part of a message's bytes, so a copy starts with ecCodes' own value.
            message.set_double("missingValue", MISSING)?;
            message.set_long("bitmapPresent", 1)?;
        }
        let replace = |value: &R| if value.to_f64().is_nan() { MISSING } else { value.to_f64() };
        message.set_doubles("values", &values.iter().map(replace).collect::<Vec<_>>())?;
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
    let (unit, count) = identity.step()?;
    if identity.parameter.accumulated {
        message.set_long("indicatorOfUnitOfTimeRange", 1)?;
        set_sum(message, identity.valid, i64::from(unit), count)?;
    } else {
        message.set_long("indicatorOfUnitOfTimeRange", i64::from(unit))?;
        message.set_long("forecastTime", count)?;
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
    let (surface, places, scaled) = fixed_surface(level);
    if level == Level::Column {
        // Code table 4.5: the nominal top of the atmosphere.
        message.set_long("typeOfSecondFixedSurface", i64::from(NOMINAL_TOP))?;
    }
    message.set_long("typeOfFirstFixedSurface", i64::from(surface))?;
    // Set where there is no value too: else that of the sample's pressure level would stay.
    message.set_long("scaleFactorOfFirstFixedSurface", i64::from(places))?;
    message.set_long("scaledValueOfFirstFixedSurface", scaled)
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
