//! What only a CUDA device shows: its memory, its clock, and a bandwidth that no fallback could reach.
//!
//! The other tests of devices run on CUDA as well where a device is.

use terrella_kernels::device::{Buffer, Device, Timer};

use crate::devices::is_here;

const DEVICE: Device = Device::Cuda(0);

#[test]
fn the_driver_describes_the_device() {
    if !is_here(DEVICE) {
        return;
    }
    let available = Device::available();
    let description = available.iter().find(|description| description.device == DEVICE).unwrap();
    assert!(description.memory.unwrap() > 1 << 30, "{description:?}");
    assert!(description.driver.starts_with("CUDA "), "{description:?}");
    println!("{description:?}");
}

#[test]
fn copies_on_the_device_run_at_the_devices_speed() {
    if !is_here(DEVICE) {
        return;
    }
    let len = 64 << 20;
    let mut source = Buffer::<f32>::zeros(DEVICE, len).unwrap();
    source.fill(1.5).unwrap();
    let mut target = Buffer::<f32>::zeros(DEVICE, len).unwrap();
    DEVICE.synchronize().unwrap();
    let timer = Timer::start(DEVICE).unwrap();
    for _ in 0..20 {
        target.copy_from(&source).unwrap();
    }
    let duration = timer.stop().unwrap();
    let bytes_per_second = 20.0 * 8.0 * len as f64 / duration.as_secs_f64();
    println!("device copy: {:.1} GB/s", bytes_per_second * 1e-9);
    assert!(bytes_per_second > 20e9, "slower than a PCI bus: {bytes_per_second:.3e} bytes per second");
    let mut last = [0.0];
    target.copy_range_to_host(len - 1, &mut last).unwrap();
    assert_eq!(last, [1.5]);
}

#[test]
fn every_thread_can_use_the_device() {
    if !is_here(DEVICE) {
        return;
    }
    let buffer = Buffer::from_slice(DEVICE, &[2.5_f64; 1000]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(buffer.to_vec().unwrap(), [2.5; 1000]));
        }
    });
    // A buffer may be dropped by a thread that has never used the device.
    std::thread::spawn(move || drop(buffer)).join().unwrap();
}
