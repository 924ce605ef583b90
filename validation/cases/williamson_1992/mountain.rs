//! Case 5: a zonal flow meets a conical mountain; 15 days.

use std::f64::consts::{PI, TAU};
use std::path::Path;

use terrella_dycore::shallow_water::ShallowWater;
use terrella_dycore::time_stepping::Filter;
use terrella_io::picture::ColourMap;
use terrella_kernels::Real;

use super::advection::rotation_wind;
use super::steady_flow::balanced_height;
use super::{DAY, GRAVITY, SOURCE};
use crate::convergence::{Run, integrate, surface_errors, time_step_convergence, vorticity_errors};
use crate::figure::{Map, draw, levels};
use crate::reference;
use crate::shallow_water::{Budgets, Integration, Scenario, budgets, steps, surface_height};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "williamson-5",
    title: "Zonal flow over an isolated mountain, 15 days",
    source: SOURCE,
    truncations: &[42, 63, 85, 106],
    quick_truncations: &[21, 31],
    run,
};

const SPEED: f64 = 20.0;
const HEIGHT: f64 = 5_960.0;
const MEAN_DEPTH: f64 = 5_500.0;

/// The cone: 2,000 m high, radius π/9, at 270°E 30°N \[m\].
pub fn mountain(longitude: f64, latitude: f64) -> f64 {
    let radius = PI / 9.0;
    let (east, north) = (longitude - 0.75 * TAU, latitude - PI / 6.0);
    let distance = (east * east + north * north).sqrt().min(radius);
    2_000.0 * (1.0 - distance / radius)
}

fn integration(options: &Options, truncation: usize, time_step: f64) -> Integration {
    Integration {
        truncation,
        time_step,
        filter: Filter { strength: 0.02, centring: 0.53 },
        diffusion: None,
        device: options.device,
    }
}

const SCENARIO: Scenario = Scenario {
    u: &|longitude, latitude| rotation_wind(SPEED, 0.0, longitude, latitude).0,
    v: &|_, _| 0.0,
    surface: &|longitude, latitude| balanced_height(GRAVITY * HEIGHT, SPEED, 0.0, longitude, latitude),
    ground: Some(&mountain),
    coriolis: None,
    mean_depth: MEAN_DEPTH,
};

/// Δt \[s\]: the error in time, which [`time_step_convergence`] measures, stays below the published spread.
const TIME_STEP: f64 = 240.0;

fn study<R: Real>(
    options: &Options,
    truncations: &[usize],
    days: f64,
) -> Result<(Vec<Run>, ShallowWater<R>)> {
    integrate::<R>(&SCENARIO, truncations, days * DAY, |truncation| {
        integration(options, truncation, TIME_STEP)
    })
}

/// Distance from stored output of two other models; see [`reference`].
fn against_other_models(options: &Options, data: &Path) -> Result<Vec<Measurement>> {
    let truncation = options.truncations[0];
    let geodesic = reference::geodesic_daily_means(data)?;
    let finite_volume = reference::adaptive_finite_volume(data)?;
    let (_, mut model) = study::<f64>(options, &[truncation], 0.0)?;
    let grid = model.configuration().grid.clone();
    let setting = format!("T{truncation} f64");
    let mut measurements = Vec::new();
    let time_step = model.configuration().time_step;
    for day in 0..10 {
        let mut mean = vec![0.0; grid.points()];
        let count = steps(DAY, time_step);
        for _ in 0..count {
            model.step()?;
            if day < geodesic.heights.len() {
                for (mean, height) in mean.iter_mut().zip(surface_height(&mut model)?) {
                    *mean += height / count as f64;
                }
            }
        }
        if day < geodesic.heights.len() {
            measurements.push(Measurement::at_most(
                format!("l2 distance from the geodesic model, mean height of day {}", day + 1),
                &setting,
                geodesic.errors(day, &grid, &mean).root_mean_square,
                5e-3,
                "Colorado State University's model with 2,562 cells, whose own error is of this order",
            ));
        }
    }
    measurements.push(Measurement::at_most(
        "l2 distance from the adaptive finite-volume model, height, day 10",
        &setting,
        finite_volume.errors(0, &grid, &surface_height(&mut model)?).root_mean_square,
        5e-3,
        "Jablonowski (2004) at 2.5° with refinement, whose own error is of this order",
    ));
    Ok(measurements)
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (runs, mut finest) = study::<f64>(options, &options.truncations, 15.0)?;
    let mut measurements = Vec::new();
    let (reference, coarser) = runs.split_last().expect("a study has runs");
    let surfaces: Vec<_> = coarser.iter().map(|run| (run.truncation, &run.surface)).collect();
    let vorticity = vorticity_errors(coarser, reference)?;
    let spread = "published: spectral elements at 1° against T213";
    for ((truncation, norms), vorticity) in
        surface_errors(&surfaces, &reference.surface, MEAN_DEPTH)?.into_iter().zip(vorticity)
    {
        let setting = format!("T{truncation} against T{} f64", reference.truncation);
        let published = [
            ("l1", norms.mean, 5.3e-4),
            ("l2", norms.root_mean_square, 7.5e-4),
            ("l∞", norms.maximum, 8.4e-3),
        ];
        for (norm, error, published) in published {
            let quantity = format!("{norm} difference of height, day 15");
            measurements.push(if truncation >= 85 {
                Measurement::at_most(quantity, &setting, error, published, spread).published(published)
            } else {
                Measurement::information(quantity, &setting, error, spread).published(published)
            });
        }
        measurements.push(Measurement::information(
            "l2 difference of vorticity, day 15",
            &setting,
            vorticity,
            "published range: 0.17 to 0.018 for the icosahedral GME at 10,242 to 368,642 points",
        ));
    }
    for run in &runs {
        let limits = Budgets {
            mass: 1e-13,
            total_energy: 5e-7,
            potential_enstrophy: 1e-5,
            basis: "mass: round-off; energy and enstrophy: about ten times this model's own drift at T42",
        };
        measurements.extend(budgets(&format!("T{} f64", run.truncation), &run.start, &run.end, limits));
    }

    let coarsest = runs[0].truncation;
    measurements.extend(time_step_convergence(
        &SCENARIO,
        &integration(options, coarsest.min(21), TIME_STEP),
        15.0 * DAY,
        7.5e-4,
        "the published spread; the sudden start sends out gravity waves, whose phase is the implicit terms' to lose",
    )?);
    let (single, _) = study::<f32>(options, &[coarsest], 15.0)?;
    let norms = surface_errors(&[(coarsest, &single[0].surface)], &runs[0].surface, MEAN_DEPTH)?[0].1;
    measurements.push(Measurement::at_most(
        "l2 distance of f32 from f64, height, day 15",
        format!("T{coarsest}"),
        norms.root_mean_square,
        1e-5,
        "stated distance of f32",
    ));

    if let Some(data) = &options.data {
        measurements.extend(against_other_models(options, data)?);
    }
    if let Some(folder) = &options.figures {
        let title = format!("Height of the surface, day 15, T{}", reference.truncation);
        let grid = finest.configuration().grid.clone();
        let height = surface_height(&mut finest)?;
        let map = Map {
            title: &title,
            label: "m",
            factor: 1.0,
            levels: levels(5_050.0, 5_950.0, 19),
            colours: ColourMap::Height,
            latitudes: [-90.0, 90.0],
        };
        draw(folder, "williamson-5-day15", &map, &grid, &height)?;
    }
    Ok(measurements)
}
