//! From which step to which a process goes.

use crate::arguments::RunArguments;
use crate::configuration::Settings;
use crate::error::{Error, Result};
use crate::model::Model;

/// The steps of this process, of those of the forecast.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Done before it.
    pub(super) first: u64,
    /// Done when it ends.
    pub(super) last: u64,
    /// Of the configured forecast.
    pub(super) configured: u64,
}

impl Span {
    /// From where the model is to the end that arguments or configuration ask for; refuses a checkpoint after which nothing is left to do.
    pub(super) fn of<C: Settings, M: Model>(
        arguments: &RunArguments,
        configuration: &C,
        model: &M,
        steps_per_output: u64,
    ) -> Result<Self> {
        let output = configuration.output();
        let first = model.step_count();
        let configured = u64::from(configuration.length() / output.interval) * steps_per_output;
        let last = match arguments.steps {
            Some(steps) if arguments.within_length => steps.min(configured),
            Some(steps) => steps,
            None => configured,
        };
        // A process that was killed between its last checkpoint and its end left what only has to be completed.
        let lacks_end = || {
            let found = terrella_io::manifest::verify(&output.folder);
            found.is_ok_and(|found| found.manifests > 0 && !found.ends_run)
        };
        let done = first > last || first == last && (arguments.steps.is_some() || !lacks_end());
        if let Some(path) = arguments.restart.clone().filter(|_| done) {
            return Err(Error::Checkpoint {
                path,
                message: format!("it is at step {first}, the run is to end at step {last}"),
            });
        }
        Ok(Self { first, last, configured })
    }

    /// Whether it ends before the configured forecast does.
    pub(super) fn stops_early(self) -> bool {
        self.last < self.configured
    }
}
