//! Why the command ends without success.

/// `std::result::Result` with [`Failure`].
pub(crate) type Result<T> = std::result::Result<T, Failure>;

pub(crate) enum Failure {
    /// Two files, or a folder and its manifests, differ, as what is printed says.
    Different,
    /// Something could not be done, in one line.
    Because(String),
}

impl From<terrella_io::Error> for Failure {
    fn from(error: terrella_io::Error) -> Self {
        Self::Because(error.to_string())
    }
}

pub(crate) fn because<T>(reason: impl Into<String>) -> Result<T> {
    Err(Failure::Because(reason.into()))
}
