//! The functions of an MPI library with its handles, found by name when the library is loaded.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};

use libloading::Library;

/// What the two families of libraries do differently: handles, and what stands where in a status.
pub(super) trait Handle: Copy + 'static {
    /// Integers of a status.
    const STATUS: usize;
    /// Which of them is the rank that sent.
    const SOURCE: usize;
    /// Which of them is the error.
    const ERROR: usize;
    /// The error class of requests that neither failed nor are done.
    const ERROR_PENDING: c_int;
    /// `MPI_ANY_SOURCE`.
    const ANY_SOURCE: c_int;
}

/// The MPICH family (MPICH, Cray MPICH, Intel MPI, MVAPICH), which has had one binary interface since 2013: handles are numbers.
impl Handle for c_int {
    const STATUS: usize = 5;
    const SOURCE: usize = 2;
    const ERROR: usize = 4;
    const ERROR_PENDING: c_int = 18;
    const ANY_SOURCE: c_int = -2;
}

/// Open MPI: handles are addresses of objects.
impl Handle for usize {
    // Source, tag, error, whether cancelled, and a count of the size of an address.
    const STATUS: usize = 4 + size_of::<usize>() / size_of::<c_int>();
    const SOURCE: usize = 0;
    const ERROR: usize = 2;
    const ERROR_PENDING: c_int = 19;
    const ANY_SOURCE: c_int = -1;
}

/// The functions that we call, with the predefined handles. The pointers stay valid for ever: the library is never unloaded.
pub(super) struct Functions<H> {
    pub(super) world: H,
    pub(super) byte: H,
    pub(super) errors_return: H,
    pub(super) null_request: H,
    pub(super) null_communicator: H,
    pub(super) init_thread:
        unsafe extern "C" fn(*mut c_int, *mut *mut *mut c_char, c_int, *mut c_int) -> c_int,
    pub(super) initialized: unsafe extern "C" fn(*mut c_int) -> c_int,
    pub(super) finalized: unsafe extern "C" fn(*mut c_int) -> c_int,
    pub(super) is_thread_main: unsafe extern "C" fn(*mut c_int) -> c_int,
    pub(super) finalize: unsafe extern "C" fn() -> c_int,
    pub(super) abort: unsafe extern "C" fn(H, c_int) -> c_int,
    pub(super) comm_rank: unsafe extern "C" fn(H, *mut c_int) -> c_int,
    pub(super) comm_size: unsafe extern "C" fn(H, *mut c_int) -> c_int,
    pub(super) comm_dup: unsafe extern "C" fn(H, *mut H) -> c_int,
    pub(super) comm_split: unsafe extern "C" fn(H, c_int, c_int, *mut H) -> c_int,
    pub(super) comm_free: unsafe extern "C" fn(*mut H) -> c_int,
    pub(super) comm_set_errhandler: unsafe extern "C" fn(H, H) -> c_int,
    pub(super) error_string: unsafe extern "C" fn(c_int, *mut c_char, *mut c_int) -> c_int,
    pub(super) error_class: unsafe extern "C" fn(c_int, *mut c_int) -> c_int,
    pub(super) isend: unsafe extern "C" fn(*const c_void, c_int, H, c_int, c_int, H, *mut H) -> c_int,
    pub(super) irecv: unsafe extern "C" fn(*mut c_void, c_int, H, c_int, c_int, H, *mut H) -> c_int,
    pub(super) recv: unsafe extern "C" fn(*mut c_void, c_int, H, c_int, c_int, H, *mut c_int) -> c_int,
    pub(super) iprobe: unsafe extern "C" fn(c_int, c_int, H, *mut c_int, *mut c_int) -> c_int,
    pub(super) waitall: unsafe extern "C" fn(c_int, *mut H, *mut c_int) -> c_int,
    pub(super) testall: unsafe extern "C" fn(c_int, *mut H, *mut c_int, *mut c_int) -> c_int,
    pub(super) get_count: unsafe extern "C" fn(*const c_int, H, *mut c_int) -> c_int,
    pub(super) barrier: unsafe extern "C" fn(H) -> c_int,
    pub(super) broadcast: unsafe extern "C" fn(*mut c_void, c_int, H, c_int, H) -> c_int,
    pub(super) all_gather: unsafe extern "C" fn(*const c_void, c_int, H, *mut c_void, c_int, H, H) -> c_int,
    pub(super) library_version: unsafe extern "C" fn(*mut c_char, *mut c_int) -> c_int,
    /// Extensions of Open MPI, and of MPICH, which not every version has.
    pub(super) query_cuda_support: Option<unsafe extern "C" fn() -> c_int>,
    pub(super) query_rocm_support: Option<unsafe extern "C" fn() -> c_int>,
    pub(super) gpu_query_support: Option<unsafe extern "C" fn(c_int, *mut c_int) -> c_int>,
}

/// The functions of a library of either family.
pub(super) enum Family {
    OpenMpi(Functions<usize>),
    Mpich(Functions<c_int>),
}

/// Loads `library`; keeps it for ever. `name` is for the error, which says what is missing.
pub(super) fn load(library: Library, name: &str) -> Result<Family, String> {
    // Open MPI's predefined objects are symbols; those of the MPICH family are numbers.
    let object = |symbol: &str| {
        #[cfg(unix)]
        {
            // A program that is linked with Open MPI may have its objects in itself, copied there when it starts, and the library uses
            // those: the program comes first.
            let program = libloading::os::unix::Library::this();
            // SAFETY: the address alone is taken, of an object of the program or of what it has loaded.
            if let Ok(address) = unsafe { program.get::<usize>(symbol.as_bytes()) } {
                return Ok(*address);
            }
        }
        // SAFETY: the address alone is taken, of an object in the library.
        let address = unsafe { library.get::<usize>(symbol.as_bytes()) };
        address.map(|address| *address).map_err(|error| format!("'{name}' has no '{symbol}' ({error})"))
    };
    // SAFETY: the address is not even taken.
    let is_open_mpi = unsafe { library.get::<usize>(b"ompi_mpi_comm_world") }.is_ok();
    let family = if is_open_mpi {
        let handles = [
            object("ompi_mpi_comm_world")?,
            object("ompi_mpi_byte")?,
            object("ompi_mpi_errors_return")?,
            object("ompi_request_null")?,
            object("ompi_mpi_comm_null")?,
        ];
        functions(&library, name, handles).map(Family::OpenMpi)
    } else {
        let handles = [0x4400_0000, 0x4c00_010d, 0x5400_0001, 0x2c00_0000, 0x0400_0000];
        functions(&library, name, handles).map(Family::Mpich)
    }?;
    std::mem::forget(library);
    Ok(family)
}

fn functions<H: Handle>(library: &Library, name: &str, handles: [H; 5]) -> Result<Functions<H>, String> {
    macro_rules! symbol {
        ($symbol:literal) => {{
            // SAFETY: the type that the field asks for is the function's in the MPI standard, with this family's
            // handles; the pointer outlives the symbol because the library is never unloaded.
            *unsafe { library.get($symbol) }
                .map_err(|error| format!("'{name}' is not a usable MPI library ({error})"))?
        }};
    }
    macro_rules! extension {
        ($symbol:literal) => {
            // SAFETY: the type that the field asks for is the function's in the library's own header; the pointer outlives the symbol, as
            // above.
            unsafe { library.get($symbol) }.ok().map(|symbol| *symbol)
        };
    }
    let [world, byte, errors_return, null_request, null_communicator] = handles;
    Ok(Functions {
        world,
        byte,
        errors_return,
        null_request,
        null_communicator,
        init_thread: symbol!(b"MPI_Init_thread"),
        initialized: symbol!(b"MPI_Initialized"),
        finalized: symbol!(b"MPI_Finalized"),
        is_thread_main: symbol!(b"MPI_Is_thread_main"),
        finalize: symbol!(b"MPI_Finalize"),
        abort: symbol!(b"MPI_Abort"),
        comm_rank: symbol!(b"MPI_Comm_rank"),
        comm_size: symbol!(b"MPI_Comm_size"),
        comm_dup: symbol!(b"MPI_Comm_dup"),
        comm_split: symbol!(b"MPI_Comm_split"),
        comm_free: symbol!(b"MPI_Comm_free"),
        comm_set_errhandler: symbol!(b"MPI_Comm_set_errhandler"),
        error_string: symbol!(b"MPI_Error_string"),
        error_class: symbol!(b"MPI_Error_class"),
        isend: symbol!(b"MPI_Isend"),
        irecv: symbol!(b"MPI_Irecv"),
        recv: symbol!(b"MPI_Recv"),
        iprobe: symbol!(b"MPI_Iprobe"),
        waitall: symbol!(b"MPI_Waitall"),
        testall: symbol!(b"MPI_Testall"),
        get_count: symbol!(b"MPI_Get_count"),
        barrier: symbol!(b"MPI_Barrier"),
        broadcast: symbol!(b"MPI_Bcast"),
        all_gather: symbol!(b"MPI_Allgather"),
        library_version: symbol!(b"MPI_Get_library_version"),
        query_cuda_support: extension!(b"MPIX_Query_cuda_support"),
        query_rocm_support: extension!(b"MPIX_Query_rocm_support"),
        gpu_query_support: extension!(b"MPIX_GPU_query_support"),
    })
}
