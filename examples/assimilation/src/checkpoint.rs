//! `checkpoint.bin`: where a run is. Its scores and the memory of truth and methods, sealed by a hash.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use terrella_coupling::cycle::{Score, Scores};
use terrella_io::checkpoint::CheckpointStore;
use terrella_kernels::Real;

use crate::configuration::Configuration;
use crate::error::{Error, Result};

/// Where a run is, but for the states.
#[derive(Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) cycle: u32,
    /// Of the truth.
    pub(crate) steps: usize,
    /// Of every method, with the seconds that it took.
    pub(crate) scores: Vec<(Scores, f64)>,
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
}

/// Checkpoints that are kept: the last one, and the one before for the case that it is damaged.
const KEPT: usize = 2;

/// What must be equal for a run to go on: not its length, nor where results go.
fn identity(configuration: &Configuration) -> Configuration {
    let mut same = configuration.clone();
    same.experiment.cycles = 0;
    same.experiment.spin_up = 0;
    same.output = crate::configuration::Output::default();
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
    let header = Header {
        configuration: identity(configuration),
        cycle: position.cycle,
        steps: position.steps,
        scores: position.scores.iter().map(|(scores, _)| scores.cycles.iter().map(bits).collect()).collect(),
        seconds: position.scores.iter().map(|(_, seconds)| *seconds).collect(),
    };
    let text = serde_json::to_vec(&header).expect("numbers and texts are valid JSON");
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    for value in memory.into_iter().flatten() {
        // Exact for f32 too.
        bytes.extend(value.to_f64().to_le_bytes());
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
    let expected: usize = memory.iter().map(|part| 8 * part.len()).sum();
    if values.len() != expected || header.scores.len() != configuration.method.len() {
        return Err(damaged());
    }
    let mut numbers = values.as_chunks::<8>().0.iter();
    for value in memory.into_iter().flatten() {
        let bytes = numbers.next().expect("as many as were counted");
        *value = R::from_f64(f64::from_le_bytes(*bytes));
    }
    let score = |bits: &[u64; 4]| {
        let [forecast_error, analysis_error, forecast_spread, analysis_spread] = bits.map(f64::from_bits);
        Score { forecast_error, analysis_error, forecast_spread, analysis_spread }
    };
    let scores = header.scores.iter().map(|of| Scores { cycles: of.iter().map(score).collect() });
    Ok(Position { cycle: header.cycle, steps: header.steps, scores: scores.zip(header.seconds).collect() })
}
