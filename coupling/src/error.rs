//! The one error type of this crate.

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the offending value and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A kernel refused its input.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// A component failed, with its own words.
    #[error(transparent)]
    Component(Box<dyn std::error::Error + Send + Sync>),
    /// An array of another length.
    #[error("'{name}': expected {expected} values, got {got}.")]
    LengthMismatch {
        /// The array.
        name: &'static str,
        /// Its proper length.
        expected: usize,
        /// Its length.
        got: usize,
    },
    /// No MPI library, or one that cannot be used.
    #[error("MPI is not available: {reason}.")]
    MpiUnavailable {
        /// What was looked for, with the system's words.
        reason: String,
    },
    /// An operation between ranks failed.
    #[error("Rank {rank}: '{operation}' failed: {reason}.")]
    Communication {
        /// The rank.
        rank: usize,
        /// What it was doing.
        operation: &'static str,
        /// Why, in MPI's own words where it is MPI.
        reason: String,
    },
    /// What one rank sent is not what another expected.
    #[error("Rank {rank}: '{operation}' expected {expected} bytes of rank {from}, got {got}.")]
    UnequalLengths {
        /// The rank that expected something else.
        rank: usize,
        /// What they were doing.
        operation: &'static str,
        /// The rank that sent it.
        from: usize,
        /// Bytes expected.
        expected: usize,
        /// Bytes sent.
        got: usize,
    },
    /// A trace went nowhere.
    #[error("The trace could not be written: {source}.")]
    Trace {
        /// What the system said.
        source: std::io::Error,
    },
    /// A setting that cannot be.
    #[error("'{name}' is {got}: expected {expected}.")]
    InvalidValue {
        /// The setting.
        name: &'static str,
        /// Its value, as text.
        got: String,
        /// What is possible.
        expected: String,
    },
}

impl Error {
    /// What a component said.
    pub fn component(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Component(Box::new(error))
    }
}

/// Refuses a slice of another length than `expected`.
pub(crate) fn expect_len(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::LengthMismatch { name, expected, got }) }
}
