//! The shared library: found, loaded once per process, its functions by type.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock};

use libloading::Library;

use super::zstandard::{self, FilterClass};
use crate::error::{Error, Result};
use crate::shared_library;

/// `hid_t` since 1.10.
pub(super) type Id = i64;
/// `hsize_t`.
pub(super) type Size = u64;

/// `H5E_error2_t`.
#[repr(C)]
pub(super) struct Complaint {
    class: Id,
    major: Id,
    minor: Id,
    line: c_uint,
    function: *const c_char,
    file: *const c_char,
    description: *const c_char,
}

type Walk = unsafe extern "C" fn(c_uint, *const Complaint, *mut c_void) -> c_int;
type Close = unsafe extern "C" fn(Id) -> c_int;
type NewAttribute = unsafe extern "C" fn(Id, *const c_char, Id, Id, Id, Id) -> Id;
type NewDataset = unsafe extern "C" fn(Id, *const c_char, Id, Id, Id, Id, Id) -> Id;
type FilterOf = unsafe extern "C" fn(
    Id,
    c_uint,
    *mut c_uint,
    *mut usize,
    *mut c_uint,
    usize,
    *mut c_char,
    *mut c_uint,
) -> c_int;

type NameAt = unsafe extern "C" fn(Id, *const c_char, c_int, c_int, Size, *mut c_char, usize, Id) -> isize;

macro_rules! library {
    (
        functions { $($(#[$note:meta])* $field:ident: $type:ty = $symbol:literal;)* }
        numbers { $($number:ident = $global:literal;)* }
    ) => {
        /// The functions that we call, and the numbers of types and property classes. The pointers stay valid for
        /// ever: the library is never unloaded.
        pub(super) struct Functions {
            $($(#[$note])* pub(super) $field: $type,)*
            $(pub(super) $number: Id,)*
        }

        fn functions(library: Library, name: &str) -> std::result::Result<Functions, String> {
            start(&library, name)?;
            let functions = Functions {
                $(
                    $(#[$note])*
                    // SAFETY: the field's type is the function's in HDF5's public headers; the pointer outlives the
                    // symbol because the library is leaked at the end.
                    $field: unsafe { symbol(&library, name, $symbol) }?,
                )*
                // SAFETY: global `hid_t`s, set by H5open.
                $($number: unsafe { *symbol::<*const Id>(&library, name, $global)? },)*
            };
            std::mem::forget(library);
            Ok(functions)
        }
    };
}

/// A symbol of the library.
///
/// # Safety
/// `T` must be the type of the symbol, or of a pointer to it where it is no function.
unsafe fn symbol<T: Copy>(library: &Library, name: &str, symbol: &str) -> std::result::Result<T, String> {
    // SAFETY: the caller's promise.
    let found = unsafe { library.get::<T>(symbol.as_bytes()) };
    found.map(|found| *found).map_err(|error| format!("'{name}' is not a usable HDF5 ({error})"))
}

/// Starts a library that is new enough.
fn start(library: &Library, name: &str) -> std::result::Result<(), String> {
    type Plain = unsafe extern "C" fn() -> c_int;
    type Version = unsafe extern "C" fn(*mut c_uint, *mut c_uint, *mut c_uint) -> c_int;
    // SAFETY: the functions' types in HDF5's public headers, for all versions that have them.
    let (leave_exit, version, open) = unsafe {
        (
            symbol::<Plain>(library, name, "H5dont_atexit")?,
            symbol::<Version>(library, name, "H5get_libversion")?,
            symbol::<Plain>(library, name, "H5open")?,
        )
    };
    // SAFETY: takes nothing. First of all, and without its work at exit: that closes what is open, which here is what
    // could not be closed, again and again. It fails where the process has started the library already, which is no harm.
    unsafe { leave_exit() };
    let (mut major, mut minor, mut release) = (0, 0, 0);
    // SAFETY: three numbers to write to.
    unsafe { version(&mut major, &mut minor, &mut release) };
    if [major, minor, release] < OLDEST {
        return Err(format!("'{name}' is HDF5 {major}.{minor}.{release}, expected 1.10.7 or later"));
    }
    // SAFETY: takes nothing; sets up the library, after which the numbers of types and classes are valid.
    if unsafe { open() } < 0 {
        return Err(format!("'{name}' is not a usable HDF5 (H5open failed)"));
    }
    Ok(())
}

library! {
    functions {
        version: unsafe extern "C" fn(*mut c_uint, *mut c_uint, *mut c_uint) -> c_int = "H5get_libversion";
        allocate: unsafe extern "C" fn(usize, bool) -> *mut c_void = "H5allocate_memory";
        free: unsafe extern "C" fn(*mut c_void) -> c_int = "H5free_memory";
        set_printing: unsafe extern "C" fn(Id, *const c_void, *mut c_void) -> c_int = "H5Eset_auto2";
        walk_errors: unsafe extern "C" fn(Id, c_int, Walk, *mut c_void) -> c_int = "H5Ewalk2";
        clear_errors: unsafe extern "C" fn(Id) -> c_int = "H5Eclear2";
        is_filter_available: unsafe extern "C" fn(c_int) -> c_int = "H5Zfilter_avail";
        register_filter: unsafe extern "C" fn(*const FilterClass) -> c_int = "H5Zregister";
        file_create: unsafe extern "C" fn(*const c_char, c_uint, Id, Id) -> Id = "H5Fcreate";
        file_open: unsafe extern "C" fn(*const c_char, c_uint, Id) -> Id = "H5Fopen";
        file_close: Close = "H5Fclose";
        file_flush: unsafe extern "C" fn(Id, c_int) -> c_int = "H5Fflush";
        file_grow: unsafe extern "C" fn(Id, Size) -> c_int = "H5Fincrement_filesize";
        properties: unsafe extern "C" fn(Id) -> Id = "H5Pcreate";
        properties_close: Close = "H5Pclose";
        set_property: unsafe extern "C" fn(Id, *const c_char, *const c_void) -> c_int = "H5Pset";
        set_versions: unsafe extern "C" fn(Id, c_int, c_int) -> c_int = "H5Pset_libver_bounds";
        set_locking: unsafe extern "C" fn(Id, c_uint, c_uint) -> c_int = "H5Pset_file_locking";
        set_attempts: unsafe extern "C" fn(Id, c_uint) -> c_int = "H5Pset_metadata_read_attempts";
        set_close_degree: unsafe extern "C" fn(Id, c_int) -> c_int = "H5Pset_fclose_degree";
        set_link_order: unsafe extern "C" fn(Id, c_uint) -> c_int = "H5Pset_link_creation_order";
        set_attribute_order: unsafe extern "C" fn(Id, c_uint) -> c_int = "H5Pset_attr_creation_order";
        set_times: unsafe extern "C" fn(Id, c_uint) -> c_int = "H5Pset_obj_track_times";
        set_chunk: unsafe extern "C" fn(Id, c_int, *const Size) -> c_int = "H5Pset_chunk";
        set_fill: unsafe extern "C" fn(Id, Id, *const c_void) -> c_int = "H5Pset_fill_value";
        set_shuffle: unsafe extern "C" fn(Id) -> c_int = "H5Pset_shuffle";
        set_deflate: unsafe extern "C" fn(Id, c_uint) -> c_int = "H5Pset_deflate";
        set_filter: unsafe extern "C" fn(Id, c_int, c_uint, usize, *const c_uint) -> c_int = "H5Pset_filter";
        filter_count: unsafe extern "C" fn(Id) -> c_int = "H5Pget_nfilters";
        filter_of: FilterOf = "H5Pget_filter2";
        chunk_of: unsafe extern "C" fn(Id, c_int, *mut Size) -> c_int = "H5Pget_chunk";
        space: unsafe extern "C" fn(c_int, *const Size, *const Size) -> Id = "H5Screate_simple";
        space_of_one: unsafe extern "C" fn(c_int) -> Id = "H5Screate";
        space_close: Close = "H5Sclose";
        select: unsafe extern "C" fn(Id, c_int, *const Size, *const Size, *const Size, *const Size) -> c_int =
            "H5Sselect_hyperslab";
        rank: unsafe extern "C" fn(Id) -> c_int = "H5Sget_simple_extent_ndims";
        points: unsafe extern "C" fn(Id) -> i64 = "H5Sget_simple_extent_npoints";
        extent: unsafe extern "C" fn(Id, *mut Size, *mut Size) -> c_int = "H5Sget_simple_extent_dims";
        copy_type: unsafe extern "C" fn(Id) -> Id = "H5Tcopy";
        compound_type: unsafe extern "C" fn(c_int, usize) -> Id = "H5Tcreate";
        insert_member: unsafe extern "C" fn(Id, *const c_char, usize, Id) -> c_int = "H5Tinsert";
        sequence_type: unsafe extern "C" fn(Id) -> Id = "H5Tvlen_create";
        set_size: unsafe extern "C" fn(Id, usize) -> c_int = "H5Tset_size";
        size: unsafe extern "C" fn(Id) -> usize = "H5Tget_size";
        class: unsafe extern "C" fn(Id) -> c_int = "H5Tget_class";
        is_variable_text: unsafe extern "C" fn(Id) -> c_int = "H5Tis_variable_str";
        set_padding: unsafe extern "C" fn(Id, c_int) -> c_int = "H5Tset_strpad";
        set_characters: unsafe extern "C" fn(Id, c_int) -> c_int = "H5Tset_cset";
        equal_types: unsafe extern "C" fn(Id, Id) -> c_int = "H5Tequal";
        type_close: Close = "H5Tclose";
        dataset_create: NewDataset = "H5Dcreate2";
        dataset_open: unsafe extern "C" fn(Id, *const c_char, Id) -> Id = "H5Dopen2";
        dataset_space: unsafe extern "C" fn(Id) -> Id = "H5Dget_space";
        dataset_type: unsafe extern "C" fn(Id) -> Id = "H5Dget_type";
        dataset_properties: unsafe extern "C" fn(Id) -> Id = "H5Dget_create_plist";
        set_extent: unsafe extern "C" fn(Id, *const Size) -> c_int = "H5Dset_extent";
        write: unsafe extern "C" fn(Id, Id, Id, Id, Id, *const c_void) -> c_int = "H5Dwrite";
        read: unsafe extern "C" fn(Id, Id, Id, Id, Id, *mut c_void) -> c_int = "H5Dread";
        write_chunk: unsafe extern "C" fn(Id, Id, u32, *const Size, usize, *const c_void) -> c_int =
            "H5Dwrite_chunk";
        chunk_at: unsafe extern "C" fn(Id, *const Size, *mut c_uint, *mut u64, *mut Size) -> c_int =
            "H5Dget_chunk_info_by_coord";
        read_chunk: unsafe extern "C" fn(Id, Id, *const Size, *mut u32, *mut c_void) -> c_int = "H5Dread_chunk";
        link_exists: unsafe extern "C" fn(Id, *const c_char, Id) -> c_int = "H5Lexists";
        attribute_create: NewAttribute = "H5Acreate2";
        attribute_open: unsafe extern "C" fn(Id, *const c_char, Id) -> Id = "H5Aopen";
        attribute_exists: unsafe extern "C" fn(Id, *const c_char) -> c_int = "H5Aexists";
        attribute_write: unsafe extern "C" fn(Id, Id, *const c_void) -> c_int = "H5Awrite";
        attribute_read: unsafe extern "C" fn(Id, Id, *mut c_void) -> c_int = "H5Aread";
        attribute_type: unsafe extern "C" fn(Id) -> Id = "H5Aget_type";
        attribute_space: unsafe extern "C" fn(Id) -> Id = "H5Aget_space";
        attribute_close: Close = "H5Aclose";
        link_name: NameAt = "H5Lget_name_by_idx";
        open_object: unsafe extern "C" fn(Id, *const c_char, Id) -> Id = "H5Oopen";
        close_object: Close = "H5Oclose";
        object_kind: unsafe extern "C" fn(Id) -> c_int = "H5Iget_type";
        object_name: unsafe extern "C" fn(Id, *mut c_char, usize) -> isize = "H5Iget_name";
        attribute_at: unsafe extern "C" fn(Id, *const c_char, c_int, c_int, Size, Id, Id) -> Id =
            "H5Aopen_by_idx";
        attribute_name: unsafe extern "C" fn(Id, usize, *mut c_char) -> isize = "H5Aget_name";
        base_type: unsafe extern "C" fn(Id) -> Id = "H5Tget_super";
        sign: unsafe extern "C" fn(Id) -> c_int = "H5Tget_sign";
        reclaim: unsafe extern "C" fn(Id, Id, Id, *mut c_void) -> c_int = "H5Dvlen_reclaim";
        dereference: unsafe extern "C" fn(Id, Id, c_int, *const c_void) -> Id = "H5Rdereference2";
        reference: unsafe extern "C" fn(*mut c_void, Id, *const c_char, c_int, Id) -> c_int = "H5Rcreate";
    }
    numbers {
        file_creation = "H5P_CLS_FILE_CREATE_ID_g";
        file_access = "H5P_CLS_FILE_ACCESS_ID_g";
        dataset_creation = "H5P_CLS_DATASET_CREATE_ID_g";
        native_float = "H5T_NATIVE_FLOAT_g";
        native_double = "H5T_NATIVE_DOUBLE_g";
        native_int = "H5T_NATIVE_INT_g";
        float = "H5T_IEEE_F32LE_g";
        double = "H5T_IEEE_F64LE_g";
        text = "H5T_C_S1_g";
        object_reference = "H5T_STD_REF_OBJ_g";
    }
}

/// The first version with `H5Pset_file_locking` on the 1.10 branch.
const OLDEST: [c_uint; 3] = [1, 10, 7];

/// libhdf5 has global tables and is built without thread safety by several distributors, so one thread at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// libhdf5, held by this thread until dropped.
pub(super) struct Session {
    pub(super) functions: &'static Functions,
    _guard: MutexGuard<'static, ()>,
}

static FUNCTIONS: OnceLock<std::result::Result<Functions, String>> = OnceLock::new();

/// The functions of a library that has been loaded.
pub(super) fn loaded() -> Option<&'static Functions> {
    FUNCTIONS.get().and_then(|functions| functions.as_ref().ok())
}

impl Session {
    /// Loads the library on the first call and waits for its turn.
    pub(super) fn begin() -> Result<Self> {
        // A panic elsewhere leaves no broken state behind: every identifier is owned by one object.
        let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let functions = FUNCTIONS
            .get_or_init(load)
            .as_ref()
            .map_err(|reason| Error::Hdf5Missing { reason: reason.clone() })?;
        // The default stack of errors, and no function to print it. A library that was built with threads, as Debian's,
        // has such a stack for each.
        // SAFETY: as said.
        unsafe { (functions.set_printing)(0, ptr::null(), ptr::null_mut()) };
        zstandard::register(functions)?;
        Ok(Self { functions, _guard: guard })
    }

    /// The error of the call that has just failed.
    pub(super) fn error(&self, path: &Path, operation: impl Into<String>) -> Error {
        let mut reason = String::new();
        // SAFETY: the default stack of errors, from the cause outwards; `keep_first` takes the text and nothing else.
        unsafe {
            (self.functions.walk_errors)(0, 0, keep_first, (&raw mut reason).cast());
            (self.functions.clear_errors)(0);
        }
        if reason.is_empty() {
            reason = "no reason given".into();
        }
        Error::Hdf5 { path: path.to_owned(), operation: operation.into(), reason }
    }

    /// Ok for a code that is not negative.
    pub(super) fn check(&self, code: c_int, path: &Path, operation: &str) -> Result<()> {
        if code < 0 { Err(self.error(path, operation)) } else { Ok(()) }
    }

    /// An identifier that is closed when dropped; an error for a negative one.
    pub(super) fn own(&self, id: Id, close: Close, path: &Path, operation: &str) -> Result<Owned<'_>> {
        if id < 0 {
            return Err(self.error(path, operation));
        }
        Ok(Owned { id, close, _session: self })
    }
}

/// An identifier of libhdf5, closed at the end of a call.
pub(super) struct Owned<'a> {
    pub(super) id: Id,
    close: Close,
    _session: &'a Session,
}

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: ours, open, and closed nowhere else; the session is held. A failure has nobody to hear it and leaves
        // at most the identifier behind.
        unsafe { (self.close)(self.id) };
    }
}

/// Keeps the description of the innermost error.
unsafe extern "C" fn keep_first(number: c_uint, complaint: *const Complaint, reason: *mut c_void) -> c_int {
    if number == 0 && !complaint.is_null() && !reason.is_null() {
        // SAFETY: libhdf5 passes a live struct, its text zero-terminated; `reason` is the String of `Session::error`.
        unsafe {
            let text = (*complaint).description;
            if !text.is_null() {
                *reason.cast::<String>() = CStr::from_ptr(text).to_string_lossy().trim().to_owned();
            }
        }
    }
    0
}

/// The version of the loaded libhdf5, such as "1.10.8".
pub fn version() -> Result<String> {
    let session = Session::begin()?;
    let (mut major, mut minor, mut release) = (0, 0, 0);
    // SAFETY: three numbers to write to.
    unsafe { (session.functions.version)(&mut major, &mut minor, &mut release) };
    Ok(format!("{major}.{minor}.{release}"))
}

fn load() -> std::result::Result<Functions, String> {
    // SAFETY: libhdf5's initialisers only set up its own static data.
    let (library, name) = unsafe { shared_library::open("TERRELLA_HDF5", &NAMES) }?;
    functions(library, &name)
}

/// Debian's names of the library without MPI (version 1.10, then 1.14), those of other systems.
const NAMES: [&str; 6] = [
    "libhdf5_serial.so.103",
    "libhdf5_serial.so.310",
    "libhdf5.so.103",
    "libhdf5.so.310",
    "libhdf5.so",
    "libhdf5.dylib",
];
