//! The shared library: found, loaded and initialised once per process, its functions by type.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock};

use libloading::Library;

use crate::error::{Error, Result};
use crate::shared_library;

/// One of the library's objects.
pub(super) type Opaque = c_void;

pub(super) type New = unsafe extern "C" fn(*mut *mut Opaque) -> c_int;
pub(super) type Delete = unsafe extern "C" fn(*mut Opaque) -> c_int;

/// The functions that we call. The pointers stay valid for ever: the library is never unloaded.
pub(super) struct Functions {
    version: unsafe extern "C" fn(*mut *const c_char) -> c_int,
    error_string: unsafe extern "C" fn(c_int) -> *const c_char,
    pub(super) new_handle: New,
    /// Since 5.11: the configuration, and the user's, as YAML.
    pub(super) new_handle_from_yaml:
        Option<unsafe extern "C" fn(*mut *mut Opaque, *const c_char, *const c_char) -> c_int>,
    pub(super) delete_handle: Delete,
    pub(super) archive: unsafe extern "C" fn(*mut Opaque, *mut Opaque, *const c_char, usize) -> c_int,
    pub(super) flush: unsafe extern "C" fn(*mut Opaque) -> c_int,
    pub(super) retrieve: unsafe extern "C" fn(*mut Opaque, *mut Opaque, *mut Opaque) -> c_int,
    pub(super) new_key: New,
    pub(super) key_add: unsafe extern "C" fn(*mut Opaque, *const c_char, *const c_char) -> c_int,
    pub(super) delete_key: Delete,
    pub(super) new_request: New,
    pub(super) request_add:
        unsafe extern "C" fn(*mut Opaque, *const c_char, *const *const c_char, c_int) -> c_int,
    pub(super) delete_request: Delete,
    pub(super) listing: Option<Listing>,
    pub(super) delete_listiterator: Delete,
    pub(super) new_datareader: New,
    pub(super) datareader_open: unsafe extern "C" fn(*mut Opaque, *mut c_long) -> c_int,
    pub(super) datareader_read: unsafe extern "C" fn(*mut Opaque, *mut c_void, c_long, *mut c_long) -> c_int,
    pub(super) datareader_close: unsafe extern "C" fn(*mut Opaque) -> c_int,
    pub(super) delete_datareader: Delete,
}

/// How a library lists entries.
pub(super) enum Listing {
    /// 5.10: an entry is a text.
    Texts {
        new: New,
        list: unsafe extern "C" fn(*mut Opaque, *const Opaque, *mut Opaque) -> c_int,
        next: unsafe extern "C" fn(*mut Opaque, *mut bool, *mut *const c_char) -> c_int,
    },
    /// 5.25: an entry has a location and a key in parts.
    Parts {
        list: unsafe extern "C" fn(*mut Opaque, *const Opaque, *mut *mut Opaque, bool, c_int) -> c_int,
        next: unsafe extern "C" fn(*mut Opaque) -> c_int,
        attributes: unsafe extern "C" fn(*mut Opaque, *mut *const c_char, *mut usize, *mut usize) -> c_int,
        key: unsafe extern "C" fn(*mut Opaque, *mut Opaque) -> c_int,
        new_key: New,
        next_pair:
            unsafe extern "C" fn(*mut Opaque, *mut *const c_char, *mut *const c_char, *mut usize) -> c_int,
        delete_key: Delete,
    },
}

/// The library keeps the text of its last error in one place for all threads, so one thread at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// libfdb5, held by this thread until dropped.
pub(super) struct Session {
    pub(super) functions: &'static Functions,
    _guard: MutexGuard<'static, ()>,
}

impl Session {
    /// Loads the library on the first call and waits for its turn.
    pub(super) fn begin() -> Result<Self> {
        static FUNCTIONS: OnceLock<std::result::Result<Functions, String>> = OnceLock::new();
        let functions = FUNCTIONS
            .get_or_init(load)
            .as_ref()
            .map_err(|reason| Error::FdbLibraryMissing { reason: reason.clone() })?;
        // A panic elsewhere leaves no broken state behind: every object of the library has one owner.
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(Self { functions, _guard: guard })
    }

    /// Ok for `status` 0, else the error with the library's own words.
    pub(super) fn check(&self, status: c_int, operation: impl FnOnce() -> String) -> Result<()> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: takes any status and returns a zero-terminated text, which no other call changes while we hold the turn.
        let reason = text(unsafe { (self.functions.error_string)(status) });
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        let reason = match reason.trim_end_matches('.') {
            "" => format!("status {status}"),
            reason => reason.to_owned(),
        };
        Err(Error::Fdb { operation: operation(), reason })
    }

    fn version(&self) -> Result<String> {
        let mut version = ptr::null();
        // SAFETY: an out-pointer to a live variable.
        self.check(unsafe { (self.functions.version)(&mut version) }, || "asking for its version".into())?;
        Ok(text(version))
    }

    /// What the loaded library cannot do.
    pub(super) fn unable(&self, operation: &str, reason: &str) -> Error {
        let version = self.version().unwrap_or_default();
        Error::Fdb { operation: operation.into(), reason: format!("libfdb5 {version} {reason}") }
    }
}

/// The version of the loaded libfdb5, such as "5.10.8".
pub fn version() -> Result<String> {
    Session::begin()?.version()
}

/// A copy of one of the library's texts; empty for none.
pub(super) fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: every text of the library is zero-terminated and lives until its next call, which nobody makes meanwhile:
    // the caller holds a session.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn load() -> std::result::Result<Functions, String> {
    // SAFETY: the initialisers of libfdb5 and eckit register what the libraries themselves hold.
    let (library, name) =
        unsafe { shared_library::open("TERRELLA_FDB", &["libfdb5.so.0d", "libfdb5.so", "libfdb5.dylib"]) }?;
    functions(library, &name)
}

fn functions(library: Library, name: &str) -> std::result::Result<Functions, String> {
    macro_rules! symbol {
        ($symbol:literal) => {{
            // SAFETY: the type that the field or call below asks for is the function's in libfdb5's public header;
            // the pointer outlives the symbol because the library is leaked at the end.
            *unsafe { library.get($symbol) }
                .map_err(|error| format!("'{name}' is not a usable libfdb5 ({error})"))?
        }};
    }
    macro_rules! has {
        ($symbol:literal) => {
            // SAFETY: only asked for, never called.
            unsafe { library.get::<Delete>($symbol) }.is_ok()
        };
    }
    // Between 5.10 and the first version that wipes, the list functions have other arguments.
    let listing = if !has!(b"fdb_listiterator_attrs") {
        Some(Listing::Texts {
            new: symbol!(b"fdb_new_listiterator"),
            list: symbol!(b"fdb_list"),
            next: symbol!(b"fdb_listiterator_next"),
        })
    } else if has!(b"fdb_wipe") {
        Some(Listing::Parts {
            list: symbol!(b"fdb_list"),
            next: symbol!(b"fdb_listiterator_next"),
            attributes: symbol!(b"fdb_listiterator_attrs"),
            key: symbol!(b"fdb_listiterator_splitkey"),
            new_key: symbol!(b"fdb_new_splitkey"),
            next_pair: symbol!(b"fdb_splitkey_next_metadata"),
            delete_key: symbol!(b"fdb_delete_splitkey"),
        })
    } else {
        None
    };
    let functions = Functions {
        version: symbol!(b"fdb_version"),
        error_string: symbol!(b"fdb_error_string"),
        new_handle: symbol!(b"fdb_new_handle"),
        new_handle_from_yaml: match has!(b"fdb_new_handle_from_yaml") {
            true => Some(symbol!(b"fdb_new_handle_from_yaml")),
            false => None,
        },
        delete_handle: symbol!(b"fdb_delete_handle"),
        archive: symbol!(b"fdb_archive"),
        flush: symbol!(b"fdb_flush"),
        retrieve: symbol!(b"fdb_retrieve"),
        new_key: symbol!(b"fdb_new_key"),
        key_add: symbol!(b"fdb_key_add"),
        delete_key: symbol!(b"fdb_delete_key"),
        new_request: symbol!(b"fdb_new_request"),
        request_add: symbol!(b"fdb_request_add"),
        delete_request: symbol!(b"fdb_delete_request"),
        listing,
        delete_listiterator: symbol!(b"fdb_delete_listiterator"),
        new_datareader: symbol!(b"fdb_new_datareader"),
        datareader_open: symbol!(b"fdb_datareader_open"),
        datareader_read: symbol!(b"fdb_datareader_read"),
        datareader_close: symbol!(b"fdb_datareader_close"),
        delete_datareader: symbol!(b"fdb_delete_datareader"),
    };
    let initialise: unsafe extern "C" fn() -> c_int = symbol!(b"fdb_initialise");
    // SAFETY: no arguments; called once per process, before any other of its functions.
    let status = unsafe { initialise() };
    if status != 0 {
        // SAFETY: takes any status; nobody else calls the library yet.
        let reason = text(unsafe { (functions.error_string)(status) });
        return Err(format!("'{name}' did not start ({reason})"));
    }
    std::mem::forget(library);
    Ok(functions)
}
