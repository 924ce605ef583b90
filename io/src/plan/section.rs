//! A mapping of a plan file, read strictly: unknown keys and wrong types are errors that say where.

use std::collections::BTreeMap;
use std::path::Path;

use saphyr::{Scalar, Yaml};

use super::metadata::Value;
use crate::error::{Error, Result};

/// Which part of plans a process carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// All of it: what is transported stays where it is.
    Whole,
    /// Up to `transport`, and plans without it.
    Model,
    /// The same without those.
    OnlyTransported,
    /// What comes after `transport`, on one of so many servers.
    Server(usize),
    /// The same of the one with this number among plans with `transport`; the others are not opened.
    Only(usize),
}

/// The run that plans are for.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    /// Where relative paths of sinks start.
    pub(super) folder: &'a Path,
    /// Whether an earlier process wrote the first steps.
    pub(super) continued: bool,
    pub(super) side: Side,
}

impl Run<'_> {
    /// In the process' folder, from the first step on.
    pub(super) fn plain() -> Self {
        Self { folder: Path::new(""), continued: false, side: Side::Whole }
    }
}

/// A mapping with its place in the file.
pub(super) struct Section<'a> {
    pub(super) place: String,
    pub(super) run: Run<'a>,
    entries: Vec<(&'a str, &'a Yaml<'a>)>,
}

impl<'a> Section<'a> {
    pub(super) fn new(place: impl Into<String>, yaml: &'a Yaml<'a>) -> Result<Self> {
        let place = place.into();
        let Yaml::Mapping(mapping) = yaml else {
            return Err(error(&place, format!("expected keys with values, got {}", describe(yaml))));
        };
        let entry = |(key, value): (&'a Yaml<'a>, &'a Yaml<'a>)| match key {
            Yaml::Value(Scalar::String(key)) => Ok((&**key, value)),
            other => Err(error(&place, format!("expected a text as key, got {}", describe(other)))),
        };
        let entries = mapping.iter().map(entry).collect::<Result<_>>()?;
        Ok(Self { place, run: Run::plain(), entries })
    }

    /// The same with another name of its place.
    pub(super) fn at(&self, place: String) -> Self {
        Self { place, run: self.run, entries: self.entries.clone() }
    }

    /// The same for another run.
    pub(super) fn within(self, run: Run<'a>) -> Self {
        Self { run, ..self }
    }

    /// Refuses what a run that is continued cannot do as a whole one does.
    pub(super) fn expect_whole_run(&self, reason: &str) -> Result<()> {
        match self.run.continued {
            true => Err(self.error(format!("{reason}: such a run cannot be continued"))),
            false => Ok(()),
        }
    }

    /// The mapping at `key`; without that key an empty one.
    pub(super) fn inner(&self, key: &str) -> Result<Self> {
        let place = format!("{}, '{key}'", self.place);
        match self.get(key) {
            Some(yaml) => Ok(Self::new(place, yaml)?.within(self.run)),
            None => Ok(Self { place, run: self.run, entries: Vec::new() }),
        }
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> Error {
        error(&self.place, reason)
    }

    /// All keys with their values, in the keys' order, whatever that of the file is.
    pub(super) fn words(&self) -> String {
        in_order(self.entries.iter().map(|(key, yaml)| ((*key).to_owned(), words(yaml))))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|(key, _)| *key)
    }

    /// Refuses keys that are not among `known`.
    pub(super) fn allow(&self, known: &[&str]) -> Result<()> {
        match self.keys().find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(key) => {
                Err(self.error(format!("unknown key '{key}': did you mean '{}'?", nearest(key, known))))
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Yaml<'a>> {
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    pub(super) fn required(&self, key: &str) -> Result<&'a Yaml<'a>> {
        self.get(key).ok_or_else(|| self.error(format!("key '{key}' is missing")))
    }

    fn typed<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&'a Yaml<'a>) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(yaml) = self.get(key) else { return Ok(None) };
        match read(yaml) {
            Some(value) => Ok(Some(value)),
            None => Err(self.error(format!("'{key}': expected {expected}, got {}", describe(yaml)))),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>> {
        self.typed(key, "a text", text)
    }

    pub(super) fn required_text(&self, key: &str) -> Result<&'a str> {
        self.required(key)?;
        Ok(self.text(key)?.unwrap_or_default())
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool> {
        let flag = |yaml: &Yaml<'_>| match yaml {
            Yaml::Value(Scalar::Boolean(flag)) => Some(*flag),
            _ => None,
        };
        Ok(self.typed(key, "true or false", flag)?.unwrap_or(default))
    }

    pub(super) fn positive(&self, key: &str) -> Result<Option<i64>> {
        self.typed(key, "a positive integer below 2^31", |yaml| match yaml {
            Yaml::Value(Scalar::Integer(number)) if *number > 0 && *number < 1 << 31 => Some(*number),
            _ => None,
        })
    }

    pub(super) fn real(&self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a number", number)
    }

    /// A list of numbers; none where the key is absent.
    pub(super) fn reals(&self, key: &str) -> Result<Vec<f64>> {
        let expect = |yaml| {
            number(yaml).ok_or_else(|| {
                self.error(format!("'{key}': expected a list of numbers, got {} in it", describe(yaml)))
            })
        };
        self.list(key)?.iter().map(expect).collect()
    }

    /// A list; none where the key is absent.
    pub(super) fn list(&self, key: &str) -> Result<&'a [Yaml<'a>]> {
        let list = self.typed(key, "a list", |yaml| match yaml {
            Yaml::Sequence(items) => Some(&items[..]),
            _ => None,
        })?;
        Ok(list.unwrap_or_default())
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>> {
        let expect = |yaml| {
            text(yaml).ok_or_else(|| {
                self.error(format!("'{key}': expected a list of texts, got {} in it", describe(yaml)))
            })
        };
        self.list(key)?.iter().map(expect).collect()
    }

    /// The choice among `known` that a key names.
    pub(super) fn choice(&self, key: &str, known: &[&'static str]) -> Result<Option<&'static str>> {
        let Some(name) = self.text(key)? else { return Ok(None) };
        self.known(key, name, known).map(Some)
    }

    /// `name` as one of `known`.
    pub(super) fn known(&self, key: &str, name: &str, known: &[&'static str]) -> Result<&'static str> {
        known.iter().find(|choice| **choice == name).copied().ok_or_else(|| {
            self.error(format!("unknown {key} '{name}': did you mean '{}'?", nearest(name, known)))
        })
    }
}

fn text<'a>(yaml: &'a Yaml<'a>) -> Option<&'a str> {
    match yaml {
        Yaml::Value(Scalar::String(text)) => Some(text),
        _ => None,
    }
}

fn number(yaml: &Yaml<'_>) -> Option<f64> {
    match yaml {
        Yaml::Value(Scalar::Integer(number)) => Some(*number as f64),
        Yaml::Value(Scalar::FloatingPoint(number)) => Some(number.0),
        _ => None,
    }
}

/// The value of a scalar that is not null.
pub(super) fn value(yaml: &Yaml<'_>) -> Option<Value> {
    match yaml {
        Yaml::Value(Scalar::String(text)) => Some(Value::Text(text.to_string())),
        Yaml::Value(Scalar::Integer(number)) => Some(Value::Integer(*number)),
        Yaml::Value(Scalar::FloatingPoint(number)) => Some(Value::Real(number.0)),
        Yaml::Value(Scalar::Boolean(flag)) => Some(Value::Flag(*flag)),
        _ => None,
    }
}

/// A value in one form, however the file writes it.
fn words(yaml: &Yaml<'_>) -> String {
    match (value(yaml), yaml) {
        (Some(value), _) => value.to_string(),
        (None, Yaml::Sequence(items)) => {
            format!("[{}]", items.iter().map(words).collect::<Vec<_>>().join(", "))
        }
        (None, Yaml::Mapping(mapping)) => {
            in_order(mapping.iter().map(|(key, value)| (words(key), words(value))))
        }
        (None, _) => "nothing".into(),
    }
}

fn in_order(entries: impl Iterator<Item = (String, String)>) -> String {
    let sorted: BTreeMap<String, String> = entries.collect();
    let texts: Vec<String> = sorted.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", texts.join(", "))
}

pub(super) fn error(place: &str, reason: impl Into<String>) -> Error {
    Error::Plan { place: place.into(), reason: reason.into() }
}

pub(super) fn describe(yaml: &Yaml<'_>) -> String {
    match (value(yaml), yaml) {
        (Some(Value::Text(text)), _) => format!("the text '{text}'"),
        (Some(value), _) => value.to_string(),
        (None, Yaml::Sequence(_)) => "a list".into(),
        (None, Yaml::Mapping(_)) => "keys with values".into(),
        (None, _) => "nothing".into(),
    }
}

fn nearest<'a>(text: &str, names: &[&'a str]) -> &'a str {
    names.iter().min_by_key(|name| strsim::damerau_levenshtein(text, name)).copied().unwrap_or_default()
}
