//! The one error type of this crate.

use std::path::PathBuf;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a benchmark could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No such entry, key or choice.
    #[error("Unknown {kind} '{got}': did you mean '{nearest}'? ('list' shows all.)")]
    Unknown {
        /// What was named: `entry`, `key of 'stencil'`, ...
        kind: String,
        /// The name as given.
        got: String,
        /// The nearest valid name.
        nearest: String,
    },
    /// A key without its value, or a value that is none.
    #[error("'{name}': got {got}, expected {expected}.")]
    Value {
        /// The key.
        name: String,
        /// The value as given, quoted, or `nothing`.
        got: String,
        /// What it must be.
        expected: String,
    },
    /// A peer that is not installed or failed.
    #[error("Peer '{peer}': {reason}")]
    Peer {
        /// Its name.
        peer: &'static str,
        /// What is missing, in words.
        reason: String,
    },
    /// A kernel or transform failed.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// A model failed.
    #[error(transparent)]
    Model(#[from] terrella_dycore::Error),
    /// A run of a model, or of its derivative, failed.
    #[error(transparent)]
    Coupling(#[from] terrella_coupling::Error),
    /// A published test case failed.
    #[error(transparent)]
    Validation(#[from] terrella_validation::Error),
    /// A field could not be encoded.
    #[error(transparent)]
    Output(#[from] terrella_io::Error),
    /// A file could not be read or written.
    #[error("File '{}': {source}.", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A stored results file that is not ours.
    #[error("File '{}', line {line}: {reason}.", path.display())]
    Results {
        /// Its path.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}
