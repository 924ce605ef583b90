//! The mean of surface pressure that the model restores, in single precision.

use terrella_dycore::primitive::{mean_and_shift, ring_sum};
use terrella_kernels::device::{Buffer, Device};

/// Fields of nearly one value, and fields that vary, have means that differ from the exact ones by rounding the result alone.
#[test]
fn the_mean_does_not_gather_rounding() {
    let (rings, points) = (160_u32, 320_u32);
    let device = Device::Cpu;
    let first: Vec<u32> = (0..rings).map(|ring| ring * points).collect();
    let weight = 1.0_f32 / (rings * points) as f32;
    let mean = |field: &dyn Fn(u32) -> f32| {
        let values: Vec<f32> = (0..rings * points).map(field).collect();
        let exact = values.iter().map(|&value| f64::from(value)).sum::<f64>() * f64::from(weight);
        let mut sums = Buffer::zeros(device, rings as usize).unwrap();
        ring_sum::launch(
            [rings],
            &Buffer::from_slice(device, &first).unwrap(),
            &Buffer::from_slice(device, &vec![points; rings as usize]).unwrap(),
            &Buffer::from_slice(device, &vec![weight; rings as usize]).unwrap(),
            &Buffer::from_slice(device, &values).unwrap(),
            &mut sums,
        )
        .unwrap();
        let one = || Buffer::from_slice(device, &[1.0_f32]).unwrap();
        let (mut mean, mut shift) = (one(), one());
        mean_and_shift::launch([1], rings, 0.0, &sums, &one(), &mut mean, &mut shift).unwrap();
        f64::from(mean.to_vec().unwrap()[0]) / exact - 1.0
    };
    let uniform = mean(&|_| 1.014_9);
    let varying = mean(&|point| 1.0 + 0.04 * (0.001 * point as f32).sin());
    for error in [uniform, varying] {
        assert!(error.abs() < 2.0 * f64::from(f32::EPSILON), "{error:e}");
    }
}
