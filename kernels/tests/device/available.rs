//! Which devices there are, and what is said about those that aren't.

use terrella_kernels::device::{Buffer, Device, Timer};
use terrella_kernels::{Error, Result};

use crate::devices::{devices, is_here};

fn reason<T>(result: Result<T>) -> String {
    match result.map(drop).unwrap_err() {
        Error::DeviceUnavailable { reason, .. } => reason,
        error => panic!("expected DeviceUnavailable, got {error}"),
    }
}

#[test]
fn the_list_starts_with_the_cpu_and_holds_what_opens() {
    let available = Device::available();
    assert_eq!(available[0].device, Device::Cpu);
    assert!(available[0].memory.is_some_and(|bytes| bytes > 1 << 28) || !cfg!(target_os = "linux"));
    for description in &available {
        assert!(!description.name.is_empty() && !description.driver.is_empty(), "{description:?}");
        description.device.synchronize().unwrap();
    }
    for device in devices() {
        assert!(available.iter().any(|description| description.device == device), "{device}");
    }
}

#[test]
fn an_index_beyond_the_last_is_named() {
    for (device, kind) in [
        (Device::Cuda as fn(u32) -> Device, "CUDA device"),
        (Device::Hip, "HIP device"),
        (Device::Wgpu, if cfg!(target_vendor = "apple") { "Metal adapter" } else { "Vulkan adapter" }),
    ] {
        let of_kind = |device: Device| device.to_string().split(':').next().unwrap().to_owned();
        let available = Device::available();
        let found = available.iter().filter(|other| of_kind(other.device) == of_kind(device(0))).count();
        if found > 0 {
            let message = reason(Buffer::<f32>::zeros(device(77), 1));
            assert_eq!(message, format!("no {kind} 77: {found} found"));
        }
    }
}

#[test]
fn absent_libraries_are_named() {
    if cfg!(feature = "cuda") && !is_here(Device::Cuda(0)) {
        let message = reason(Buffer::<f32>::zeros(Device::Cuda(0), 1));
        let expected = ["libcuda.so.1 was not found", "the CUDA driver does not start", "no CUDA device 0"];
        assert!(expected.iter().any(|expected| message.starts_with(expected)), "{message}");
        assert_eq!(reason(Timer::start(Device::Cuda(0))), message);
        assert_eq!(reason(Device::Cuda(0).synchronize()), message);
    }
    if cfg!(feature = "hip") && !is_here(Device::Hip(0)) {
        let message = reason(Buffer::<f32>::zeros(Device::Hip(0), 1));
        let expected = ["libamdhip64.so was not found", "HIP does not start", "no HIP device 0"];
        assert!(expected.iter().any(|expected| message.starts_with(expected)), "{message}");
    }
}

#[test]
fn a_kind_that_was_left_out_of_the_build_is_named() {
    for (device, feature, built) in [
        (Device::Cuda(0), "cuda", cfg!(feature = "cuda")),
        (Device::Hip(0), "hip", cfg!(feature = "hip")),
        (Device::Wgpu(0), "wgpu", cfg!(feature = "wgpu")),
    ] {
        if !built {
            let message = reason(Buffer::<f32>::zeros(device, 1));
            assert_eq!(message, format!("this program was built without the feature '{feature}'"));
        }
    }
}

#[test]
fn timers_measure_work() {
    for device in devices() {
        let timer = match Timer::start(device) {
            Ok(timer) => timer,
            Err(error) => {
                assert!(error.to_string().contains("TIMESTAMP_QUERY"), "{error}");
                eprintln!("not run: {error}");
                continue;
            }
        };
        let mut buffer = Buffer::<f32>::zeros(device, 8_000_000).unwrap();
        for value in 0..20 {
            buffer.fill(value as f32 + 0.5).unwrap();
        }
        let duration = timer.stop().unwrap();
        // 640 MB cannot be written in less than 50 µs by any device, nor take a minute.
        assert!(duration.as_micros() > 50 && duration.as_secs() < 60, "{device}: {duration:?}");
    }
}
