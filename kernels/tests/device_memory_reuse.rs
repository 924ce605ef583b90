//! Freed memory is reused. In a program of its own, because it counts the allocations of a whole device.

mod devices;

use devices::gpus;
use terrella_kernels::device::Buffer;

#[test]
fn a_loop_that_drops_and_makes_buffers_allocates_nothing() {
    for device in gpus() {
        let step = |previous: &Buffer<f32>| {
            let mut sum = Buffer::<f32>::zeros(device, 70_000).unwrap();
            let index = Buffer::from_slice(device, &[1_u32; 300]).unwrap();
            sum.copy_from(previous).unwrap();
            drop(index);
            sum
        };
        let mut state = Buffer::from_slice(device, &[1.25; 70_000]).unwrap();
        for _ in 0..2 {
            state = step(&state);
        }
        let before = device.memory_statistics().unwrap();
        for _ in 0..100 {
            state = step(&state);
        }
        let after = device.memory_statistics().unwrap();
        assert_eq!(after.allocations, before.allocations, "{device}");
        assert_eq!(after.reuses, before.reuses + 200, "{device}");
        assert_eq!(after.in_use, before.in_use, "{device}");
        assert_eq!(state.to_vec().unwrap(), [1.25; 70_000], "{device}");

        assert!(after.cached > 0);
        device.release_cached_memory().unwrap();
        assert_eq!(device.memory_statistics().unwrap().cached, 0, "{device}");
        let held = device.memory_statistics().unwrap().in_use;
        assert!(held >= 280_000, "{device}: the live buffer is still counted, got {held}");
        assert_eq!(state.to_vec().unwrap(), [1.25; 70_000], "{device}");

        device.set_cached_memory_limit(1000).unwrap();
        drop(state);
        let end = device.memory_statistics().unwrap();
        assert_eq!((end.in_use, end.cached), (0, 0), "{device}: a block above the limit is not kept");
    }
}
