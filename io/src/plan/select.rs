//! `select`: messages whose metadata match go on, others end here.
//!
//! `match: [{key: [values], key: value}, ...]` holds where all keys of one of the mappings have one of their values;
//! `ignore` is its opposite; `any`, `all` (lists of such conditions) and `not` combine them. Several in one mapping must
//! all hold.

use saphyr::Yaml;

use super::action::{Action, Kind, Message};
use super::metadata::{Metadata, Value};
use super::section::{Section, describe, value};
use crate::error::Result;

/// Keys that make a condition.
pub(super) const KEYS: [&str; 5] = ["match", "ignore", "any", "all", "not"];

#[derive(Clone)]
pub(crate) struct Select(Condition);

#[derive(Clone)]
enum Condition {
    /// One of the mappings holds.
    Match(Vec<Vec<(String, Vec<Value>)>>),
    Any(Vec<Condition>),
    All(Vec<Condition>),
    Not(Box<Condition>),
}

impl Select {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        Ok(Self(Condition::new(section)?))
    }

    /// Whether a message with these metadata goes on.
    pub(crate) fn holds(&self, metadata: &Metadata) -> bool {
        self.0.holds(metadata)
    }
}

impl Action for Select {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        // Masks belong to all fields of their domain.
        let goes_on = matches!(message.kind, Kind::Mask(_)) || self.0.holds(&message.metadata);
        Ok(if goes_on { vec![message] } else { Vec::new() })
    }

    fn selection(&self) -> Option<&Select> {
        Some(self)
    }
}

impl Condition {
    fn new(section: &Section<'_>) -> Result<Self> {
        let mut conditions = Vec::new();
        for key in section.keys().filter(|key| KEYS.contains(key)) {
            conditions.push(match key {
                "match" => matchers(section, key)?,
                "ignore" => Self::Not(Box::new(matchers(section, key)?)),
                "any" => Self::Any(nested(section, key)?),
                "all" => Self::All(nested(section, key)?),
                _ => Self::Not(Box::new(condition(section, key, section.required(key)?)?)),
            });
        }
        if conditions.is_empty() {
            return Err(section.error(format!("expected one of the keys {}", KEYS.join(", "))));
        }
        Ok(Self::All(conditions))
    }

    fn holds(&self, metadata: &Metadata) -> bool {
        match self {
            Self::Match(matchers) => matchers.iter().any(|matcher| {
                matcher.iter().all(|(key, values)| {
                    metadata.get(key).is_some_and(|value| values.iter().any(|wanted| wanted == value))
                })
            }),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(metadata)),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(metadata)),
            Self::Not(condition) => !condition.holds(metadata),
        }
    }
}

fn nested(section: &Section<'_>, key: &str) -> Result<Vec<Condition>> {
    section.required(key)?;
    section.list(key)?.iter().map(|yaml| condition(section, key, yaml)).collect()
}

fn condition(section: &Section<'_>, key: &str, yaml: &Yaml<'_>) -> Result<Condition> {
    let inner = Section::new(format!("{}, '{key}'", section.place), yaml)?;
    inner.allow(&KEYS)?;
    Condition::new(&inner)
}

fn matchers(section: &Section<'_>, key: &str) -> Result<Condition> {
    section.required(key)?;
    let mut matchers = Vec::new();
    for yaml in section.list(key)? {
        let inner = Section::new(format!("{}, '{key}'", section.place), yaml)?;
        let mut matcher = Vec::new();
        for name in inner.keys() {
            let wanted = inner.required(name)?;
            let items = match wanted {
                Yaml::Sequence(items) => &items[..],
                single => std::slice::from_ref(single),
            };
            let read = |item: &Yaml<'_>| {
                value(item).ok_or_else(|| {
                    inner.error(format!("'{name}': expected values to match, got {}", describe(item)))
                })
            };
            matcher.push((name.to_owned(), items.iter().map(read).collect::<Result<_>>()?));
        }
        matchers.push(matcher);
    }
    Ok(Condition::Match(matchers))
}
