//! The fields of one quantity on one level, and what is kept of those in the window.

use super::Settings;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::action::{Kind, Message};
use crate::plan::metadata::Metadata;
use crate::time::Time;

/// Points that all operations have before the next ones: their values stay in the cache.
const PIECE: usize = 2048;

/// The operations that need each array of a series.
pub(super) const NEEDED_BY: [&[&str]; 5] = [
    &["average", "standard-deviation"],
    &["standard-deviation"],
    &["accumulate"],
    &["minimum"],
    &["maximum"],
];

/// A field that was there.
pub(super) struct Last {
    pub(super) time: Time,
    pub(super) points: usize,
    /// Empty where no operation needs them.
    pub(super) values: Vec<f64>,
}

#[derive(Default)]
pub(super) struct Series {
    pub(super) window: Option<(Time, Time)>,
    /// The field before, whether or not it is in the window.
    pub(super) last: Option<Last>,
    pub(super) last_metadata: Metadata,
    /// The field at the window's begin.
    pub(super) baseline: Option<Vec<f64>>,
    /// What a total lacks until the end of the window: less the total at its begin, plus those at resets in it.
    pub(super) offset: Option<Vec<f64>>,
    pub(super) fields: u32,
    /// Fields with a value at each point; empty as long as all have one at all points.
    pub(super) count: Vec<u32>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    sum: Vec<f64>,
    least: Vec<f64>,
    largest: Vec<f64>,
}

impl Series {
    /// Without a window, and without the field before it.
    pub(super) fn after(last_metadata: Metadata) -> Self {
        Self { last_metadata, ..Self::default() }
    }

    /// Number of points, once there was a field.
    pub(super) fn points(&self) -> Option<usize> {
        self.last.as_ref().map(|last| last.points)
    }

    /// Begins a window, with memory for what the operations need. `first`: its first field.
    pub(super) fn open(&mut self, window: (Time, Time), first: (Time, &[f64]), settings: &Settings) {
        self.window = Some(window);
        let points = first.1.len();
        // Only a field at the very begin starts differences.
        let needed = |name: &&'static str| ["difference", "de-accumulate"].contains(name);
        let needs_begin = settings.operations.iter().any(needed);
        let at_begin = (needs_begin && first.0 == window.0).then(|| first.1.to_vec());
        let before = self.last.take().filter(|last| last.time == window.0).map(|last| last.values);
        self.baseline = if needs_begin { before.or(at_begin) } else { None };
        self.offset = match &self.baseline {
            _ if !settings.operations.contains(&"de-accumulate") => None,
            _ if settings.reset.is_at(window.0) => Some(vec![0.0; points]),
            baseline => baseline.as_ref().map(|values| values.iter().map(|value| -value).collect()),
        };
        self.fields = 0;
        self.count.clear();
        let begins = [0.0, 0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY];
        for ((array, value), names) in self.arrays_mut().into_iter().zip(begins).zip(NEEDED_BY) {
            array.clear();
            array.resize(settings.length(names, points), value);
        }
    }

    /// What is kept of the window at each point, in the order of [`NEEDED_BY`].
    pub(super) fn arrays(&self) -> [&[f64]; 5] {
        [&self.mean, &self.squares, &self.sum, &self.least, &self.largest]
    }

    pub(super) fn arrays_mut(&mut self) -> [&mut Vec<f64>; 5] {
        [&mut self.mean, &mut self.squares, &mut self.sum, &mut self.least, &mut self.largest]
    }

    /// A field in the window.
    pub(super) fn add(&mut self, now: Time, values: &[f64], settings: &Settings) {
        self.fields += 1;
        for (number, piece) in values.chunks(PIECE).enumerate() {
            self.add_piece(number * PIECE, piece, values.len());
        }
        let inside = self.window.is_some_and(|(begin, end)| begin < now && now < end);
        if let Some(offset) = self.offset.as_mut().filter(|_| inside && settings.reset.is_at(now)) {
            for (offset, value) in offset.iter_mut().zip(values) {
                *offset += value;
            }
        }
    }

    /// Values of a field of `points` from the point `from` on. Arrays that no operation needs are empty, and the loops over
    /// them too.
    fn add_piece(&mut self, from: usize, values: &[f64], points: usize) {
        // Not `any`, which ends early and is no vector loop.
        let missing = values.iter().fold(false, |missing, value| missing | value.is_nan());
        if missing && self.count.is_empty() {
            // All fields before, and this one up to here.
            self.count.resize(from, self.fields);
            self.count.resize(points, self.fields - 1);
        }
        let count = part(&mut self.count, from, values);
        for (count, value) in count.iter_mut().zip(values) {
            *count += u32::from(!value.is_nan());
        }
        let (mean, squares) = (part(&mut self.mean, from, values), part(&mut self.squares, from, values));
        if count.is_empty() {
            add_to_mean(mean, squares, values.iter().map(|value| (*value, f64::from(self.fields))));
        } else {
            add_to_mean(
                mean,
                squares,
                values.iter().zip(&*count).map(|(value, count)| (*value, f64::from(*count))),
            );
        }
        for (sum, value) in part(&mut self.sum, from, values).iter_mut().zip(values) {
            *sum += if value.is_nan() { 0.0 } else { *value };
        }
        // NaN is never less, nor more.
        for (least, value) in part(&mut self.least, from, values).iter_mut().zip(values) {
            *least = if *value < *least { *value } else { *least };
        }
        for (largest, value) in part(&mut self.largest, from, values).iter_mut().zip(values) {
            *largest = if *value > *largest { *value } else { *largest };
        }
    }

    /// A message per operation. `begin`: of the window.
    pub(super) fn results(&self, begin: Time, settings: &Settings, layout: &Layout) -> Result<Vec<Message>> {
        let result = |operation: &&'static str| {
            let mut metadata = self.last_metadata.clone();
            // What was a total since a reset is now the sum over the window.
            let product = if *operation == "de-accumulate" { "accumulate" } else { *operation };
            metadata.set("operation", product);
            metadata.set("operation-frequency", settings.frequency.as_str());
            let (year, month, day, hour, minute, second) = begin.civil();
            metadata.set("windowStartDate", year * 10_000 + i64::from(month * 100 + day));
            metadata.set("windowStartTime", i64::from(hour * 10_000 + minute * 100 + second));
            let values = self.values(operation, begin, settings)?;
            Ok(Message { metadata, kind: Kind::Field { layout: layout.clone(), values } })
        };
        settings.operations.iter().map(result).collect()
    }

    fn values(&self, operation: &str, begin: Time, settings: &Settings) -> Result<Vec<f64>> {
        let last = || self.last.iter().flat_map(|last| last.values.iter());
        let needed = |name: &str| Error::InvalidValue {
            name: name.into(),
            got: format!("no field at {begin}"),
            expected: "a field at the begin of the window".into(),
        };
        let mut values = match operation {
            // Of single fields: missing where one of these is.
            "instant" => return Ok(last().copied().collect()),
            "difference" => {
                let baseline = self.baseline.as_ref().ok_or_else(|| needed(operation))?;
                return Ok(last().zip(baseline).map(|(last, first)| last - first).collect());
            }
            "de-accumulate" => {
                let offset = self.offset.as_ref().ok_or_else(|| needed(operation))?;
                return Ok(last().zip(offset).map(|(last, offset)| last + offset).collect());
            }
            "average" => self.mean.clone(),
            "minimum" => self.least.clone(),
            "maximum" => self.largest.clone(),
            "accumulate" => self.sum.clone(),
            _ if self.count.is_empty() => {
                let fields = f64::from(self.fields);
                self.squares.iter().map(|squares| (squares / fields).sqrt()).collect()
            }
            _ => {
                let deviation = |(squares, count): (&f64, &u32)| (squares / f64::from(*count)).sqrt();
                self.squares.iter().zip(&self.count).map(deviation).collect()
            }
        };
        let least = settings.threshold.unwrap_or(self.fields);
        if self.count.is_empty() && self.fields < least {
            values.fill(f64::NAN);
        }
        for (value, count) in values.iter_mut().zip(&self.count) {
            if *count < least {
                *value = f64::NAN;
            }
        }
        Ok(values)
    }
}

/// The part of an array that belongs to the `values` from the point `from` on; nothing of an empty one.
fn part<'a, T>(array: &'a mut [T], from: usize, values: &[f64]) -> &'a mut [T] {
    if array.is_empty() { array } else { &mut array[from..from + values.len()] }
}

/// `values`: each with the number of values at its point, this one included. NaN leaves all as it is. Without branches, so that
/// these are vector loops.
fn add_to_mean(mean: &mut [f64], squares: &mut [f64], values: impl Iterator<Item = (f64, f64)>) {
    let update = |mean: &mut f64, value: f64, count: f64| {
        let departure = if value.is_nan() { 0.0 } else { value - *mean };
        // At a point without a value so far, 0 / 0 would be NaN.
        *mean += departure / count.max(1.0);
        departure
    };
    if squares.is_empty() {
        for (mean, (value, count)) in mean.iter_mut().zip(values) {
            update(mean, value, count);
        }
        return;
    }
    for ((mean, squares), (value, count)) in mean.iter_mut().zip(squares).zip(values) {
        let departure = update(mean, value, count);
        *squares += if value.is_nan() { 0.0 } else { departure * (value - *mean) };
    }
}
