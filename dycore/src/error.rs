//! The one error type of this crate.

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the offending value and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A kernel, buffer, grid or transform refused its input.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// Ranks could not send each other what a model needs.
    #[error(transparent)]
    Coupling(terrella_coupling::Error),
    /// A setting outside what the model can run with.
    #[error("Configuration '{name}' is {got}: expected {expected}.")]
    InvalidConfiguration {
        /// The setting.
        name: &'static str,
        /// Its value, as text.
        got: String,
        /// What is possible.
        expected: &'static str,
    },
    /// An initial or prescribed field that holds NaN or infinity.
    #[error("Field '{field}' is {value} at index {index}: expected finite values.")]
    NotFinite {
        /// The field.
        field: &'static str,
        /// The offending value.
        value: f64,
        /// Where it is in the array.
        index: usize,
    },
    /// The running model left the range in which it means anything.
    #[error(
        "Step {step} (t = {time} s): '{field}' is {value} at latitude {latitude:.3}°, longitude {longitude:.3}°: \
         expected {expected}."
    )]
    Unstable {
        /// The step at which it was noticed.
        step: u64,
        /// Model time \[s\].
        time: f64,
        /// The field.
        field: &'static str,
        /// Its value there.
        value: f64,
        /// Latitude \[degrees north\].
        latitude: f64,
        /// Longitude \[degrees east\].
        longitude: f64,
        /// What was expected.
        expected: String,
    },
    /// The same in a model with levels.
    #[error(
        "Step {step} (t = {time} s): '{field}' is {value} at level {level}, latitude {latitude:.3}°, longitude \
         {longitude:.3}°: expected {expected}."
    )]
    UnstableAtLevel {
        /// The step at which it was noticed.
        step: u64,
        /// Model time \[s\].
        time: f64,
        /// The field.
        field: &'static str,
        /// Its value there.
        value: f64,
        /// The level, counted from 1 at the top.
        level: usize,
        /// Latitude \[degrees north\].
        latitude: f64,
        /// Longitude \[degrees east\].
        longitude: f64,
        /// What was expected.
        expected: String,
    },
    /// An analysis from which no state can be made.
    #[error("Analysis '{field}' is {got}: expected {expected}.")]
    InvalidAnalysis {
        /// The field.
        field: &'static str,
        /// What it is, as text.
        got: String,
        /// What would do.
        expected: String,
    },
    /// A checkpoint of another model set-up.
    #[error("Checkpoint '{name}' is {got}: this model needs {expected}.")]
    CheckpointMismatch {
        /// What differs.
        name: &'static str,
        /// The model's value.
        expected: String,
        /// The checkpoint's value.
        got: String,
    },
}

impl From<terrella_coupling::Error> for Error {
    fn from(error: terrella_coupling::Error) -> Self {
        match error {
            terrella_coupling::Error::Kernels(error) => Self::Kernels(error),
            error => Self::Coupling(error),
        }
    }
}

impl From<Error> for terrella_coupling::Error {
    fn from(error: Error) -> Self {
        Self::component(error)
    }
}
