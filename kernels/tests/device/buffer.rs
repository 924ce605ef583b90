//! Buffers on every device of this machine: copies, fills, reuse of memory, and what they refuse.

use terrella_kernels::device::{AnyBuffer, Buffer, Device};
use terrella_kernels::{Element, Error};

use crate::devices::{devices, gpus};

fn ramp(len: usize) -> Vec<f64> {
    (0..len).map(|index| index as f64 * 0.5 - 3.0).collect()
}

#[test]
fn zeros_are_zero_in_reused_memory_too() {
    for device in devices() {
        for _ in 0..3 {
            let mut buffer = Buffer::<f64>::zeros(device, 1000).unwrap();
            assert_eq!(buffer.to_vec().unwrap(), vec![0.0; 1000], "{device}");
            buffer.copy_from_host(&ramp(1000)).unwrap();
        }
    }
}

#[test]
fn values_survive_the_way_there_and_back() {
    fn check<T: Element>(device: Device, value: impl Fn(usize) -> T) {
        // 9 million values are more than one piece of staging memory.
        for len in [0, 1, 2, 255, 1000, 9_000_001] {
            let values: Vec<T> = (0..len).map(&value).collect();
            let buffer = Buffer::from_slice(device, &values).unwrap();
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.device(), device);
            assert_eq!(AnyBuffer::kind(&buffer), T::KIND);
            assert!(buffer.to_vec().unwrap() == values, "{device} {:?} {len}", T::KIND);
        }
    }
    for device in devices() {
        check(device, |index| index as f64 * 1.5);
        check(device, |index| index as f32 - 7.0);
        check(device, |index| u32::MAX - index as u32);
        check(device, |index| -(index as i32));
    }
}

#[test]
fn parts_are_copied_to_where_they_belong() {
    for device in devices() {
        let source = Buffer::from_slice(device, &ramp(100)).unwrap();
        let mut target = Buffer::from_slice(device, &[9.0; 10]).unwrap();
        target.copy_range(2, &source, 50..53).unwrap();
        target.copy_range_from_host(8, &[-1.0, -2.0]).unwrap();
        target.copy_range(0, &source, 7..7).unwrap();
        let expected = [9.0, 9.0, 22.0, 22.5, 23.0, 9.0, 9.0, 9.0, -1.0, -2.0];
        assert_eq!(target.to_vec().unwrap(), expected, "{device}");
        let mut part = [0.0; 3];
        target.copy_range_to_host(4, &mut part).unwrap();
        assert_eq!(part, expected[4..7], "{device}");
        let mut copy = Buffer::zeros(device, 10).unwrap();
        copy.copy_from(&target).unwrap();
        assert_eq!(copy.to_vec().unwrap(), expected, "{device}");
    }
}

#[test]
fn fills_with_any_value() {
    for device in devices() {
        for len in [0, 1, 3, 1000, 100_001] {
            let mut doubles = Buffer::zeros(device, len).unwrap();
            doubles.fill(-1.0 / 3.0).unwrap();
            assert_eq!(doubles.to_vec().unwrap(), vec![-1.0 / 3.0; len], "{device}");
            doubles.fill(0.0).unwrap();
            assert_eq!(doubles.to_vec().unwrap(), vec![0.0; len], "{device}");
            let mut floats = Buffer::zeros(device, len).unwrap();
            floats.fill(0.1_f32).unwrap();
            assert_eq!(floats.to_vec().unwrap(), vec![0.1_f32; len], "{device}");
        }
    }
}

#[test]
fn the_newest_write_wins() {
    for device in devices() {
        let mut buffer = Buffer::zeros(device, 64).unwrap();
        let mut copy = Buffer::zeros(device, 64).unwrap();
        for round in 0..20 {
            buffer.copy_from_host(&[round; 64]).unwrap();
            copy.copy_from(&buffer).unwrap();
            buffer.fill(round + 100).unwrap();
            assert_eq!(copy.to_vec().unwrap(), [round; 64], "{device}");
            assert_eq!(buffer.to_vec().unwrap(), [round + 100; 64], "{device}");
        }
    }
}

#[test]
fn buffers_move_between_devices() {
    let values = ramp(777);
    for from in devices() {
        for to in devices() {
            let buffer = Buffer::from_slice(from, &values).unwrap().to_device(to).unwrap();
            assert_eq!(buffer.device(), to);
            assert_eq!(buffer.to_vec().unwrap(), values, "{from} to {to}");
        }
    }
}

#[test]
fn only_cpu_buffers_are_slices() {
    let mut buffer = Buffer::from_slice(Device::Cpu, &[1.0_f32, 2.0]).unwrap();
    buffer.cpu_slice_mut().unwrap()[0] = 5.0;
    assert_eq!(buffer.cpu_slice().unwrap(), [5.0, 2.0]);
    for device in gpus() {
        let mut buffer = Buffer::<f32>::zeros(device, 4).unwrap();
        assert!(matches!(buffer.cpu_slice(), Err(Error::DeviceMismatch { got, .. }) if got == device));
        assert!(matches!(buffer.cpu_slice_mut(), Err(Error::DeviceMismatch { .. })));
        let host = Buffer::<f32>::zeros(Device::Cpu, 4).unwrap();
        let message = buffer.copy_from(&host).unwrap_err().to_string();
        assert_eq!(
            message,
            format!("'source' is on device 'cpu', expected '{device}': copy it there first.")
        );
    }
}

#[test]
fn wrong_lengths_and_ranges_are_refused() {
    for device in devices() {
        let mut buffer = Buffer::<u32>::zeros(device, 4).unwrap();
        let other = Buffer::<u32>::zeros(device, 5).unwrap();
        let message = |result: terrella_kernels::Result<()>| result.unwrap_err().to_string();
        assert_eq!(message(buffer.copy_from_host(&[1; 3])), "'host values': expected 4 values, got 3.");
        assert_eq!(message(buffer.copy_to_host(&mut [1; 5])), "'host values': expected 4 values, got 5.");
        assert_eq!(message(buffer.copy_from(&other)), "'source': expected 4 values, got 5.");
        assert_eq!(
            message(buffer.copy_range_from_host(3, &[1, 2])),
            "'target range' is 3..5: expected places within 0..4."
        );
        assert_eq!(
            message(buffer.copy_range(0, &other, 4..6)),
            "'source range' is 4..6: expected places within 0..5."
        );
        assert_eq!(
            message(buffer.copy_range_to_host(usize::MAX, &mut [0; 2])),
            format!("'source range' is {}..{}: expected places within 0..4.", usize::MAX, usize::MAX)
        );
    }
}

#[test]
fn impossible_sizes_are_errors_with_the_sizes() {
    for device in devices() {
        for len in [1_usize << 50, usize::MAX / 8, usize::MAX] {
            let error = Buffer::<f64>::zeros(device, len).unwrap_err();
            assert!(
                matches!(error, Error::BufferTooLarge { .. } | Error::OutOfMemory { .. }),
                "{device}: {error}"
            );
        }
    }
    let message = Buffer::<f64>::zeros(Device::Cpu, 1 << 60).unwrap_err().to_string();
    assert!(message.contains("9223372036854775808 bytes"), "{message}");
}
