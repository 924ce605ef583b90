//! The fields of one quantity on one level, and what is kept of those in the window.

use super::Settings;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::plan::action::{Kind, Message};
use crate::plan::metadata::Metadata;
use crate::time::Time;

#[derive(Default)]
pub(super) struct Series {
    pub(super) window: Option<(Time, Time)>,
    /// The field before, whether or not it is in the window.
    pub(super) last: Option<(Time, Vec<f64>)>,
    pub(super) last_metadata: Metadata,
    /// The field at the window's begin.
    baseline: Option<Vec<f64>>,
    /// What a total lacks until the end of the window: less the total at its begin, plus those at resets in it.
    offset: Option<Vec<f64>>,
    fields: u32,
    count: Vec<u32>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    sum: Vec<f64>,
    least: Vec<f64>,
    largest: Vec<f64>,
}

impl Series {
    /// Number of points, once there was a field.
    pub(super) fn points(&self) -> Option<usize> {
        self.last.as_ref().map(|(_, values)| values.len())
    }

    /// Begins a window, with memory for what the operations need. `first`: its first field.
    pub(super) fn open(&mut self, window: (Time, Time), first: (Time, &[f64]), settings: &Settings) {
        self.window = Some(window);
        let points = first.1.len();
        // Only a field at the very begin starts differences.
        let at_begin = (first.0 == window.0).then(|| first.1.to_vec());
        let before = self.last.take().filter(|(time, _)| *time == window.0).map(|(_, values)| values);
        let needed = |name: &&'static str| ["difference", "de-accumulate"].contains(name);
        self.baseline = before.or(at_begin).filter(|_| settings.operations.iter().any(needed));
        self.offset = match &self.baseline {
            _ if !settings.operations.contains(&"de-accumulate") => None,
            _ if settings.reset.is_at(window.0) => Some(vec![0.0; points]),
            baseline => baseline.as_ref().map(|values| values.iter().map(|value| -value).collect()),
        };
        self.fields = 0;
        self.count = vec![0; points];
        let array = |value: f64, names: &[&str]| {
            let needed = names.iter().any(|name| settings.operations.contains(name));
            vec![value; if needed { points } else { 0 }]
        };
        self.mean = array(0.0, &["average", "standard-deviation"]);
        self.squares = array(0.0, &["standard-deviation"]);
        self.sum = array(0.0, &["accumulate"]);
        self.least = array(f64::INFINITY, &["minimum"]);
        self.largest = array(f64::NEG_INFINITY, &["maximum"]);
    }

    /// A field in the window. Arrays that no operation needs are empty, and the loops over them too.
    pub(super) fn add(&mut self, now: Time, values: &[f64], settings: &Settings) {
        self.fields += 1;
        for (count, value) in self.count.iter_mut().zip(values) {
            *count += u32::from(!value.is_nan());
        }
        for (point, mean) in self.mean.iter_mut().enumerate() {
            let value = values[point];
            if !value.is_nan() {
                let departure = value - *mean;
                *mean += departure / f64::from(self.count[point]);
                if let Some(squares) = self.squares.get_mut(point) {
                    *squares += departure * (value - *mean);
                }
            }
        }
        for (sum, value) in self.sum.iter_mut().zip(values) {
            *sum += if value.is_nan() { 0.0 } else { *value };
        }
        // NaN is never less, nor more.
        for (least, value) in self.least.iter_mut().zip(values) {
            *least = least.min(*value);
        }
        for (largest, value) in self.largest.iter_mut().zip(values) {
            *largest = largest.max(*value);
        }
        let inside = self.window.is_some_and(|(begin, end)| begin < now && now < end);
        if let Some(offset) = self.offset.as_mut().filter(|_| inside && settings.reset.is_at(now)) {
            for (offset, value) in offset.iter_mut().zip(values) {
                *offset += value;
            }
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
        let last = || self.last.iter().flat_map(|(_, values)| values.iter());
        let needed = |name: &str| Error::InvalidValue {
            name: name.into(),
            got: format!("no field at {begin}"),
            expected: "a field at the begin of the window".into(),
        };
        let of_all = match operation {
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
            _ => {
                let deviation = |(squares, count): (&f64, &u32)| (squares / f64::from(*count)).sqrt();
                self.squares.iter().zip(&self.count).map(deviation).collect()
            }
        };
        let least = settings.threshold.unwrap_or(self.fields);
        let enough = |(value, count): (f64, &u32)| if *count < least { f64::NAN } else { value };
        Ok(of_all.into_iter().zip(&self.count).map(enough).collect())
    }
}
