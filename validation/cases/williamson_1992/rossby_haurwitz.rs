//! Case 6: the Rossby-Haurwitz wave of zonal wavenumber 4; 7 days.
//!
//! The wave is unstable (Thuburn & Li 2000, *Tellus A* 52, 181–189): after a week, runs differ by what round-off and
//! truncation feed into the instability, so no comparison is made later.

use terrella_dycore::shallow_water::ShallowWater;
use terrella_dycore::time_stepping::Filter;
use terrella_io::picture::ColourMap;
use terrella_kernels::Real;

use super::{DAY, GRAVITY, RADIUS, ROTATION, SOURCE};
use crate::convergence::{Run, integrate, surface_errors, time_step_convergence, vorticity_errors};
use crate::figure::{Map, draw, levels};
use crate::shallow_water::{Budgets, Integration, Scenario, budgets, surface_height};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "williamson-6",
    title: "Rossby-Haurwitz wave 4, 7 days",
    source: SOURCE,
    truncations: &[42, 63, 85, 106],
    quick_truncations: &[21, 31],
    run,
};

/// ω and K \[s⁻¹\].
const RATE: f64 = 7.848e-6;
const WAVENUMBER: f64 = 4.0;
const HEIGHT: f64 = 8_000.0;
const MEAN_DEPTH: f64 = 9_500.0;

/// Wind of the wave \[m s⁻¹\].
pub fn wind(longitude: f64, latitude: f64) -> (f64, f64) {
    let (sine, cosine) = latitude.sin_cos();
    let wave = RATE * cosine.powi(3);
    let (phase_sine, phase_cosine) = (WAVENUMBER * longitude).sin_cos();
    let eastward = RATE * cosine + wave * (WAVENUMBER * sine * sine - cosine * cosine) * phase_cosine;
    (RADIUS * eastward, -RADIUS * wave * WAVENUMBER * sine * phase_sine)
}

/// Height in non-divergent balance with it \[m\].
pub fn height(longitude: f64, latitude: f64) -> f64 {
    let (r, omega, k) = (WAVENUMBER, RATE, RATE);
    let c2 = latitude.cos().powi(2);
    let c4 = c2 * c2;
    let c8 = c4 * c4;
    let a = 0.5 * omega * (2.0 * ROTATION + omega) * c2
        // The paper's cos^{2R}·cos^{-2} is written cos^{2R-2}, which is finite at the poles.
        + 0.25 * k * k * (c8 * ((r + 1.0) * c2 + (2.0 * r * r - r - 2.0)) - 2.0 * r * r * c4 * c2);
    let b = 2.0 * (ROTATION + omega) * k / ((r + 1.0) * (r + 2.0))
        * c4
        * ((r * r + 2.0 * r + 2.0) - (r + 1.0).powi(2) * c2);
    let c = 0.25 * k * k * c8 * ((r + 1.0) * c2 - (r + 2.0));
    let phase = r * longitude;
    HEIGHT + RADIUS * RADIUS / GRAVITY * (a + b * phase.cos() + c * (2.0 * phase).cos())
}

fn integration(options: &Options, truncation: usize) -> Integration {
    Integration {
        truncation,
        time_step: 300.0,
        filter: Filter { strength: 0.02, centring: 0.53 },
        diffusion: None,
        device: options.device,
    }
}

const SCENARIO: Scenario = Scenario {
    u: &|longitude, latitude| wind(longitude, latitude).0,
    v: &|longitude, latitude| wind(longitude, latitude).1,
    surface: &height,
    ground: None,
    coriolis: None,
    mean_depth: MEAN_DEPTH,
};

fn study<R: Real>(options: &Options, truncations: &[usize]) -> Result<(Vec<Run>, ShallowWater<R>)> {
    integrate::<R>(&SCENARIO, truncations, 7.0 * DAY, |truncation| integration(options, truncation))
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let (runs, mut finest) = study::<f64>(options, &options.truncations)?;
    let mut measurements = Vec::new();
    let (reference, coarser) = runs.split_last().expect("a study has runs");
    let surfaces: Vec<_> = coarser.iter().map(|run| (run.truncation, &run.surface)).collect();
    let vorticity = vorticity_errors(coarser, reference)?;
    let mut previous = f64::INFINITY;
    for ((truncation, norms), vorticity) in
        surface_errors(&surfaces, &reference.surface, MEAN_DEPTH)?.into_iter().zip(vorticity)
    {
        let setting = format!("T{truncation} against T{} f64", reference.truncation);
        let error = norms.root_mean_square;
        let quantity = "l2 difference of height, day 7";
        measurements.push(if previous.is_finite() {
            Measurement::at_most(quantity, &setting, error, previous, "must be below the next coarser truncation's")
        } else {
            Measurement::information(
                quantity,
                &setting,
                error,
                "published range at day 10: 9.0e-3 to 9.7e-4 for the icosahedral GME at 10,242 to 368,642 points",
            )
        });
        measurements.push(Measurement::information(
            "l2 difference of vorticity, day 7",
            &setting,
            vorticity,
            "published range at day 10: 0.21 to 0.046 for GME",
        ));
        previous = error;
    }
    for run in &runs {
        let limits = Budgets {
            mass: 1e-13,
            total_energy: 1e-6,
            potential_enstrophy: 1e-4,
            basis: "mass: round-off; energy and enstrophy: about five times this model's own drift at T42",
        };
        measurements.extend(budgets(&format!("T{} f64", run.truncation), &run.start, &run.end, limits));
    }
    let coarsest = runs[0].truncation;
    measurements.extend(time_step_convergence(
        &SCENARIO,
        &integration(options, coarsest.min(21)),
        7.0 * DAY,
        9.7e-4,
        "the best published distance of GME at day 10",
    )?);
    let (single, _) = study::<f32>(options, &[coarsest])?;
    let norms = surface_errors(&[(coarsest, &single[0].surface)], &runs[0].surface, MEAN_DEPTH)?[0].1;
    measurements.push(Measurement::at_most(
        "l2 distance of f32 from f64, height, day 7",
        format!("T{coarsest}"),
        norms.root_mean_square,
        1e-5,
        "stated distance of f32",
    ));
    if let Some(folder) = &options.figures {
        let title = format!("Height of the surface, day 7, T{}", reference.truncation);
        let grid = finest.configuration().grid.clone();
        let height = surface_height(&mut finest)?;
        let map = Map {
            title: &title,
            label: "m",
            factor: 1.0,
            levels: levels(8_100.0, 10_500.0, 25),
            colours: ColourMap::Height,
            latitudes: [-90.0, 90.0],
        };
        draw(folder, "williamson-6-day7", &map, &grid, &height)?;
    }
    Ok(measurements)
}
