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
//! Every message goes through every plan, in the caller's thread; [`crate::server`] is for models that must not wait. A
//! plan's `delivery` is `lossless` (the default) or `best-effort`, which tells that server what to do where a sink is slow.
//! Actions:
//!
//! | action | what becomes of a message |
//! |---|---|
//! | `select` | goes on where its metadata match |
//! | `transport` | goes on on an output server, where there are such |
//! | `aggregate` | parts of a field become the field |
//! | `scale` | values times a factor, and a new parameter |
//! | `mask` | points outside a mask become missing |
//! | `metadata-mapping` | metadata set by a table |
//! | `statistics` | means, extremes, sums over windows of time |
//! | `interpolate` | a field on another grid |
//! | `encode` | GRIB2 or raw bytes |
//! | `print` | a line on standard output |
//! | `sink` | bytes, or fields, into files |
//!
//! `docs/plans.md` describes their keys. Each takes `on-error: propagate` (the default) or `skip`, which drops the message
//! and counts it. An action, key or value that is not known here is refused with the nearest that is; nothing is accepted
//! and ignored.
//!
//! Plans that remember something from one message to the next, as `statistics` does, give it for a checkpoint
//! ([`Plans::state`]) and take it back ([`Plans::restore`]).
//!
//! Not here: GRIB templates in `encode` (the message is built from the metadata).
//! Source of the vocabulary: MultIO's documentation ("Processing pipelines") and its plan files.

mod action;
mod aggregate;
mod encode;
mod gap;
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
pub(crate) mod spare;
pub(crate) mod state;
mod statistics;
mod transport;
mod window;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use saphyr::{LoadableYamlNode, ScanError, Yaml};
use saphyr_parser::{Event, Parser};

pub use action::{Kind, Message, Points};
pub use gap::Gap;
pub use metadata::{Metadata, Value};
pub use sink::{Consumer, Delivery, Memory, WholeFile, WholeFiles};

pub(crate) use action::{Failed, Outcome};
use action::{Step, run};
use section::{Run, Section, Side, error};
pub(crate) use select::Select;
pub(crate) use transport::{Transport, server_of as transported_to};

use crate::error::{Error, Result};
use crate::log::Log;

/// The plans of one file.
pub struct Plans {
    plans: Vec<Plan>,
    /// Memory of the last message.
    spare: spare::Spare,
    /// What the plans of an earlier process remembered is to be restored before the first message.
    awaits_state: bool,
}

/// One plan.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) guarantee: Guarantee,
    /// Whether servers make fields of what it is given: it has `aggregate` behind `transport`.
    pub(crate) takes_parts: bool,
    steps: Vec<Step>,
}

/// What a server does with messages that a plan has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarantee {
    Lossless,
    BestEffort,
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
        Self::of_run(text, Run::plain())
    }

    /// Reads plans from YAML; relative paths of their sinks start in `folder`.
    pub fn from_yaml_in(text: &str, folder: &Path) -> Result<Self> {
        Self::of_run(text, Run { folder, continued: false, side: Side::Whole })
    }

    /// The same for a run of which an earlier process wrote the first steps. Plans that remember something take no message
    /// before [`Plans::restore`].
    ///
    /// # Errors
    /// Besides, before any file is touched, [`Error::Plan`] for plans that would write something else than in a whole run:
    /// those with sinks that add to what is there, which are of type `log`, and `file` without `whole`. Files of sinks `netcdf`
    /// and stores of sinks `zarr` go on from the first message's time.
    pub fn continue_yaml_in(text: &str, folder: &Path) -> Result<Self> {
        Self::of_run(text, Run { folder, continued: true, side: Side::Whole })
    }

    /// What a rank of the model carries out: plans up to `transport`, and, unless `only_transported`, those without it.
    pub(crate) fn of_model(
        text: &str,
        folder: &Path,
        continued: bool,
        only_transported: bool,
    ) -> Result<Self> {
        let side = if only_transported { Side::OnlyTransported } else { Side::Model };
        Self::of_run(text, Run { folder, continued, side })
    }

    /// What one of `servers` servers carries out: plans after `transport`.
    pub(crate) fn of_server(text: &str, folder: &Path, servers: usize, continued: bool) -> Result<Self> {
        Self::of_run(text, Run { folder, continued, side: Side::Server(servers) })
    }

    /// The actions `transport` of the plans that have one.
    pub(crate) fn transports(&mut self) -> impl Iterator<Item = (Guarantee, &mut Transport)> {
        self.plans.iter_mut().filter_map(|plan| {
            let transport = plan.steps.iter_mut().find_map(|step| step.action.transport())?;
            Some((plan.guarantee, transport))
        })
    }

    /// Of what one server carries out, the plan `number` alone; no other is opened.
    pub(crate) fn only_of_server(
        text: &str,
        folder: &Path,
        number: usize,
        continued: bool,
    ) -> Result<Option<Self>> {
        let run = Run { folder, continued, side: Side::Only(number) };
        Ok(Some(Self::of_run(text, run)?).filter(|plans| plans.count() == 1))
    }

    /// Tells sinks of a gap.
    pub(crate) fn gap(&mut self, gap: &Gap) -> Result<()> {
        self.plans.iter_mut().try_for_each(|plan| plan.gap(gap)).map_err(|failed| failed.error)
    }

    fn of_run(text: &str, run: Run<'_>) -> Result<Self> {
        let documents = load(text)?;
        let [document] = &documents[..] else {
            return Err(error("plan file", format!("expected one document, got {}", documents.len())));
        };
        let root = Section::new("plan file", document)?;
        root.allow(&["plans"])?;
        root.required("plans")?;
        let list = root.list("plans")?;
        let transported = || (0..list.len()).filter(|&number| transport::is_in(&list[number]));
        let chosen = match run.side {
            Side::Only(number) => transported().nth(number).map_or(0..0, |place| place..place + 1),
            _ => 0..list.len(),
        };
        list[chosen.clone()]
            .iter()
            .zip(chosen)
            .map(|(yaml, number)| (number, yaml))
            .filter_map(|(number, yaml)| Plan::new(number, yaml, run).transpose())
            .collect::<Result<_>>()
            .map(|plans: Vec<Plan>| {
                let awaits_state = run.continued && plans.iter().any(Plan::remembers);
                Self { plans, spare: Default::default(), awaits_state }
            })
    }

    /// Refuses messages before the state of an earlier process is there.
    fn expect_state(&self) -> Result<()> {
        match self.awaits_state {
            true => Err(error("plan file", "the run is continued: its state must be restored first")),
            false => Ok(()),
        }
    }

    /// Sends a message through all plans. The first error that no action skips ends the call; plans before it have
    /// had the message, those after it have not.
    pub fn write(&mut self, message: Message) -> Result<()> {
        self.expect_state()?;
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
        spare::lend(std::mem::take(&mut self.spare));
        let result = self.run(message);
        self.spare = spare::reclaim();
        result.map_err(|failed| failed.error)
    }

    /// The memory of the last field that the plans were done with, for the values of the next one; without values where they
    /// have none.
    ///
    /// Large memory that is fresh for each field comes from the system page by page, and goes back to it inside
    /// [`Plans::write`], which takes half as long as writing the encoded field.
    pub fn spare_values(&mut self) -> Vec<f64> {
        let mut values = std::mem::take(&mut self.spare.values);
        values.clear();
        values
    }

    fn run(&mut self, message: Message) -> Outcome<()> {
        let Some((last, others)) = self.plans.split_last_mut() else { return Ok(()) };
        for plan in others {
            plan.run(message.clone())?;
        }
        last.run(message)
    }

    /// Brings what the plans have written to the disk.
    pub fn flush(&mut self) -> Result<()> {
        self.plans.iter_mut().try_for_each(|plan| plan.flush()).map_err(|failed| failed.error)
    }

    /// Ends all plans: what they have written is on its way to the disk. Statistics of windows that have not ended are
    /// dropped. The first error is returned when all have ended.
    pub fn finish(mut self) -> Result<()> {
        let results: Vec<_> = self.plans.iter_mut().map(Plan::finish).collect();
        results.into_iter().collect::<Outcome<()>>().map_err(|failed| failed.error)
    }

    /// Hands the messages of the sink `{type: call, name: NAME}` to `consumer`.
    pub fn connect(&mut self, name: &str, consumer: impl Consumer + 'static) -> Result<()> {
        self.outlet(name, "call", |outlet| outlet.memory.is_none() && outlet.log.is_none())?.consumer =
            Box::new(consumer);
        Ok(())
    }

    /// What the sink `{type: memory, name: NAME}` keeps.
    pub fn memory(&mut self, name: &str) -> Result<Memory> {
        let outlet = self.outlet(name, "memory", |outlet| outlet.memory.is_some())?;
        Ok(outlet.memory.clone().expect("asked for"))
    }

    /// The log of the sink `{type: log, name: NAME, ...}`.
    pub fn log(&mut self, name: &str) -> Result<Arc<Log>> {
        let outlet = self.outlet(name, "log", |outlet| outlet.log.is_some())?;
        Ok(outlet.log.clone().expect("asked for"))
    }

    /// What sinks `file` with `whole`, and `netcdf`, have finished, from now on.
    pub fn whole_files(&mut self) -> WholeFiles {
        let files = WholeFiles::default();
        let steps = self.plans.iter_mut().flat_map(|plan| &mut plan.steps);
        for outlet in steps.filter_map(|step| step.action.sink()).flat_map(|sink| sink.outlets()) {
            outlet.consumer.report(&files);
        }
        files
    }

    /// The fewest bits per value in GRIB, where values come to the sinks as they were given: no plan does more than `select`,
    /// `transport`, `aggregate`, `encode`, `print` and `sink`.
    pub fn bits_of_kept_values(&self) -> Option<u32> {
        let steps = || self.plans.iter().flat_map(|plan| &plan.steps);
        let keeping = ["select", "transport", "aggregate", "encode", "print", "sink"];
        let kept = steps().all(|step| keeping.contains(&step.name));
        steps().filter_map(|step| step.action.bits()).min().filter(|_| kept)
    }

    /// How many plans there are.
    pub fn count(&self) -> usize {
        self.plans.len()
    }

    fn outlet(
        &mut self,
        name: &str,
        kind: &str,
        fits: fn(&sink::Outlet) -> bool,
    ) -> Result<&mut sink::Outlet> {
        let steps = self.plans.iter_mut().flat_map(|plan| &mut plan.steps);
        let outlets = steps.filter_map(|step| step.action.sink()).flat_map(|sink| sink.outlets());
        let mut named: Vec<_> =
            outlets.filter(|outlet| fits(outlet) && outlet.name.as_deref() == Some(name)).collect();
        match (named.pop(), named.len()) {
            (Some(outlet), 0) => Ok(outlet),
            (outlet, others) => Err(Error::InvalidValue {
                name: format!("sink '{name}' of type '{kind}'"),
                got: format!("named {} times in the plans", others + usize::from(outlet.is_some())),
                expected: "one such sink".into(),
            }),
        }
    }

    pub(crate) fn into_plans(self) -> Result<Vec<Plan>> {
        self.expect_state()?;
        Ok(self.plans)
    }

    /// Names of the plans, each with the number of messages that its actions skipped because of an error.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, usize)> {
        self.plans.iter().map(|plan| (plan.name.as_str(), plan.steps.iter().map(|step| step.skipped).sum()))
    }
}

impl Plan {
    /// None where this side has nothing of it.
    fn new(number: usize, yaml: &Yaml<'_>, run: Run<'_>) -> Result<Option<Self>> {
        let section = Section::new(format!("plan {}", number + 1), yaml)?;
        section.allow(&["name", "actions", "delivery"])?;
        let name = section.text("name")?.map_or_else(|| section.place.clone(), String::from);
        section.required("actions")?;
        let step = |(number, yaml)| {
            let place = format!("plan '{name}', action {}", number + 1);
            Step::new(&Section::new(place, yaml)?.within(run))
        };
        let actions = section.list("actions")?;
        let names: Vec<_> = actions.iter().map(|yaml| transport::name(yaml)).collect();
        let split = transport::place(&section, &names)?;
        let own = match (run.side, split) {
            (Side::Server(_) | Side::Only(_) | Side::OnlyTransported, None) => return Ok(None),
            (Side::Server(_) | Side::Only(_), Some(split)) => split + 1..actions.len(),
            (Side::Model | Side::OnlyTransported, Some(split)) => 0..split + 1,
            _ => 0..actions.len(),
        };
        let mut steps: Vec<Step> =
            actions.iter().enumerate().skip(own.start).take(own.len()).map(step).collect::<Result<_>>()?;
        if let (Side::Server(servers), Some(split)) = (run.side, split) {
            let place = format!("plan '{name}', action {}", split + 1);
            let transport = Transport::new(&Section::new(place, &actions[split])?)?;
            transport.check_servers(servers, &section, &mut steps)?;
        }
        let guarantee = match section.choice("delivery", &["lossless", "best-effort"])? {
            Some("best-effort") => Guarantee::BestEffort,
            _ => Guarantee::Lossless,
        };
        // Means of some of the steps are wrong, and parts of some of the fields never become one.
        let whole = names.iter().flatten().find(|name| ["statistics", "aggregate"].contains(name));
        if let (Guarantee::BestEffort, Some(name)) = (guarantee, whole) {
            return Err(section.error(format!("'delivery: best-effort' has no meaning with '{name}'")));
        }
        let takes_parts = split.is_some_and(|split| names[split..].contains(&Some("aggregate")));
        Ok(Some(Self { name, guarantee, takes_parts, steps }))
    }

    pub(crate) fn run(&mut self, message: Message) -> Outcome<()> {
        let outcome = run(&mut self.steps, message);
        if outcome.is_err() {
            self.steps.iter_mut().filter_map(|step| step.action.sink()).for_each(sink::Sink::spoil);
        }
        outcome
    }

    pub(crate) fn gap(&mut self, gap: &Gap) -> Outcome<()> {
        self.steps.iter_mut().try_for_each(|step| step.gap(gap))
    }

    pub(crate) fn flush(&mut self) -> Outcome<()> {
        self.steps.iter_mut().try_for_each(Step::flush)
    }

    pub(crate) fn finish(&mut self) -> Outcome<()> {
        let results: Vec<_> = self.steps.iter_mut().map(Step::finish).collect();
        results.into_iter().collect()
    }

    /// The selections that it begins with: what they stop needs not be handed to it.
    pub(crate) fn selections(&self) -> Vec<Select> {
        self.steps.iter().map_while(|step| step.action.selection().cloned()).collect()
    }

    /// Each action's place in the plan file, messages, skipped messages and time.
    pub(crate) fn actions(&self) -> impl Iterator<Item = (&str, u64, usize, Duration)> {
        self.steps.iter().map(|step| (step.place.as_str(), step.messages, step.skipped, step.time))
    }

    /// Bytes that have left it through its sinks.
    pub(crate) fn written(&self) -> u64 {
        self.steps.iter().map(|step| step.action.written()).sum()
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
