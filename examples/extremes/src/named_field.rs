//! Fields of the output by the names that a configuration uses: `t850`, `prmsl`, `ws250`, `10si`.

use terrella_io::{Level, Parameter};

use crate::error::{Error, Result};
use crate::observer::Moment;
use crate::output::Quantity;
use terrella_driver::suggestion::hint;

/// Wind speed at 10 m, as ecCodes names it.
pub(crate) const WIND_SPEED_AT_10_M: Parameter =
    Parameter { short_name: "10si", long_name: "Wind speed at 10 m", ..Parameter::WIND_SPEED };

/// A field `[point]` with what it is.
#[derive(Clone, Debug)]
pub(crate) struct NamedField {
    pub(crate) name: String,
    pub(crate) parameter: Parameter,
    pub(crate) level: Level,
    pub(crate) values: Vec<f64>,
}

/// What there is to name: the written fields, and wind speeds wherever both components are written.
fn known(quantities: &[Quantity]) -> Vec<(String, Parameter, Level)> {
    let mut known = Vec::new();
    let mut speeds = Vec::new();
    let has = |parameter: Parameter, level: Level| {
        quantities
            .iter()
            .any(|own| own.parameter.short_name == parameter.short_name && own.levels.contains(&level))
    };
    for quantity in quantities {
        for &level in &quantity.levels {
            known.push((name(quantity.parameter, level), quantity.parameter, level));
            for (u, v, speed) in [
                (Parameter::EASTWARD_WIND, Parameter::NORTHWARD_WIND, Parameter::WIND_SPEED),
                (Parameter::EASTWARD_WIND_AT_10_M, Parameter::NORTHWARD_WIND_AT_10_M, WIND_SPEED_AT_10_M),
            ] {
                if quantity.parameter.short_name == u.short_name && has(v, level) {
                    speeds.push((name(speed, level), speed, level));
                }
            }
        }
    }
    known.extend(speeds);
    known
}

/// `t850`, or the short name alone where there is no pressure level.
pub(crate) fn name(parameter: Parameter, level: Level) -> String {
    match level {
        Level::Pressure(pressure) => format!("{}{pressure}", parameter.short_name),
        _ => parameter.short_name.to_owned(),
    }
}

/// The names of all fields.
pub(crate) fn names(quantities: &[Quantity]) -> Vec<String> {
    known(quantities).into_iter().map(|(name, ..)| name).collect()
}

/// The field of that name; none where the model does not write it.
pub(crate) fn find(moment: &Moment<'_>, wanted: &str) -> Option<NamedField> {
    let (name, parameter, level) = known(moment.quantities).into_iter().find(|(name, ..)| name == wanted)?;
    let values = match parameter.short_name {
        "ws" => speed(moment, [Parameter::EASTWARD_WIND, Parameter::NORTHWARD_WIND], level)?,
        "10si" => {
            speed(moment, [Parameter::EASTWARD_WIND_AT_10_M, Parameter::NORTHWARD_WIND_AT_10_M], level)?
        }
        _ => moment.field(parameter, level)?.to_vec(),
    };
    Some(NamedField { name, parameter, level, values })
}

/// The field of that name, or the error that says which key asks for it and what there is.
pub(crate) fn require(
    moment: &Moment<'_>,
    wanted: &str,
    table: &'static str,
    key: &'static str,
) -> Result<NamedField> {
    find(moment, wanted).ok_or_else(|| {
        let names = names(moment.quantities);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let expected = format!("a field that this model writes; {}", hint(wanted, &names));
        Error::Setting {
            key,
            table,
            got: format!("'{wanted}'"),
            expected: expected.trim_end_matches(['.', '?']).into(),
        }
    })
}

fn speed(moment: &Moment<'_>, [u, v]: [Parameter; 2], level: Level) -> Option<Vec<f64>> {
    let (u, v) = (moment.field(u, level)?, moment.field(v, level)?);
    Some(u.iter().zip(v).map(|(u, v)| u.hypot(*v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_fields_and_speeds_have_names() {
        let quantities = [
            (Parameter::TEMPERATURE, vec![Level::Pressure(500.0), Level::Pressure(850.0)]),
            (Parameter::EASTWARD_WIND, vec![Level::Pressure(250.0), Level::Pressure(850.0)]),
            (Parameter::NORTHWARD_WIND, vec![Level::Pressure(250.0)]),
            (Parameter::SEA_LEVEL_PRESSURE, vec![Level::MeanSea]),
        ]
        .map(|(parameter, levels)| Quantity { parameter, levels });
        assert_eq!(names(&quantities), ["t500", "t850", "u250", "u850", "v250", "prmsl", "ws250"]);
    }
}
