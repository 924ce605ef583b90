//! What the frame of a forecast needs of a model.

use serde_json::Value;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_coupling::timing::Recorder;
use terrella_io::Time;
use terrella_io::picture::Chart;
use terrella_kernels::Real;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;

use crate::checkpoint::{Fingerprint, Reader, Writer};
use crate::error::Result;
use crate::maps::Drawable;
use crate::observer::Observer;
use crate::output::{OutputFields, Quantity, Titles};
use crate::own_fields::OwnFields;
use crate::pictures::Labels;
use crate::ranks::Call;

/// A model under the frame of [`crate::forecast`], with what it measures of itself.
pub(crate) trait Model {
    /// Floating-point format of the state.
    type Number: Real;
    /// Version of its part of checkpoint files.
    const CHECKPOINT: u32;

    /// The grid of the output.
    fn grid(&self) -> &Grid;
    /// Where it computes.
    fn device(&self) -> Device;
    /// Δt \[s\].
    fn time_step(&self) -> f64;
    /// Steps since the initial state.
    fn step_count(&self) -> u64;
    /// Its resolution, such as `T85 L26 on F64`, by which a checkpoint of another one is told.
    fn description(&self) -> String;
    /// What it computes and what may be expected of it, line by line.
    fn announcement(&self) -> Vec<String>;
    /// What is written at every output time.
    fn quantities(&self) -> Vec<Quantity>;

    /// Tells a timeline of the phases of its steps from now on.
    fn set_recorder(&mut self, recorder: Recorder);
    /// One time step, and what is measured at each.
    fn step(&mut self) -> Result<()>;
    /// Which points of the grid are here.
    fn part(&self) -> &Part;
    /// The ranks that have the others.
    fn communicator(&self) -> Result<Communicator>;
    /// The present state as it is written, at own points; all ranks call it together.
    fn own_fields(&mut self, valid: Time) -> Result<OwnFields>;
    /// What is drawn of a state on the whole grid.
    fn drawable(&self, whole: &OwnFields) -> Drawable;
    /// Takes the present state into the measurements. Returns a line about it.
    fn record(&mut self, fields: &OutputFields) -> Result<String>;

    /// Keeps a copy of its state and measurements, each rank of its part, instead of the one that it has.
    fn keep(&mut self) -> Result<()>;
    /// Writes to a checkpoint what was kept.
    fn checkpoint(&self, writer: &mut Writer) -> Result<()>;
    /// Continues from what [`Model::checkpoint`] wrote; rank 0 has the reader, and all ranks call it together.
    fn restore(&mut self, reader: Option<&mut Reader<'_>>) -> Result<()>;

    /// On ranks other than the first: computes with it what it calls for, of [`Call::Step`], [`Call::Record`] and [`Call::Checkpoint`].
    fn follow(&mut self, call: Call) -> Result<()>;

    /// Points times levels, and the bytes of the arrays that its scheme needs for them.
    fn size(&self) -> ModelSize;
    /// Its entries of the summary.
    fn measured(&self) -> Value;
    /// Charts of what it measured; none without two output times.
    fn charts(&self) -> Vec<Chart>;

    /// Model time \[s\].
    fn time(&self) -> f64 {
        self.step_count() as f64 * self.time_step()
    }

    /// Forecast hour.
    fn hour(&self) -> f64 {
        self.time() / 3600.0
    }
}

/// How large a model is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelSize {
    /// Points times levels.
    pub(crate) cells: usize,
    /// Bytes of the fields, spectra and matrices of the scheme.
    pub(crate) array_bytes: usize,
    pub(crate) bytes_per_number: usize,
}

/// A state at an output time, on rank 0.
pub(crate) struct Snapshot {
    pub(crate) fields: OutputFields,
    /// What this rank has of them, where others have the rest.
    pub(crate) own: Option<OutputFields>,
    pub(crate) drawable: Drawable,
}

/// A model at its initial state, and what is to be said about it.
pub(crate) struct Start<M> {
    pub(crate) model: M,
    /// When the initial state is valid.
    pub(crate) valid: Time,
    pub(crate) steps_per_output: u64,
    /// How often observers that look between output times do: a divisor of the number above.
    pub(crate) steps_per_look: u64,
    /// What was read and how it was used, line by line, for people.
    pub(crate) report: Vec<String>,
    pub(crate) input_hash: blake3::Hash,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) titles: Titles,
    pub(crate) labels: Labels,
    pub(crate) observers: Vec<Box<dyn Observer>>,
}
