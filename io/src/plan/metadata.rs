//! What is known about a message: typed values by key.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::time::Time;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// True or false.
    Flag(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(value) => write!(formatter, "\"{value}\""),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Real(value) => write!(formatter, "{value:?}"),
            Self::Flag(value) => write!(formatter, "{value}"),
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

/// Values by key, in the keys' order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    /// Without any value.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with `key` set.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// Sets `key`, whatever it was.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// Forgets `key`.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// All keys with their values, in the keys' order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// As a JSON object.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let value = |value: &Value| -> serde_json::Value {
            match value {
                Value::Text(text) => text.as_str().into(),
                Value::Integer(number) => (*number).into(),
                Value::Real(number) => (*number).into(),
                Value::Flag(flag) => (*flag).into(),
            }
        };
        self.0.iter().map(|(key, held)| (key.clone(), value(held))).collect()
    }

    /// About the memory that it takes (bytes).
    pub(crate) fn bytes(&self) -> u64 {
        let text = |value: &Value| if let Value::Text(text) = value { text.len() } else { 0 };
        let entry = size_of::<(String, Value)>();
        self.0.iter().map(|(key, value)| (entry + key.len() + text(value)) as u64).sum()
    }

    /// The text of `key`; an error where it is absent or no text.
    pub fn text(&self, key: &str) -> Result<&str> {
        match self.get(key) {
            Some(Value::Text(value)) => Ok(value),
            other => Err(wrong(key, "a text", other)),
        }
    }

    /// The whole number of `key`; an error where it is absent or none.
    pub fn integer(&self, key: &str) -> Result<i64> {
        match self.get(key) {
            Some(Value::Integer(value)) => Ok(*value),
            other => Err(wrong(key, "an integer", other)),
        }
    }

    /// The number of `key`, whole or not; an error where it is absent or none.
    pub fn real(&self, key: &str) -> Result<f64> {
        match self.get(key) {
            Some(Value::Real(value)) => Ok(*value),
            Some(Value::Integer(value)) => Ok(*value as f64),
            other => Err(wrong(key, "a number", other)),
        }
    }

    /// The moment of a date (`yyyymmdd`) and a time of day (`hhmmss`).
    pub fn time(&self, date_key: &str, time_key: &str) -> Result<Time> {
        let (date, of_day) = (self.integer(date_key)?, self.integer(time_key)?);
        let second = u32::try_from(of_day % 100).ok();
        let moment =
            (0..=99_999_999).contains(&date).then(|| Time::from_date_and_time(date, of_day / 100)).flatten();
        match (moment, second) {
            (Some(moment), Some(second)) if second < 60 => Ok(moment.plus_seconds(i64::from(second))),
            _ => Err(Error::Metadata {
                key: format!("{date_key}', '{time_key}"),
                expected: "a date as yyyymmdd and a time as hhmmss",
                got: format!("{date} and {of_day}"),
            }),
        }
    }
}

impl fmt::Display for Metadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("{")?;
        for (number, (key, value)) in self.0.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(formatter, "{comma}\"{key}\": {value}")?;
        }
        formatter.write_str("}")
    }
}

fn wrong(key: &str, expected: &'static str, got: Option<&Value>) -> Error {
    let got = match got {
        None => "nothing".into(),
        Some(value @ Value::Text(_)) => format!("the text {value}"),
        Some(value @ Value::Integer(_)) => format!("the integer {value}"),
        Some(value @ Value::Real(_)) => format!("the number {value}"),
        Some(value @ Value::Flag(_)) => format!("the flag {value}"),
    };
    Error::Metadata { key: key.into(), expected, got }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_type_names_key_expected_and_got() {
        let metadata =
            Metadata::new().with("text", "t").with("integer", 5).with("real", 0.5).with("flag", true);
        let said = |error: Error| error.to_string();
        for (got, expected) in [
            (said(metadata.text("integer").unwrap_err()), "'integer': expected a text, got the integer 5."),
            (said(metadata.text("flag").unwrap_err()), "'flag': expected a text, got the flag true."),
            (said(metadata.text("none").unwrap_err()), "'none': expected a text, got nothing."),
            (said(metadata.integer("real").unwrap_err()), "'real': expected an integer, got the number 0.5."),
            (said(metadata.real("text").unwrap_err()), "'text': expected a number, got the text \"t\"."),
        ] {
            assert_eq!(got, format!("Metadata {expected}"));
        }
        assert_eq!((metadata.text("text").unwrap(), metadata.integer("integer").unwrap()), ("t", 5));
        assert_eq!((metadata.real("integer").unwrap(), metadata.real("real").unwrap()), (5.0, 0.5));
        let moment = metadata.with("date", 20_260_230).with("time", 0).time("date", "time").unwrap_err();
        let expected =
            "'date', 'time': expected a date as yyyymmdd and a time as hhmmss, got 20260230 and 0.";
        assert_eq!(said(moment), format!("Metadata {expected}"));
    }
}
