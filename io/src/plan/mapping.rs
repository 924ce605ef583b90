//! `metadata-mapping`: metadata set by a table, such as a GRIB parameter for a model's name of a field.
//!
//! The file at `mapping` has `mappings`, a list of `{match: {metadata key: column}, map: {metadata key: column}}`, and
//! `data`, a list of rows by column. For each mapping, the row whose columns of `match` equal the message's values gives
//! the values of `map`. Without such a row the message is an error, or with `enforce-match: false` goes on unchanged.

use super::action::{Action, Message};
use super::metadata::{Metadata, Value};
use super::section::{Section, describe, value};
use super::{load, sink};
use crate::error::{Error, Result};

pub(super) const KEYS: [&str; 2] = ["mapping", "enforce-match"];

pub(super) struct Mapping {
    mappings: Vec<Columns>,
    rows: Vec<Metadata>,
    enforce: bool,
}

/// Pairs of a metadata key and a column.
struct Columns {
    wanted: Vec<(String, String)>,
    given: Vec<(String, String)>,
}

impl Mapping {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        let path = sink::path(section, "mapping")?;
        let text = std::fs::read_to_string(&path)
            .map_err(|source| Error::file(&path, "reading a metadata mapping", source))?;
        let documents = load(&text)?;
        let place = path.display().to_string();
        let [document] = &documents[..] else {
            return Err(section.error(format!("'{place}': expected one document, got {}", documents.len())));
        };
        let root = Section::new(place, document)?;
        root.allow(&["mappings", "data"])?;
        root.required("mappings")?;
        root.required("data")?;
        let mapping = |yaml| {
            let inner = Section::new(format!("{}, 'mappings'", root.place), yaml)?;
            inner.allow(&["match", "map"])?;
            Ok(Columns { wanted: columns(&inner, "match")?, given: columns(&inner, "map")? })
        };
        let row = |yaml| {
            let inner = Section::new(format!("{}, 'data'", root.place), yaml)?;
            let mut row = Metadata::new();
            for key in inner.keys() {
                let yaml = inner.required(key)?;
                let value = value(yaml).ok_or_else(|| {
                    inner.error(format!("'{key}': expected a value, got {}", describe(yaml)))
                })?;
                row.set(key, value);
            }
            Ok(row)
        };
        Ok(Self {
            mappings: root.list("mappings")?.iter().map(mapping).collect::<Result<_>>()?,
            rows: root.list("data")?.iter().map(row).collect::<Result<_>>()?,
            enforce: section.flag("enforce-match", true)?,
        })
    }
}

fn columns(section: &Section<'_>, key: &str) -> Result<Vec<(String, String)>> {
    let inner = Section::new(format!("{}, '{key}'", section.place), section.required(key)?)?;
    inner.keys().map(|name| Ok((name.to_owned(), inner.required_text(name)?.to_owned()))).collect()
}

impl Action for Mapping {
    fn apply(&mut self, mut message: Message) -> Result<Vec<Message>> {
        for Columns { wanted, given } in &self.mappings {
            let fits = |row: &&Metadata| {
                wanted.iter().all(|(key, column)| {
                    message.metadata.get(key).is_some_and(|value| row.get(column) == Some(value))
                })
            };
            let Some(row) = self.rows.iter().find(fits) else {
                if self.enforce {
                    return Err(no_row(wanted, &message.metadata));
                }
                continue;
            };
            for (key, column) in given {
                if let Some(value) = row.get(column) {
                    message.metadata.set(key, value.clone());
                }
            }
        }
        Ok(vec![message])
    }
}

fn no_row(wanted: &[(String, String)], metadata: &Metadata) -> Error {
    let value = |key: &str| metadata.get(key).map_or("nothing".to_owned(), Value::to_string);
    let keys: Vec<&str> = wanted.iter().map(|(key, _)| key.as_str()).collect();
    let got: Vec<String> = keys.iter().map(|key| value(key)).collect();
    Error::Metadata { key: keys.join("', '"), expected: "a row of the mapping's data", got: got.join(", ") }
}
