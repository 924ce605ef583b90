//! `mask`: points outside a mask become missing (NaN); some fields get an offset.
//!
//! Masks come as messages of their own, by the texts or numbers of `domain` and `level`.

use std::collections::BTreeMap;

use super::action::{Action, Kind, Message};
use super::metadata::Metadata;
use super::section::Section;
use super::state::{Reader, Writer};
use crate::error::{Error, Result};

pub(super) const KEYS: [&str; 4] = ["apply-bitmap", "missing-value", "offset-fields", "offset-value"];

pub(super) struct Mask {
    apply: bool,
    missing_value: f64,
    offset_fields: Vec<String>,
    offset: f64,
    masks: BTreeMap<String, Vec<bool>>,
}

impl Mask {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        Ok(Self {
            apply: section.flag("apply-bitmap", true)?,
            missing_value: section.real("missing-value")?.unwrap_or(f64::from(f32::MAX)),
            offset_fields: section.texts("offset-fields")?.into_iter().map(String::from).collect(),
            offset: section.real("offset-value")?.unwrap_or(273.15),
            masks: BTreeMap::new(),
        })
    }
}

fn key(metadata: &Metadata) -> String {
    let part = |key: &str| metadata.get(key).map_or(String::new(), ToString::to_string);
    format!("domain {} level {}", part("domain"), part("level"))
}

fn read(memory: &[u8]) -> Option<BTreeMap<String, Vec<bool>>> {
    let (mut reader, mut masks) = (Reader::new(memory), BTreeMap::new());
    for _ in 0..reader.number()? {
        masks.insert(reader.text()?.to_owned(), reader.flags()?);
    }
    reader.end()?;
    Some(masks)
}

impl Action for Mask {
    fn remembers(&self) -> bool {
        true
    }

    fn memory(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(self.masks.len() as u64);
        for (key, mask) in &self.masks {
            writer.bytes(key.as_bytes());
            writer.flags(mask);
        }
        writer.finish()
    }

    fn fits(&self, memory: &[u8]) -> bool {
        read(memory).is_some()
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        self.masks = read(memory)?;
        Some(())
    }

    fn apply(&mut self, mut message: Message) -> Result<Vec<Message>> {
        match &mut message.kind {
            Kind::Mask(mask) => {
                self.masks.insert(key(&message.metadata), mask.clone());
            }
            Kind::Part { .. } | Kind::Encoded(_) => {}
            Kind::Field { values, .. } => {
                if self.apply {
                    let key = key(&message.metadata);
                    let mask = self.masks.get(&key).ok_or_else(|| Error::InvalidValue {
                        name: "mask".into(),
                        got: format!("absent for {key}"),
                        expected: "a mask before the first field".into(),
                    })?;
                    if mask.len() != values.len() {
                        return Err(Error::LengthMismatch {
                            name: format!("mask of {key}"),
                            expected: values.len(),
                            got: mask.len(),
                        });
                    }
                    for (value, inside) in values.iter_mut().zip(mask) {
                        if !inside {
                            *value = f64::NAN;
                        }
                    }
                }
                if !self.offset_fields.is_empty() {
                    let name = message.metadata.text("name")?;
                    if self.offset_fields.iter().any(|field| field == name) {
                        for value in values {
                            *value += self.offset;
                        }
                    }
                }
                message.metadata.set("missingValue", self.missing_value);
                message.metadata.set("bitmapPresent", true);
            }
        }
        Ok(vec![message])
    }
}
