//! Plans: what happens to the fields of a model on their way to files, in the vocabulary of ECMWF's MultIO.
//!
//! ```
//! use terrella_io::layout::Layout;
//! use terrella_io::plan::{Kind, Message, Metadata, Plans};
//!
//! let mut plans = Plans::from_yaml(
//!     "
//! plans:
//!   - name: daily means of temperature
//!     actions:
//!       - type: select
//!         match:
//!           - name: [t]
//!       - type: statistics
//!         output-frequency: 1d
//!         operations: [average, maximum]
//!       - type: print
//! ",
//! )?;
//! let layout = Layout::global_lat_lon(8, 5);
//! for step in 1..=24 {
//!     let metadata = Metadata::new()
//!         .with("name", "t")
//!         .with("startDate", 20_260_101)
//!         .with("startTime", 0)
//!         .with("step", step)
//!         .with("timeStep", 3600);
//!     let kind = Kind::Field { layout: layout.clone(), values: vec![280.0; layout.points()] };
//!     plans.write(Message { metadata, kind })?;
//! }
//! plans.finish()?;
//! # Ok::<(), terrella_io::Error>(())
//! ```
//!
//! Every message goes through every plan. Actions:
//!
//! | action | what becomes of a message |
//! |---|---|
//! | `select` | goes on where its metadata match |
//! | `aggregate` | parts of a field become the field |
//! | `scale` | values times a factor, and a new parameter |
//! | `mask` | points outside a mask become missing |
//! | `metadata-mapping` | metadata set by a table |
//! | `statistics` | means, extremes, sums over windows of time |
//! | `interpolate` | a field on another grid |
//! | `encode` | GRIB2 or raw bytes |
//! | `print` | a line on standard output |
//! | `sink` | bytes into files |
//!
//! `docs/plans.md` describes their keys. Each takes `on-error: propagate` (the default) or `skip`, which drops the message
//! and counts it. An action, key or value that is not known here is refused with the nearest that is; nothing is accepted
//! and ignored.
//!
//! Not here: MultIO's action that moves data between processes (`transport`), restarts of statistics, GRIB templates in
//! `encode` (the message is built from the metadata).
//! Source of the vocabulary: MultIO's documentation ("Processing pipelines") and its plan files.

mod action;
mod aggregate;
mod encode;
mod grid;
mod interpolate;
mod mapping;
mod mask;
mod metadata;
mod print;
mod scale;
mod section;
mod select;
mod sink;
mod statistics;
mod window;

use std::collections::HashMap;
use std::path::Path;

use saphyr::{LoadableYamlNode, ScanError, Yaml};
use saphyr_parser::{Event, Parser};

pub use action::{Kind, Message, Points};
pub use metadata::{Metadata, Value};

use action::{Step, run};
use section::{Section, error};

use crate::error::{Error, Result};

/// The plans of one file.
pub struct Plans(Vec<Plan>);

struct Plan {
    name: String,
    steps: Vec<Step>,
}

impl Plans {
    /// Reads a plan file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::file(path, "reading a plan", source))?;
        Self::from_yaml(&text)
    }

    /// Reads plans from YAML.
    pub fn from_yaml(text: &str) -> Result<Self> {
        let documents = load(text)?;
        let [document] = &documents[..] else {
            return Err(error("plan file", format!("expected one document, got {}", documents.len())));
        };
        let root = Section::new("plan file", document)?;
        root.allow(&["plans"])?;
        root.required("plans")?;
        root.list("plans")?
            .iter()
            .enumerate()
            .map(|(number, yaml)| Plan::new(number, yaml))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// Sends a message through all plans. The first error that no action skips ends the call; plans before it have
    /// had the message, those after it have not.
    pub fn write(&mut self, message: Message) -> Result<()> {
        if let Kind::Field { layout, values } = &message.kind
            && layout.points() != values.len()
        {
            return Err(Error::LengthMismatch {
                name: "values".into(),
                expected: layout.points(),
                got: values.len(),
            });
        }
        if let Kind::Part { layout, points, values } = &message.kind {
            points.check(layout, values.len())?;
        }
        let Some((last, others)) = self.0.split_last_mut() else { return Ok(()) };
        for plan in others {
            run(&mut plan.steps, message.clone())?;
        }
        run(&mut last.steps, message)
    }

    /// Ends all plans: what they have written is on its way to the disk. Statistics of windows that have not ended are
    /// dropped. The first error is returned when all have ended.
    pub fn finish(mut self) -> Result<()> {
        let steps = self.0.iter_mut().flat_map(|plan| &mut plan.steps);
        let results: Vec<Result<()>> = steps.map(Step::finish).collect();
        results.into_iter().collect()
    }

    /// Names of the plans, each with the number of messages that its actions skipped because of an error.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|plan| (plan.name.as_str(), plan.steps.iter().map(Step::skipped).sum()))
    }
}

impl Plan {
    fn new(number: usize, yaml: &Yaml<'_>) -> Result<Self> {
        let section = Section::new(format!("plan {}", number + 1), yaml)?;
        section.allow(&["name", "actions"])?;
        let name = section.text("name")?.map_or_else(|| section.place.clone(), String::from);
        section.required("actions")?;
        let step = |(number, yaml)| {
            let place = format!("plan '{name}', action {}", number + 1);
            Step::new(&Section::new(place, yaml)?)
        };
        let steps = section.list("actions")?.iter().enumerate().map(step).collect::<Result<_>>()?;
        Ok(Self { name, steps })
    }
}

/// Levels of mappings and lists in a plan file: more than any plan has, few enough for the stack.
const DEEPEST: usize = 64;

fn load(text: &str) -> Result<Vec<Yaml<'_>>> {
    let wrong = |reason: ScanError| error("plan file", format!("no YAML: {reason}"));
    // The tree is built by recursion, its events are not. An alias is as deep as what it stands for.
    let (mut open, mut heights): (Vec<(usize, usize)>, HashMap<usize, usize>) = Default::default();
    for event in Parser::new_from_str(text) {
        let below = match event.map_err(wrong)?.0 {
            Event::MappingStart(anchor, _) | Event::SequenceStart(anchor, _) => {
                open.push((anchor, 1));
                0
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let (anchor, height) = open.pop().unwrap_or_default();
                heights.insert(anchor, height);
                height
            }
            Event::Alias(anchor) => heights.get(&anchor).copied().unwrap_or(0),
            _ => 0,
        };
        if open.len() + below > DEEPEST {
            return Err(error("plan file", format!("expected at most {DEEPEST} levels of lists and keys")));
        }
        if let Some((_, height)) = open.last_mut() {
            *height = (*height).max(below + 1);
        }
    }
    Yaml::load_from_str(text).map_err(wrong)
}
