//! Jablonowski, Lauritzen, Nair & Taylor (2008): Idealized test cases for the dynamical cores of atmospheric general
//! circulation models, NCAR ASP summer colloquium, test case 5-0-0: Rossby waves behind a mountain.
//!
//! A balanced isothermal westerly flow meets a hill that it does not know of, and a train of Rossby waves follows.

use terrella_dycore::primitive::{Configuration, IsobaricState};
use terrella_dycore::shallow_water::quadratic_grid;
use terrella_io::picture::ColourMap;

use crate::figure::{Map, draw, levels};
use crate::norms::relative_error;
use crate::primitive::{
    Air, DAY, State, budgets, distance, log_surface_pressure, range, run_to_day, spectrum_of, start,
    steps_per_day, surface_pressure,
};
use crate::shallow_water::Spectrum;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "mountain-rossby",
    title: "Rossby waves behind a mountain, 15 days",
    source: "Jablonowski et al. (2008), NCAR ASP colloquium, test case 5-0-0",
    truncations: &[42, 85, 106],
    quick_truncations: &[15, 21],
    run,
};

const RADIUS: f64 = 6.371_229e6;
const ROTATION: f64 = 7.292_12e-5;
const GRAVITY: f64 = 9.806_16;
const GAS_CONSTANT: f64 = 287.0;
const HEAT_CAPACITY: f64 = 1004.5;
/// u_0 \[m s⁻¹\].
const SPEED: f64 = 20.0;
/// T_0 \[K\].
const TEMPERATURE: f64 = 288.0;
/// Surface pressure at the South Pole \[Pa\].
const POLAR_PRESSURE: f64 = 93_000.0;
/// h_0 and d \[m\], longitude and latitude \[°\] of the hill.
const HEIGHT: f64 = 2_000.0;
const WIDTH: f64 = 1.5e6;
const CENTRE: [f64; 2] = [90.0, 30.0];
/// Where the colloquium looks \[Pa\].
const SURFACE: f64 = 70_000.0;

/// φ_s \[m² s⁻²\]: g·h_0·exp(−(r/d)²) with the distance r along the great circle.
fn ground(longitude: f64, latitude: f64) -> f64 {
    let [east, north] = CENTRE.map(f64::to_radians);
    let cosine = north.sin() * latitude.sin() + north.cos() * latitude.cos() * (longitude - east).cos();
    let distance = RADIUS * cosine.clamp(-1.0, 1.0).acos();
    GRAVITY * HEIGHT * (-(distance / WIDTH).powi(2)).exp()
}

/// p_s \[Pa\] in balance with u_0·cos φ in isothermal air, and hydrostatic on the hill.
fn initial_surface_pressure(longitude: f64, latitude: f64) -> f64 {
    let flow = 0.5 * SPEED * (SPEED + 2.0 * ROTATION * RADIUS) * latitude.cos().powi(2);
    POLAR_PRESSURE * ((flow - ground(longitude, latitude)) / (GAS_CONSTANT * TEMPERATURE)).exp()
}

/// A run on the days of comparison.
struct Run {
    truncation: usize,
    log_surface_pressure: Vec<Spectrum>,
    /// ζ at 700 hPa \[s⁻¹\].
    vorticity: Vec<Spectrum>,
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 42);
    let days: &[u32] = if is_quick { &[1, 2] } else { &[5, 10, 15] };
    let mut measurements = Vec::new();
    let mut runs = Vec::new();
    for &truncation in &options.truncations {
        let mut configuration = Configuration::new(truncation, "L26".parse()?)?;
        configuration.radius = RADIUS;
        configuration.rotation = ROTATION;
        configuration.gravity = GRAVITY;
        configuration.gas_constant = GAS_CONSTANT;
        configuration.heat_capacity = HEAT_CAPACITY;
        configuration.time_step = DAY / steps_per_day(truncation) as f64;
        let state = State {
            ground: &ground,
            surface_pressure: &initial_surface_pressure,
            air: &|_, latitude, _| Air {
                u: SPEED * latitude.cos(),
                temperature: TEMPERATURE,
                ..Air::default()
            },
        };
        let mut model = start::<f64>(configuration, &state, options.device)?;
        let configuration = model.configuration().clone();
        let first = model.diagnostics()?;
        let mut run = Run { truncation, log_surface_pressure: Vec::new(), vorticity: Vec::new() };
        for &day in days {
            run_to_day(&mut model, day)?;
            run.log_surface_pressure.push(log_surface_pressure(&model)?);
            let isobaric = IsobaricState::new(&model.grid_state()?, &configuration, &[SURFACE])?;
            run.vorticity.push(spectrum_of(&configuration.grid, truncation, &isobaric.vorticity)?);
            if options.truncations.last() == Some(&truncation) {
                let setting = format!("T{truncation} L26 f64, day {day}");
                measurements.extend(extremes(&setting, &isobaric));
                if let Some(folder) = options.figures.as_deref().filter(|_| Some(&day) == days.last()) {
                    let map = Map {
                        title: &format!("Zonal wind at 700 hPa, day {day}, T{truncation}"),
                        label: "m s⁻¹",
                        factor: 1.0,
                        levels: levels(-40.0, 40.0, 17),
                        colours: ColourMap::Difference,
                        latitudes: [-90.0, 90.0],
                    };
                    draw(folder, "mountain-rossby", &map, &configuration.grid, &isobaric.u)?;
                }
            }
        }
        let last = days[days.len() - 1];
        let setting = format!("T{truncation} L26 f64, day {last}");
        measurements.extend(budgets(&setting, &first, &model.diagnostics()?, [1e-13, 1e-5]));
        runs.push(run);
    }
    measurements.extend(convergence(&runs, days)?);
    Ok(measurements)
}

/// What the colloquium's figures show, without a table.
fn extremes(setting: &str, state: &IsobaricState) -> Vec<Measurement> {
    let height: Vec<f64> = state.geopotential.iter().map(|geopotential| geopotential / GRAVITY).collect();
    let mut measurements = Vec::new();
    for (name, [low, high]) in [
        ("zonal wind at 700 hPa [m/s]", range(&state.u)),
        ("meridional wind at 700 hPa [m/s]", range(&state.v)),
        ("height of 700 hPa [m]", range(&height)),
    ] {
        for (which, value) in [("smallest", low), ("largest", high)] {
            measurements.push(Measurement::information(
                format!("{which} {name}"),
                setting,
                value,
                "the colloquium shows figures of nine models and no table",
            ));
        }
    }
    measurements
}

/// Distances from the finest run.
fn convergence(runs: &[Run], days: &[u32]) -> Result<Vec<Measurement>> {
    let (reference, coarser) = runs.split_last().expect("a case has runs");
    let grid = quadratic_grid(reference.truncation)?;
    let pressure = |run: &Run, index: usize| surface_pressure(&run.log_surface_pressure[index], 1e5, &grid);
    let mut measurements = Vec::new();
    for (index, day) in days.iter().enumerate() {
        let (expected, curl) = (pressure(reference, index)?, reference.vorticity[index].on_grid(&grid)?);
        let mut previous: Option<[f64; 2]> = None;
        for run in coarser {
            let setting = format!("T{} against T{} f64, day {day}", run.truncation, reference.truncation);
            let of_pressure = distance(&grid, &pressure(run, index)?, &expected) / 100.0;
            let of_vorticity =
                relative_error(&grid, &run.vorticity[index].on_grid(&grid)?, &curl).root_mean_square;
            let names =
                ["l2 difference of surface pressure [hPa]", "relative l2 difference of vorticity at 700 hPa"];
            let values = [of_pressure, of_vorticity];
            for (index, (name, value)) in names.into_iter().zip(values).enumerate() {
                measurements.push(match previous {
                    Some(coarser) => {
                        let basis = "must be below the next coarser truncation's";
                        Measurement::at_most(name, &setting, value, coarser[index], basis)
                    }
                    None => Measurement::information(name, &setting, value, "the coarsest"),
                });
            }
            previous = Some(values);
        }
    }
    Ok(measurements)
}
