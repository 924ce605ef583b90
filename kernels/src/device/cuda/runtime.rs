//! The calls of the CUDA driver, through cudarc.

// Calls into a C library.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::sync::OnceLock;

use cudarc::driver::result::{self, DriverError, stream::StreamKind};
use cudarc::driver::sys;

use super::compile::Target;
use crate::device::kernel_cache::KernelCache;
use crate::device::stream::{Reported, Runtime, StreamContext};
use crate::device::{Device, DeviceDescription};
use crate::{Error, Result};

/// `CU_MEMHOSTREGISTER_PORTABLE`: locked for the contexts of all devices.
const PORTABLE: u32 = 1;

/// A CUDA device with its memory and kernels.
pub(crate) type CudaContext = StreamContext<CudaRuntime>;

/// One device's primary context and the one stream that all its work goes through.
pub(crate) struct CudaRuntime {
    device: Device,
    context: sys::CUcontext,
    stream: sys::CUstream,
    /// Compute capability, as in 90 for 9.0.
    capability: u32,
    driver_major: u32,
    /// Found on the first compilation, so that buffers and copies work without NVRTC.
    target: OnceLock<Target>,
}

// SAFETY: the two handles are opaque; the driver's functions may be called with them from any thread, and from several
// at once (CUDA driver API, "context management" and "stream management"). They live as long as the process.
unsafe impl Send for CudaRuntime {}
// SAFETY: as above.
unsafe impl Sync for CudaRuntime {}

/// A kernel's handle.
#[derive(Clone, Copy)]
pub(crate) struct CudaFunction(sys::CUfunction);
// SAFETY: an opaque handle that the driver accepts from any thread; its module is never unloaded.
unsafe impl Send for CudaFunction {}
// SAFETY: as above.
unsafe impl Sync for CudaFunction {}

/// An event's handle.
#[derive(Clone, Copy)]
pub(crate) struct CudaEvent(sys::CUevent);
// SAFETY: an opaque handle that the driver accepts from any thread.
unsafe impl Send for CudaEvent {}
// SAFETY: as above.
unsafe impl Sync for CudaEvent {}

/// The number of devices, with the driver initialised; the error says what was not found.
fn device_count() -> Reported<u32> {
    // SAFETY: the function only tries to load the driver's library, whose initialisers have no effect on this program.
    if !unsafe { sys::is_culib_present() } {
        return Err("libcuda.so.1 was not found".to_owned());
    }
    result::init().map_err(|error| format!("the CUDA driver does not start: {}", words(error)))?;
    let count = result::device::get_count().map_err(words)?;
    Ok(count.max(0) as u32)
}

/// All devices; none where the driver is absent.
pub(crate) fn available() -> Vec<DeviceDescription> {
    let count = device_count().unwrap_or(0);
    (0..count).filter_map(|index| describe(index).ok()).map(|(description, _)| description).collect()
}

fn describe(index: u32) -> Reported<(DeviceDescription, sys::CUdevice)> {
    let device = result::device::get(index as i32).map_err(words)?;
    let name = result::device::get_name(device).map_err(words)?;
    // SAFETY: the handle was just returned by the driver.
    let memory = unsafe { result::device::total_mem(device) }.map_err(words)?;
    let version = driver_version()?;
    let description = DeviceDescription {
        device: Device::Cuda(index),
        name,
        memory: Some(memory as u64),
        driver: format!("CUDA {}.{}", version / 1000, version % 1000 / 10),
    };
    Ok((description, device))
}

/// As in 12080 for 12.8.
fn driver_version() -> Reported<u32> {
    let mut version = 0;
    // SAFETY: the pointer is to a live integer.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result().map_err(words)?;
    Ok(version.max(0) as u32)
}

/// Connects to device `index`.
pub(crate) fn open(index: u32) -> Result<CudaContext> {
    let device = Device::Cuda(index);
    let unavailable = |reason| Error::DeviceUnavailable { device, reason };
    let count = device_count().map_err(unavailable)?;
    if index >= count {
        return Err(unavailable(format!("no CUDA device {index}: {count} found")));
    }
    let (description, runtime) = connect(index).map_err(unavailable)?;
    Ok(StreamContext::new(runtime, description, KernelCache::from_environment()))
}

fn connect(index: u32) -> Reported<(DeviceDescription, CudaRuntime)> {
    use sys::CUdevice_attribute::{
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
        CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
    };
    let (description, device) = describe(index)?;
    // SAFETY: the handle was just returned by the driver.
    let attribute = |attribute| unsafe { result::device::get_attribute(device, attribute) }.map_err(words);
    let capability = (attribute(MAJOR)? * 10 + attribute(MINOR)?).max(0) as u32;
    // SAFETY: the handle was just returned by the driver. The context is never released.
    let context = unsafe { result::primary_ctx::retain(device) }.map_err(words)?;
    let _entered = Entered::new(context)?;
    let stream = result::stream::create(StreamKind::NonBlocking).map_err(words)?;
    let driver_major = driver_version()? / 1000;
    let target = OnceLock::new();
    Ok((
        description,
        CudaRuntime { device: Device::Cuda(index), context, stream, capability, driver_major, target },
    ))
}

/// A context that is this thread's while this lives. The caller's own, which other libraries on the thread rely on, is
/// the thread's again afterwards.
pub(crate) struct Entered;

impl Entered {
    /// Enters a context that was retained and is never released.
    fn new(context: sys::CUcontext) -> Reported<Self> {
        // SAFETY: the context is live (see above).
        unsafe { sys::cuCtxPushCurrent_v2(context) }.result().map_err(words)?;
        Ok(Self)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut context = std::ptr::null_mut();
        // SAFETY: the pointer is to a live handle. What is on top is what `new` put there: nothing else here pushes.
        let _ = unsafe { sys::cuCtxPopCurrent_v2(&mut context) };
    }
}

/// The driver's words for an error.
fn words(error: DriverError) -> String {
    let owned = |text: &CStr| text.to_string_lossy().into_owned();
    match (error.error_name().map(owned), error.error_string().map(owned)) {
        (Ok(name), Ok(text)) => format!("{name}, {text}"),
        _ => format!("CUDA error {}", error.0 as u32),
    }
}

impl CudaRuntime {
    fn target(&self) -> Result<&Target> {
        if let Some(target) = self.target.get() {
            return Ok(target);
        }
        let target = Target::new(self.device, self.capability, Some(self.driver_major))?;
        Ok(self.target.get_or_init(|| target))
    }
}

impl Runtime for CudaRuntime {
    type Function = CudaFunction;
    type Entered = Entered;
    type Event = CudaEvent;

    fn enter(&self) -> Reported<Entered> {
        Entered::new(self.context)
    }

    fn allocate(&self, bytes: u64) -> Reported<u64> {
        let _entered = self.enter()?;
        // SAFETY: the context is current; the memory is written before it is read (see `Context::allocate`).
        unsafe { result::malloc_sync(bytes as usize) }.map_err(words)
    }

    unsafe fn free(&self, address: u64) {
        // Nothing useful can be done where giving memory back fails: the next call reports the same error.
        let Ok(_entered) = self.enter() else { return };
        if self.synchronize().is_ok() {
            // SAFETY: the address came from `malloc_sync`, is used no more (the caller's promise), and all work that
            // used it is done.
            let _ = unsafe { result::free_sync(address) };
        }
    }

    unsafe fn upload(&self, address: u64, values: &[u8]) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the range is within a live allocation (the caller's promise). `values` is borrowed until the
        // synchronisation below, so it outlives the copy even if its pages are pinned and the copy is asynchronous.
        unsafe { result::memcpy_htod_async(address, values, self.stream) }.map_err(words)?;
        self.synchronize()
    }

    unsafe fn download(&self, address: u64, values: &mut [u8]) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: as in `upload`; `values` is borrowed exclusively until the synchronisation.
        unsafe { result::memcpy_dtoh_async(values, address, self.stream) }.map_err(words)?;
        self.synchronize()
    }

    unsafe fn lock_pages(&self, address: u64, bytes: u64) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the range is live host memory until it is unlocked (the caller's promise).
        unsafe { sys::cuMemHostRegister_v2(address as *mut c_void, bytes as usize, PORTABLE) }
            .result()
            .map_err(words)
    }

    unsafe fn unlock_pages(&self, address: u64) {
        if let Ok(_entered) = self.enter() {
            // SAFETY: the pages from there on are locked and live (the caller's promise). No copy is under way: `upload` and
            // `download` wait for theirs.
            let _ = unsafe { sys::cuMemHostUnregister(address as *mut c_void) };
        }
    }

    unsafe fn copy(&self, from: u64, to: u64, bytes: u64) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: both ranges are within live allocations and do not overlap (the caller's promise).
        unsafe { result::memcpy_dtod_async(to, from, bytes as usize, self.stream) }.map_err(words)
    }

    unsafe fn fill(&self, address: u64, word: u32, words_to_write: u64) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the range is within a live allocation (the caller's promise), and addresses of words are multiples
        // of 4 because allocations are and offsets are.
        unsafe { sys::cuMemsetD32Async(address, word, words_to_write as usize, self.stream) }
            .result()
            .map_err(words)
    }

    fn synchronize(&self) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the stream was created when the device was opened and is never destroyed.
        unsafe { result::stream::synchronize(self.stream) }.map_err(words)
    }

    fn synchronize_all_streams(&self) -> Reported<()> {
        let _entered = self.enter()?;
        result::ctx::synchronize().map_err(words)
    }

    fn expect_resident(&self, address: u64) -> Reported<()> {
        use sys::CUpointer_attribute::{
            CU_POINTER_ATTRIBUTE_CONTEXT as CONTEXT, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL as ORDINAL,
            CU_POINTER_ATTRIBUTE_IS_MANAGED as IS_MANAGED, CU_POINTER_ATTRIBUTE_MEMORY_TYPE as MEMORY_TYPE,
        };
        let _entered = self.enter()?;
        let mut context: sys::CUcontext = std::ptr::null_mut();
        let (mut kind, mut managed, mut ordinal) = (0_u32, 0_u32, -1_i32);
        let mut attributes = [MEMORY_TYPE, IS_MANAGED, ORDINAL, CONTEXT];
        let mut values: [*mut c_void; 4] = [
            (&raw mut kind).cast(),
            (&raw mut managed).cast(),
            (&raw mut ordinal).cast(),
            (&raw mut context).cast(),
        ];
        // SAFETY: four attributes, and for each a live variable of the type that the driver's documentation names. The
        // address is looked up and not followed; for one that the driver does not know, it stores zeros.
        let asked =
            unsafe { sys::cuPointerGetAttributes(4, attributes.as_mut_ptr(), values.as_mut_ptr(), address) };
        asked.result().map_err(words)?;
        if managed != 0 {
            return Ok(());
        }
        if kind != sys::CUmemorytype::CU_MEMORYTYPE_DEVICE as u32 {
            return Err("it lies in host memory".to_owned());
        }
        let found = u32::try_from(ordinal).map(Device::Cuda);
        if found != Ok(self.device) {
            let owner = found.map_or("another device".to_owned(), |device| format!("device '{device}'"));
            return Err(format!("it belongs to {owner}"));
        }
        // Memory from pools and mappings has no context of its own.
        if !context.is_null() && context != self.context {
            return Err("it belongs to another context than the device's primary one".to_owned());
        }
        Ok(())
    }

    fn compiler(&self) -> Result<String> {
        Ok(self.target()?.describe())
    }

    fn compile(&self, name: &str, source: &str) -> Result<Reported<Vec<u8>>> {
        Ok(self.target()?.compile(name, source))
    }

    unsafe fn load(&self, image: &[u8], entry: &str) -> Reported<CudaFunction> {
        let _entered = self.enter()?;
        let entry = CString::new(entry).map_err(|_| "the kernel's name holds a NUL byte".to_owned())?;
        // SAFETY: the image is a whole cubin, or PTX with its final NUL, from NVRTC (the caller's promise); the driver
        // copies it.
        let module = unsafe { result::module::load_data(image.as_ptr().cast()) }.map_err(words)?;
        // SAFETY: the module was just loaded, and is never unloaded.
        let function = unsafe { result::module::get_function(module, entry) }.map_err(words)?;
        Ok(CudaFunction(function))
    }

    unsafe fn launch(&self, function: CudaFunction, blocks: u32, slots: &mut [u64]) -> Reported<()> {
        let _entered = self.enter()?;
        let mut parameters: Vec<*mut c_void> =
            slots.iter_mut().map(|slot| std::ptr::from_mut(slot).cast()).collect();
        let (grid, block) = ((blocks, 1, 1), (256, 1, 1));
        // SAFETY: the slots are the function's parameters and what they point to is live (the caller's promise). The
        // driver copies the parameters before it returns.
        unsafe { result::launch_kernel(function.0, grid, block, 0, self.stream, &mut parameters) }
            .map_err(words)
    }

    fn record(&self) -> Reported<CudaEvent> {
        let _entered = self.enter()?;
        let event = result::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT).map_err(words)?;
        // SAFETY: event and stream are live and of the same context.
        unsafe { result::event::record(event, self.stream) }.map_err(words)?;
        Ok(CudaEvent(event))
    }

    unsafe fn elapsed(&self, start: CudaEvent, end: CudaEvent) -> Reported<f32> {
        let _entered = self.enter()?;
        // SAFETY: the event is live (the caller's promise).
        unsafe { result::event::synchronize(end.0) }.map_err(words)?;
        // SAFETY: both events are live (the caller's promise), and recorded, since `record` makes them so.
        unsafe { result::event::elapsed(start.0, end.0) }.map_err(words)
    }

    unsafe fn destroy(&self, event: CudaEvent) {
        if let Ok(_entered) = self.enter() {
            // SAFETY: the event is used no more (the caller's promise).
            let _ = unsafe { result::event::destroy(event.0) };
        }
    }
}
