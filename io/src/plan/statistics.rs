//! `statistics`: of the values at each point over windows of time.
//!
//! | operation | result at a point |
//! |---|---|
//! | `instant` | the last value |
//! | `average` | the mean m, updated value by value: m += (x − m)/n |
//! | `minimum`, `maximum` | the least, the largest |
//! | `accumulate` | the sum |
//! | `difference` | the last value − the one at the window's begin |
//! | `standard-deviation` | √(M/n), updated with the mean: M += (x − m before)(x − m after) (Welford 1962) |
//!
//! A field's time is `startDate`, `startTime` (hhmmss) and `step` times `timeStep` [s], or with `use-current-time` `date`
//! and `time`. A window holds its end, not its begin: a field that is valid there is only the start of differences. The
//! exception is the start of the run, which is in the first window unless `initial-condition-present`. A result is handed
//! on with the field at the window's end, or with the first one after it. NaN is no value: a point with fewer than
//! `value-count-threshold` values has no result.

use std::collections::BTreeMap;

use super::action::{Action, Kind, Message};
use super::metadata::Metadata;
use super::section::Section;
use super::window::Length;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::time::Time;

pub(super) const KEYS: [&str; 3] = ["output-frequency", "operations", "options"];

const OPERATIONS: [&str; 7] =
    ["instant", "average", "minimum", "maximum", "accumulate", "difference", "standard-deviation"];

const OPTIONS: [&str; 5] =
    ["time-step", "step-frequency", "use-current-time", "initial-condition-present", "value-count-threshold"];

/// Metadata that differ between the fields of one series.
const OF_TIME: [&str; 3] = ["step", "date", "time"];

pub(super) struct Statistics {
    length: Length,
    frequency: String,
    operations: Vec<&'static str>,
    time_step: i64,
    /// Seconds between fields, where they are checked.
    spacing: Option<i64>,
    current_time: bool,
    initial_condition: bool,
    threshold: u32,
    series: BTreeMap<String, Series>,
}

impl Statistics {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        section.required("operations")?;
        let operation = |name: &&str| section.known("operation", name, &OPERATIONS);
        let operations: Vec<_> = section.texts("operations")?.iter().map(operation).collect::<Result<_>>()?;
        if operations.is_empty() {
            return Err(section.error("'operations': expected at least one"));
        }
        let none = saphyr::Yaml::Mapping(Default::default());
        let options = section.get("options").unwrap_or(&none);
        let options = Section::new(format!("{}, 'options'", section.place), options)?;
        options.allow(&OPTIONS)?;
        let time_step = options.positive("time-step")?.unwrap_or(3600);
        Ok(Self {
            length: Length::new(section, "output-frequency")?,
            frequency: section.required_text("output-frequency")?.to_owned(),
            operations,
            time_step,
            spacing: options.positive("step-frequency")?.map(|steps| steps * time_step),
            current_time: options.flag("use-current-time", false)?,
            initial_condition: options.flag("initial-condition-present", false)?,
            threshold: options.positive("value-count-threshold")?.unwrap_or(1) as u32,
            series: BTreeMap::new(),
        })
    }

    /// Start of the run and time of the field.
    fn times(&self, metadata: &Metadata) -> Result<(Time, Time)> {
        let start = metadata.time("startDate", "startTime")?;
        if self.current_time {
            return Ok((start, metadata.time("date", "time")?));
        }
        let step = match metadata.get("timeStep") {
            Some(_) => metadata.integer("timeStep")?,
            None => self.time_step,
        };
        let seconds = metadata
            .integer("step")?
            .checked_mul(step)
            .filter(|seconds| (-(1 << 50)..1 << 50).contains(seconds));
        let seconds = seconds.ok_or_else(|| Error::Metadata {
            key: "step".into(),
            expected: "a number of time steps",
            got: metadata.get("step").map_or(String::new(), ToString::to_string),
        })?;
        Ok((start, start.plus_seconds(seconds)))
    }

    fn add(&mut self, metadata: Metadata, layout: Layout, values: Vec<f64>) -> Result<Vec<Message>> {
        let (start, now) = self.times(&metadata)?;
        let mut name = metadata.clone();
        OF_TIME.iter().for_each(|key| name.set(key, ""));
        let name = name.to_string();
        let mut results = Vec::new();
        let series = match self.series.entry(name) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Series::default()),
        };
        if let Some((last, _)) = &series.last {
            let passed = now.seconds() - last.seconds();
            if passed <= 0 || self.spacing.is_some_and(|spacing| passed != spacing) {
                return Err(Error::Metadata {
                    key: "step".into(),
                    expected: if passed <= 0 {
                        "fields in the order of time"
                    } else {
                        "fields as far apart as 'step-frequency' and 'time-step' say"
                    },
                    got: format!("{now} after {last}"),
                });
            }
            if series.count.len() != values.len() {
                return Err(Error::LengthMismatch {
                    name: "values".into(),
                    expected: series.count.len(),
                    got: values.len(),
                });
            }
        }
        let window = self.length.around(start, now);
        let baseline_only = self.initial_condition && now == start;
        if !baseline_only && series.window != Some(window) {
            // The last window ended without a field at its end.
            if let Some((begin, _)) = series.window.take()
                && let Some((_, last)) = &series.last_metadata
            {
                results = series.results(
                    &self.operations,
                    self.threshold,
                    begin,
                    &self.frequency,
                    last,
                    &layout,
                )?;
            }
            series.open(window, values.len(), &self.operations);
        }
        if baseline_only {
            series.count = vec![0; values.len()];
        } else {
            series.add(&values);
        }
        series.last = Some((now, values));
        series.last_metadata = Some((now, metadata));
        if !baseline_only && now == window.1 {
            series.window = None;
            let (_, metadata) = series.last_metadata.as_ref().expect("just set");
            results.extend(series.results(
                &self.operations,
                self.threshold,
                window.0,
                &self.frequency,
                metadata,
                &layout,
            )?);
        }
        Ok(results)
    }
}

impl Action for Statistics {
    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        match message.kind {
            Kind::Field { layout, values } => self.add(message.metadata, layout, values),
            _ => Ok(vec![message]),
        }
    }
}

/// One quantity on one level.
#[derive(Default)]
struct Series {
    window: Option<(Time, Time)>,
    last: Option<(Time, Vec<f64>)>,
    last_metadata: Option<(Time, Metadata)>,
    /// The field at the window's begin.
    baseline: Option<Vec<f64>>,
    count: Vec<u32>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    sum: Vec<f64>,
    least: Vec<f64>,
    largest: Vec<f64>,
}

impl Series {
    /// Begins a window, with memory for what `operations` need.
    fn open(&mut self, window: (Time, Time), points: usize, operations: &[&'static str]) {
        self.window = Some(window);
        // Only a field at the very begin starts differences.
        self.baseline = self.last.take().filter(|(time, _)| *time == window.0).map(|(_, values)| values);
        self.count = vec![0; points];
        let array = |value: f64, names: &[&str]| {
            let needed = names.iter().any(|name| operations.contains(name));
            vec![value; if needed { points } else { 0 }]
        };
        self.mean = array(0.0, &["average", "standard-deviation"]);
        self.squares = array(0.0, &["standard-deviation"]);
        self.sum = array(0.0, &["accumulate"]);
        self.least = array(f64::INFINITY, &["minimum"]);
        self.largest = array(f64::NEG_INFINITY, &["maximum"]);
    }

    /// Arrays that no operation needs are empty, and the loops over them too.
    fn add(&mut self, values: &[f64]) {
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
    }

    fn results(
        &self,
        operations: &[&'static str],
        threshold: u32,
        begin: Time,
        frequency: &str,
        metadata: &Metadata,
        layout: &Layout,
    ) -> Result<Vec<Message>> {
        let result = |operation: &&'static str| {
            let mut metadata = metadata.clone();
            metadata.set("operation", *operation);
            metadata.set("operation-frequency", frequency);
            let (year, month, day, hour, minute, second) = begin.civil();
            metadata.set("windowStartDate", year * 10_000 + i64::from(month * 100 + day));
            metadata.set("windowStartTime", i64::from(hour * 10_000 + minute * 100 + second));
            let last = || self.last.iter().flat_map(|(_, values)| values.iter().copied());
            let values: Vec<f64> = match *operation {
                "instant" => last().collect(),
                "average" => self.mean.clone(),
                "minimum" => self.least.clone(),
                "maximum" => self.largest.clone(),
                "accumulate" => self.sum.clone(),
                "difference" => {
                    let baseline = self.baseline.as_ref().ok_or_else(|| Error::InvalidValue {
                        name: "difference".into(),
                        got: format!("no field at {begin}"),
                        expected: "a field at the begin of the window".into(),
                    })?;
                    last().zip(baseline).map(|(last, first)| last - first).collect()
                }
                _ => {
                    let deviation = |(squares, count): (&f64, &u32)| (squares / f64::from(*count)).sqrt();
                    self.squares.iter().zip(&self.count).map(deviation).collect()
                }
            };
            let enough = |(value, count): (f64, &u32)| if *count < threshold { f64::NAN } else { value };
            let values = values.into_iter().zip(&self.count).map(enough).collect();
            Ok(Message { metadata, kind: Kind::Field { layout: layout.clone(), values } })
        };
        operations.iter().map(result).collect()
    }
}
