//! What the sinks of fields write: files and stores that grow by a step per time.

use std::path::Path;

use terrella_kernels::Precision;

use crate::encode::{Compression, Netcdf4Stream, StreamedField};
use crate::error::Result;
use crate::layout::Layout;
use crate::time::Time;

/// How values are stored.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) precision: Precision,
    pub(super) compression: Compression,
}

/// A file or store that is made of single fields.
pub(super) trait Growing: Send + Sized + 'static {
    /// The type of its sink.
    const NAME: &'static str;
    /// Whether it is one file, of which there is a hash.
    const IS_FILE: bool;

    /// Tells of a library that is not there.
    fn expect_library() -> Result<()>;
    /// A new one, or where it is to be continued the one that is there.
    fn open(path: &Path, continued: bool, layout: &Layout, start: Time, form: Form) -> Result<Self>;
    fn layout(&self) -> &Layout;
    fn reference(&self) -> Time;
    fn members(&self) -> &[i64];
    /// Drops all steps from a time on, so that they can be written anew.
    fn drop_from(&mut self, time: Time) -> Result<()>;
    fn is_waiting(&self) -> bool;
    fn put(&mut self, field: &StreamedField<'_>) -> Result<()>;
    fn flush(&mut self) -> Result<()>;
    /// Whether there is one.
    fn finish(self) -> Result<bool>;
}

macro_rules! growing {
    ($stream:ty, $name:literal, $is_file:literal, $library:expr) => {
        impl Growing for $stream {
            const NAME: &'static str = $name;
            const IS_FILE: bool = $is_file;

            fn expect_library() -> Result<()> {
                $library
            }

            fn open(path: &Path, continued: bool, layout: &Layout, start: Time, form: Form) -> Result<Self> {
                let open = if continued { <$stream>::append_to } else { <$stream>::create };
                open(path, layout, start, form.precision, form.compression)
            }

            fn layout(&self) -> &Layout {
                self.layout()
            }

            fn reference(&self) -> Time {
                self.reference()
            }

            fn members(&self) -> &[i64] {
                self.members()
            }

            fn drop_from(&mut self, time: Time) -> Result<()> {
                self.drop_from(time)
            }

            fn is_waiting(&self) -> bool {
                self.is_waiting()
            }

            fn put(&mut self, field: &StreamedField<'_>) -> Result<()> {
                self.put(field)
            }

            fn flush(&mut self) -> Result<()> {
                self.flush()
            }

            fn finish(self) -> Result<bool> {
                self.finish()
            }
        }
    };
}

growing!(Netcdf4Stream, "netcdf", true, crate::hdf5::version().map(|_| ()));
#[cfg(feature = "zarr")]
growing!(crate::encode::ZarrStream, "zarr", false, Ok(()));
