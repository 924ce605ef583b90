//! The one error type of this program: one clear line each.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;

/// `std::result::Result` with this program's [`Error`].
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// One line on standard error, in one piece: launchers write lines of their own between pieces.
pub(crate) fn complain(what: impl Display) {
    // Nobody else is there to be told.
    let _ = std::io::stderr().write_all(format!("extremes: {what}\n").as_bytes());
}

/// What ended the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration file says something that cannot be.
    #[error("'{}': {message}", path.display())]
    Configuration { path: PathBuf, message: String },
    /// A setting that does not go with the others.
    #[error("Key '{key}' in [{table}] is {got}: expected {expected}.")]
    Setting { key: &'static str, table: &'static str, got: String, expected: String },
    /// The model's state is no longer a number.
    #[error(
        "Step {step} (forecast hour {hour:.2}): '{field}' is {value} at latitude {latitude:.2}°, longitude {longitude:.2}°: the run became unstable."
    )]
    NotFinite { field: &'static str, value: f64, hour: f64, step: u64, latitude: f64, longitude: f64 },
    /// A system call on a file failed.
    #[error("'{}': {operation} failed: {source}.", path.display())]
    File { path: PathBuf, operation: &'static str, source: std::io::Error },
    /// A kernel, buffer, grid or transform refused its input.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// A model refused its settings or became unstable.
    #[error(transparent)]
    Dycore(#[from] terrella_dycore::Error),
    /// Ranks could not send each other what the forecast needs.
    #[error(transparent)]
    Coupling(#[from] terrella_coupling::Error),
    /// Another rank failed.
    #[error("Rank {rank} failed at '{phase}': {message}")]
    OnRank { rank: usize, phase: String, message: String },
    /// Ranks do not run the same.
    #[error("Rank {rank} has another {name} than rank 0: {got}, expected {expected}.")]
    UnlikeRanks { name: &'static str, rank: usize, got: String, expected: String },
    /// An output server was lost; the run is over without it.
    #[error("{lost} The rest of the run is there too: 'terrella-io replay {}' writes it.", log.display())]
    ToReplay { lost: String, log: PathBuf },
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] terrella_io::Error),
    /// An input file holds what cannot be used.
    #[error("'{}': {message}", path.display())]
    Input { path: PathBuf, message: String },
    /// No field of a forecast has a counterpart in the analysis.
    #[error("No valid time matches: forecast {forecast}; analysis {analysis}.")]
    NothingToCompare { forecast: String, analysis: String },
    /// A file that was written does not read back as it was meant.
    #[error("'{}' does not hold what was written: {message}.", path.display())]
    NotVerified { path: PathBuf, message: String },
    /// A checkpoint that cannot be continued from.
    #[error("'{}' is no checkpoint to continue from: {message}.", path.display())]
    Checkpoint { path: PathBuf, message: String },
    /// The signal handler could not be set.
    #[error("Ctrl-C and SIGTERM cannot be handled: {reason}.")]
    Signals { reason: String },
    /// The run was stopped before its first step.
    #[error("Interrupted before the first step: nothing was written.")]
    InterruptedBeforeStart,
    /// The run was stopped by Ctrl-C or SIGTERM.
    #[error("Interrupted at forecast hour {hour}: finished files are valid; continue with --restart {}", checkpoint.display())]
    Interrupted { hour: String, checkpoint: PathBuf },
}

impl Error {
    /// Whether the error is one of this rank alone, while others may wait for what it was about to send.
    pub(crate) fn is_of_one_rank(&self) -> bool {
        use terrella_coupling::Error::InvalidValue;
        use terrella_dycore::Error::{Coupling, InvalidConfiguration, Unstable, UnstableAtLevel};
        match self {
            // What all ranks find alike.
            Self::Dycore(
                Unstable { .. }
                | UnstableAtLevel { .. }
                | InvalidConfiguration { .. }
                | Coupling(InvalidValue { .. }),
            ) => false,
            Self::Dycore(_) => true,
            Self::Kernels(_) | Self::Coupling(_) => true,
            _ => false,
        }
    }

    pub(crate) fn signals(reason: String) -> Self {
        Self::Signals { reason }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, operation: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.into(), operation, source }
    }
}
