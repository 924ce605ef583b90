//! The one error type of this crate.

use crate::device::Device;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the offending value and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that names no device.
    #[error("Device '{text}' is unknown: expected cpu, cuda:N, hip:N or wgpu:N.")]
    UnknownDevice {
        /// The text as given.
        text: String,
    },
    /// A device, or the library behind it, that this machine does not have.
    #[error("Device '{device}' is not available: {reason}.")]
    DeviceUnavailable {
        /// The device asked for.
        device: Device,
        /// What was not found, by name.
        reason: String,
    },
    /// A call into a device library failed.
    #[error("Device '{device}': {operation} failed: {reason}.")]
    DeviceFailure {
        /// The device in use.
        device: Device,
        /// What was being done.
        operation: &'static str,
        /// The library's own words.
        reason: String,
    },
    /// Buffers of one call live on different devices.
    #[error("'{name}' is on device '{got}', expected '{expected}': copy it there first.")]
    DeviceMismatch {
        /// The argument or operation.
        name: &'static str,
        /// The device of the other buffers.
        expected: Device,
        /// The device of this buffer.
        got: Device,
    },
    /// An array of the wrong length.
    #[error("'{name}': expected {expected} values, got {got}.")]
    LengthMismatch {
        /// The argument.
        name: &'static str,
        /// The length that the call needs.
        expected: usize,
        /// The length it got.
        got: usize,
    },
    /// A value outside what is possible.
    #[error("'{name}' is {got}: expected {expected}.")]
    InvalidValue {
        /// The argument.
        name: &'static str,
        /// The value, as text.
        got: String,
        /// What is possible, as text.
        expected: String,
    },
}
