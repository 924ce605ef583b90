//! `aggregate`: parts of a field become the field.
//!
//! Parts are of one field where all their metadata are equal. Each brings the layout of the field and the places of its
//! values in it; the field goes on when all points have a value. A point that comes twice is an error, and so is, at the
//! end of the run, a field without some of its points. Whole fields, masks and bytes go on as they are.
//!
//! As in MultIO there are no keys. There a domain is declared once and parts come from ranks; here each part has its places.

use std::collections::BTreeMap;

use super::action::{Action, Kind, Message, Points};
use super::metadata::Metadata;
use super::state::{Reader, Writer};
use crate::error::{Error, Result};
use crate::layout::Layout;

pub(super) const KEYS: [&str; 0] = [];

#[derive(Default)]
pub(super) struct Aggregate {
    /// By metadata as text.
    pending: BTreeMap<String, Pending>,
}

struct Pending {
    layout: Layout,
    values: Vec<f64>,
    filled: Vec<bool>,
    left: usize,
}

impl Pending {
    fn new(layout: Layout) -> Self {
        let points = layout.points();
        Self { layout, values: vec![f64::NAN; points], filled: vec![false; points], left: points }
    }

    /// Takes all values of a part, or none.
    fn add(&mut self, metadata: &Metadata, layout: &Layout, points: &Points, values: &[f64]) -> Result<()> {
        let wrong = |got: String, expected: &str| Error::InvalidValue {
            name: "part".into(),
            got: format!("{got} of {metadata}"),
            expected: expected.into(),
        };
        if self.layout != *layout {
            let got = format!("on {} points of another layout", layout.points());
            return Err(wrong(got, "the layout of the field's other parts"));
        }
        for (number, point) in points.iter(values.len()).enumerate() {
            if self.filled[point] {
                points.iter(number).for_each(|point| self.filled[point] = false);
                return Err(wrong(format!("point {point} for the second time"), "parts that do not overlap"));
            }
            self.filled[point] = true;
        }
        for (point, value) in points.iter(values.len()).zip(values) {
            self.values[point] = *value;
        }
        self.left -= values.len();
        Ok(())
    }
}

impl Pending {
    fn write(&self, writer: &mut Writer) {
        writer.layout(&self.layout);
        writer.values(&self.values);
        writer.flags(&self.filled);
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let layout = reader.layout()?;
        let offset = layout.points();
        let (values, filled) = (reader.values()?, reader.flags()?);
        let left = filled.iter().filter(|filled| !**filled).count();
        (values.len() == offset && filled.len() == offset).then_some(Self { layout, values, filled, left })
    }
}

fn read(memory: &[u8]) -> Option<BTreeMap<String, Pending>> {
    let (mut reader, mut pending) = (Reader::new(memory), BTreeMap::new());
    for _ in 0..reader.number()? {
        pending.insert(reader.text()?.to_owned(), Pending::read(&mut reader)?);
    }
    reader.end()?;
    Some(pending)
}

impl Action for Aggregate {
    fn remembers(&self) -> bool {
        true
    }

    fn has_memory(&self) -> bool {
        !self.pending.is_empty()
    }

    fn memory(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(self.pending.len() as u64);
        for (field, pending) in &self.pending {
            writer.bytes(field.as_bytes());
            pending.write(&mut writer);
        }
        writer.finish()
    }

    fn fits(&self, memory: &[u8]) -> bool {
        read(memory).is_some()
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        self.pending = read(memory)?;
        Some(())
    }

    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        let Message { metadata, kind: Kind::Part { layout, points, values } } = message else {
            return Ok(vec![message]);
        };
        let key = metadata.to_string();
        let pending = self.pending.entry(key.clone()).or_insert_with(|| Pending::new(layout.clone()));
        let added = pending.add(&metadata, &layout, &points, &values);
        if added.is_err() && pending.left == pending.values.len() {
            self.pending.remove(&key);
        }
        added?;
        if self.pending.get(&key).is_some_and(|pending| pending.left > 0) {
            return Ok(Vec::new());
        }
        let values = self.pending.remove(&key).map_or(Vec::new(), |pending| pending.values);
        Ok(vec![Message { metadata, kind: Kind::Field { layout, values } }])
    }

    fn finish(&mut self) -> Result<()> {
        match self.pending.iter().next() {
            None => Ok(()),
            Some((field, pending)) => Err(Error::MissingValues {
                field: field.clone(),
                missing: pending.left,
                first: pending.filled.iter().position(|filled| !filled).unwrap_or(0),
                total: pending.filled.len(),
            }),
        }
    }
}
