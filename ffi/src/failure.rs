//! What went wrong in a call, before it becomes a status of one of the two interfaces.

use terrella_kernels::Error;

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    NullPointer,
    InvalidValue,
    LengthMismatch,
    UnknownHandle,
    Device,
    OutOfMemory,
    NotImplemented,
    /// A request struct that was used before (transi only).
    StaleRequest,
    /// A name that means nothing (transi only).
    UnknownName,
    /// MPI is missing or failed, or tasks do not agree (transi only).
    Tasks,
    /// A panic, caught at the border.
    Internal,
}

/// A kind and a sentence that names the value and what was expected.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) cause: Cause,
    pub(crate) message: String,
}

/// What the functions behind the border return.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into() }
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::new(Cause::NullPointer, format!("'{name}' is NULL."))
    }

    pub(crate) fn invalid(name: &str, got: impl std::fmt::Display, expected: &str) -> Self {
        Self::new(Cause::InvalidValue, format!("'{name}' is {got}: expected {expected}."))
    }

    pub(crate) fn length(name: &str, got: u64, expected: u64) -> Self {
        Self::new(Cause::LengthMismatch, format!("'{name}' is {got}: expected {expected}."))
    }

    pub(crate) fn memory(name: &str, values: usize) -> Self {
        Self::new(Cause::OutOfMemory, format!("No room for the {values} values of '{name}'."))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let cause = match &error {
            Error::LengthMismatch { .. } => Cause::LengthMismatch,
            Error::UnknownDevice { .. }
            | Error::DeviceUnavailable { .. }
            | Error::DeviceFailure { .. }
            | Error::DeviceMismatch { .. }
            | Error::KernelCompilation { .. } => Cause::Device,
            Error::OutOfMemory { .. } | Error::BufferTooLarge { .. } => Cause::OutOfMemory,
            _ => Cause::InvalidValue,
        };
        Self { cause, message: error.to_string() }
    }
}

impl From<terrella_coupling::Error> for Failure {
    fn from(error: terrella_coupling::Error) -> Self {
        use terrella_coupling::Error as E;
        let cause = match error {
            E::Kernels(error) => return error.into(),
            E::LengthMismatch { .. } => Cause::LengthMismatch,
            E::InvalidValue { .. } => Cause::InvalidValue,
            _ => Cause::Tasks,
        };
        Self { cause, message: error.to_string() }
    }
}
