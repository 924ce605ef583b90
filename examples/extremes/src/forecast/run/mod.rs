//! A forecast under way on rank 0: what it is made of.
//!
//! | file        | what it does                                                  |
//! |-------------|---------------------------------------------------------------|
//! | `span.rs`   | from which step to which it goes                              |
//! | `steps.rs`  | steps, output times, and looks between them                   |
//! | `states.rs` | what it keeps and writes to go on from, and how it goes on    |
//! | `end.rs`    | its end: whole, interrupted or failed, and the summary        |

mod end;
mod span;
mod states;
mod steps;

use std::path::PathBuf;
use std::time::Instant;

use terrella_coupling::timing::Recorder;
use terrella_io::Time;
use terrella_io::layout::Layout;

use super::CHECKPOINT;
use super::snapshot::snapshot;
use crate::arguments::RunArguments;
use crate::checkpoint::Origin;
use crate::configuration::{Format, Settings};
use crate::error::Result;
use crate::leftovers;
use crate::model::{Model, Start};
use crate::observer::Observer;
use crate::output::{Quantity, Writer};
use crate::own_fields::own_points;
use crate::pictures::Pictures;
use crate::planned::PlannedRun;
use crate::ranks::Ranks;
use crate::record::{Record, Used};
use crate::summary::{self, Timings};
use span::Span;
use states::{Good, restore};
use terrella_driver::progress::say;

/// A forecast under way, on the rank that leads.
pub(super) struct Run<C, M> {
    ranks: Ranks,
    recorder: Recorder,
    trace: Option<PathBuf>,
    configuration: C,
    folder: PathBuf,
    /// Of the initial state.
    valid: Time,
    report: Vec<String>,
    input_hash: blake3::Hash,
    origin: Origin,
    model: M,
    steps_per_output: u64,
    steps_per_look: u64,
    span: Span,
    quantities: Vec<Quantity>,
    writer: Writer,
    record: Record,
    layout: Layout,
    pictures: Option<Pictures>,
    observers: Vec<Box<dyn Observer>>,
    /// The one that is on the disk.
    checkpoint: Option<PathBuf>,
    /// That of the last output time: written where a step fails after it.
    last_good: Option<Good>,
    /// Files of the part of the run before a restart.
    earlier_files: Vec<PathBuf>,
    timings: Timings,
}

impl<C: Settings, M: Model> Run<C, M> {
    /// The run at the initial state, or at the checkpoint that the arguments name.
    pub(super) fn prepare(
        ranks: &Ranks,
        arguments: &RunArguments,
        configuration: C,
        mut plans: Option<PlannedRun>,
        start: Start<M>,
        started: Instant,
        recorder: Recorder,
    ) -> Result<Self> {
        let folder = configuration.output().folder.clone();
        let Start {
            mut model,
            valid,
            steps_per_output,
            steps_per_look,
            report,
            input_hash,
            fingerprint,
            titles,
            labels,
            mut observers,
        } = start;
        let used = used(arguments, &configuration, input_hash)?;
        let origin = Origin { version: M::CHECKPOINT, description: model.description(), fingerprint };
        let layout = Layout::from(model.grid());
        let output = configuration.output();
        let pictures = if output.pictures {
            let analysis = snapshot(ranks, &mut model, valid)?.drawable;
            Some(Pictures::new(output, labels, &folder, &layout, valid, analysis))
        } else {
            None
        };
        if let Some(path) = &arguments.restart {
            restore(ranks, path, &origin, arguments.convert, &mut model, &mut observers, plans.as_mut())?;
        }
        let span = Span::of(arguments, &configuration, &model, steps_per_output)?;
        let resume = (span.first > 0).then(|| valid.plus_seconds(model.time().round() as i64));
        let mut earlier_files = summary::files_of_earlier_run(&folder);
        let quantities = model.quantities();
        let record = Record::begin(&folder, resume.is_some(), &used)?;
        leftovers::remove(&folder)?;
        if resume.is_none() {
            // When no manifest lists them any more.
            summary::remove_earlier_run(&folder, std::mem::take(&mut earlier_files))?;
        }
        // One that a killed process wrote is in no list yet.
        let checkpoint = Some(folder.join(CHECKPOINT)).filter(|path| resume.is_some() && path.is_file());
        let points = own_points(model.part());
        let writer =
            Writer::new(output, plans, ranks, quantities.clone(), &titles, &layout, points, valid, resume)?;
        let timings = Timings { initial_state: started.elapsed().as_secs_f64(), ..Timings::default() };
        Ok(Self {
            ranks: ranks.clone(),
            recorder,
            trace: arguments.trace.clone(),
            configuration,
            folder,
            valid,
            report,
            input_hash,
            origin,
            model,
            steps_per_output,
            steps_per_look,
            span,
            quantities,
            writer,
            record,
            layout,
            pictures,
            observers,
            checkpoint,
            last_good: None,
            earlier_files,
            timings,
        })
    }

    /// Says what is going to be computed, and what may be expected of it.
    fn announce(&self) {
        for line in self.report.iter().chain(&self.model.announcement()) {
            say(line);
        }
        let hours = |step: u64| step as f64 * self.model.time_step() / 3600.0;
        say(&format!(
            "forecast   from {} + {:.1} h to + {:.1} h in {} steps, output every {} h into {}",
            self.valid,
            hours(self.span.first),
            hours(self.span.last),
            self.span.last - self.span.first,
            self.configuration.output().interval,
            self.folder.display()
        ));
    }
}

/// What results depend on, of each file its hash.
fn used<C: Settings>(
    arguments: &RunArguments,
    configuration: &C,
    input_hash: blake3::Hash,
) -> Result<Vec<Used>> {
    let mut used = vec![
        Used::read("configuration", &arguments.configuration)?,
        Used { role: "initial-state", path: configuration.input().to_owned(), hash: input_hash },
    ];
    let plan = configuration
        .output()
        .plan
        .as_deref()
        .filter(|_| configuration.output().formats.contains(&Format::Grib2));
    let others = plan.map(|path| ("plan", path)).into_iter().chain(configuration.other_inputs());
    let others = others.chain(arguments.restart.as_deref().map(|path| ("checkpoint", path)));
    for (role, path) in others {
        used.push(Used::read(role, path)?);
    }
    Ok(used)
}
