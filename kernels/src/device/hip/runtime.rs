//! The calls of HIP.

// Calls into a C library.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::path::PathBuf;
use std::ptr;
use std::sync::Mutex;

use super::library::{
    DEVICE_TO_DEVICE, DEVICE_TO_HOST, HOST_TO_DEVICE, Handle, HipLibrary, NON_BLOCKING, PORTABLE,
    PointerAttributes,
};
use crate::device::kernel_cache::KernelCache;
use crate::device::stream::{Dialect, Reported, Runtime, RuntimeCompiler, StreamContext};
use crate::device::{Device, DeviceDescription, lock};
use crate::{Error, Result};

/// A HIP device with its memory and kernels.
pub(crate) type HipContext = StreamContext<HipRuntime>;

/// Without contraction to fused multiply-adds, a kernel gives the same bits as on every other device. The target is
/// left to HIPRTC, which takes the thread's current device.
const OPTIONS: [&str; 3] = ["-std=c++17", "-ffp-contract=off", "-O3"];

/// One device and the one stream that all its work goes through.
pub(crate) struct HipRuntime {
    library: &'static HipLibrary,
    index: u32,
    stream: Handle,
    /// As in 60443483 for 6.4.
    version: i32,
}

// SAFETY: the stream is an opaque handle that HIP accepts from any thread, and from several at once; it lives as long
// as the process.
unsafe impl Send for HipRuntime {}
// SAFETY: as above.
unsafe impl Sync for HipRuntime {}

/// A kernel or an event.
#[derive(Clone, Copy)]
pub(crate) struct HipHandle(Handle);
// SAFETY: an opaque handle that HIP accepts from any thread.
unsafe impl Send for HipHandle {}
// SAFETY: as above.
unsafe impl Sync for HipHandle {}

/// HIPRTC, loaded on first use.
fn compiler(device: Device) -> Result<&'static RuntimeCompiler> {
    static COMPILER: Mutex<Option<&'static RuntimeCompiler>> = Mutex::new(None);
    let mut compiler = lock(&COMPILER);
    if compiler.is_none() {
        let names = ["libhiprtc.so", "libhiprtc.so.7", "libhiprtc.so.6", "/opt/rocm/lib/libhiprtc.so"];
        let loaded = RuntimeCompiler::load(&Dialect::HIPRTC, &names.map(PathBuf::from))
            .map_err(|reason| Error::DeviceUnavailable { device, reason })?;
        *compiler = Some(Box::leak(Box::new(loaded)));
    }
    Ok(compiler.expect("the compiler was just loaded"))
}

fn device_count(library: &HipLibrary) -> Reported<u32> {
    let mut count = 0;
    // SAFETY: the pointer is to a live integer.
    library.check(unsafe { (library.device_count)(&mut count) })?;
    Ok(count.max(0) as u32)
}

/// All devices; none where HIP is absent.
pub(crate) fn available() -> Vec<DeviceDescription> {
    let Ok(library) = HipLibrary::get() else { return Vec::new() };
    let count = device_count(library).unwrap_or(0);
    (0..count).filter_map(|index| describe(library, index).ok()).collect()
}

fn driver_version(library: &HipLibrary) -> Reported<i32> {
    let mut version = 0;
    // SAFETY: the pointer is to a live integer.
    library.check(unsafe { (library.driver_version)(&mut version) })?;
    Ok(version)
}

fn describe(library: &HipLibrary, index: u32) -> Reported<DeviceDescription> {
    let mut name = [0; 256];
    // SAFETY: the pointer is to 256 bytes, as the second argument says.
    library.check(unsafe { (library.device_name)(name.as_mut_ptr(), 256, index as i32) })?;
    let mut memory = 0;
    // SAFETY: the pointer is to a live integer.
    library.check(unsafe { (library.total_memory)(&mut memory, index as i32) })?;
    let version = driver_version(library)?;
    let name = name.map(|letter| letter as u8);
    let name = CStr::from_bytes_until_nul(&name).map_err(|error| error.to_string())?;
    Ok(DeviceDescription {
        device: Device::Hip(index),
        name: name.to_string_lossy().into_owned(),
        memory: Some(memory as u64),
        driver: format!("HIP {version}"),
    })
}

/// Connects to device `index`.
pub(crate) fn open(index: u32) -> Result<HipContext> {
    let unavailable = |reason| Error::DeviceUnavailable { device: Device::Hip(index), reason };
    let library = HipLibrary::get().map_err(unavailable)?;
    let count = device_count(library).map_err(unavailable)?;
    if index >= count {
        return Err(unavailable(format!("no HIP device {index}: {count} found")));
    }
    let description = describe(library, index).map_err(unavailable)?;
    let version = driver_version(library).map_err(unavailable)?;
    let mut runtime = HipRuntime { library, index, stream: ptr::null_mut(), version };
    let entered = runtime.enter().map_err(unavailable)?;
    // SAFETY: the pointer is to a live handle; the device is current.
    let created = unsafe { (library.stream_create)(&mut runtime.stream, NON_BLOCKING) };
    library.check(created).map_err(unavailable)?;
    drop(entered);
    Ok(StreamContext::new(runtime, description, KernelCache::from_environment()))
}

/// A device that is this thread's while this lives. The caller's own, which other libraries on the thread rely on, is the
/// thread's again afterwards.
pub(crate) struct Entered {
    library: &'static HipLibrary,
    before: i32,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // SAFETY: the number is one that HIP gave.
        unsafe { (self.library.set_device)(self.before) };
    }
}

impl HipRuntime {
    /// # Safety
    /// Both ranges lie within live memory of the kinds that `kind` says.
    unsafe fn transfer(&self, to: u64, from: u64, bytes: u64, kind: i32) -> Reported<()> {
        let _entered = self.enter()?;
        let (to, from) = (to as *mut c_void, from as *const c_void);
        // SAFETY: the caller's promise; the stream lives as long as the process.
        self.library.check(unsafe { (self.library.copy)(to, from, bytes as usize, kind, self.stream) })
    }
}

impl Runtime for HipRuntime {
    type Function = HipHandle;
    type Entered = Entered;
    type Event = HipHandle;

    fn enter(&self) -> Reported<Entered> {
        let mut before = 0;
        // SAFETY: the pointer is to a live integer.
        self.library.check(unsafe { (self.library.current_device)(&mut before) })?;
        // SAFETY: the index is below the number of devices.
        self.library.check(unsafe { (self.library.set_device)(self.index as i32) })?;
        Ok(Entered { library: self.library, before })
    }

    fn allocate(&self, bytes: u64) -> Reported<u64> {
        let _entered = self.enter()?;
        let mut address = ptr::null_mut();
        // SAFETY: the pointer is to a live pointer.
        self.library.check(unsafe { (self.library.malloc)(&mut address, bytes as usize) })?;
        Ok(address as u64)
    }

    unsafe fn free(&self, address: u64) {
        // Nothing useful can be done where giving memory back fails: the next call reports the same error.
        let Ok(_entered) = self.enter() else { return };
        if self.synchronize().is_ok() {
            // SAFETY: the address came from `malloc`, is used no more (the caller's promise), and all work that used
            // it is done.
            unsafe { (self.library.free)(address as *mut c_void) };
        }
    }

    unsafe fn upload(&self, address: u64, values: &[u8]) -> Reported<()> {
        let host = values.as_ptr() as u64;
        // SAFETY: the device's range is live (the caller's promise), and `values` is borrowed until the
        // synchronisation below.
        unsafe { self.transfer(address, host, values.len() as u64, HOST_TO_DEVICE) }?;
        self.synchronize()
    }

    unsafe fn download(&self, address: u64, values: &mut [u8]) -> Reported<()> {
        let host = values.as_mut_ptr() as u64;
        // SAFETY: as in `upload`; `values` is borrowed exclusively until the synchronisation.
        unsafe { self.transfer(host, address, values.len() as u64, DEVICE_TO_HOST) }?;
        self.synchronize()
    }

    unsafe fn lock_pages(&self, address: u64, bytes: u64) -> Reported<()> {
        let _entered = self.enter()?;
        let address = address as *mut c_void;
        // SAFETY: the range is live host memory until it is unlocked (the caller's promise).
        self.library.check(unsafe { (self.library.lock_pages)(address, bytes as usize, PORTABLE) })
    }

    unsafe fn unlock_pages(&self, address: u64) {
        if let Ok(_entered) = self.enter() {
            // SAFETY: the pages from there on are locked and live (the caller's promise). No copy is under way: `upload` and
            // `download` wait for theirs.
            unsafe { (self.library.unlock_pages)(address as *mut c_void) };
        }
    }

    unsafe fn copy(&self, from: u64, to: u64, bytes: u64) -> Reported<()> {
        // SAFETY: both ranges are live and do not overlap (the caller's promise).
        unsafe { self.transfer(to, from, bytes, DEVICE_TO_DEVICE) }
    }

    unsafe fn fill(&self, address: u64, word: u32, words: u64) -> Reported<()> {
        let _entered = self.enter()?;
        let (address, word) = (address as *mut c_void, word.cast_signed());
        // SAFETY: the range is within a live allocation (the caller's promise) and aligned to words.
        self.library.check(unsafe { (self.library.fill)(address, word, words as usize, self.stream) })
    }

    fn synchronize(&self) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the stream lives as long as the process.
        self.library.check(unsafe { (self.library.stream_synchronize)(self.stream) })
    }

    fn synchronize_all_streams(&self) -> Reported<()> {
        let _entered = self.enter()?;
        // SAFETY: the function takes nothing.
        self.library.check(unsafe { (self.library.device_synchronize)() })
    }

    fn expect_resident(&self, address: u64) -> Reported<()> {
        let _entered = self.enter()?;
        let mut found = PointerAttributes::default();
        // SAFETY: the pointer is to a live struct of HIP's layout. The address is looked up and not followed.
        let status = unsafe { (self.library.pointer_attributes)(&mut found, address as *const c_void) };
        // Memory that HIP knows nothing of is an error until HIP 5, and of type 0 since.
        let known = self.library.check(status).is_ok();
        if known && found.is_managed != 0 {
            return Ok(());
        }
        // `hipMemoryTypeDevice`, which HIP 6 numbered anew.
        let on_a_device = if self.version / 10_000_000 >= 6 { 2 } else { 1 };
        if !known || found.memory_type != on_a_device {
            return Err("it lies in host memory".to_owned());
        }
        if u32::try_from(found.device) != Ok(self.index) {
            return Err(format!("it belongs to device 'hip:{}'", found.device));
        }
        Ok(())
    }

    fn compiler(&self) -> Result<String> {
        Ok(format!("{} {}", compiler(Device::Hip(self.index))?.version, OPTIONS.join(" ")))
    }

    fn compile(&self, name: &str, source: &str) -> Result<Reported<Vec<u8>>> {
        let device = Device::Hip(self.index);
        // HIPRTC compiles for the current device.
        let _entered = self.enter().map_err(|reason| Error::DeviceFailure {
            device,
            operation: "compiling a kernel",
            reason,
        })?;
        Ok(compiler(device)?.compile(name, source, &OPTIONS.map(str::to_owned), 0))
    }

    unsafe fn load(&self, image: &[u8], entry: &str) -> Reported<HipHandle> {
        let _entered = self.enter()?;
        let entry = CString::new(entry).map_err(|_| "the kernel's name holds a NUL byte".to_owned())?;
        let mut module = ptr::null_mut();
        // SAFETY: the image is a whole code object from HIPRTC (the caller's promise), which HIP copies.
        self.library.check(unsafe { (self.library.module_load)(&mut module, image.as_ptr().cast()) })?;
        let mut function = ptr::null_mut();
        // SAFETY: the module was just loaded and is never unloaded; the name is NUL-terminated.
        let found = unsafe { (self.library.module_function)(&mut function, module, entry.as_ptr()) };
        self.library.check(found)?;
        Ok(HipHandle(function))
    }

    unsafe fn launch(&self, function: HipHandle, blocks: u32, slots: &mut [u64]) -> Reported<()> {
        let _entered = self.enter()?;
        let mut parameters: Vec<*mut c_void> =
            slots.iter_mut().map(|slot| ptr::from_mut(slot).cast()).collect();
        let (parameters, none) = (parameters.as_mut_ptr(), ptr::null_mut());
        // SAFETY: the slots are the function's parameters and what they point to is live (the caller's promise). HIP
        // copies the parameters before it returns.
        let launched = unsafe {
            (self.library.launch)(function.0, blocks, 1, 1, 256, 1, 1, 0, self.stream, parameters, none)
        };
        self.library.check(launched)
    }

    fn record(&self) -> Reported<HipHandle> {
        let _entered = self.enter()?;
        let mut event = ptr::null_mut();
        // SAFETY: the pointer is to a live handle.
        self.library.check(unsafe { (self.library.event_create)(&mut event) })?;
        // SAFETY: event and stream are live and of the same device.
        self.library.check(unsafe { (self.library.event_record)(event, self.stream) })?;
        Ok(HipHandle(event))
    }

    unsafe fn elapsed(&self, start: HipHandle, end: HipHandle) -> Reported<f32> {
        let _entered = self.enter()?;
        // SAFETY: the event is live (the caller's promise).
        self.library.check(unsafe { (self.library.event_synchronize)(end.0) })?;
        let mut milliseconds = 0.0;
        // SAFETY: both events are live (the caller's promise) and recorded, since `record` makes them so.
        self.library.check(unsafe { (self.library.event_elapsed)(&mut milliseconds, start.0, end.0) })?;
        Ok(milliseconds)
    }

    unsafe fn destroy(&self, event: HipHandle) {
        if let Ok(_entered) = self.enter() {
            // SAFETY: the event is used no more (the caller's promise).
            unsafe { (self.library.event_destroy)(event.0) };
        }
    }
}
