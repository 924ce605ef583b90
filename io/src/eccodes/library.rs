//! The shared library: found, loaded once per process, its functions by type.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_double, c_int, c_long, c_ulong, c_void};
use std::sync::{Mutex, MutexGuard, OnceLock};

use libloading::Library;

use crate::error::{Error, Result};
use crate::shared_library;

/// An opaque `codes_handle` or `codes_context` of C.
pub(super) type Opaque = c_void;

type GetArray<T> = unsafe extern "C" fn(*const Opaque, *const c_char, *mut T, *mut usize) -> c_int;
type GetTexts = unsafe extern "C" fn(*const Opaque, *const c_char, *mut *mut c_char, *mut usize) -> c_int;
type SetArray<T> = unsafe extern "C" fn(*mut Opaque, *const c_char, *const T, usize) -> c_int;
type LoggingProcedure = unsafe extern "C" fn(*const Opaque, c_int, *const c_char);
type AssertionProcedure = unsafe extern "C" fn(*const c_char);

/// The functions that we call. The pointers stay valid for ever: the library is never unloaded.
pub(super) struct Functions {
    pub(super) handle_new_from_message_copy:
        unsafe extern "C" fn(*mut Opaque, *const c_void, usize) -> *mut Opaque,
    pub(super) grib_handle_new_from_samples: unsafe extern "C" fn(*mut Opaque, *const c_char) -> *mut Opaque,
    pub(super) handle_clone: unsafe extern "C" fn(*const Opaque) -> *mut Opaque,
    pub(super) handle_delete: unsafe extern "C" fn(*mut Opaque) -> c_int,
    pub(super) get_message: unsafe extern "C" fn(*const Opaque, *mut *const c_void, *mut usize) -> c_int,
    pub(super) get_size: unsafe extern "C" fn(*const Opaque, *const c_char, *mut usize) -> c_int,
    pub(super) get_long: unsafe extern "C" fn(*const Opaque, *const c_char, *mut c_long) -> c_int,
    pub(super) get_double: unsafe extern "C" fn(*const Opaque, *const c_char, *mut c_double) -> c_int,
    pub(super) get_string:
        unsafe extern "C" fn(*const Opaque, *const c_char, *mut c_char, *mut usize) -> c_int,
    pub(super) get_long_array: GetArray<c_long>,
    pub(super) get_double_array: GetArray<c_double>,
    pub(super) set_missing: unsafe extern "C" fn(*mut Opaque, *const c_char) -> c_int,
    pub(super) set_long: unsafe extern "C" fn(*mut Opaque, *const c_char, c_long) -> c_int,
    pub(super) set_double: unsafe extern "C" fn(*mut Opaque, *const c_char, c_double) -> c_int,
    pub(super) set_string:
        unsafe extern "C" fn(*mut Opaque, *const c_char, *const c_char, *mut usize) -> c_int,
    pub(super) set_long_array: SetArray<c_long>,
    pub(super) set_double_array: SetArray<c_double>,
    pub(super) get_string_array: GetTexts,
    pub(super) context_free: unsafe extern "C" fn(*const Opaque, *mut c_void),
    pub(super) bufr_keys_iterator_new: unsafe extern "C" fn(*mut Opaque, c_ulong) -> *mut Opaque,
    pub(super) bufr_keys_iterator_next: unsafe extern "C" fn(*mut Opaque) -> c_int,
    pub(super) bufr_keys_iterator_get_name: unsafe extern "C" fn(*mut Opaque) -> *const c_char,
    pub(super) bufr_keys_iterator_delete: unsafe extern "C" fn(*mut Opaque) -> c_int,
    get_error_message: unsafe extern "C" fn(c_int) -> *const c_char,
    get_api_version: unsafe extern "C" fn() -> c_long,
}

/// ecCodes keeps global tables and is built without thread safety by several distributors, so one thread at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

thread_local! {
    /// What ecCodes logged during the running call: it explains an error code.
    static LOGGED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// ecCodes, held by this thread until dropped.
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
            .map_err(|reason| Error::LibraryMissing { reason: reason.clone() })?;
        // A panic elsewhere leaves no broken state behind: every handle is owned by one object.
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        LOGGED.with_borrow_mut(String::clear);
        Ok(Self { functions, _guard: guard })
    }

    /// Ok for `code` 0, else the error with ecCodes' own words.
    pub(super) fn check(&self, code: c_int, operation: impl FnOnce() -> String) -> Result<()> {
        let logged = LOGGED.with_borrow_mut(std::mem::take);
        if code == 0 && !logged.starts_with(ASSERTION) {
            return Ok(());
        }
        // SAFETY: takes any code and returns a static zero-terminated text, never null.
        let reason = unsafe { CStr::from_ptr((self.functions.get_error_message)(code)) };
        let mut reason = reason.to_string_lossy().trim_end_matches('.').to_owned();
        if !logged.is_empty() {
            reason = format!("{reason} ({})", logged.trim().trim_end_matches('.'));
        }
        Err(Error::Codes { operation: operation(), reason })
    }
}

/// The version of the loaded ecCodes, such as "2.28.0".
pub fn version() -> Result<String> {
    let session = Session::begin()?;
    // SAFETY: no arguments, no state.
    let version = unsafe { (session.functions.get_api_version)() };
    Ok(format!("{}.{}.{}", version / 10000, version / 100 % 100, version % 100))
}

const ASSERTION: &str = "assertion";

/// Keeps ecCodes' log lines for the error value instead of printing them.
unsafe extern "C" fn keep_log(_context: *const Opaque, _level: c_int, text: *const c_char) {
    if !text.is_null() {
        // SAFETY: ecCodes passes a zero-terminated text that lives during this call.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        // The first line is the cause, those after it are consequences.
        let _ = LOGGED.try_with(|logged| {
            if let Ok(mut logged) = logged.try_borrow_mut()
                && logged.is_empty()
            {
                logged.push_str(&text);
            }
        });
    }
}

/// In place of abort(): the failed assertion becomes an error of the running call.
unsafe extern "C" fn keep_assertion(text: *const c_char) {
    if !text.is_null() {
        // SAFETY: ecCodes passes a zero-terminated text that lives during this call.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        let _ = LOGGED.try_with(|logged| {
            if let Ok(mut logged) = logged.try_borrow_mut() {
                *logged = format!("{ASSERTION}: {text}");
            }
        });
    }
}

fn load() -> std::result::Result<Functions, String> {
    // SAFETY: ecCodes' initialisers only set up its own static data.
    let (library, name) = unsafe {
        shared_library::open("TERRELLA_ECCODES", &["libeccodes.so.0", "libeccodes.so", "libeccodes.dylib"])
    }?;
    functions(library, &name)
}

fn functions(library: Library, name: &str) -> std::result::Result<Functions, String> {
    macro_rules! symbol {
        ($symbol:literal) => {{
            // SAFETY: the type that the field or call below asks for is the function's in ecCodes' public header;
            // the pointer outlives the symbol because the library is leaked at the end.
            *unsafe { library.get($symbol) }
                .map_err(|error| format!("'{name}' is not a usable ecCodes ({error})"))?
        }};
    }
    let functions = Functions {
        handle_new_from_message_copy: symbol!(b"codes_handle_new_from_message_copy"),
        grib_handle_new_from_samples: symbol!(b"codes_grib_handle_new_from_samples"),
        handle_clone: symbol!(b"codes_handle_clone"),
        handle_delete: symbol!(b"codes_handle_delete"),
        get_message: symbol!(b"codes_get_message"),
        get_size: symbol!(b"codes_get_size"),
        get_long: symbol!(b"codes_get_long"),
        get_double: symbol!(b"codes_get_double"),
        get_string: symbol!(b"codes_get_string"),
        get_long_array: symbol!(b"codes_get_long_array"),
        get_double_array: symbol!(b"codes_get_double_array"),
        set_missing: symbol!(b"codes_set_missing"),
        set_long: symbol!(b"codes_set_long"),
        set_double: symbol!(b"codes_set_double"),
        set_string: symbol!(b"codes_set_string"),
        set_long_array: symbol!(b"codes_set_long_array"),
        set_double_array: symbol!(b"codes_set_double_array"),
        get_string_array: symbol!(b"codes_get_string_array"),
        context_free: symbol!(b"grib_context_free"),
        bufr_keys_iterator_new: symbol!(b"codes_bufr_keys_iterator_new"),
        bufr_keys_iterator_next: symbol!(b"codes_bufr_keys_iterator_next"),
        bufr_keys_iterator_get_name: symbol!(b"codes_bufr_keys_iterator_get_name"),
        bufr_keys_iterator_delete: symbol!(b"codes_bufr_keys_iterator_delete"),
        get_error_message: symbol!(b"codes_get_error_message"),
        get_api_version: symbol!(b"codes_get_api_version"),
    };
    let default_context: unsafe extern "C" fn() -> *mut Opaque = symbol!(b"codes_context_get_default");
    let set_logging: unsafe extern "C" fn(*mut Opaque, LoggingProcedure) =
        symbol!(b"codes_context_set_logging_proc");
    let set_assertion: unsafe extern "C" fn(AssertionProcedure) =
        symbol!(b"codes_set_codes_assertion_failed_proc");
    // SAFETY: the default context is created on demand and lives as long as the process; both procedures are static
    // functions that never unwind (they use no operation that panics).
    unsafe {
        set_logging(default_context(), keep_log);
        set_assertion(keep_assertion);
    }
    std::mem::forget(library);
    Ok(functions)
}
