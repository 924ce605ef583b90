//! Buffers over memory that another library has on a CUDA or HIP device, on libraries whose GPU is the host.

// Calls into the libraries, in the place of another program's.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

use libloading::{Library, Symbol};
use terrella_kernels::Error;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::host_gpu::{hosts, on_the_host};

/// Whose memory an allocation counts as, numbered as in `host_gpu.hpp`.
#[derive(Clone, Copy)]
enum Kind {
    OfTheDevice,
    Managed,
    OfTheHost,
    OfAnotherDevice,
    OfAnotherContext,
}

/// Another library on the same device.
struct Other {
    library: Library,
    device: Device,
}

impl Other {
    fn on(device: Device) -> Self {
        let name = if matches!(device, Device::Hip(_)) { "libamdhip64.so" } else { "libcuda.so.1" };
        // SAFETY: the test's own library, without initialisers.
        Self { library: unsafe { Library::new(name) }.unwrap(), device }
    }

    fn function<F>(&self, name: &str) -> Symbol<'_, F> {
        // SAFETY: the callers name the types of `host_gpu.hpp`, `cuda.cpp` and `hip.cpp`.
        unsafe { self.library.get(name) }.unwrap()
    }

    fn allocate(&self, len: usize, kind: Kind) -> u64 {
        let allocate =
            self.function::<unsafe extern "C" fn(usize, c_int) -> *mut c_void>("host_gpu_allocate");
        // SAFETY: any number of bytes may be asked for.
        let memory = unsafe { allocate(8 * len, kind as c_int) };
        assert!(!memory.is_null());
        memory as u64
    }

    /// Frees what `allocate` gave; whether it was still there.
    fn free(&self, address: u64) -> bool {
        let free = self.function::<unsafe extern "C" fn(*mut c_void) -> c_int>("host_gpu_free");
        // SAFETY: an address that the library does not know is refused.
        unsafe { free(address as *mut c_void) != 0 }
    }

    /// Number of live allocations.
    fn live(&self) -> usize {
        let live = self.function::<unsafe extern "C" fn() -> usize>("host_gpu_live");
        // SAFETY: the function takes nothing.
        unsafe { live() }
    }

    /// Enqueues a copy on a stream of its own.
    fn copy_later(&self, to: u64, from: &[f64]) {
        type Copy = unsafe extern "C" fn(*mut c_void, *const c_void, usize);
        let copy = self.function::<Copy>("host_gpu_copy_later");
        // SAFETY: the callers' arrays are as long, and the library keeps a copy of `from`.
        unsafe { copy(to as *mut c_void, from.as_ptr().cast(), size_of_val(from)) }
    }

    fn buffer(&self, address: u64, len: usize) -> Result<Buffer<f64>, Error> {
        // SAFETY: the callers' memory lives longer than the buffer and is used by nobody else, or is refused.
        unsafe { Buffer::from_device_address(self.device, address, len) }
    }
}

#[test]
fn values_are_read_and_written_where_they_lie() {
    if !on_the_host("foreign_memory::values_are_read_and_written_where_they_lie") {
        return;
    }
    for device in hosts() {
        let other = Other::on(device);
        for kind in [Kind::OfTheDevice, Kind::Managed] {
            let address = other.allocate(100, kind);
            let live = other.live();
            let mut buffer = other.buffer(address + 80, 90).unwrap();
            buffer.fill(0.25).unwrap();
            buffer.copy_range_from_host(3, &[7.0]).unwrap();
            let own = Buffer::from_slice(device, &[1.0, 2.0, 3.0]).unwrap();
            buffer.copy_range(87, &own, 0..3).unwrap();
            assert_eq!((buffer.len(), buffer.device()), (90, device));
            drop(buffer);
            device.synchronize().unwrap();
            let seen = other.buffer(address, 100).unwrap().to_vec().unwrap();
            assert!(seen[..10].iter().all(|&value| value.to_bits() == 0xeeee_eeee_eeee_eeee));
            assert_eq!((seen[10], seen[13], seen[96]), (0.25, 7.0, 0.25), "{device}");
            assert_eq!(seen[97..], [1.0, 2.0, 3.0]);
            drop(own);
            device.release_cached_memory().unwrap();
            assert_eq!(other.live(), live, "{device}: only the other's memory is left");
            assert!(other.free(address), "{device}: it is the other's to free");
        }
    }
}

#[test]
fn a_thousand_buffers_leave_nothing_behind() {
    if !on_the_host("foreign_memory::a_thousand_buffers_leave_nothing_behind") {
        return;
    }
    for device in hosts() {
        let other = Other::on(device);
        let address = other.allocate(1000, Kind::OfTheDevice);
        let (live, before) = (other.live(), device.memory_statistics().unwrap());
        for len in 1..=1000 {
            let mut buffer = other.buffer(address, len).unwrap();
            buffer.fill(len as f64).unwrap();
        }
        assert_eq!(
            device.memory_statistics().unwrap(),
            before,
            "{device}: the allocator knows nothing of them"
        );
        assert_eq!(other.live(), live, "{device}");
        assert_eq!(other.buffer(address, 1000).unwrap().to_vec().unwrap(), [1000.0; 1000]);
        assert!(other.free(address));
    }
}

#[test]
fn addresses_that_are_no_memory_of_the_device_are_refused() {
    if !on_the_host("foreign_memory::addresses_that_are_no_memory_of_the_device_are_refused") {
        return;
    }
    let on_the_stack = [0.0_f64; 16];
    for device in hosts() {
        let other = Other::on(device);
        let address = other.allocate(100, Kind::OfTheDevice);
        let refused = |address: u64, len: usize, words: &str| {
            let error = other.buffer(address, len).unwrap_err();
            assert!(matches!(error, Error::ForeignMemory { device: got, .. } if got == device), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        };
        refused(0, 1, "it is null");
        refused(address + 4, 1, "it is not a multiple of 8 bytes");
        refused(address, usize::MAX, "go beyond the last address");
        refused(u64::MAX - 7, 1, "go beyond the last address");
        refused(on_the_stack.as_ptr() as u64, 16, "it lies in host memory");
        refused(address, 101, "it lies in host memory");
        refused(address - 8, 2, "it lies in host memory");
        let name = device.to_string().replace(":0", ":1");
        for (kind, words) in [
            (Kind::OfTheHost, "it lies in host memory"),
            (Kind::OfAnotherDevice, &*format!("it belongs to device '{name}'")),
        ] {
            let elsewhere = other.allocate(10, kind);
            refused(elsewhere, 10, words);
            assert!(other.free(elsewhere));
        }
        if device == Device::Cuda(0) {
            let elsewhere = other.allocate(10, Kind::OfAnotherContext);
            refused(elsewhere, 10, "another context than the device's primary one");
            assert!(other.free(elsewhere));
        }
        let nothing = other.buffer(0, 0).unwrap();
        assert_eq!(nothing.to_vec().unwrap(), []);
        assert!(other.free(address));
        refused(address, 100, "it lies in host memory");
    }
    for device in [Device::Cpu, Device::Wgpu(0)] {
        // SAFETY: refused.
        let error = unsafe { Buffer::<f32>::from_device_address(device, 4096, 1) }.unwrap_err();
        let expected = format!(
            "Address 0x1000 is no memory of device '{device}': only CUDA and HIP devices have addresses."
        );
        assert_eq!(error.to_string(), expected);
    }
    // SAFETY: refused.
    let absent = unsafe { Buffer::<f32>::from_device_address(Device::Cuda(9), 4096, 1) };
    assert!(matches!(absent, Err(Error::DeviceUnavailable { .. })));
}

#[test]
fn a_transform_works_where_the_values_lie() {
    if !on_the_host("foreign_memory::a_transform_works_where_the_values_lie") {
        return;
    }
    let grid: Grid = "F4".parse().unwrap();
    let (truncation, fields) = (Truncation::new(5), 2);
    let spectrum: Vec<f64> =
        (0..truncation.spectrum_len(fields)).map(|index| 1.0 / (1.0 + index as f64)).collect();
    let points = fields * grid.points();
    for device in hosts() {
        let other = Other::on(device);
        let mut transform = Transform::<f64>::new(&grid, truncation, device).unwrap();
        let own = Buffer::from_slice(device, &spectrum).unwrap();
        let mut expected = Buffer::zeros(device, points).unwrap();
        transform.synthesis(fields, &own, &mut expected).unwrap();
        let expected = expected.to_vec().unwrap();

        let (from, to) =
            (other.allocate(spectrum.len(), Kind::OfTheDevice), other.allocate(points, Kind::OfTheDevice));
        other.copy_later(from, &spectrum);
        device.synchronize_all_streams().unwrap();
        {
            let input = other.buffer(from, spectrum.len()).unwrap();
            let mut output = other.buffer(to, points).unwrap();
            transform.synthesis(fields, &input, &mut output).unwrap();
        }
        device.synchronize().unwrap();
        assert_eq!(other.buffer(to, points).unwrap().to_vec().unwrap(), expected, "{device}");
        assert!(other.free(from) && other.free(to));
    }
}

#[test]
fn the_threads_own_device_stays_current() {
    if !on_the_host("foreign_memory::the_threads_own_device_stays_current") {
        return;
    }
    for device in hosts() {
        let other = Other::on(device);
        let current = || match device {
            Device::Cuda(_) => {
                let mut context = std::ptr::null_mut();
                let get =
                    other.function::<unsafe extern "C" fn(*mut *mut c_void) -> c_int>("cuCtxGetCurrent");
                // SAFETY: the pointer is to a live pointer.
                assert_eq!(unsafe { get(&mut context) }, 0);
                context as u64
            }
            _ => {
                let mut index = 0;
                let get = other.function::<unsafe extern "C" fn(*mut c_int) -> c_int>("hipGetDevice");
                // SAFETY: the pointer is to a live integer.
                assert_eq!(unsafe { get(&mut index) }, 0);
                index as u64
            }
        };
        // In CUDA a thread has no context at first; the host's HIP begins with device 1.
        let before = current();
        assert_eq!(before, u64::from(matches!(device, Device::Hip(_))));
        let mut buffer = Buffer::from_slice(device, &[1.0, 2.0]).unwrap();
        buffer.fill(3.0).unwrap();
        let timer = terrella_kernels::device::Timer::start(device).unwrap();
        timer.stop().unwrap();
        device.synchronize_all_streams().unwrap();
        assert_eq!(buffer.to_vec().unwrap(), [3.0, 3.0]);
        drop(buffer);
        device.release_cached_memory().unwrap();
        assert_eq!(current(), before, "{device}");
    }
}
