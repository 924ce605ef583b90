//! All fields of a variable, with what their coordinates say.

use std::path::Path;

use super::container;
use super::file::Source;
use super::state::{LEVELS, pressures};
use super::time::times;
use super::variables::{NetcdfField, NetcdfVariable, NetcdfVariables};
use crate::error::{Error, Result};
use crate::time::Time;

/// Where a field is in the dimensions besides the horizontal ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetcdfPlace {
    /// Pressure level (hPa).
    pub pressure: Option<f64>,
    /// Time at which it is valid.
    pub time: Option<Time>,
    /// Start of the forecast (`forecast_reference_time`).
    pub reference: Option<Time>,
    /// Member of an ensemble.
    pub member: Option<i64>,
}

/// What the elements of a dimension are.
enum Meaning {
    Pressures(Vec<f64>),
    Times(Vec<Time>),
    Members(Vec<i64>),
    Nothing,
}

const MEMBERS: [&str; 4] = ["realization", "number", "member", "ensemble"];

impl NetcdfVariables {
    /// Hands all fields of a variable to `visit`, one after the other, the last dimension fastest.
    ///
    /// Dimensions besides the horizontal ones are pressure levels, times and members of an ensemble, by their coordinates'
    /// standard names, units and names; others must have one element. Errors: those of [`netcdf_field`](super::netcdf_field),
    /// another dimension, and those of `visit`.
    pub fn visit_fields<E: From<Error>>(
        &self,
        name: &str,
        mut visit: impl FnMut(&NetcdfPlace, NetcdfField) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let path = self.path();
        let container = container::open(path)?;
        let variable = container::named(&*container, path, name)?.clone();
        let mut source = Source::of(path, container, Some(&variable))?;
        let others: Vec<(String, usize)> =
            variable.dimensions.iter().filter(|(name, _)| !source.is_on(name)).cloned().collect();
        let meanings: Vec<Meaning> =
            others.iter().map(|other| meaning(&mut source, path, &variable, other)).collect::<Result<_>>()?;
        let mut common = NetcdfPlace::default();
        beside(&mut source, &variable, &mut common)?;
        let count = others.iter().map(|(_, length)| length).product::<usize>();
        for number in 0..count {
            let (mut rest, mut place, mut chosen) = (number, common.clone(), Vec::new());
            for ((name, length), meaning) in others.iter().zip(&meanings).rev() {
                let index = rest % length;
                rest /= length;
                chosen.push((name.as_str(), index));
                match meaning {
                    Meaning::Pressures(pressures) => place.pressure = Some(pressures[index]),
                    Meaning::Times(times) => place.time = Some(times[index]),
                    Meaning::Members(members) => place.member = Some(members[index]),
                    Meaning::Nothing => {}
                }
            }
            let values = source.values(&variable, None, &chosen)?;
            visit(&place, NetcdfField { layout: source.layout().clone(), values })?;
        }
        Ok(())
    }
}

fn meaning(
    source: &mut Source,
    path: &Path,
    variable: &NetcdfVariable,
    (name, length): &(String, usize),
) -> Result<Meaning> {
    let own = |own: &NetcdfVariable| own.name == *name && own.dimensions.len() == 1;
    let wrong = |found: String| Error::NotFound {
        path: path.to_owned(),
        wanted: format!(
            "coordinate of the {length} elements of '{name}', a dimension of '{}'",
            variable.name
        ),
        found,
    };
    let Some(coordinate) = source.variables().iter().find(|variable| own(variable)).cloned() else {
        return match length {
            1 => Ok(Meaning::Nothing),
            _ => Err(wrong("pressure levels, times and members are read".into())),
        };
    };
    let attribute = |key: &str| coordinate.attribute(key).unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    let (standard_name, units) = (attribute("standard_name"), attribute("units").to_owned());
    if units.contains(" since ") {
        let values = source.axis(&coordinate)?.values;
        let found = || wrong(format!("times in '{units}', calendar '{}'", attribute("calendar")));
        return times(&values, &units, attribute("calendar")).map(Meaning::Times).ok_or_else(found);
    }
    if standard_name == "air_pressure"
        || ["Pa", "hPa", "mbar", "millibars", "mb"].contains(&units.as_str())
        || LEVELS.contains(&last) && units.is_empty()
    {
        let axis = pressures(source.axis(&coordinate)?);
        return Ok(Meaning::Pressures(axis.values.iter().map(|pascal| pascal / 100.0).collect()));
    }
    if standard_name == "realization" || MEMBERS.contains(&last) {
        let values = source.axis(&coordinate)?.values;
        return Ok(Meaning::Members(values.iter().map(|value| *value as i64).collect()));
    }
    match length {
        1 => Ok(Meaning::Nothing),
        _ => {
            Err(wrong(format!("'{standard_name}' in '{units}': pressure levels, times and members are read")))
        }
    }
}

/// What single numbers beside a variable say.
fn beside(source: &mut Source, variable: &NetcdfVariable, place: &mut NetcdfPlace) -> Result<()> {
    let words: Vec<&str> = variable.attribute("coordinates").unwrap_or_default().split(' ').collect();
    let single = |own: &&NetcdfVariable| own.dimensions.is_empty() && words.contains(&own.name.as_str());
    let found: Vec<NetcdfVariable> = source.variables().iter().filter(single).cloned().collect();
    for own in found {
        let attribute = |key: &str| own.attribute(key).unwrap_or_default();
        let standard_name = attribute("standard_name");
        let is_time = ["time", "forecast_reference_time"].contains(&standard_name);
        if is_time {
            let values = source.axis(&own)?.values;
            let time = times(&values, attribute("units"), attribute("calendar"));
            let time = time.and_then(|times| times.first().copied());
            match standard_name {
                "time" => place.time = time,
                _ => place.reference = time,
            }
        } else if standard_name == "air_pressure" {
            place.pressure = pressures(source.axis(&own)?).values.first().map(|pascal| pascal / 100.0);
        }
    }
    Ok(())
}
