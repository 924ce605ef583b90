//! The model on GPUs against the model on the CPU.

use crate::common::{relative_difference, wavy_at};
use crate::devices;
use terrella_kernels::Real;
use terrella_kernels::device::Device;

/// All spectra after some steps of a forced, moist flow over hills.
fn state<R: Real>(device: Device, steps: u64) -> [Vec<R>; 5] {
    let mut model = wavy_at::<R>(10, device, true);
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
    model.checkpoint().unwrap().present
}

fn agree<R: Real>(device: Device, tolerance: f64) {
    let expected = state::<f64>(Device::Cpu, 3);
    let names = ["vorticity", "divergence", "temperature", "log_surface_pressure", "tracers"];
    for ((name, got), expected) in names.iter().zip(state::<R>(device, 3)).zip(&expected) {
        let difference = relative_difference(&got, expected);
        eprintln!("{device} {:?} {name}: {difference:.1e}", R::PRECISION);
        // Divergence is a small difference of large terms.
        let tolerance = if *name == "divergence" { 100.0 * tolerance } else { tolerance };
        assert!(difference < tolerance, "{device} {:?} {name}: {difference:e}", R::PRECISION);
    }
}

#[test]
fn gpus_agree_with_the_cpu() {
    for device in devices::gpus() {
        agree::<f64>(device, 1e-12);
        agree::<f32>(device, 1e-5);
    }
}

#[test]
fn a_split_run_equals_the_whole_run_on_gpus() {
    for device in devices::gpus() {
        let whole = state::<f32>(device, 2);
        let mut first = wavy_at::<f32>(10, device, true);
        first.run::<terrella_dycore::Error>(1, |_| Ok(())).unwrap();
        let mut second = wavy_at::<f32>(10, device, true);
        second.restore(&first.checkpoint().unwrap()).unwrap();
        second.run::<terrella_dycore::Error>(1, |_| Ok(())).unwrap();
        assert_eq!(second.checkpoint().unwrap().present, whole, "{device}");
    }
}
