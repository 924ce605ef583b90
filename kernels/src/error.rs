//! The one error type of this crate.

use crate::device::Device;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// An error unless an array has this length.
pub(crate) fn expect_len(name: &'static str, expected: usize, got: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::LengthMismatch { name, expected, got }) }
}

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
    /// Members of an ensemble that have become one.
    #[error(
        "The ensemble has collapsed: all {members} members have the same equivalents of all {observations} observations. Inflate it, or start anew."
    )]
    CollapsedEnsemble {
        /// N.
        members: usize,
        /// Number of observations.
        observations: usize,
    },
    /// A device has no room for a buffer.
    #[error(
        "Device '{device}' is out of memory: {requested} bytes asked for, {in_use} bytes in use: {reason}."
    )]
    OutOfMemory {
        /// The device.
        device: Device,
        /// The size of the buffer [bytes].
        requested: u64,
        /// What the program's other buffers hold on this device [bytes].
        in_use: u64,
        /// The library's own words.
        reason: String,
    },
    /// An address that is no memory of a device.
    #[error("Address {address:#x} is no memory of device '{device}': {reason}.")]
    ForeignMemory {
        /// The device that was to use it.
        device: Device,
        /// The address.
        address: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A buffer larger than the device can address.
    #[error("Device '{device}': a buffer of {requested} bytes is larger than its limit of {limit} bytes.")]
    BufferTooLarge {
        /// The device.
        device: Device,
        /// The size of the buffer [bytes].
        requested: u64,
        /// The largest possible size [bytes].
        limit: u64,
    },
    /// An argument of another type than the kernel's parameter.
    #[error("Kernel '{kernel}': argument '{name}' is {got}, expected {expected}.")]
    ArgumentKind {
        /// The kernel.
        kernel: &'static str,
        /// The argument.
        name: &'static str,
        /// The parameter's type, as text.
        expected: String,
        /// The argument's type, as text.
        got: String,
    },
    /// A kernel's text that the device's compiler refuses.
    #[error("Kernel '{kernel}' does not compile for device '{device}': {log}")]
    KernelCompilation {
        /// The kernel.
        kernel: &'static str,
        /// The device.
        device: Device,
        /// The compiler's log.
        log: String,
    },
    /// A text that names no grid.
    #[error(
        "Grid '{text}' is unknown: expected F<n>, O<n> or H<n> with n ≥ 1, N<n> with n in {reduced}, or r<nx>x<ny>."
    )]
    UnknownGrid {
        /// The text as given.
        text: String,
        /// The sizes of the classic reduced grids.
        reduced: String,
    },
    /// A grid that cannot be.
    #[error("Grid '{grid}': {reason}.")]
    ImpossibleGrid {
        /// The grid asked for.
        grid: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A field of another shape than its grid and levels.
    #[error("Field '{field}': expected shape [{levels}, {points}], got {got}.")]
    FieldShape {
        /// The field's name.
        field: String,
        /// Levels expected.
        levels: usize,
        /// Points of the grid.
        points: usize,
        /// The shape or length found.
        got: String,
    },
    /// A value that is not a number or infinite.
    #[error(
        "Field '{field}': value {value} at level {level}, latitude {latitude:.4}°, longitude {longitude:.4}°."
    )]
    NotFinite {
        /// The field's name.
        field: String,
        /// NaN or ±infinity, as text.
        value: String,
        /// Index of the level.
        level: usize,
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// A truncation that the grid cannot carry.
    #[error(
        "Truncation T{truncation} is impossible on grid '{grid}' ({reason}): the largest possible is T{largest}."
    )]
    ImpossibleTruncation {
        /// The total wavenumber asked for.
        truncation: usize,
        /// The grid's name.
        grid: String,
        /// What limits it.
        reason: String,
        /// The largest total wavenumber that this grid carries.
        largest: usize,
    },
    /// A cost function, its gradient, or a product of its Hessian that is not a finite number.
    #[error("Iteration {iteration}: cost {cost}, gradient norm {gradient_norm}: expected finite numbers.")]
    CostNotFinite {
        /// 0 for the first guess.
        iteration: usize,
        /// The cost, or the curvature along the direction.
        cost: f64,
        /// The norm of the gradient.
        gradient_norm: f64,
    },
    /// A quadratic cost without a minimum.
    #[error(
        "Iteration {iteration}: the Hessian has curvature {curvature}: expected a positive definite one."
    )]
    IndefiniteHessian {
        /// The iteration, from 1.
        iteration: usize,
        /// vᵀHv of the direction v.
        curvature: f64,
    },
    /// A covariance matrix that is none, or has no inverse where one is needed.
    #[error("Covariance '{name}' has eigenvalues from {smallest} to {largest}: expected {expected}.")]
    ImpossibleCovariance {
        /// Which one.
        name: String,
        /// Its smallest eigenvalue.
        smallest: f64,
        /// Its largest eigenvalue.
        largest: f64,
        /// What is possible, as text.
        expected: String,
    },
}
