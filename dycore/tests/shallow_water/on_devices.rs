//! The model on GPUs against the model on the CPU.

use crate::common;
use crate::devices;
use terrella_dycore::advection::PassiveAdvection;
use terrella_dycore::shallow_water::Configuration;
use terrella_kernels::Real;
use terrella_kernels::device::Device;

/// Vorticity, divergence and geopotential after some steps of a flow over a hill, with diffusion and filter.
fn state<R: Real>(device: Device, steps: u64) -> [Vec<R>; 3] {
    let mut model = common::wavy_on::<R>(device);
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
    model.checkpoint().unwrap().present
}

fn tracer<R: Real>(device: Device) -> Vec<R> {
    let configuration = Configuration { time_step: 600.0, ..Configuration::new(21).unwrap() };
    let grid = configuration.grid.clone();
    let mut model = PassiveAdvection::<R>::new(configuration, device).unwrap();
    model
        .set_wind(
            &common::on_grid(&grid, |longitude, latitude| common::wavy_wind(longitude, latitude).0),
            &common::on_grid(&grid, |longitude, latitude| common::wavy_wind(longitude, latitude).1),
        )
        .unwrap();
    model.set_tracer(&common::on_grid(&grid, common::wavy_depth)).unwrap();
    for _ in 0..10 {
        model.step().unwrap();
    }
    model.tracer().unwrap()
}

fn agree<R: Real>(device: Device, tolerance: f64) {
    let expected = state::<f64>(Device::Cpu, 12);
    for ((name, got), expected) in
        ["vorticity", "divergence", "geopotential"].iter().zip(state::<R>(device, 12)).zip(&expected)
    {
        let difference = common::relative_difference(&got, expected);
        eprintln!("{device} {:?} {name}: {difference:.1e}", R::PRECISION);
        // Divergence is a small difference of large terms.
        let tolerance = if *name == "divergence" { 100.0 * tolerance } else { tolerance };
        assert!(difference < tolerance, "{device} {:?} {name}: {difference:e}", R::PRECISION);
    }
    let difference = common::relative_difference(&tracer::<R>(device), &tracer::<f64>(Device::Cpu));
    assert!(difference < tolerance, "{device} {:?} tracer: {difference:e}", R::PRECISION);
}

#[test]
fn gpus_agree_with_the_cpu() {
    for device in devices::gpus() {
        agree::<f64>(device, 1e-12);
        agree::<f32>(device, 1e-5);
    }
}

#[test]
fn single_precision_on_the_cpu_agrees_with_double() {
    agree::<f32>(Device::Cpu, 1e-5);
}

#[test]
fn split_runs_equal_whole_runs_on_gpus() {
    for device in devices::gpus() {
        let whole = state::<f64>(device, 6);
        let mut first = common::wavy_on::<f64>(device);
        first.run::<terrella_dycore::Error>(3, |_| Ok(())).unwrap();
        let mut second = common::wavy_on::<f64>(device);
        second.restore(&first.checkpoint().unwrap()).unwrap();
        second.run::<terrella_dycore::Error>(3, |_| Ok(())).unwrap();
        assert_eq!(second.checkpoint().unwrap().present, whole, "{device}");
    }
}
