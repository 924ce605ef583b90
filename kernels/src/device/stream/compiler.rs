//! NVRTC and HIPRTC, which have the same functions under two prefixes, loaded at run time.

// Calls into a C library.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr;

use libloading::Library;

use super::Reported;

/// What tells the two libraries apart.
pub(crate) struct Dialect {
    /// What messages call it.
    pub(crate) library: &'static str,
    /// Prefix of the functions.
    prefix: &'static str,
    /// Environment variable with the library's path.
    pub(crate) variable: &'static str,
    /// Names of the functions that return a compiled module: the device's own code first, then what its driver
    /// compiles itself, if the library has such a form.
    images: &'static [&'static str],
}

impl Dialect {
    /// NVIDIA's.
    #[cfg(feature = "cuda")]
    pub(crate) const NVRTC: Self =
        Self { library: "libnvrtc", prefix: "nvrtc", variable: "TERRELLA_NVRTC", images: &["CUBIN", "PTX"] };
    /// AMD's.
    #[cfg(feature = "hip")]
    pub(crate) const HIPRTC: Self =
        Self { library: "libhiprtc", prefix: "hiprtc", variable: "TERRELLA_HIPRTC", images: &["Code"] };
}

type Program = *mut c_void;
type Status = c_int;
const SUCCESS: Status = 0;

type CreateProgram = unsafe extern "C" fn(
    *mut Program,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> Status;
type CompileProgram = unsafe extern "C" fn(Program, c_int, *const *const c_char) -> Status;
type GetSize = unsafe extern "C" fn(Program, *mut usize) -> Status;
type GetBytes = unsafe extern "C" fn(Program, *mut c_char) -> Status;
type DestroyProgram = unsafe extern "C" fn(*mut Program) -> Status;
type GetErrorString = unsafe extern "C" fn(Status) -> *const c_char;
type Version = unsafe extern "C" fn(*mut c_int, *mut c_int) -> Status;
type NumberOfArchitectures = unsafe extern "C" fn(*mut c_int) -> Status;
type Architectures = unsafe extern "C" fn(*mut c_int) -> Status;

/// One form of a compiled module.
struct Image {
    size: GetSize,
    bytes: GetBytes,
}

/// A loaded compiler.
pub(crate) struct RuntimeCompiler {
    create: CreateProgram,
    compile: CompileProgram,
    log_size: GetSize,
    log: GetBytes,
    destroy: DestroyProgram,
    error_string: GetErrorString,
    images: Vec<Image>,
    /// Name and version, as in "libnvrtc 12.9".
    pub(crate) version: String,
    /// Compute capabilities that it compiles for, as in 90 for 9.0; empty where it doesn't tell.
    #[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "HIPRTC picks its own target"))]
    pub(crate) architectures: Vec<u32>,
    /// Holds the functions above.
    _library: Library,
}

impl RuntimeCompiler {
    /// Loads the library from the path in the dialect's environment variable or, where that is not set, from the first
    /// of `candidates` that loads. The error says what was not found.
    pub(crate) fn load(dialect: &Dialect, candidates: &[PathBuf]) -> Reported<Self> {
        let name = dialect.library;
        let library = match std::env::var_os(dialect.variable) {
            Some(path) => open(&PathBuf::from(&path))
                .map_err(|error| format!("{name} was not found at {} ({error})", path.to_string_lossy()))?,
            None => candidates.iter().find_map(|path| open(path).ok()).ok_or_else(|| {
                let looked: Vec<_> = candidates.iter().map(|path| path.to_string_lossy()).collect();
                format!(
                    "{name} was not found (tried {}; {} may name it)",
                    looked.join(", "),
                    dialect.variable
                )
            })?,
        };
        Self::connect(dialect, library).map_err(|error| format!("{name} lacks a function: {error}"))
    }

    fn connect(dialect: &Dialect, library: Library) -> Result<Self, libloading::Error> {
        let name = |function: &str| format!("{}{function}", dialect.prefix);
        macro_rules! find {
            ($type:ty, $function:expr) => {
                // SAFETY: the types are those of nvrtc.h and hiprtc.h, where the status is an enum of int's size and
                // the program an opaque pointer. The pointer is kept together with the library.
                unsafe { *library.get::<$type>(name($function))? }
            };
        }
        let find_image = |form: &&str| -> Result<Image, libloading::Error> {
            let (size, bytes) = (format!("Get{form}Size"), format!("Get{form}"));
            Ok(Image { size: find!(GetSize, &size), bytes: find!(GetBytes, &bytes) })
        };
        let images = dialect.images.iter().map(find_image).collect::<Result<Vec<_>, _>>()?;
        let version = find!(Version, "Version");
        let (mut major, mut minor) = (0, 0);
        // SAFETY: both pointers are to live integers. A failure leaves them as they are.
        unsafe { version(&mut major, &mut minor) };
        let architectures = architectures(&library, &name).unwrap_or_default();
        let (create, compile) =
            (find!(CreateProgram, "CreateProgram"), find!(CompileProgram, "CompileProgram"));
        let (log_size, log) = (find!(GetSize, "GetProgramLogSize"), find!(GetBytes, "GetProgramLog"));
        let destroy = find!(DestroyProgram, "DestroyProgram");
        let error_string = find!(GetErrorString, "GetErrorString");
        Ok(Self {
            create,
            compile,
            log_size,
            log,
            destroy,
            error_string,
            images,
            version: format!("{} {major}.{minor}", dialect.library),
            architectures,
            _library: library,
        })
    }

    /// Compiles a whole module with `options` and returns its `form`-th form, or the compiler's log.
    pub(crate) fn compile(
        &self,
        name: &str,
        source: &str,
        options: &[String],
        form: usize,
    ) -> Reported<Vec<u8>> {
        let text = |text: &str| CString::new(text).map_err(|_| "a text holds a NUL byte".to_owned());
        let (source, file) = (text(source)?, text(&format!("{name}.cu"))?);
        let options = options.iter().map(|option| text(option)).collect::<Result<Vec<_>, _>>()?;
        let options: Vec<_> = options.iter().map(|option| option.as_ptr()).collect();

        let mut program = ptr::null_mut();
        // SAFETY: source and file are NUL-terminated and outlive the call, which copies them; no headers are given.
        let status = unsafe {
            (self.create)(&mut program, source.as_ptr(), file.as_ptr(), 0, ptr::null(), ptr::null())
        };
        self.check(status)?;
        // SAFETY: the program was just created; the options are NUL-terminated and outlive the call.
        let status = unsafe { (self.compile)(program, options.len() as c_int, options.as_ptr()) };
        let image = &self.images[form];
        let result = match self.check(status) {
            Ok(()) => self.bytes(program, image.size, image.bytes),
            Err(error) => Err(match self.bytes(program, self.log_size, self.log) {
                Ok(log) => {
                    format!("{error}\n{}", String::from_utf8_lossy(&log).trim_end_matches('\0').trim_end())
                }
                Err(_) => error,
            }),
        };
        // SAFETY: the program was created above and is used no more.
        unsafe { (self.destroy)(&mut program) };
        result
    }

    fn bytes(&self, program: Program, size: GetSize, bytes: GetBytes) -> Reported<Vec<u8>> {
        let mut length = 0;
        // SAFETY: the program is live and `length` is a live integer.
        self.check(unsafe { size(program, &mut length) })?;
        let mut values = vec![0_u8; length];
        // SAFETY: the program is live and the function writes exactly the `length` bytes that it announced.
        self.check(unsafe { bytes(program, values.as_mut_ptr().cast()) })?;
        Ok(values)
    }

    fn check(&self, status: Status) -> Reported<()> {
        if status == SUCCESS {
            return Ok(());
        }
        // SAFETY: the function returns a static NUL-terminated text for every status, known or not.
        let text = unsafe { CStr::from_ptr((self.error_string)(status)) };
        Err(text.to_string_lossy().into_owned())
    }
}

fn open(path: &PathBuf) -> Result<Library, libloading::Error> {
    // SAFETY: loading runs the library's initialisers. The names are those of the vendors' compilers, or the user's own
    // choice; these libraries have no initialisers with effects on this program.
    unsafe { Library::new(path) }
}

/// The compute capabilities that NVRTC lists; HIPRTC has no such list.
fn architectures(library: &Library, name: &impl Fn(&str) -> String) -> Option<Vec<u32>> {
    // SAFETY: the type is that of nvrtc.h.
    let number = unsafe { *library.get::<NumberOfArchitectures>(name("GetNumSupportedArchs")).ok()? };
    // SAFETY: the type is that of nvrtc.h.
    let list = unsafe { *library.get::<Architectures>(name("GetSupportedArchs")).ok()? };
    let mut count = 0;
    // SAFETY: `count` is a live integer.
    if unsafe { number(&mut count) } != SUCCESS {
        return None;
    }
    let mut found = vec![0; usize::try_from(count).ok()?];
    // SAFETY: the function writes the `count` integers that it announced.
    if unsafe { list(found.as_mut_ptr()) } != SUCCESS {
        return None;
    }
    Some(found.into_iter().filter_map(|architecture| u32::try_from(architecture).ok()).collect())
}
