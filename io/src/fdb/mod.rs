//! FDB, ECMWF's archive of fields by key, through its library libfdb5, loaded at run time.
//!
//! A message is archived under a key, such as `class=rd,expver=0001,date=20260101,...`; the database's schema says which
//! words make a key. What has been flushed is seen by everybody else.
//!
//! ```no_run
//! use terrella_io::fdb::{Fdb, Request};
//!
//! let mut fdb = Fdb::open(None)?;
//! let key = [("class", "rd"), ("expver", "0001"), ("date", "20260101"), ("step", "6"), ("param", "130")];
//! # let message: Vec<u8> = Vec::new();
//! fdb.archive(&key, &message)?;
//! fdb.flush()?;
//! for entry in fdb.list(&Request::new().with("class", ["rd"]))? {
//!     println!("{:?}", entry.key);
//! }
//! assert_eq!(fdb.retrieve(&Request::from_key(&key))?, message);
//! # Ok::<(), terrella_io::Error>(())
//! ```
//!
//! Where the database is comes from `FDB5_CONFIG` (YAML) or `FDB5_CONFIG_FILE`, or, with a library that can take it, from
//! the caller: Debian's 5.10 cannot. The library is Debian's `libfdb5-0d`, or the path in `TERRELLA_FDB`; one thread at a
//! time is in it. What it refuses is an error value, which the library prints to standard output too, often with a trace
//! of its calls.
//!
//! The functions are declared as in `fdb_c.h` of 5.10 and of 5.25, which differ where entries are listed.

mod handle;
mod library;
mod list;
mod owned;
mod request;

pub use handle::Fdb;
pub use library::version;
pub use list::{Entry, Location};
pub use request::Request;
