//! Where the time of all ranks goes: their table and their trace.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use terrella_coupling::timing::{Recorder, Row, Spread, Table};
use terrella_driver::progress::say;
use terrella_io::sink::AtomicFile;

use crate::arguments::RunArguments;
use crate::error::{Error, Result};
use crate::ranks::{Call, Ranks};

/// Events that each rank keeps for a trace, of 24 bytes in memory and about 100 in the file.
const EVENTS: usize = 1 << 18;

/// Reading, and making the initial state.
pub(crate) const START: &str = "start";
/// A time step, but for the model's own phases.
pub(crate) const STEP: &str = "step";
/// What is written, drawn and measured.
pub(crate) const OUTPUT: &str = "output";
/// States to go on from.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// Until rank 0 calls.
pub(crate) const IDLE: &str = "idle";

/// The phase of what rank 0 calls for.
pub(crate) fn phase_of(call: Call) -> &'static str {
    match call {
        Call::Step => STEP,
        Call::Snapshot | Call::Record | Call::Write | Call::EndPlans => OUTPUT,
        Call::Keep | Call::Checkpoint | Call::PlanStates => CHECKPOINT,
        Call::Restore | Call::Plans => START,
        Call::Times | Call::End => IDLE,
    }
}

/// The timeline of this rank, on where there are several or a trace is asked for; all ranks make it together.
pub(crate) fn recorder(ranks: &Ranks, arguments: &RunArguments) -> Result<Recorder> {
    let recorder = match &arguments.trace {
        Some(_) => Recorder::new(ranks.communicator(), EVENTS)?,
        None if ranks.are_several() => Recorder::new(ranks.communicator(), 0)?,
        None => Recorder::default(),
    };
    ranks.communicator().set_recorder(recorder.clone());
    Ok(recorder)
}

/// An error unless the trace can be a file.
pub(crate) fn expect_file(trace: Option<&Path>) -> Result<()> {
    let Some(path) = trace else { return Ok(()) };
    if path.is_dir() {
        let message = "--trace needs the name of a file, and this is a folder.".to_owned();
        return Err(Error::Input { path: path.to_owned(), message });
    }
    drop(AtomicFile::create(path)?);
    Ok(())
}

/// The times of all ranks, on rank 0, which writes the trace where one is asked for; nothing on the others, which it calls to this.
pub(crate) fn collect(ranks: &Ranks, recorder: &Recorder, trace: Option<&Path>) -> Result<Option<Table>> {
    if !recorder.is_on() {
        return Ok(None);
    }
    ranks.call(Call::Times)?;
    let table = recorder.table(ranks.communicator())?;
    if let Some(path) = trace {
        write(ranks, recorder, path)?;
    }
    Ok(table)
}

fn write(ranks: &Ranks, recorder: &Recorder, path: &Path) -> Result<()> {
    if !ranks.leads() {
        recorder.write_trace(ranks.communicator(), &mut io::sink())?;
        return Ok(());
    }
    // The others do their part wherever this fails.
    let (mut file, created) = match AtomicFile::create(path) {
        Ok(file) => (Some(file), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let mut out = Hashed { file: file.as_mut(), hasher: blake3::Hasher::new() };
    let traced = recorder.write_trace(ranks.communicator(), &mut out).map_err(|error| match error {
        terrella_coupling::Error::Trace { source } => Error::file(path, "writing", source),
        other => other.into(),
    });
    let hash = out.hasher.finalize();
    created?;
    let (traced, Some(file)) = (traced?.unwrap_or_default(), file) else { return Ok(()) };
    file.commit()?;
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, "reading back", error))?;
    if blake3::hash(&bytes) != hash {
        let message = "it differs from what was written".to_owned();
        return Err(Error::NotVerified { path: path.to_owned(), message });
    }
    let dropped = match traced.dropped {
        0 => String::new(),
        dropped => format!("; {dropped} more came after the {EVENTS} that a rank keeps"),
    };
    say(&format!(
        "trace      {}: {} events of {} ranks, clocks within {:.1} µs{dropped}",
        path.display(),
        traced.events,
        ranks.communicator().size(),
        recorder.accuracy().as_secs_f64() * 1e6,
    ));
    Ok(())
}

/// A file, if it could be made, with the hash of what goes into it.
struct Hashed<'a> {
    file: Option<&'a mut AtomicFile>,
    hasher: blake3::Hasher,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            file.append(bytes).map_err(io::Error::other)?;
        }
        self.hasher.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The table as an entry of the summary.
pub(crate) fn entry(table: &Table) -> Value {
    let spread = |spread: Spread| json!({ "mean": spread.mean, "max": spread.max });
    let row = |row: &Row| {
        json!({
            "phase": row.phase,
            "compute_s": spread(row.compute),
            "wait_s": spread(row.wait),
            "transfer_s": spread(row.transfer),
            "imbalance": row.imbalance,
            "slowest_rank": row.slowest,
        })
    };
    json!({ "ranks": table.ranks, "phases": table.rows.iter().map(row).collect::<Vec<_>>() })
}
