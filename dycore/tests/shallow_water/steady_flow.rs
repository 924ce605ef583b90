//! Balanced solid rotation about a tilted axis (Williamson et al. 1992, case 2) stays what it is.

use crate::common;
use std::f64::consts::PI;

use terrella_dycore::shallow_water::Configuration;
use terrella_kernels::Real;

/// Relative error of the height after a day.
fn error<R: Real>(truncation: usize, angle: f64) -> f64 {
    let configuration = Configuration {
        mean_geopotential: 2.94e4,
        diffusion: None,
        time_step: 1_200.0,
        ..Configuration::new(truncation).unwrap()
    };
    let (radius, rotation, gravity) = (configuration.radius, configuration.rotation, configuration.gravity);
    let speed = 2.0 * PI * radius / (12.0 * 86_400.0);
    let sine = |longitude: f64, latitude: f64| {
        -longitude.cos() * latitude.cos() * angle.sin() + latitude.sin() * angle.cos()
    };
    let depth = |longitude: f64, latitude: f64| {
        (2.94e4 - (radius * rotation * speed + 0.5 * speed * speed) * sine(longitude, latitude).powi(2))
            / gravity
    };
    let grid = configuration.grid.clone();
    let mut model = common::model::<R>(
        configuration,
        |longitude, latitude| {
            (
                speed * (latitude.cos() * angle.cos() + latitude.sin() * longitude.cos() * angle.sin()),
                -speed * longitude.sin() * angle.sin(),
            )
        },
        depth,
    );
    model.set_coriolis_parameter(&common::on_grid(&grid, |l, p| 2.0 * rotation * sine(l, p))).unwrap();
    for _ in 0..72 {
        model.step().unwrap();
    }
    let expected: Vec<f64> = common::on_grid(&grid, |l, p| gravity * depth(l, p));
    common::relative_difference(&model.grid_state().unwrap().geopotential, &expected)
}

#[test]
fn it_is_steady_to_round_off_in_f64() {
    for (truncation, angle) in [(21, 0.0), (21, 0.8), (42, 0.8), (42, PI / 2.0)] {
        let error = error::<f64>(truncation, angle);
        assert!(error < 2e-13, "T{truncation}, angle {angle}: {error:e}");
    }
}

#[test]
fn it_is_steady_to_round_off_in_f32() {
    let error = error::<f32>(21, 0.8);
    assert!(error < 2e-5, "{error:e}");
}
