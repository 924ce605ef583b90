//! `scale`: fields of some parameters times a factor, and their new parameter.
//!
//! `mapping-definition: [{case: {param-is: 260509, map-to-param: 235309, scaling-factor: 0.001}}, ...]`; the parameter is
//! `paramId`, else `param`. Other fields go on unchanged.

use super::action::{Action, Kind, Message};
use super::metadata::Value;
use super::section::{Section, describe, value};
use crate::error::Result;

pub(super) const KEYS: [&str; 1] = ["mapping-definition"];

pub(super) struct Scale(Vec<Case>);

struct Case {
    parameter: String,
    becomes: Value,
    factor: f64,
}

impl Scale {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("mapping-definition")?;
        let case = |yaml| {
            let outer = Section::new(format!("{}, 'mapping-definition'", section.place), yaml)?;
            outer.allow(&["case"])?;
            let case = Section::new(format!("{}, 'case'", outer.place), outer.required("case")?)?;
            case.allow(&["param-is", "map-to-param", "scaling-factor"])?;
            let parameter = |key: &str| {
                let yaml = case.required(key)?;
                match value(yaml) {
                    Some(value @ (Value::Text(_) | Value::Integer(_))) => Ok(value),
                    _ => Err(case.error(format!("'{key}': expected a parameter, got {}", describe(yaml)))),
                }
            };
            case.required("scaling-factor")?;
            Ok(Case {
                parameter: plain(&parameter("param-is")?),
                becomes: number_where_one(parameter("map-to-param")?),
                factor: case.real("scaling-factor")?.unwrap_or(1.0),
            })
        };
        section.list("mapping-definition")?.iter().map(case).collect::<Result<_>>().map(Self)
    }
}

/// A parameter as text, without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number_where_one(value: Value) -> Value {
    match &value {
        Value::Text(text) => text.parse().map_or(value, Value::Integer),
        _ => value,
    }
}

impl Action for Scale {
    fn apply(&mut self, mut message: Message) -> Result<Vec<Message>> {
        let (Kind::Field { values, .. } | Kind::Part { values, .. }) = &mut message.kind else {
            return Ok(vec![message]);
        };
        let metadata = &mut message.metadata;
        let key = if metadata.get("paramId").is_some() { "paramId" } else { "param" };
        let Some(parameter) = metadata.get(key).map(plain) else {
            // The error of an absent key.
            return metadata.text("param").map(|_| Vec::new());
        };
        if let Some(case) = self.0.iter().find(|case| case.parameter == parameter) {
            for value in values {
                *value *= case.factor;
            }
            metadata.set("param", plain(&case.becomes).as_str());
            if let Value::Integer(number) = case.becomes {
                metadata.set("paramId", number);
            }
        }
        Ok(vec![message])
    }
}
