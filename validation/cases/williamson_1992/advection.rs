//! Case 1: a cosine bell carried once around the sphere in 12 days, across or along the equator or over the poles.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use terrella_dycore::advection::PassiveAdvection;
use terrella_dycore::time_stepping::Filter;

use super::{DAY, RADIUS, SOURCE};
use crate::fields::on_grid;
use crate::norms::relative_error;
use crate::shallow_water::{Integration, configuration, steps};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "williamson-1",
    title: "Advection of a cosine bell over the poles, 12 days",
    source: SOURCE,
    truncations: &[42, 63, 85],
    quick_truncations: &[21, 31],
    run,
};

/// Speed of the rotation: once around in 12 days \[m s⁻¹\].
pub const SPEED: f64 = 2.0 * PI * RADIUS / (12.0 * DAY);
const HEIGHT: f64 = 1_000.0;
const CENTRE: [f64; 2] = [3.0 * FRAC_PI_2, 0.0];

/// Wind of a solid rotation whose axis is tilted by `angle` \[m s⁻¹\].
pub fn rotation_wind(speed: f64, angle: f64, longitude: f64, latitude: f64) -> (f64, f64) {
    (
        speed * (latitude.cos() * angle.cos() + latitude.sin() * longitude.cos() * angle.sin()),
        -speed * longitude.sin() * angle.sin(),
    )
}

/// The bell: h₀/2·(1 + cos(πr/R)) within R = a/3 of its centre \[m\].
pub fn bell(longitude: f64, latitude: f64) -> f64 {
    let cosine =
        CENTRE[1].sin() * latitude.sin() + CENTRE[1].cos() * latitude.cos() * (longitude - CENTRE[0]).cos();
    let distance = cosine.clamp(-1.0, 1.0).acos();
    let radius = 1.0 / 3.0;
    if distance < radius { 0.5 * HEIGHT * (1.0 + (PI * distance / radius).cos()) } else { 0.0 }
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    for (name, angle) in [("0°", 0.0), ("45°", FRAC_PI_4), ("90°", FRAC_PI_2)] {
        let mut coarser: Option<f64> = None;
        for &truncation in &options.truncations {
            let integration = Integration {
                truncation,
                // The wind is at most 38.6 m/s: Courant number about 0.4 at any truncation, dividing a day.
                time_step: DAY / (truncation as f64 * 1.2).ceil(),
                filter: Filter { strength: 0.02, centring: 0.53 },
                diffusion: None,
                device: options.device,
            };
            let configuration = configuration(&integration, 1_000.0)?;
            let grid = configuration.grid.clone();
            let mut model = PassiveAdvection::<f64>::new(configuration, options.device)?;
            model.set_wind(
                &on_grid(&grid, |longitude, latitude| rotation_wind(SPEED, angle, longitude, latitude).0),
                &on_grid(&grid, |longitude, latitude| rotation_wind(SPEED, angle, longitude, latitude).1),
            )?;
            let reference = on_grid::<f64>(&grid, bell);
            model.set_tracer(&reference)?;
            let initial_mass = model.spectrum().to_vec()?[0];
            for _ in 0..steps(12.0 * DAY, integration.time_step) {
                model.step()?;
            }
            let norms = relative_error(&grid, &model.tracer()?, &reference);
            let mass = model.spectrum().to_vec()?[0];
            let setting = format!("T{truncation} f64, α = {name}");
            let basis = "for information: the paper gives no number";
            measurements.push(Measurement::information(
                "l1 error of height, day 12",
                &setting,
                norms.mean,
                basis,
            ));
            let quantity = "l2 error of height, day 12";
            measurements.push(match coarser {
                None => Measurement::information(quantity, &setting, norms.root_mean_square, basis),
                Some(coarser) => Measurement::at_most(
                    quantity,
                    &setting,
                    norms.root_mean_square,
                    coarser,
                    "must be below the next coarser truncation's",
                ),
            });
            coarser = Some(norms.root_mean_square);
            measurements.push(Measurement::information(
                "l∞ error of height, day 12",
                &setting,
                norms.maximum,
                basis,
            ));
            measurements.push(Measurement::at_most(
                "relative change of mass",
                &setting,
                ((mass - initial_mass) / initial_mass).abs(),
                1e-13,
                "round-off: the mean is not touched by the scheme",
            ));
        }
    }
    Ok(measurements)
}
