//! A smooth tracer carried by solid rotation over the poles.

use crate::common;
use std::f64::consts::PI;

use terrella_dycore::advection::PassiveAdvection;
use terrella_dycore::shallow_water::Configuration;
use terrella_dycore::time_stepping::Filter;
use terrella_kernels::Real;
use terrella_kernels::device::Device;

/// Relative error after a quarter turn about an axis in the equator's plane, with `steps` steps.
///
/// The tracer is a polynomial of degree 2, so it stays within the truncation and all of the error is the time step's.
fn error<R: Real>(steps: u32) -> f64 {
    let duration = 86_400.0;
    let configuration = Configuration {
        time_step: duration / f64::from(steps),
        diffusion: None,
        filter: Filter { strength: 0.0, centring: 1.0 },
        ..Configuration::new(21).unwrap()
    };
    let (grid, radius) = (configuration.grid.clone(), configuration.radius);
    let speed = 0.5 * PI * radius / duration;
    let mut model = PassiveAdvection::<R>::new(configuration, Device::Cpu).unwrap();
    // Rotation about the axis (0°E, 0°N): r ↦ r × the axis, so that 90°E moves to the north pole.
    model
        .set_wind(
            &common::on_grid(&grid, |longitude, latitude| -speed * latitude.sin() * longitude.cos()),
            &common::on_grid(&grid, |longitude, _| speed * longitude.sin()),
        )
        .unwrap();
    let shape = |toward_90_east: f64, toward_0_east: f64| {
        1.0 + 0.3 * toward_90_east + 0.5 * toward_90_east * toward_0_east
    };
    let start = common::on_grid(&grid, |longitude, latitude| {
        shape(latitude.cos() * longitude.sin(), latitude.cos() * longitude.cos())
    });
    model.set_tracer(&start).unwrap();
    for _ in 0..steps {
        model.step().unwrap();
    }
    let expected = common::on_grid::<f64>(&grid, |longitude, latitude| {
        shape(latitude.sin(), latitude.cos() * longitude.cos())
    });
    common::relative_difference(&model.tracer().unwrap(), &expected)
}

#[test]
fn it_converges_with_the_second_order_of_leapfrog() {
    let (coarse, fine) = (error::<f64>(100), error::<f64>(200));
    assert!(fine < 1e-4, "{fine:e}");
    let order = (coarse / fine).log2();
    assert!((order - 2.0).abs() < 0.1, "order {order}");
}

#[test]
fn single_precision_is_as_good_as_the_time_step() {
    let (single, double) = (error::<f32>(100), error::<f64>(100));
    assert!((single - double).abs() < 1e-5, "{single:e} against {double:e}");
}
