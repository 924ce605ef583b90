//! The CUDA and HIP paths from the launch down to the libraries' calls, on libraries whose GPU is the host.
//!
//! `host_gpu/` has libcuda, libnvrtc, libamdhip64 and libhiprtc with the vendors' signatures; they check every address,
//! stream and launch configuration, and compile the kernels' CUDA text with the system's C++ compiler. The tests build
//! them and run themselves again in a process that finds them in place of the real ones.

use terrella_kernels::device::{Buffer, Device, Timer, TransferMemory};
use terrella_kernels::{Error, Level, Real, kernel};

use crate::host_gpu::{cache, hosts, on_the_host};

/// Neighbour sums along a row, and the row's number.
#[kernel]
fn row_sum<R: Real>(row: u32, level: Level, levels: u32, factor: R, wrap: bool, values: &[R]) -> (R, u32) {
    let mut next = level + 1;
    if next == levels {
        next = if wrap { 0 } else { level };
    }
    (factor * values[row * levels + level] + values[row * levels + next], row)
}

/// Running sums down each column, and the number of values in them.
#[kernel(indices = 2, scan = down, carried = 2)]
fn running_sum<R: Real>(
    level: u32,
    point: u32,
    sum: R,
    count: u32,
    points: u32,
    values: &[R],
) -> (R, R, u32) {
    let next = sum + values[level * points + point];
    (next, next, count + 1)
}

fn rows<R: Real>(device: Device) -> (Vec<R>, Vec<u32>) {
    let (rows, levels) = (300, 7);
    let values: Vec<R> = (0..rows * levels).map(|index| R::from_f64(index as f64 * 0.1)).collect();
    let values = Buffer::from_slice(device, &values).unwrap();
    let mut sums = Buffer::zeros(device, values.len()).unwrap();
    let mut numbers = Buffer::zeros(device, values.len()).unwrap();
    for wrap in [false, true] {
        let factor = R::from_f64(1.0 / 3.0);
        let extent = [rows as u32, levels as u32];
        row_sum::launch(extent, levels as u32, factor, wrap, &values, &mut sums, &mut numbers).unwrap();
    }
    (sums.to_vec().unwrap(), numbers.to_vec().unwrap())
}

/// On more columns than one block has threads, on levels and without any.
fn columns<R: Real>(device: Device) -> (Vec<R>, Vec<R>, Vec<u32>, Vec<u32>) {
    let (levels, points) = (7, 300);
    let values: Vec<R> = (0..levels * points).map(|index| R::from_f64(index as f64 * 0.1)).collect();
    let values = Buffer::from_slice(device, &values).unwrap();
    let mut at_levels = Buffer::zeros(device, values.len()).unwrap();
    let mut sums = Buffer::zeros(device, points).unwrap();
    let mut counts = Buffer::zeros(device, points).unwrap();
    let mut launch = |levels: usize, at_levels: &mut Buffer<R>| {
        let extent = [levels as u32, points as u32];
        running_sum::launch(extent, points as u32, &values, at_levels, &mut sums, &mut counts).unwrap();
        (sums.to_vec().unwrap(), counts.to_vec().unwrap())
    };
    let (sums, counts) = launch(levels, &mut at_levels);
    let (_, no_counts) = launch(0, &mut Buffer::zeros(device, 0).unwrap());
    (at_levels.to_vec().unwrap(), sums, counts, no_counts)
}

#[test]
fn kernels_give_the_cpus_bits() {
    if on_the_host("on_the_host::kernels_give_the_cpus_bits") {
        let (_, _, counts, no_counts) = columns::<f32>(Device::Cpu);
        assert_eq!((counts, no_counts), (vec![7; 300], vec![0; 300]));
        for device in hosts() {
            assert_eq!(columns::<f32>(device), columns::<f32>(Device::Cpu), "{device}");
            assert_eq!(columns::<f64>(device), columns::<f64>(Device::Cpu), "{device}");
            assert_eq!(rows::<f32>(device), rows::<f32>(Device::Cpu), "{device}");
            assert_eq!(rows::<f64>(device), rows::<f64>(Device::Cpu), "{device}");
        }
        let stored = std::fs::read_dir(cache()).unwrap().count();
        assert!(stored >= 2 * hosts().len(), "two precisions are stored per device, got {stored}");
    }
}

#[test]
fn copies_fills_and_timers_work() {
    if on_the_host("on_the_host::copies_fills_and_timers_work") {
        for device in hosts() {
            let values: Vec<f64> = (0..10_000).map(f64::from).collect();
            let timer = Timer::start(device).unwrap();
            let buffer = Buffer::from_slice(device, &values).unwrap();
            let mut copy = Buffer::zeros(device, values.len()).unwrap();
            assert_eq!(copy.to_vec().unwrap(), vec![0.0; values.len()]);
            copy.copy_range(5000, &buffer, 10..15).unwrap();
            let mut part = [0.0; 7];
            copy.copy_range_to_host(4999, &mut part).unwrap();
            assert_eq!(part, [0.0, 10.0, 11.0, 12.0, 13.0, 14.0, 0.0]);
            copy.fill(0.1).unwrap();
            assert_eq!(copy.to_vec().unwrap(), vec![0.1; values.len()]);
            assert_eq!(buffer.to_vec().unwrap(), values);
            let duration = timer.stop().unwrap();
            assert!(duration.as_nanos() > 0 && duration.as_secs() < 60, "{duration:?}");
        }
    }
}

#[test]
fn memory_is_reused_runs_out_and_comes_back() {
    if on_the_host("on_the_host::memory_is_reused_runs_out_and_comes_back") {
        for device in hosts() {
            for _ in 0..100 {
                Buffer::<f32>::zeros(device, 100_000).unwrap();
            }
            assert_eq!(device.memory_statistics().unwrap().allocations, 1);
            // 64 MiB in all: three of 20 MiB fit, the fourth doesn't, and what was freed can be had again.
            let mut held: Vec<_> = (0..3).map(|_| Buffer::<f32>::zeros(device, 5 << 20).unwrap()).collect();
            let error = Buffer::<f32>::zeros(device, 5 << 20).unwrap_err();
            let in_use = device.memory_statistics().unwrap().in_use;
            match &error {
                Error::OutOfMemory { requested: 20_971_520, in_use: got, reason, .. } => {
                    assert_eq!(*got, in_use);
                    assert!(reason.contains("out of memory"), "{error}");
                }
                error => panic!("{error}"),
            }
            held.pop();
            held.push(Buffer::zeros(device, 5 << 20).unwrap());
            assert!(matches!(Buffer::<f32>::zeros(device, 20 << 20), Err(Error::BufferTooLarge { .. })));
        }
    }
}

#[test]
fn threads_share_a_device() {
    if on_the_host("on_the_host::threads_share_a_device") {
        for device in hosts() {
            let expected = rows::<f64>(Device::Cpu);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| assert_eq!(rows::<f64>(device), expected));
                }
            });
            let buffer = Buffer::<f32>::zeros(device, 10).unwrap();
            std::thread::spawn(move || drop(buffer)).join().unwrap();
            device.release_cached_memory().unwrap();
            assert_eq!(device.memory_statistics().unwrap().cached, 0);
        }
    }
}

#[test]
fn the_libraries_describe_their_devices() {
    if on_the_host("on_the_host::the_libraries_describe_their_devices") {
        let available = Device::available();
        for device in hosts() {
            let description = available.iter().find(|description| description.device == device).unwrap();
            assert!(description.name.starts_with("Host "), "{description:?}");
            assert_eq!(description.memory, Some(64 << 20));
        }
        if cfg!(feature = "cuda") {
            let message = Device::Cuda(3).synchronize().unwrap_err().to_string();
            assert_eq!(message, "Device 'cuda:3' is not available: no CUDA device 3: 1 found.");
        }
    }
}

#[test]
fn pages_of_transfers_are_locked_while_they_live() {
    if !on_the_host("on_the_host::pages_of_transfers_are_locked_while_they_live") {
        return;
    }
    let million = 1 << 20;
    for device in hosts() {
        // Locked pages cannot be locked again: that none is left behind shows in the next round, which has the same ones.
        for _ in 0..100 {
            let mut memories = [1, 8192, 8193].map(|len| TransferMemory::zeros(device, len).unwrap());
            for memory in &mut memories {
                assert!(memory.is_page_locked(), "{device}");
                let values: Vec<f64> = (0..memory.len()).map(|i| i as f64 + 0.5).collect();
                let buffer = Buffer::from_slice(device, &values).unwrap();
                buffer.copy_to_host(bytemuck::cast_slice_mut(memory)).unwrap();
                assert_eq!(bytemuck::cast_slice::<_, f64>(memory), values, "{device}");
            }
        }
        // 8 MiB can be locked, 64 cannot.
        for (len, expected) in [(million, true), (8 * million, false)] {
            let mut memory = TransferMemory::zeros(device, len).unwrap();
            assert_eq!((memory.is_page_locked(), memory.len()), (expected, len), "{device}");
            memory[len - 1] = 1;
        }
        assert!(!TransferMemory::zeros(device, 0).unwrap().is_page_locked());
    }
    let absent = TransferMemory::zeros(Device::Cuda(9), 1).unwrap_err();
    assert!(matches!(absent, Error::DeviceUnavailable { .. }), "{absent}");
}
