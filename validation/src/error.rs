//! The one error type of this crate.

use std::path::PathBuf;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model or its set-up.
    #[error(transparent)]
    Model(#[from] terrella_dycore::Error),
    /// A cycle of forecasts and analyses.
    #[error(transparent)]
    Cycle(#[from] terrella_coupling::Error),
    /// A kernel, grid or transform.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// A name that is no case.
    #[error("Case '{name}' is unknown: expected one of {expected}.")]
    UnknownCase {
        /// The name as given.
        name: String,
        /// All names.
        expected: String,
    },
    /// A list of truncations that a convergence study cannot use.
    #[error("Truncations {got:?}: expected one or more, increasing, of at least 10.")]
    Truncations {
        /// The list as given.
        got: Vec<usize>,
    },
    /// Truncations for a case that has none.
    #[error("Case '{case}' has no truncations: run it without --truncation.")]
    NoTruncations {
        /// The case.
        case: &'static str,
    },
    /// A file that could not be read or written.
    #[error("File '{path}': {reason}.")]
    File {
        /// The file.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
}

impl Error {
    /// An error about a file.
    pub fn file(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Self::File { path: path.into(), reason: reason.to_string() }
    }
}
