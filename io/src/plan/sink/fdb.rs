//! Sink `fdb5`: encoded messages into ECMWF's FDB, each under a key of MARS words made from its metadata.
//!
//! | word | value |
//! |---|---|
//! | `date`, `time` | `startDate`, and `startTime` as hhmm |
//! | `step` | `step` times `timeStep` in hours, `90m` where these are not whole, `45s` where minutes are not |
//! | `levtype` | `levtype` |
//! | `levelist` | `level`, but for `levtype` `sfc` |
//! | `param` | `paramId`, else `param`, else what ecCodes finds in the message |
//! | [`SAME`] | the same key, where there is one |
//!
//! Words under `mars` in the plan have the value there instead. Two messages under one key would hide one another: the second
//! is refused.

use std::collections::{BTreeMap, HashSet};

use saphyr::{Scalar, Yaml};
use serde_json::json;

use super::{consumer::Consumer, with_variables};
use crate::eccodes;
use crate::error::{Error, Result};
use crate::fdb::Fdb;
use crate::plan::section::{self, Section, describe};
use crate::plan::{Kind, Message, Metadata, Value};

pub(super) const KEYS: [&str; 2] = ["config", "mars"];

/// Words of MARS that are keys of the metadata by the same name.
const SAME: [&str; 17] = [
    "class",
    "dataset",
    "activity",
    "experiment",
    "generation",
    "realization",
    "model",
    "resolution",
    "expver",
    "stream",
    "type",
    "domain",
    "origin",
    "system",
    "method",
    "number",
    "hdate",
];

pub(super) struct Database {
    fdb: Fdb,
    /// Words with the plan's own values.
    fixed: BTreeMap<String, String>,
    /// BLAKE3 of the keys so far.
    archived: HashSet<[u8; 32]>,
}

impl Database {
    pub(super) fn new(sink: &Section<'_>) -> Result<Self> {
        let mars = sink.inner("mars")?;
        let mut fixed = BTreeMap::new();
        for word in mars.keys() {
            let yaml = mars.required(word)?;
            let value = section::value(yaml).and_then(|value| text(&value)).ok_or_else(|| {
                mars.error(format!("'{word}': expected a text or a number, got {}", describe(yaml)))
            })?;
            fixed.insert(word.to_owned(), value);
        }
        let fdb = match sink.get("config") {
            None => Fdb::open(None)?,
            Some(_) => {
                let section = sink.inner("config")?;
                let mut config = serde_json::Map::new();
                for key in section.keys() {
                    config.insert(key.into(), json(&section, section.required(key)?)?);
                }
                // MultIO's default: writers of one database do not wait for each other.
                let user = config.remove("userConfig").unwrap_or(json!({ "useSubToc": true }));
                // JSON is YAML.
                let config = serde_json::Value::Object(config);
                Fdb::open_with(Some(&config.to_string()), &user.to_string())?
            }
        };
        Ok(Self { fdb, fixed, archived: HashSet::new() })
    }

    fn key(&self, metadata: &Metadata, message: &[u8]) -> Result<Vec<(&str, String)>> {
        let mut key: Vec<(&str, String)> =
            self.fixed.iter().map(|(word, value)| (word.as_str(), value.clone())).collect();
        let fixed = |word: &str| self.fixed.contains_key(word);
        for word in SAME.into_iter().filter(|word| !fixed(word) && metadata.get(word).is_some()) {
            key.push((word, required(metadata, word)?));
        }
        if !fixed("date") || !fixed("time") {
            metadata.time("startDate", "startTime")?;
            let of_day = metadata.integer("startTime")?;
            if of_day % 100 != 0 {
                let (word, got) = ("startTime".into(), of_day.to_string());
                return Err(Error::Metadata { key: word, expected: "a time of whole minutes", got });
            }
            if !fixed("date") {
                key.push(("date", metadata.integer("startDate")?.to_string()));
            }
            if !fixed("time") {
                key.push(("time", format!("{:04}", of_day / 100)));
            }
        }
        if !fixed("step") {
            key.push(("step", step(metadata)?));
        }
        let levtype = match self.fixed.get("levtype") {
            Some(levtype) => levtype.clone(),
            None => {
                let levtype = required(metadata, "levtype")?;
                key.push(("levtype", levtype.clone()));
                levtype
            }
        };
        if !fixed("levelist") && levtype != "sfc" {
            key.push(("levelist", required(metadata, "level")?));
        }
        if !fixed("param") {
            let given = ["paramId", "param"].into_iter().find(|name| metadata.get(name).is_some());
            let param = match given {
                Some(name) => required(metadata, name)?,
                None => eccodes::Message::from_bytes(message)?.long("paramId")?.to_string(),
            };
            key.push(("param", param));
        }
        Ok(key)
    }
}

/// A value of a key; none for a flag and for nothing.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.is_empty() => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

fn required(metadata: &Metadata, key: &str) -> Result<String> {
    metadata.get(key).and_then(text).ok_or_else(|| Error::Metadata {
        key: key.into(),
        expected: "a text or a number for FDB's key",
        got: metadata.get(key).map_or("nothing".into(), Value::to_string),
    })
}

/// As in MARS: hours, or a number with its unit.
fn step(metadata: &Metadata) -> Result<String> {
    let seconds = metadata.integer("step")?.checked_mul(metadata.integer("timeStep")?);
    match seconds {
        Some(seconds) if seconds >= 0 && seconds % 3600 == 0 => Ok((seconds / 3600).to_string()),
        Some(seconds) if seconds >= 0 && seconds % 60 == 0 => Ok(format!("{}m", seconds / 60)),
        Some(seconds) if seconds >= 0 => Ok(format!("{seconds}s")),
        _ => Err(Error::Metadata {
            key: "step".into(),
            expected: "a number of time steps that is not negative",
            got: metadata.get("step").map_or(String::new(), Value::to_string),
        }),
    }
}

/// A part of FDB's configuration, with the environment's variables in its texts.
fn json(place: &Section<'_>, yaml: &Yaml<'_>) -> Result<serde_json::Value> {
    Ok(match yaml {
        Yaml::Mapping(mapping) => {
            let mut object = serde_json::Map::new();
            for (key, value) in mapping {
                let Yaml::Value(Scalar::String(key)) = key else {
                    return Err(place.error(format!("expected a text as key, got {}", describe(key))));
                };
                object.insert(key.to_string(), json(place, value)?);
            }
            serde_json::Value::Object(object)
        }
        Yaml::Sequence(items) => items.iter().map(|item| json(place, item)).collect::<Result<_>>()?,
        other => match section::value(other) {
            Some(Value::Text(text)) => with_variables(place, "config", &text)?.into(),
            Some(Value::Integer(number)) => number.into(),
            Some(Value::Real(number)) => number.into(),
            Some(Value::Flag(flag)) => flag.into(),
            None => return Err(place.error("expected a value, got nothing")),
        },
    })
}

impl Consumer for Database {
    fn message(&mut self, message: &Message) -> Result<()> {
        let Kind::Encoded(bytes) = &message.kind else {
            return Err(super::not_encoded());
        };
        let mut key = self.key(&message.metadata, bytes)?;
        key.sort();
        let pairs = key.iter().map(|(word, value)| format!("{word}={value}"));
        let name = pairs.collect::<Vec<_>>().join(",");
        let hash = *blake3::hash(name.as_bytes()).as_bytes();
        if self.archived.contains(&hash) {
            return Err(Error::InvalidValue {
                name: "FDB's key".into(),
                got: format!("{{{name}}} for a second message"),
                expected: "another one for each message of a run".into(),
            });
        }
        let key: Vec<(String, String)> =
            key.into_iter().map(|(word, value)| (word.to_owned(), value)).collect();
        self.fdb.archive(&key, bytes)?;
        self.archived.insert(hash);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.fdb.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_mars() {
        let said = |step: i64, seconds: i64| {
            self::step(&Metadata::new().with("step", step).with("timeStep", seconds))
        };
        for (steps, seconds, expected) in
            [(0, 1, "0"), (12, 3600, "12"), (3, 1800, "90m"), (2, 60, "2m"), (5, 9, "45s")]
        {
            assert_eq!(said(steps, seconds).unwrap(), expected);
        }
        for (steps, seconds) in [(-1, 3600), (i64::MAX, 2)] {
            let error = said(steps, seconds).unwrap_err().to_string();
            assert!(error.starts_with("Metadata 'step': expected a number of time steps"), "{error}");
        }
    }
}
