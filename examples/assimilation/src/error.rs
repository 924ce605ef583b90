//! The one error type of this program: one clear line each.

use std::path::PathBuf;

/// `std::result::Result` with this program's [`Error`].
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// What ended the program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The configuration file says something that cannot be.
    #[error("'{}': {message}", path.display())]
    Configuration { path: PathBuf, message: String },
    /// A system call on a file failed.
    #[error("'{}': {operation} failed: {source}.", path.display())]
    File { path: PathBuf, operation: &'static str, source: std::io::Error },
    /// A method or its model failed.
    #[error("Method '{method}', cycle {cycle}: {source}")]
    Method { method: String, cycle: u32, source: terrella_coupling::Error },
    /// A method asks for what the model does not have.
    #[error("Method '{method}': {message}")]
    Unfit { method: String, message: String },
    /// A state that cannot be analysed.
    #[error("'{}': {message}", path.display())]
    Background { path: PathBuf, message: String },
    /// No observation is left.
    #[error("None of {values} values can be used: {reasons}.")]
    NoObservations { values: usize, reasons: String },
    /// A device for a model that has no choice.
    #[error("Device '{device}': this model computes on the cpu only.")]
    Device { device: String },
    /// A kernel refused its input.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// A component or a cycle refused its input.
    #[error(transparent)]
    Coupling(#[from] terrella_coupling::Error),
    /// A model refused its settings or became unstable.
    #[error(transparent)]
    Dycore(#[from] terrella_dycore::Error),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] terrella_io::Error),
    /// A checkpoint that cannot be continued from.
    #[error("'{}' is no checkpoint to continue from: {message}.", path.display())]
    Checkpoint { path: PathBuf, message: String },
    /// The signal handler could not be set.
    #[error("Ctrl-C and SIGTERM cannot be handled: {reason}.")]
    Signals { reason: String },
    /// The run was stopped by Ctrl-C or SIGTERM.
    #[error("Interrupted: continue with --restart {}", checkpoint.display())]
    Interrupted { checkpoint: PathBuf },
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, operation: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.into(), operation, source }
    }
}
