//! Who looks at a forecast while it runs: trackers, statistics, films.

use std::path::PathBuf;

use terrella_io::layout::Layout;
use terrella_io::{Level, Parameter};

use crate::error::Result;
use crate::output::{OutputFields, Quantity};

/// The forecast at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// Forecast hour.
    pub(crate) hour: f64,
    /// Where the points are.
    pub(crate) layout: &'a Layout,
    /// What the fields are.
    pub(crate) quantities: &'a [Quantity],
    /// The fields, in the order of the quantities, with the time at which they are valid.
    pub(crate) fields: &'a OutputFields,
}

impl<'a> Moment<'a> {
    /// A field `[point]` in the parameter's unit; none where the model does not write it on this level.
    pub(crate) fn field(&self, parameter: Parameter, level: Level) -> Option<&'a [f64]> {
        let of_parameter = |quantity: &Quantity| quantity.parameter.short_name == parameter.short_name;
        let number = self.quantities.iter().position(of_parameter)?;
        let row = self.quantities[number].levels.iter().position(|own| *own == level)?;
        let points = self.layout.points();
        self.fields.values[number].get(row * points..(row + 1) * points)
    }
}

/// Looks at every output time, from the start to the end.
pub(crate) trait Observer {
    /// Its name in messages and checkpoints.
    fn name(&self) -> &'static str;

    /// Whether it also looks between output times, when the run does ([`Start::steps_per_look`](crate::model::Start)).
    fn looks_between(&self) -> bool {
        false
    }

    /// Takes the state at such a time; after a restart, only those after it.
    fn observe(&mut self, moment: &Moment<'_>) -> Result<()>;

    /// What it has to remember over a restart.
    fn memory(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes its [memory](Self::memory) back; none unless it is one of its own.
    fn restore(&mut self, memory: &[u8]) -> Option<()> {
        memory.is_empty().then_some(())
    }

    /// The forecast is over: writes what needs the whole run into the folder of its output. Returns its files.
    fn finish(&mut self) -> Result<Vec<PathBuf>>;
}
