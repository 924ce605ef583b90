//! Case 2: solid rotation in geostrophic balance, an exact steady solution, with the axis tilted by α.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use terrella_dycore::time_stepping::Filter;
use terrella_kernels::Real;

use super::advection::{SPEED, rotation_wind};
use super::{DAY, GRAVITY, RADIUS, ROTATION, SOURCE};
use crate::fields::on_grid;
use crate::norms::{Norms, relative_error};
use crate::shallow_water::{Integration, Scenario, start, steps, surface_height};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "williamson-2",
    title: "Steady zonal flow in geostrophic balance, 5 days",
    source: SOURCE,
    truncations: &[21, 42, 85],
    quick_truncations: &[21],
    run,
};

/// g·h₀ \[m² s⁻²\].
const GEOPOTENTIAL: f64 = 2.94e4;

/// Sine of latitude in the tilted frame.
fn tilted_sine(angle: f64, longitude: f64, latitude: f64) -> f64 {
    -longitude.cos() * latitude.cos() * angle.sin() + latitude.sin() * angle.cos()
}

/// Height of the balanced surface \[m\] for a rotation of `speed` about an axis tilted by `angle`.
pub fn balanced_height(geopotential: f64, speed: f64, angle: f64, longitude: f64, latitude: f64) -> f64 {
    let sine = tilted_sine(angle, longitude, latitude);
    (geopotential - (RADIUS * ROTATION * speed + 0.5 * speed * speed) * sine * sine) / GRAVITY
}

fn integrate<R: Real>(integration: &Integration, angle: f64) -> Result<(Norms, f64)> {
    let surface =
        |longitude: f64, latitude: f64| balanced_height(GEOPOTENTIAL, SPEED, angle, longitude, latitude);
    let scenario = Scenario {
        u: &|longitude, latitude| rotation_wind(SPEED, angle, longitude, latitude).0,
        v: &|longitude, latitude| rotation_wind(SPEED, angle, longitude, latitude).1,
        surface: &surface,
        ground: None,
        coriolis: Some(&|longitude, latitude| 2.0 * ROTATION * tilted_sine(angle, longitude, latitude)),
        mean_depth: GEOPOTENTIAL / GRAVITY,
    };
    let mut model = start::<R>(&scenario, integration)?;
    let mass = model.diagnostics()?.mass;
    for _ in 0..steps(5.0 * DAY, integration.time_step) {
        model.step()?;
    }
    let grid = model.configuration().grid.clone();
    let norms = relative_error(&grid, &surface_height(&mut model)?, &on_grid(&grid, surface));
    Ok((norms, ((model.diagnostics()?.mass - mass) / mass).abs()))
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    for (name, angle) in [("0°", 0.0), ("45°", FRAC_PI_4), ("90°", FRAC_PI_2)] {
        for &truncation in &options.truncations {
            let integration = Integration {
                truncation,
                time_step: if truncation <= 42 { 1_200.0 } else { 600.0 },
                filter: Filter::default(),
                diffusion: None,
                device: options.device,
            };
            let (norms, mass) = integrate::<f64>(&integration, angle)?;
            let setting = format!("T{truncation} f64, α = {name}");
            let basis = "round-off: the state lies in the truncation and is steady";
            let errors = [
                ("l1", norms.mean, 1e-12),
                ("l2", norms.root_mean_square, 1e-12),
                ("l∞", norms.maximum, 1e-11),
            ];
            for (norm, error, limit) in errors {
                let quantity = format!("{norm} error of height, day 5");
                measurements
                    .push(Measurement::at_most(quantity, &setting, error, limit, basis).published(0.0));
            }
            measurements.push(Measurement::at_most("relative change of mass", &setting, mass, 1e-13, basis));
        }
    }
    let truncation = options.truncations[0];
    let integration = Integration {
        truncation,
        time_step: 1_200.0,
        filter: Filter::default(),
        diffusion: None,
        device: options.device,
    };
    let (norms, _) = integrate::<f32>(&integration, FRAC_PI_4)?;
    measurements.push(Measurement::at_most(
        "l2 error of height, day 5",
        format!("T{truncation} f32, α = 45°"),
        norms.root_mean_square,
        1e-6,
        "stated distance of f32",
    ));
    Ok(measurements)
}
