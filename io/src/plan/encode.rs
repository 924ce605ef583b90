//! `encode`: fields as GRIB2 messages, or `raw` as little-endian 64-bit numbers.
//!
//! The quantity is `name` (ecCodes' short name), the level `levtype` `sfc`, or `pl` with `level` [hPa]; the start of the
//! forecast is `startDate`, `startTime`, the time `step` times `timeStep` [s] after it. Results of `statistics` are written
//! as products over the window so far, but `instant` as a field at its time. With `number` and
//! `numberOfForecastsInEnsemble` it is of that member of an ensemble. HEALPix is written in ring order, or with
//! `orderingConvention` `nested` in that one.

use terrella_kernels::grid::HealpixOrder;

use super::action::{Action, Kind, Message};
use super::grid;
use super::metadata::{Metadata, Value};
use super::section::Section;
use super::spare;
use crate::encode::{EnsembleProduct, Grib2Encoder, GribSettings, Identity, Packing, Period, Statistic};
use crate::error::{Error, Result};
use crate::layout::{Family, Layout};
use crate::parameter::{Level, Parameter};
use crate::read::Missing;
use crate::time::Time;

pub(super) const KEYS: [&str; 4] = ["format", "packing", "bits-per-value", "centre"];

pub(super) struct Encode {
    /// None: raw.
    settings: Option<GribSettings>,
    /// By layout, and whether that is HEALPix in nested order.
    encoders: Vec<(Layout, bool, Grib2Encoder)>,
}

impl Encode {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("format")?;
        if section.text("format")? == Some("netcdf") {
            let reason =
                "a NetCDF file holds many fields: a sink of type 'netcdf' takes them without 'encode'";
            return Err(section.error(format!("unknown format 'netcdf': {reason}")));
        }
        if section.choice("format", &["grib", "raw"])? == Some("raw") {
            if let Some(key) = section.keys().find(|key| KEYS[1..].contains(key)) {
                return Err(section.error(format!("'{key}' has no meaning with 'format: raw'")));
            }
            return Ok(Self { settings: None, encoders: Vec::new() });
        }
        let packing = match section.choice("packing", &["simple", "ccsds"])? {
            Some("ccsds") => Packing::Ccsds,
            _ => Packing::Simple,
        };
        let bits = section.positive("bits-per-value")?.unwrap_or(16);
        let settings = GribSettings {
            centre: section.text("centre")?.map(String::from),
            bits_per_value: u32::try_from(bits).unwrap_or(u32::MAX),
            missing: Missing::Nan,
            packing,
        };
        // Tells of wrong settings before the first field.
        Grib2Encoder::new(&Layout::global_lat_lon(4, 3), &settings)?;
        Ok(Self { settings: Some(settings), encoders: Vec::new() })
    }
}

impl Action for Encode {
    fn bits(&self) -> Option<u32> {
        self.settings.as_ref().map(|settings| settings.bits_per_value)
    }

    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        let Kind::Field { layout, values } = &message.kind else { return Ok(vec![message]) };
        let nested = nested(&message.metadata, layout, values)?;
        let (is_nested, values) = (nested.is_some(), nested.as_ref().unwrap_or(values));
        let bytes = match &self.settings {
            None => raw(&message.metadata, values)?,
            Some(settings) => {
                let identity = identity(&message.metadata)?;
                let known =
                    self.encoders.iter().position(|(of, order, _)| of == layout && *order == is_nested);
                let number = match known {
                    Some(number) => number,
                    None => {
                        let new = if is_nested { Grib2Encoder::nested } else { Grib2Encoder::new };
                        self.encoders.push((layout.clone(), is_nested, new(layout, settings)?));
                        self.encoders.len() - 1
                    }
                };
                let encoder = &self.encoders[number].2;
                let period = period(&message.metadata, identity.reference)?;
                match (member(&message.metadata)?, period) {
                    (None, None) => {
                        let mut bytes = spare::encoded();
                        encoder.encode_into(&identity, values, &mut bytes)?;
                        bytes
                    }
                    (None, Some(period)) => encoder.encode_period(&identity, &period, values)?,
                    (Some(member), period) => {
                        encoder.encode_member(&identity, member, period.as_ref(), values)?
                    }
                }
            }
        };
        spare::give(message.kind);
        Ok(vec![Message { metadata: message.metadata, kind: Kind::Encoded(bytes) }])
    }
}

/// The values in nested order where the metadata ask for it.
fn nested(metadata: &Metadata, layout: &Layout, values: &[f64]) -> Result<Option<Vec<f64>>> {
    if layout.family() != Family::HealPix || metadata.get("orderingConvention").is_none() {
        return Ok(None);
    }
    let wrong = |got: String| Error::Metadata {
        key: "orderingConvention".into(),
        expected: "'ring', or 'nested' where the pixels along a face are a power of two",
        got,
    };
    match metadata.text("orderingConvention")? {
        "ring" => Ok(None),
        "nested" => {
            let order = HealpixOrder::new(grid::side(layout)).map_err(|error| wrong(error.to_string()))?;
            order.to_nested_order(values).map(Some).map_err(|error| wrong(error.to_string()))
        }
        other => Err(wrong(format!("\"{other}\""))),
    }
}

/// Missing values as the metadata's `missingValue`, else as NaN.
fn raw(metadata: &Metadata, values: &[f64]) -> Result<Vec<u8>> {
    let missing = match metadata.get("missingValue") {
        Some(_) => metadata.real("missingValue")?,
        None => f64::NAN,
    };
    let replace = |value: &f64| if value.is_nan() { missing } else { *value };
    Ok(values.iter().flat_map(|value| replace(value).to_le_bytes()).collect())
}

fn identity(metadata: &Metadata) -> Result<Identity> {
    let parameter = *Parameter::by_short_name(metadata.text("name")?)?;
    let level = match metadata.text("levtype")? {
        "pl" => Level::Pressure(metadata.real("level")?),
        "sfc" => match parameter.short_name {
            "prmsl" => Level::MeanSea,
            "10u" | "10v" => Level::HeightAboveGround(10.0),
            "2t" => Level::HeightAboveGround(2.0),
            "tcwv" => Level::Column,
            _ => Level::Surface,
        },
        other => {
            let (key, got) = ("levtype".into(), format!("\"{other}\""));
            return Err(Error::Metadata { key, expected: "'pl' or 'sfc'", got });
        }
    };
    let (reference, valid) = times(metadata)?;
    Ok(Identity { parameter, level, reference, valid })
}

/// Start of the forecast and time of the field.
pub(super) fn times(metadata: &Metadata) -> Result<(Time, Time)> {
    let reference = metadata.time("startDate", "startTime")?;
    let seconds = metadata.integer("step")?.checked_mul(metadata.integer("timeStep")?);
    let seconds =
        seconds.filter(|seconds| (0..1 << 50).contains(seconds)).ok_or_else(|| Error::Metadata {
            key: "step".into(),
            expected: "a number of time steps that is not negative",
            got: metadata.get("step").map_or(String::new(), Value::to_string),
        })?;
    Ok((reference, reference.plus_seconds(seconds)))
}

/// The member of an ensemble, where `numberOfForecastsInEnsemble` says that there is one.
fn member(metadata: &Metadata) -> Result<Option<EnsembleProduct>> {
    if metadata.get("numberOfForecastsInEnsemble").is_none() {
        return Ok(None);
    }
    let count = |key: &str| -> Result<u32> {
        let number = metadata.integer(key)?;
        u32::try_from(number).map_err(|_| Error::Metadata {
            key: key.into(),
            expected: "a count",
            got: number.to_string(),
        })
    };
    Ok(Some(EnsembleProduct::Member {
        number: count("number")?,
        members: count("numberOfForecastsInEnsemble")?,
    }))
}

/// The period of a result of `statistics`. It starts with the forecast where the window started before.
pub(super) fn period(metadata: &Metadata, reference: Time) -> Result<Option<Period>> {
    if metadata.get("operation").is_none() {
        return Ok(None);
    }
    let statistic = match metadata.text("operation")? {
        "instant" => return Ok(None),
        "average" => Statistic::Average,
        "accumulate" => Statistic::Accumulation,
        "maximum" => Statistic::Maximum,
        "minimum" => Statistic::Minimum,
        "difference" => Statistic::Difference,
        "standard-deviation" => Statistic::StandardDeviation,
        other => {
            return Err(Error::Metadata {
                key: "operation".into(),
                expected: "an operation of 'statistics'",
                got: format!("\"{other}\""),
            });
        }
    };
    let since = metadata.time("windowStartDate", "windowStartTime")?.max(reference);
    Ok(Some(Period { statistic, since }))
}
