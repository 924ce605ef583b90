//! `statistics`: of the values at each point over windows of time.
//!
//! | operation | result at a point |
//! |---|---|
//! | `instant` | the last value |
//! | `average` | the mean m, updated value by value: m += (x − m)/n |
//! | `minimum`, `maximum` | the least, the largest |
//! | `accumulate` | the sum |
//! | `difference` | the last value − the one at the window's begin |
//! | `de-accumulate` | of totals since a reset, what was added in the window: the last value − the one at its begin (0 where that is a reset) + the values at resets inside it; its `operation` is `accumulate` |
//! | `standard-deviation` | √(M/n), updated with the mean: M += (x − m before)(x − m after) (Welford 1962) |
//!
//! A field's time is `startDate`, `startTime` (hhmmss) and `step` times `timeStep` [s], or with `use-current-time` `date`
//! and `time`. A window holds its end, not its begin: a field that is valid there is only the start of differences. The
//! exception is the start of the run, which is in the first window unless `initial-condition-present`. A result is handed
//! on with the field at the window's end, or with the first one after it.
//!
//! Totals start anew with each `solver-reset-accumulate-fields-every` `hour`, `day`, `month` (the default), `year` or
//! `never`; the field at that moment holds the old total and must be there.
//!
//! NaN is no value. Points that are missing in some fields (a moving mask: sea ice, cloud) have a result where at least
//! `value-count-threshold` fields have a value; without that option, or with −1, where all have one. `instant`,
//! `difference` and `de-accumulate` have a result where the fields that they are made of have a value.

mod memory;
mod reset;
mod series;

use std::collections::BTreeMap;

use super::action::{Action, Kind, Message};
use super::metadata::Metadata;
use super::section::Section;
use super::spare;
use super::state::{Reader, Writer};
use super::window::Length;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::time::Time;
use reset::Reset;
use series::{Last, Series};

pub(super) const KEYS: [&str; 3] = ["output-frequency", "operations", "options"];

const OPERATIONS: [&str; 8] = [
    "instant",
    "average",
    "minimum",
    "maximum",
    "accumulate",
    "difference",
    "de-accumulate",
    "standard-deviation",
];

const OPTIONS: [&str; 6] = [
    "time-step",
    "step-frequency",
    "use-current-time",
    "initial-condition-present",
    "value-count-threshold",
    "solver-reset-accumulate-fields-every",
];

/// Metadata that differ between the fields of one series.
const OF_TIME: [&str; 3] = ["step", "date", "time"];

pub(super) struct Statistics {
    settings: Settings,
    series: BTreeMap<String, Series>,
}

struct Settings {
    length: Length,
    frequency: String,
    operations: Vec<&'static str>,
    time_step: i64,
    /// Seconds between fields, where they are checked.
    spacing: Option<i64>,
    current_time: bool,
    initial_condition: bool,
    /// Values that a point needs; None: one of each field.
    threshold: Option<u32>,
    reset: Reset,
}

impl Statistics {
    pub(super) fn new(section: &Section<'_>) -> Result<Self> {
        Ok(Self { settings: Settings::new(section)?, series: BTreeMap::new() })
    }
}

impl Settings {
    fn new(section: &Section<'_>) -> Result<Self> {
        section.required("operations")?;
        let operation = |name: &&str| section.known("operation", name, &OPERATIONS);
        let operations: Vec<_> = section.texts("operations")?.iter().map(operation).collect::<Result<_>>()?;
        if operations.is_empty() {
            return Err(section.error("'operations': expected at least one"));
        }
        let options = section.inner("options")?;
        options.allow(&OPTIONS)?;
        let time_step = options.positive("time-step")?.unwrap_or(3600);
        let reset = options.choice("solver-reset-accumulate-fields-every", &reset::NAMES)?;
        let threshold = match options.get("value-count-threshold") {
            Some(saphyr::Yaml::Value(saphyr::Scalar::Integer(-1))) => None,
            _ => options.positive("value-count-threshold")?.map(|count| count as u32),
        };
        Ok(Self {
            length: Length::new(section, "output-frequency")?,
            frequency: section.required_text("output-frequency")?.to_owned(),
            operations,
            time_step,
            spacing: options.positive("step-frequency")?.map(|steps| steps * time_step),
            current_time: options.flag("use-current-time", false)?,
            initial_condition: options.flag("initial-condition-present", false)?,
            threshold,
            reset: Reset::named(reset.unwrap_or("month")),
        })
    }

    /// Whether an operation is made of single fields.
    fn keeps_fields(&self) -> bool {
        let of_fields = ["instant", "difference", "de-accumulate"];
        self.operations.iter().any(|operation| of_fields.contains(operation))
    }

    /// Values of an array that is needed by these operations.
    fn length(&self, names: &[&str], points: usize) -> usize {
        if self.operations.iter().any(|operation| names.contains(operation)) { points } else { 0 }
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

    /// Refuses a field that does not follow the one before.
    fn check(&self, series: &Series, window: (Time, Time), now: Time, values: &[f64]) -> Result<()> {
        let disorder = |expected: &'static str, got: String| Error::Metadata {
            key: if self.current_time { "time" } else { "step" }.into(),
            expected,
            got,
        };
        if let Some(Last { time: last, .. }) = &series.last {
            let passed = now.seconds() - last.seconds();
            if passed <= 0 {
                return Err(disorder("fields in the order of time", format!("{now} after {last}")));
            }
            if self.spacing.is_some_and(|spacing| passed != spacing) {
                return Err(disorder(
                    "fields as far apart as 'step-frequency' and 'time-step' say",
                    format!("{now} after {last}"),
                ));
            }
        }
        if let Some(points) = series.points().filter(|points| *points != values.len()) {
            return Err(Error::LengthMismatch { name: "values".into(), expected: points, got: values.len() });
        }
        let since = series.last.as_ref().map_or(window.0, |last| window.0.max(last.time));
        match self.reset.between(since, now) {
            Some(missed) if self.operations.contains(&"de-accumulate") => Err(disorder(
                "a field at each 'solver-reset-accumulate-fields-every'",
                format!("{now} and none at {missed}"),
            )),
            _ => Ok(()),
        }
    }
}

impl Statistics {
    fn add(&mut self, metadata: Metadata, layout: &Layout, values: Vec<f64>) -> Result<Vec<Message>> {
        let settings = &self.settings;
        let (start, now) = settings.times(&metadata)?;
        let mut name = metadata.clone();
        OF_TIME.iter().for_each(|key| name.set(key, ""));
        let series = self.series.entry(name.to_string()).or_default();
        let window = settings.length.around(start, now);
        settings.check(series, window, now, &values)?;
        let mut results = Vec::new();
        let baseline_only = settings.initial_condition && now == start;
        if !baseline_only && series.window != Some(window) {
            // The last window ended without a field at its end.
            if let Some((begin, _)) = series.window.take() {
                results = series.results(begin, settings, layout)?;
            }
            series.open(window, (now, &values), settings);
        }
        if !baseline_only {
            series.add(now, &values, settings);
        }
        let points = values.len();
        let values = if settings.keeps_fields() {
            values
        } else {
            spare::give_values(values);
            Vec::new()
        };
        if let Some(before) = series.last.replace(Last { time: now, points, values }) {
            spare::give_values(before.values);
        }
        series.last_metadata = metadata;
        if !baseline_only && now == window.1 {
            series.window = None;
            results.extend(series.results(window.0, settings, layout)?);
        }
        Ok(results)
    }
}

fn read(memory: &[u8], settings: &Settings) -> Option<BTreeMap<String, Series>> {
    let (mut reader, mut series) = (Reader::new(memory), BTreeMap::new());
    for _ in 0..reader.number()? {
        series.insert(reader.text()?.to_owned(), Series::read(&mut reader, settings)?);
    }
    reader.end()?;
    Some(series)
}

impl Action for Statistics {
    fn remembers(&self) -> bool {
        true
    }

    fn memory(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.number(self.series.len() as u64);
        for (name, series) in &self.series {
            writer.bytes(name.as_bytes());
            series.write(&mut writer);
        }
        writer.finish()
    }

    fn fits(&self, memory: &[u8]) -> bool {
        read(memory, &self.settings).is_some()
    }

    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        self.series = read(memory, &self.settings)?;
        Some(())
    }

    fn apply(&mut self, message: Message) -> Result<Vec<Message>> {
        match message.kind {
            Kind::Field { layout, values } => self.add(message.metadata, &layout, values),
            _ => Ok(vec![message]),
        }
    }
}
