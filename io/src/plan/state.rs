//! What plans remember from one message to the next, for a checkpoint.
//!
//! Windows of `statistics`, masks, and fields of which `aggregate` has not had all parts; where `aggregate` alone would remember
//! something and waits for no part, nothing. Little-endian, texts and bytes after their length in 8 bytes:
//!
//! | bytes | content                                                              |
//! |-------|----------------------------------------------------------------------|
//! | 8     | `TERRPLN` and the format's version, 1                                |
//! | 8     | number of plans that remember something; of each:                    |
//! | 8, …  | its name                                                             |
//! | 8     | number of its actions; of each:                                      |
//! | 8, …  | type and keys                                                        |
//! | 8, …  | what it remembers                                                    |
//!
//! Numbers are kept bit by bit. There is no hash: a state is a part of a checkpoint, which has one.

use super::action::Step;
use super::metadata::{Metadata, Value};
use super::{Plan, Plans};
use crate::error::{Error, Result};
use crate::layout::{Family, Layout, Ring};
use crate::time::Time;

const MAGIC: [u8; 8] = *b"TERRPLN\x01";

/// In the order of their numbers.
const FAMILIES: [Family; 5] =
    [Family::LatLon, Family::FullGaussian, Family::ReducedGaussian, Family::Octahedral, Family::HealPix];

/// Bytes in the making.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.0.reserve(bytes);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Without their number.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend(bytes);
    }

    pub(crate) fn time(&mut self, time: Time) {
        self.number(time.seconds() as u64);
    }

    pub(crate) fn values(&mut self, values: &[f64]) {
        self.number(values.len() as u64);
        self.0.reserve(size_of_val(values));
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }

    pub(crate) fn counts(&mut self, counts: &[u32]) {
        self.number(counts.len() as u64);
        self.0.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
    }

    pub(crate) fn flags(&mut self, flags: &[bool]) {
        self.number(flags.len() as u64);
        self.0.extend(flags.iter().map(|flag| u8::from(*flag)));
    }

    /// Nothing, or what `put` writes.
    pub(crate) fn option<T>(&mut self, option: Option<T>, put: impl FnOnce(&mut Self, T)) {
        self.0.push(u8::from(option.is_some()));
        if let Some(value) = option {
            put(self, value);
        }
    }

    pub(crate) fn metadata(&mut self, metadata: &Metadata) {
        self.number(metadata.iter().count() as u64);
        for (key, value) in metadata.iter() {
            self.bytes(key.as_bytes());
            let (tag, bytes) = match value {
                Value::Text(text) => (b't', text.clone().into_bytes()),
                Value::Integer(number) => (b'i', number.to_le_bytes().into()),
                Value::Real(number) => (b'r', number.to_le_bytes().into()),
                Value::Flag(flag) => (b'f', vec![u8::from(*flag)]),
            };
            self.0.push(tag);
            self.bytes(&bytes);
        }
    }

    pub(crate) fn layout(&mut self, layout: &Layout) {
        let family = FAMILIES.iter().position(|family| *family == layout.family());
        self.number(family.expect("one of all") as u64);
        self.number(layout.rings().len() as u64);
        for ring in layout.rings() {
            for value in [ring.latitude, ring.west, ring.spacing] {
                self.number(value.to_bits());
            }
            self.number(ring.points as u64);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// What is left of bytes. None where they are not what [`Writer`] makes; nothing is allocated that they do not hold.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    /// As many bytes as are known to be there.
    pub(crate) fn raw(&mut self, count: usize) -> Option<&'a [u8]> {
        self.take(count)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    pub(crate) fn time(&mut self) -> Option<Time> {
        let seconds = self.number()? as i64;
        // As far as plans take times.
        (-(1 << 52)..1 << 52).contains(&seconds).then(|| Time::EPOCH.plus_seconds(seconds))
    }

    pub(crate) fn real(&mut self) -> Option<f64> {
        self.number().map(f64::from_bits)
    }

    pub(crate) fn values(&mut self) -> Option<Vec<f64>> {
        let length = self.length()?.checked_mul(8)?;
        let value = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("chunks of 8"));
        Some(self.take(length)?.chunks_exact(8).map(value).collect())
    }

    pub(crate) fn counts(&mut self) -> Option<Vec<u32>> {
        let length = self.length()?.checked_mul(4)?;
        let count = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("chunks of 4"));
        Some(self.take(length)?.chunks_exact(4).map(count).collect())
    }

    pub(crate) fn flags(&mut self) -> Option<Vec<bool>> {
        let bytes = self.bytes()?;
        bytes.iter().all(|byte| *byte < 2).then(|| bytes.iter().map(|byte| *byte == 1).collect())
    }

    pub(crate) fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    pub(crate) fn metadata(&mut self) -> Option<Metadata> {
        let mut metadata = Metadata::new();
        for _ in 0..self.number()? {
            let key = self.text()?;
            let (tag, bytes) = (self.take(1)?[0], self.bytes()?);
            let value = match tag {
                b't' => Value::Text(String::from_utf8(bytes.to_vec()).ok()?),
                b'i' => Value::Integer(i64::from_le_bytes(bytes.try_into().ok()?)),
                b'r' => Value::Real(f64::from_le_bytes(bytes.try_into().ok()?)),
                b'f' => Value::Flag(bytes == [1]),
                _ => return None,
            };
            metadata.set(key, value);
        }
        Some(metadata)
    }

    pub(crate) fn layout(&mut self) -> Option<Layout> {
        let family = *FAMILIES.get(self.length()?)?;
        let (mut rings, mut offset) = (Vec::new(), 0_usize);
        for _ in 0..self.number()? {
            let [latitude, west, spacing] = [self.real()?, self.real()?, self.real()?];
            let points = self.length()?;
            rings.push(Ring { latitude, west, spacing, points, offset });
            offset = offset.checked_add(points)?;
        }
        Some(Layout::of_rings(family, rings))
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

impl Plans {
    /// What the plans remember: after [`Plans::restore`] others from the same file go on as these would, bit for bit. Sinks
    /// remember nothing: what they have not brought to the disk is [`Plans::flush`]'s affair.
    pub fn state(&self) -> Vec<u8> {
        join(self.plans.iter().filter_map(Plan::state))
    }

    /// What each plan remembers; None where there is nothing.
    pub(crate) fn states(&self) -> impl Iterator<Item = Option<Vec<u8>>> {
        self.plans.iter().map(Plan::state)
    }

    /// Continues from what [`Plans::state`] returned, in place of what these plans remember. No bytes are the state of no plans.
    ///
    /// # Errors
    /// [`Error::OtherPlan`] where a plan that remembers something, here or there, has other actions or is missing;
    /// [`Error::PlanState`] where the bytes are no state. Nothing has changed then.
    pub fn restore(&mut self, state: &[u8]) -> Result<()> {
        let told = split(state).ok_or_else(|| damaged("they do not start and end as they should"))?;
        let mut left: Vec<&mut Plan> = self.plans.iter_mut().filter(|plan| plan.remembers()).collect();
        let mut chosen = Vec::new();
        for found in told {
            let place = format!("plan '{}'", found.name);
            let number = left.iter().position(|plan| plan.name == found.name).ok_or_else(|| {
                let expected = "a plan of this name that remembers something".into();
                Error::OtherPlan { place, expected, got: "none".into() }
            })?;
            let plan = left.remove(number);
            plan.expect_same(&found)?;
            chosen.push((plan, found));
        }
        if let Some(plan) = left.iter().find(|plan| plan.has_memory()) {
            let step = plan.steps.iter().find(|step| step.action.has_memory());
            let got = step.map_or_else(String::new, |step| step.words.clone());
            let expected = "no plan of this name that remembers something".into();
            return Err(Error::OtherPlan { place: format!("plan '{}'", plan.name), expected, got });
        }
        // All or nothing.
        let fits = |plan: &mut Plan, found: &Found<'_>, act: fn(&mut Step, &[u8]) -> Option<()>| {
            plan.steps.iter_mut().zip(&found.actions).try_for_each(|(step, (_, memory))| act(step, memory))
        };
        for (plan, found) in &mut chosen {
            let reason = || damaged(format!("plan '{}' remembers something else", found.name));
            let trial: fn(&mut Step, &[u8]) -> Option<()> =
                |step, memory| step.action.fits(memory).then_some(());
            fits(plan, found, trial).ok_or_else(reason)?;
        }
        for (plan, found) in &mut chosen {
            let restored = fits(plan, found, |step, memory| step.action.restore(memory));
            debug_assert!(restored.is_some(), "it fitted");
        }
        self.awaits_state = false;
        Ok(())
    }
}

impl Plan {
    pub(super) fn remembers(&self) -> bool {
        self.steps.iter().any(|step| step.action.remembers())
    }

    /// Whether it would go on otherwise without what it remembers.
    fn has_memory(&self) -> bool {
        self.steps.iter().any(|step| step.action.has_memory())
    }

    /// What it remembers; None where there is nothing.
    pub(crate) fn state(&self) -> Option<Vec<u8>> {
        self.has_memory().then(|| {
            let mut writer = Writer::default();
            writer.bytes(self.name.as_bytes());
            writer.number(self.steps.len() as u64);
            for step in &self.steps {
                writer.bytes(step.words.as_bytes());
                writer.bytes(&step.action.memory());
            }
            writer.finish()
        })
    }

    fn expect_same(&self, found: &Found<'_>) -> Result<()> {
        let count = |count: usize| format!("{count} actions");
        let words = |number: usize| self.steps[number].words.as_str();
        let differs = |number: &usize| found.actions[*number].0 != words(*number);
        let shorter = self.steps.len().min(found.actions.len());
        let (place, expected, got) = match (0..shorter).find(differs) {
            Some(number) => {
                let place = format!("plan '{}', action {}", self.name, number + 1);
                (place, found.actions[number].0.to_owned(), words(number).to_owned())
            }
            None if self.steps.len() != found.actions.len() => {
                let place = format!("plan '{}'", self.name);
                (place, count(found.actions.len()), count(self.steps.len()))
            }
            None => return Ok(()),
        };
        Err(Error::OtherPlan { place, expected, got })
    }
}

/// A plan in a state.
struct Found<'a> {
    name: &'a str,
    /// Type and keys, and memory, of each action.
    actions: Vec<(&'a str, &'a [u8])>,
}

/// The state of plans from those of each.
pub(crate) fn join(states: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let states: Vec<_> = states.collect();
    let mut bytes = MAGIC.to_vec();
    bytes.extend((states.len() as u64).to_le_bytes());
    states.iter().for_each(|state| bytes.extend(state));
    bytes
}

fn split(state: &[u8]) -> Option<Vec<Found<'_>>> {
    if state.is_empty() {
        return Some(Vec::new());
    }
    let mut reader = Reader::new(state.strip_prefix(&MAGIC)?);
    let mut plans = Vec::new();
    for _ in 0..reader.number()? {
        let (name, mut actions) = (reader.text()?, Vec::new());
        for _ in 0..reader.number()? {
            actions.push((reader.text()?, reader.bytes()?));
        }
        plans.push(Found { name, actions });
    }
    reader.end()?;
    Some(plans)
}

/// Whether a state is that of plans that remember nothing.
pub(crate) fn is_of_nothing(state: &[u8]) -> bool {
    split(state).is_some_and(|plans| plans.is_empty())
}

fn damaged(reason: impl Into<String>) -> Error {
    Error::PlanState { reason: reason.into() }
}
