//! The transforms on GPUs against the CPU, everything on the device.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::devices;

fn spectrum<R: Real>(truncation: Truncation, fields: usize, seed: usize) -> Vec<R> {
    let wave = |i: usize| R::from_f64((0.7 * ((i * (2 * seed + 5)) % 10_007) as f64).sin());
    (0..truncation.spectrum_len(fields)).map(wave).collect()
}

/// ‖a − b‖ / ‖a‖.
fn relative_difference<R: Real>(expected: &Buffer<R>, got: &Buffer<R>) -> f64 {
    let (expected, got) = (expected.to_vec().unwrap(), got.to_vec().unwrap());
    let difference: f64 = expected.iter().zip(&got).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum();
    let norm: f64 = expected.iter().map(|value| value.to_f64().powi(2)).sum();
    (difference / norm).sqrt()
}

/// All four transforms on a device: u, v, scalar, spectrum back, vorticity, divergence.
fn all<R: Real>(device: Device, grid: &Grid, truncation: Truncation, fields: usize) -> Vec<Buffer<R>> {
    let mut transform = Transform::<R>::new(grid, truncation, device).unwrap();
    transform.set_radius(2.0).unwrap();
    let upload = |seed| Buffer::from_slice(device, &spectrum::<R>(truncation, fields, seed)).unwrap();
    let (first, second) = (upload(1), upload(2));
    let zeros = |len| Buffer::<R>::zeros(device, len).unwrap();
    let points = fields * grid.points();
    let (mut scalar, mut back) = (zeros(points), zeros(first.len()));
    transform.synthesis(fields, &first, &mut scalar).unwrap();
    transform.analysis(fields, &scalar, &mut back).unwrap();
    let (mut u, mut v) = (zeros(points), zeros(points));
    transform.wind_synthesis(fields, &first, &second, &mut u, &mut v).unwrap();
    let (mut vorticity, mut divergence) = (zeros(first.len()), zeros(first.len()));
    transform.wind_analysis(fields, &u, &v, &mut vorticity, &mut divergence).unwrap();
    vec![u, v, scalar, back, vorticity, divergence]
}

fn compare<R: Real>(device: Device, name: &str, total: usize, tolerance: f64) {
    let (grid, truncation): (Grid, _) = (name.parse().unwrap(), Truncation::new(total));
    let names = ["u", "v", "scalar", "spectrum", "vorticity", "divergence"];
    let expected = all::<f64>(Device::Cpu, &grid, truncation, 2);
    for ((name_of, expected), got) in names.iter().zip(&expected).zip(all::<R>(device, &grid, truncation, 2))
    {
        let expected: Vec<R> = expected.to_vec().unwrap().into_iter().map(R::from_f64).collect();
        let expected = Buffer::from_slice(Device::Cpu, &expected).unwrap();
        let difference = relative_difference(&expected, &got);
        eprintln!("{device} {name} T{total} {:?} {name_of}: {difference:.1e}", R::PRECISION);
        assert!(difference < tolerance, "{device} {name} T{total} {name_of}: {difference:e}");
    }
}

#[test]
fn gpus_agree_with_the_cpu() {
    for device in devices::gpus() {
        for (grid, total) in [("F32", 42), ("O32", 31), ("r64x63", 31), ("r144x73", 71), ("F64", 85)] {
            // Measured: at most 1.2e-14, of which the CPU has its part, and 6 ε.
            compare::<f64>(device, grid, total, 2e-14);
            compare::<f32>(device, grid, total, 20.0 * f64::from(f32::EPSILON));
        }
    }
}

#[test]
fn what_a_gpu_cannot_do_is_refused_with_the_reason() {
    for device in devices::gpus() {
        let error = |name: &str, total: usize| {
            let grid: Grid = name.parse().unwrap();
            Transform::<f32>::new(&grid, Truncation::new(total), device).err().unwrap().to_string()
        };
        let message = error("r144x73", 72);
        assert!(message.contains("the largest possible is T71"), "{message}");
        // Starting values every 32 of 8 million coefficients × 2000 pairs.
        let message = error("F2000", 3999);
        assert!(message.contains("bytes"), "{message}");
    }
}
