//! The baroclinic wave of Ullrich, Melvin, Jablonowski & Staniforth (2014), dry and moist, as in test 1-1 of DCMIP 2016.
//!
//! *Quart. J. Roy. Meteor. Soc.* 140, 1590–1602, doi:10.1002/qj.2241; shallow atmosphere. Rain is that of Reed &
//! Jablonowski's large-scale condensation, where DCMIP 2016 has Kessler's scheme; E3SM's implementation of the test offers
//! both.

pub mod state;

use terrella_dycore::primitive::{Configuration, LargeScaleCondensation, MoistPhysics, Primitive};
use terrella_dycore::shallow_water::quadratic_grid;
use terrella_io::picture::ColourMap;
use terrella_kernels::device::Device;

use crate::figure::{Map, draw, levels};
use crate::primitive::{
    Air, DAY, State, budgets, distance, log_surface_pressure, physics_mean, run_to_day, start, steps_per_day,
    surface_pressure, water,
};
use crate::shallow_water::Spectrum;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "moist-wave",
    title: "Dry and moist baroclinic wave of DCMIP 2016, 15 days",
    source: "Ullrich, Melvin, Jablonowski & Staniforth (2014), Quart. J. Roy. Meteor. Soc. 140, 1590–1602",
    truncations: &[42, 85],
    quick_truncations: &[21],
    run,
};

/// What the water does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Water {
    /// There is none.
    Absent,
    /// It is vapour for ever.
    Vapour,
    /// It rains where it is beyond saturation.
    Rain,
}

impl Water {
    fn name(self) -> &'static str {
        match self {
            Self::Absent => "dry",
            Self::Vapour => "vapour without rain",
            Self::Rain => "moist",
        }
    }
}

/// A model in the state of the paper on 26 levels.
pub fn model(truncation: usize, water: Water, perturbed: bool, device: Device) -> Result<Primitive<f64>> {
    let mut configuration = Configuration::new(truncation, "L26".parse()?)?;
    configuration.radius = state::RADIUS;
    configuration.rotation = state::ROTATION;
    configuration.gravity = state::GRAVITY;
    configuration.gas_constant = state::GAS_CONSTANT;
    configuration.vapour_gas_constant = state::VAPOUR_GAS_CONSTANT;
    configuration.heat_capacity = state::HEAT_CAPACITY;
    // The document asks for that of dry air.
    configuration.vapour_heat_capacity = state::HEAT_CAPACITY;
    configuration.moist = water != Water::Absent;
    configuration.time_step = DAY / steps_per_day(truncation) as f64;
    let virtual_factor = state::VAPOUR_GAS_CONSTANT / state::GAS_CONSTANT - 1.0;
    let state = State {
        ground: &|_, _| 0.0,
        surface_pressure: &|_, _| state::SURFACE_PRESSURE,
        air: &|longitude, latitude, pressure| {
            let [height, virtual_temperature] = state::height_and_temperature(pressure, latitude);
            let humidity = if water == Water::Absent { 0.0 } else { state::humidity(pressure, latitude) };
            let disturbance = if perturbed { state::perturbation(height, longitude, latitude) } else { 0.0 };
            Air {
                u: state::zonal_wind(height, virtual_temperature, latitude) + disturbance,
                v: 0.0,
                temperature: virtual_temperature / (1.0 + virtual_factor * humidity),
                tracers: if water == Water::Absent { Vec::new() } else { vec![humidity] },
            }
        },
    };
    let mut model = start::<f64>(configuration, &state, device)?;
    if water == Water::Rain {
        let configuration = model.configuration();
        // Nothing is exchanged with the ground, so that its temperature does not matter.
        let ground = vec![300.0; configuration.grid.points()];
        let rain = LargeScaleCondensation::new(1, &configuration.grid, device)?;
        let physics = MoistPhysics::new(configuration, LATENT_HEAT, &ground, device)?.with(rain);
        model.add_physics(Box::new(physics))?;
    }
    Ok(model)
}

/// A run on the days of comparison.
struct Run {
    truncation: usize,
    log_surface_pressure: Vec<Spectrum>,
    /// Smallest surface pressure \[Pa\].
    minima: Vec<f64>,
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 42);
    let days: &[u32] = if is_quick { &[2, 10] } else { &[4, 6, 8, 10, 15] };
    let mut measurements = Vec::new();
    let mut runs: Vec<[Run; 3]> = Vec::new();
    for &truncation in &options.truncations {
        measurements.push(steadiness(truncation, if is_quick { 1 } else { 5 }, options)?);
        let mut of_water = Vec::new();
        for water in [Water::Absent, Water::Vapour, Water::Rain] {
            let (run, found) = follow(truncation, water, days, options)?;
            measurements.extend(found);
            of_water.push(run);
        }
        runs.push(of_water.try_into().unwrap_or_else(|_| unreachable!("three runs")));
    }
    for runs in &runs {
        measurements.extend(compare_waters(runs, days)?);
    }
    measurements.extend(compare_truncations(&runs, days)?);
    Ok(measurements)
}

/// How far the flow without perturbation moves from its start.
fn steadiness(truncation: usize, day: u32, options: &Options) -> Result<Measurement> {
    let mut model = model(truncation, Water::Absent, false, options.device)?;
    let grid = model.configuration().grid.clone();
    run_to_day(&mut model, day)?;
    let pressure = model.grid_state()?.surface_pressure;
    let start = vec![state::SURFACE_PRESSURE; pressure.len()];
    Ok(Measurement::at_most(
        "l2 change of surface pressure without perturbation [hPa]",
        format!("T{truncation} L26 f64, dry, day {day}"),
        distance(&grid, &pressure, &start) / 100.0,
        STEADINESS,
        "above this model's own: the state is in balance on continuous levels, not on 26",
    ))
}

fn follow(
    truncation: usize,
    water_is: Water,
    days: &[u32],
    options: &Options,
) -> Result<(Run, Vec<Measurement>)> {
    let mut model = model(truncation, water_is, true, options.device)?;
    let first = model.diagnostics()?;
    let mut run = Run { truncation, log_surface_pressure: Vec::new(), minima: Vec::new() };
    let mut measurements = Vec::new();
    for &day in days {
        run_to_day(&mut model, day)?;
        run.log_surface_pressure.push(log_surface_pressure(&model)?);
        let minimum = model.diagnostics()?.surface_pressure_range[0];
        run.minima.push(minimum);
        measurements.push(Measurement::information(
            "smallest surface pressure [hPa]",
            format!("T{truncation} L26 f64, {}, day {day}", water_is.name()),
            minimum / 100.0,
            "the paper and DCMIP 2016 show figures and no table",
        ));
        let is_finest = options.truncations.last() == Some(&truncation);
        if let Some(folder) =
            options.figures.as_deref().filter(|_| is_finest && day == 10 && water_is == Water::Rain)
        {
            let map = Map {
                title: &format!("Moist wave: surface pressure, day {day}, T{truncation}"),
                label: "hPa",
                factor: 0.01,
                levels: levels(930.0, 1070.0, 29),
                colours: ColourMap::Difference,
                latitudes: [0.0, 90.0],
            };
            let grid = model.configuration().grid.clone();
            draw(folder, "moist-wave", &map, &grid, &model.grid_state()?.surface_pressure)?;
        }
    }
    let last = model.diagnostics()?;
    let setting = format!("T{truncation} L26 f64, {}, day {}", water_is.name(), days[days.len() - 1]);
    match water_is {
        Water::Absent => measurements.extend(budgets(&setting, &first, &last, [1e-13, ENERGY])),
        Water::Vapour => {
            measurements.extend(budgets(&setting, &first, &last, [1e-13, ENERGY]));
            measurements.push(Measurement::at_most(
                "relative change of vapour",
                &setting,
                (last.tracer_mass[0] / first.tracer_mass[0] - 1.0).abs(),
                VAPOUR,
                "above this model's own: vapour is advected in the form −V·∇q, and its products are truncated",
            ));
        }
        Water::Rain => {
            let [mass, _] = budgets(&setting, &first, &last, [1e-13, ENERGY]);
            measurements.push(mass);
            let rain = physics_mean(&model, "stratiform_precipitation_amount")?;
            let unexplained = last.total_energy - first.total_energy - LATENT_HEAT * rain;
            measurements.push(Measurement::at_most(
                "relative change of total energy that the latent heat of rain does not explain",
                &setting,
                (unexplained / first.total_energy).abs(),
                ENERGY,
                "above this model's own: time filter and diffusion change it, condensation and the vertical scheme do not",
            ));
            measurements.extend(water(&setting, &model, &first, &last, VAPOUR)?);
        }
    }
    Ok((run, measurements))
}

/// Dry air and air with vapour that never rains differ by numerics alone; rain deepens the wave.
fn compare_waters(runs: &[Run; 3], days: &[u32]) -> Result<Vec<Measurement>> {
    let [dry, vapour, moist] = runs;
    let grid = quadratic_grid(dry.truncation)?;
    let pressure = |run: &Run, index: usize| surface_pressure(&run.log_surface_pressure[index], 1e5, &grid);
    let mut measurements = Vec::new();
    for (index, day) in days.iter().enumerate() {
        let setting = format!("T{} L26 f64, day {day}", dry.truncation);
        let exact = pressure(dry, index)?;
        let numerical = distance(&grid, &pressure(vapour, index)?, &exact) / 100.0;
        measurements.push(match PASSIVE.iter().find(|(on, _)| on == day) {
            Some((_, limit)) => Measurement::at_most(
                "l2 difference of surface pressure, vapour without rain from dry [hPa]",
                &setting,
                numerical,
                *limit,
                "the two are to be almost identical (DCMIP 2016 test case document): the spread of Jablonowski & Williamson's (2006) reference models on that day, or on day 7 before it",
            ),
            None => Measurement::information(
                "l2 difference of surface pressure, vapour without rain from dry [hPa]",
                &setting,
                numerical,
                "the wave has broken",
            ),
        });
        measurements.push(Measurement::information(
            "l2 difference of surface pressure, moist from dry [hPa]",
            &setting,
            distance(&grid, &pressure(moist, index)?, &exact) / 100.0,
            "what condensation does",
        ));
        if (8..=10).contains(day) {
            measurements.push(Measurement::at_most(
                "smallest surface pressure, moist less dry [hPa]",
                &setting,
                (moist.minima[index] - dry.minima[index]) / 100.0,
                0.0,
                "latent heat deepens the wave",
            ));
        }
    }
    Ok(measurements)
}

/// Distances from the finest run.
fn compare_truncations(runs: &[[Run; 3]], days: &[u32]) -> Result<Vec<Measurement>> {
    let (reference, coarser) = runs.split_last().expect("a case has runs");
    let grid = quadratic_grid(reference[0].truncation)?;
    let pressure = |run: &Run, index: usize| surface_pressure(&run.log_surface_pressure[index], 1e5, &grid);
    let mut measurements = Vec::new();
    for (run, reference, name) in
        coarser.iter().flat_map(|runs| [(&runs[0], &reference[0], "dry"), (&runs[2], &reference[2], "moist")])
    {
        for (index, day) in days.iter().enumerate() {
            measurements.push(Measurement::information(
                "l2 difference of surface pressure [hPa]",
                format!("T{} against T{} f64, {name}, day {day}", run.truncation, reference.truncation),
                distance(&grid, &pressure(run, index)?, &pressure(reference, index)?) / 100.0,
                "convergence with truncation, for information",
            ));
        }
    }
    Ok(measurements)
}

/// Limit of the change of surface pressure without perturbation \[hPa\].
const STEADINESS: f64 = 0.05;
/// Limit of what water budgets leave, over the vapour at the start.
const VAPOUR: f64 = 5e-4;
/// Limit of the relative drift of energy.
const ENERGY: f64 = 5e-5;
/// L \[J kg⁻¹\].
const LATENT_HEAT: f64 = 2.5e6;
/// Day, and limit of the difference that vapour alone makes \[hPa\].
const PASSIVE: [(u32, f64); 5] = [(2, 0.118), (4, 0.118), (6, 0.118), (8, 0.237), (10, 0.701)];
