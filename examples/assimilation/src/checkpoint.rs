//! `checkpoint.bin`: where a run is. Its scores and the memory of truth and methods, sealed by a hash.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terrella_coupling::cycle::{Cases, Departure, Diagnosis, Score, Scores};
use terrella_io::checkpoint::CheckpointStore;
use terrella_kernels::Real;

use crate::configuration::{Configuration, Output};
use crate::error::{Error, Result};

/// Where a run is, but for the states.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) cycle: u32,
    /// Of the truth.
    pub(crate) steps: usize,
    /// Of every method.
    pub(crate) followed: Vec<Followed>,
}

/// How a method fared until then.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) scores: Scores,
    pub(crate) diagnosis: Diagnosis,
    pub(crate) seconds: f64,
}

/// The same as text.
#[derive(Deserialize, Serialize)]
struct Header {
    configuration: Configuration,
    cycle: u32,
    steps: usize,
    /// \[method]\[cycle]: the four numbers of a score, bit for bit.
    scores: Vec<Vec<[u64; 4]>>,
    seconds: Vec<f64>,
    diagnoses: Vec<Diagnosed>,
}

/// A [`Diagnosis`], whose numbers follow the states.
#[derive(Deserialize, Serialize)]
struct Diagnosed {
    departures: usize,
    members: usize,
    every: usize,
    seen: usize,
    values: usize,
}

/// Checkpoints that are kept: the last one, and the one before for the case that it is damaged.
const KEPT: usize = 2;

/// What must be equal for a run to go on: not its length, nor where results go. Diagnostics keep cases of the cycles that count.
fn identity(configuration: &Configuration) -> Configuration {
    let mut same = configuration.clone();
    same.experiment.cycles = 0;
    same.output = Output { diagnostics: configuration.output.diagnostics, ..Output::default() };
    same
}

/// Saves a run into its folder.
pub(crate) fn write<R: Real>(
    folder: &Path,
    configuration: &Configuration,
    position: &Position,
    memory: Vec<&mut [R]>,
) -> Result<PathBuf> {
    let bits = |score: &Score| {
        [score.forecast_error, score.analysis_error, score.forecast_spread, score.analysis_spread]
            .map(f64::to_bits)
    };
    let diagnosed = |Followed { diagnosis, .. }: &Followed| {
        let Cases { members, every, seen, values } = diagnosis.cases();
        let (departures, values) = (diagnosis.departures().len(), values.len());
        Diagnosed { departures, members: *members, every: *every, seen: *seen, values }
    };
    let header = Header {
        configuration: identity(configuration),
        cycle: position.cycle,
        steps: position.steps,
        scores: position.followed.iter().map(|of| of.scores.cycles.iter().map(bits).collect()).collect(),
        seconds: position.followed.iter().map(|of| of.seconds).collect(),
        diagnoses: position.followed.iter().map(diagnosed).collect(),
    };
    let text = serde_json::to_vec(&header).expect("numbers and texts are valid JSON");
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    for value in memory.into_iter().flatten() {
        // Exact for f32 too.
        bytes.extend(value.to_f64().to_le_bytes());
    }
    for Followed { diagnosis, .. } in &position.followed {
        let departures = diagnosis.departures().iter().flat_map(Departure::numbers);
        bytes.extend(departures.chain(diagnosis.cases().values.iter().copied()).flat_map(f64::to_le_bytes));
    }
    Ok(CheckpointStore::open(folder, KEPT)?.save(u64::from(position.cycle), &bytes)?)
}

/// Reads the folder of the checkpoint `path` and fills `memory`; that one must be the newest.
pub(crate) fn read<R: Real>(
    path: &Path,
    configuration: &Configuration,
    memory: Vec<&mut [R]>,
) -> Result<Position> {
    let refuse = |message: &str| Error::Checkpoint { path: path.to_owned(), message: message.to_owned() };
    if !path.is_file() {
        return Err(refuse("there is no such file"));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let restored = CheckpointStore::open(folder, KEPT)?.restore()?;
    let checkpoint = restored.checkpoint.ok_or_else(|| refuse("it is damaged"))?;
    if checkpoint.path != path {
        return Err(refuse(&format!("the newest whole one is '{}'", checkpoint.path.display())));
    }
    let damaged = || refuse("it is not one of this program");
    let (length, rest) = checkpoint.state.split_first_chunk::<8>().ok_or_else(damaged)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged())?;
    let (text, values) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let header: Header = serde_json::from_slice(text).map_err(|_| damaged())?;
    if header.configuration != identity(configuration) {
        return Err(refuse("the configuration is another one than at its writing"));
    }
    let methods = configuration.method.len();
    let lists = [header.scores.len(), header.seconds.len(), header.diagnoses.len()];
    let of_diagnoses = header.diagnoses.iter().map(|of| of.departures * Departure::LEN + of.values);
    let expected = memory.iter().map(|part| part.len()).sum::<usize>() + of_diagnoses.sum::<usize>();
    if values.len() != 8 * expected || lists != [methods; 3] {
        return Err(damaged());
    }
    let mut numbers = values.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
    let mut next = || numbers.next().expect("as many as were counted");
    for value in memory.into_iter().flatten() {
        *value = R::from_f64(next());
    }
    let mut diagnosis = |of: &Diagnosed| {
        let departures = (0..of.departures).map(|_| Departure::from_numbers(std::array::from_fn(|_| next())));
        let departures = departures.collect();
        let values = (0..of.values).map(|_| next()).collect();
        Diagnosis::resume(departures, Cases { members: of.members, every: of.every, seen: of.seen, values })
    };
    let score = |bits: &[u64; 4]| {
        let [forecast_error, analysis_error, forecast_spread, analysis_spread] = bits.map(f64::from_bits);
        Score { forecast_error, analysis_error, forecast_spread, analysis_spread }
    };
    let followed = header.scores.iter().zip(header.seconds).zip(&header.diagnoses);
    let followed = followed.map(|((scores, seconds), of)| Followed {
        scores: Scores { cycles: scores.iter().map(score).collect() },
        diagnosis: diagnosis(of),
        seconds,
    });
    Ok(Position { cycle: header.cycle, steps: header.steps, followed: followed.collect() })
}
