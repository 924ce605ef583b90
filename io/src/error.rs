//! The one error type of this crate.

use std::path::PathBuf;
use std::sync::Arc;

/// `std::result::Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the file, the offending value and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// ecCodes could not be loaded.
    #[error(
        "ecCodes is needed for GRIB and BUFR, but {reason}: install Debian's package libeccodes0, or set TERRELLA_ECCODES to the library's path."
    )]
    LibraryMissing {
        /// Which names were tried and what the loader said.
        reason: String,
    },
    /// ecCodes refused a call.
    #[error("ecCodes: {operation} failed: {reason}.")]
    Codes {
        /// What was being done, with the key.
        operation: String,
        /// ecCodes' own words.
        reason: String,
    },
    /// libaec could not be loaded.
    #[error(
        "libaec is needed for CCSDS, but {reason}: install Debian's package libaec0, or set TERRELLA_LIBAEC to the library's path."
    )]
    CompressionLibraryMissing {
        /// Which names were tried and what the loader said.
        reason: String,
    },
    /// libaec refused a call.
    #[error("libaec: {operation} failed: {reason}.")]
    Compression {
        /// What was being done.
        operation: String,
        /// The meaning of its code.
        reason: String,
    },
    /// libfdb5 could not be loaded.
    #[error(
        "libfdb5 is needed for FDB, but {reason}: install Debian's package libfdb5-0d, or set TERRELLA_FDB to the library's path."
    )]
    FdbLibraryMissing {
        /// Which names were tried and what the loader said.
        reason: String,
    },
    /// libfdb5 refused a call.
    #[error("FDB: {operation} failed: {reason}.")]
    Fdb {
        /// What was being done, with the key or request.
        operation: String,
        /// libfdb5's own words.
        reason: String,
    },
    /// libhdf5 could not be loaded.
    #[error(
        "HDF5 is needed for NetCDF-4, but {reason}: install Debian's package libhdf5-103-1, or set TERRELLA_HDF5 to the library's path."
    )]
    Hdf5Missing {
        /// Which names were tried and what the loader said.
        reason: String,
    },
    /// libhdf5 refused a call.
    #[error("'{}': HDF5: {operation} failed: {reason}.", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// What was being done.
        operation: String,
        /// libhdf5's own words.
        reason: String,
    },
    /// A plan file that cannot be used.
    #[error("{place}: {reason}.")]
    Plan {
        /// The plan and its action.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Plans that are not those of a checkpoint.
    #[error("{place} is not as in the checkpoint: expected {expected}, got {got}.")]
    OtherPlan {
        /// The plan, and its action where that differs.
        place: String,
        /// What the checkpoint has.
        expected: String,
        /// What the plan file has.
        got: String,
    },
    /// Bytes that are not what plans remember.
    #[error("The state of the output plans cannot be restored from these bytes: {reason}.")]
    PlanState {
        /// What is wrong with them.
        reason: String,
    },
    /// Metadata that are absent or of another kind than an action needs.
    #[error("Metadata '{key}': expected {expected}, got {got}.")]
    Metadata {
        /// The key.
        key: String,
        /// What was needed.
        expected: &'static str,
        /// What there was.
        got: String,
    },
    /// An output plan failed on a message that the server had taken.
    #[error("Output, {place}, message {message}: {source}")]
    Output {
        /// The plan and its action.
        place: String,
        /// The message's metadata, or what else was being done.
        message: String,
        /// What failed.
        source: Arc<Error>,
    },
    /// An output plan panicked. It takes no more messages.
    #[error("panicked: {reason}.")]
    Panicked {
        /// What the panic said.
        reason: String,
    },
    /// An output plan has no room for a message. No plan has had it.
    #[error(
        "Plan '{plan}' has no room for {bytes} bytes: its memory of {memory} bytes is full, and {reason}."
    )]
    Full {
        /// The plan.
        plan: String,
        /// Size of the message.
        bytes: u64,
        /// Its share of the server's memory.
        memory: u64,
        /// Why the message is not on the disk.
        reason: String,
    },
    /// The output server cannot do what it was asked for.
    #[error("The output server {reason}.")]
    Server {
        /// Why not.
        reason: String,
    },
    /// An output server on a rank of its own failed, or says that an output plan did.
    #[error("Output server {server} (rank {rank}): {reason}.")]
    OutputServer {
        /// Which of the servers.
        server: usize,
        /// Its rank among all ranks.
        rank: usize,
        /// Its own words.
        reason: String,
    },
    /// An output server does not answer any more. What it has not written is in a log.
    #[error(
        "Output server {server} (rank {rank}) is lost: {reason}. What it has not written is in '{}', to be replayed into the plans.",
        log.display()
    )]
    ServerLost {
        /// Which of the servers.
        server: usize,
        /// Its rank among all ranks.
        rank: usize,
        /// How that is known.
        reason: String,
        /// The folder with the log of this rank's messages for it.
        log: PathBuf,
    },
    /// A system call on a file failed.
    #[error("'{}': {operation} failed: {source}.", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        operation: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is no GRIB file.
    #[error("'{}' is not a GRIB file: {reason}.", path.display())]
    NotGrib {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// The file holds no observations that can be read here.
    #[error("'{}' is no file of observations: {reason}.", path.display())]
    NotObservations {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// The file ends inside a message.
    #[error("'{}': message {message} at byte {offset} is truncated: {got} of {expected} bytes.", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Number of the message, from 1.
        message: usize,
        /// Where the message starts (bytes).
        offset: u64,
        /// Bytes that the file still holds.
        got: u64,
        /// Bytes that the message declares.
        expected: u64,
    },
    /// A message whose bytes contradict each other.
    #[error("'{}': message {message} at byte {offset} is damaged: {reason}.", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the message, from 1.
        message: usize,
        /// Where the message starts (bytes).
        offset: u64,
        /// What does not fit.
        reason: String,
    },
    /// No message matches a selection.
    #[error("'{}': no {wanted}; {found}.", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
        /// What the file has instead.
        found: String,
    },
    /// A grid that cannot be read or written here.
    #[error("'{field}': grid '{grid}' is not supported: {reason}.")]
    UnsupportedGrid {
        /// The field.
        field: String,
        /// The grid's name.
        grid: String,
        /// What would be needed.
        reason: String,
    },
    /// A NetCDF file that cannot be read.
    #[error("'{}' cannot be read as NetCDF: {reason}.", path.display())]
    Netcdf {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A Zarr store that cannot be read or continued.
    #[error("'{}' cannot be read as Zarr: {reason}.", path.display())]
    Zarr {
        /// The store, or the file in it.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Points without a value where every point needs one.
    #[error(
        "'{field}' has {missing} missing or non-finite values of {total}, the first at index {first}: every point needs a value."
    )]
    MissingValues {
        /// The field.
        field: String,
        /// How many have no value.
        missing: usize,
        /// Index of the first of them.
        first: usize,
        /// How many points there are.
        total: usize,
    },
    /// A log that cannot be used.
    #[error("'{}': {reason}.", path.display())]
    Log {
        /// The log's folder or one of its segments.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A log without room for a record.
    #[error("'{}': the log holds {held} bytes of {capacity}: no room for {needed} more.", path.display())]
    LogFull {
        /// The log's folder.
        path: PathBuf,
        /// Bytes of all segments.
        held: u64,
        /// Bytes that the record needs.
        needed: u64,
        /// Bytes that the log may hold.
        capacity: u64,
    },
    /// A folder that another process, or another part of this one, writes into.
    #[error("'{}' is open elsewhere: one writer has it at a time.", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A manifest that a chain cannot go on from.
    #[error("'{}': {reason}.", path.display())]
    Manifest {
        /// The manifest or the folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that could not be sealed, or is not opened.
    #[error("Record {number} cannot be sealed or opened: {reason}.")]
    Sealed {
        /// Its number.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// A NATS server, or its JetStream, refused or said what cannot be.
    #[error("JetStream '{stream}': {reason}.")]
    JetStream {
        /// The stream.
        stream: String,
        /// What is wrong.
        reason: String,
    },
    /// A system call on the network failed.
    #[error("Network: {operation} failed: {source}.")]
    Network {
        /// What was being done.
        operation: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Ranks could not send each other what they should.
    #[error(transparent)]
    Coupling(#[from] terrella_coupling::Error),
    /// A device, or what a kernel was asked to do on it.
    #[error(transparent)]
    Kernels(#[from] terrella_kernels::Error),
    /// An array of the wrong length.
    #[error("'{name}': expected {expected} values, got {got}.")]
    LengthMismatch {
        /// The argument.
        name: String,
        /// The length needed.
        expected: usize,
        /// The length it got.
        got: usize,
    },
    /// A value outside what is possible.
    #[error("'{name}' is {got}: expected {expected}.")]
    InvalidValue {
        /// The argument.
        name: String,
        /// The value, as text.
        got: String,
        /// What is possible, as text.
        expected: String,
    },
}

impl Error {
    /// An error of `operation` on `path`.
    pub fn file(path: impl Into<PathBuf>, operation: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.into(), operation, source }
    }
}
