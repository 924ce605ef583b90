//! The functions of libamdhip64 that are used, declared by hand.

// Calls into a C library.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::Mutex;

use libloading::Library;

use crate::device::lock;
use crate::device::stream::Reported;

pub(super) type Status = c_int;
/// An opaque handle: stream, module, function or event.
pub(super) type Handle = *mut c_void;

/// `hipMemcpyKind`.
pub(super) const HOST_TO_DEVICE: c_int = 1;
pub(super) const DEVICE_TO_HOST: c_int = 2;
pub(super) const DEVICE_TO_DEVICE: c_int = 3;
/// `hipPointerAttribute_t`.
#[derive(Default)]
#[repr(C)]
pub(super) struct PointerAttributes {
    pub(super) memory_type: c_int,
    pub(super) device: c_int,
    device_pointer: usize,
    host_pointer: usize,
    pub(super) is_managed: c_int,
    allocation_flags: c_uint,
}

/// `hipHostRegisterPortable`: locked for all devices.
pub(super) const PORTABLE: c_uint = 1;

/// `hipStreamNonBlocking`.
pub(super) const NON_BLOCKING: c_uint = 1;

macro_rules! functions {
    ($($field:ident = $symbol:literal ($($type:ty),*);)*) => {
        /// The loaded library.
        pub(super) struct HipLibrary {
            $(pub(super) $field: unsafe extern "C" fn($($type),*) -> Status,)*
            error_string: unsafe extern "C" fn(Status) -> *const c_char,
            /// Holds the functions above.
            _library: Library,
        }

        impl HipLibrary {
            fn connect(library: Library) -> Result<Self, libloading::Error> {
                Ok(Self {
                    // SAFETY: the types are those of hip_runtime_api.h, where enums are ints and handles pointers. The
                    // functions are kept together with the library.
                    $($field: unsafe { *library.get($symbol)? },)*
                    // SAFETY: as above.
                    error_string: unsafe { *library.get("hipGetErrorString")? },
                    _library: library,
                })
            }
        }
    };
}

functions! {
    init = "hipInit"(c_uint);
    driver_version = "hipDriverGetVersion"(*mut c_int);
    device_count = "hipGetDeviceCount"(*mut c_int);
    device_name = "hipDeviceGetName"(*mut c_char, c_int, c_int);
    total_memory = "hipDeviceTotalMem"(*mut usize, c_int);
    current_device = "hipGetDevice"(*mut c_int);
    set_device = "hipSetDevice"(c_int);
    device_synchronize = "hipDeviceSynchronize"();
    pointer_attributes = "hipPointerGetAttributes"(*mut PointerAttributes, *const c_void);
    malloc = "hipMalloc"(*mut *mut c_void, usize);
    free = "hipFree"(*mut c_void);
    lock_pages = "hipHostRegister"(*mut c_void, usize, c_uint);
    unlock_pages = "hipHostUnregister"(*mut c_void);
    copy = "hipMemcpyAsync"(*mut c_void, *const c_void, usize, c_int, Handle);
    fill = "hipMemsetD32Async"(*mut c_void, c_int, usize, Handle);
    stream_create = "hipStreamCreateWithFlags"(*mut Handle, c_uint);
    stream_synchronize = "hipStreamSynchronize"(Handle);
    module_load = "hipModuleLoadData"(*mut Handle, *const c_void);
    module_function = "hipModuleGetFunction"(*mut Handle, Handle, *const c_char);
    launch = "hipModuleLaunchKernel"(
        Handle, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, Handle, *mut *mut c_void, *mut *mut c_void
    );
    event_create = "hipEventCreate"(*mut Handle);
    event_record = "hipEventRecord"(Handle, Handle);
    event_synchronize = "hipEventSynchronize"(Handle);
    event_elapsed = "hipEventElapsedTime"(*mut f32, Handle, Handle);
    event_destroy = "hipEventDestroy"(Handle);
}

/// File names to try. The number is HIP's major version.
const NAMES: [&str; 4] =
    ["libamdhip64.so", "libamdhip64.so.7", "libamdhip64.so.6", "/opt/rocm/lib/libamdhip64.so"];

impl HipLibrary {
    /// The library, loaded and initialised once; the error says what was not found.
    pub(super) fn get() -> Reported<&'static Self> {
        static LIBRARY: Mutex<Option<&'static HipLibrary>> = Mutex::new(None);
        let mut loaded = lock(&LIBRARY);
        if let Some(library) = *loaded {
            return Ok(library);
        }
        // SAFETY: loading runs the initialisers of AMD's runtime, which have no effect on this program's own state.
        let library = NAMES.iter().find_map(|name| unsafe { Library::new(*name) }.ok());
        let library =
            library.ok_or_else(|| format!("libamdhip64.so was not found (tried {})", NAMES.join(", ")))?;
        let library =
            Self::connect(library).map_err(|error| format!("libamdhip64.so lacks a function: {error}"))?;
        // SAFETY: the function takes flags, which must be 0.
        let started = unsafe { (library.init)(0) };
        library.check(started).map_err(|error| format!("HIP does not start: {error}"))?;
        let library: &'static Self = Box::leak(Box::new(library));
        *loaded = Some(library);
        Ok(library)
    }

    /// The library's words for a failure.
    pub(super) fn check(&self, status: Status) -> Reported<()> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: the function returns a static NUL-terminated text for every status.
        let text = unsafe { CStr::from_ptr((self.error_string)(status)) };
        Err(text.to_string_lossy().into_owned())
    }
}
