//! Jablonowski & Williamson (2006): A baroclinic instability test case for atmospheric model dynamical cores, *Quart. J. Roy.
//! Meteor. Soc.* 132, 2943–2975, doi:10.1256/qj.06.12.
//!
//! A zonal flow in balance that is an exact steady state, and the baroclinic wave that a small perturbation of it sets off.

mod semi_lagrangian;
pub mod state;

use terrella_dycore::primitive::{Configuration, Diagnostics, Primitive};
use terrella_dycore::shallow_water::quadratic_grid;
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength};
use terrella_io::picture::ColourMap;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::fields::on_grid;
use crate::figure::{Map, draw, levels};
use crate::{Case, Measurement, Options, Result};

/// The steady state, 30 days.
pub const STEADY: Case = Case {
    name: "jablonowski-steady",
    title: "Steady zonal flow of the primitive equations, 30 days",
    source: "Jablonowski & Williamson (2006), Quart. J. Roy. Meteor. Soc. 132, 2943–2975",
    truncations: &[21, 42, 85],
    quick_truncations: &[10, 21],
    run: steady,
};

/// The baroclinic wave, 10 days.
pub const WAVE: Case = Case {
    name: "jablonowski-wave",
    title: "Baroclinic wave, 10 days",
    source: "Jablonowski & Williamson (2006), Quart. J. Roy. Meteor. Soc. 132, 2943–2975",
    truncations: &[42, 85, 106, 170],
    quick_truncations: &[10, 21],
    run: wave,
};

const DAY: f64 = 86_400.0;

/// ∇⁴ diffusion of these cases \[m⁴ s⁻¹\]: 1e16 at T42, and falling with the cube of T.
pub fn viscosity(truncation: usize) -> f64 {
    1.0e16 * (42.0 / truncation as f64).powi(3)
}

fn time_step(truncation: usize) -> f64 {
    // A divisor of a day that keeps T·Δt near that of 1,200 s at T42.
    let steps = (DAY * truncation as f64 / 51_000.0).ceil();
    DAY / steps
}

/// Settings of the paper on its 26 levels.
fn configuration(truncation: usize, viscosity: Option<f64>) -> Result<Configuration> {
    let mut configuration = Configuration::new(truncation, "L26".parse()?)?;
    configuration.radius = state::RADIUS;
    configuration.rotation = state::ROTATION;
    configuration.gravity = state::GRAVITY;
    configuration.gas_constant = state::GAS_CONSTANT;
    configuration.heat_capacity = state::HEAT_CAPACITY;
    configuration.time_step = time_step(truncation);
    configuration.diffusion = viscosity
        .map(|viscosity| Diffusion { order: 2, strength: DiffusionStrength::Coefficient(viscosity) });
    Ok(configuration)
}

/// A model in the state of the paper on its 26 levels.
pub fn model<R: Real>(
    truncation: usize,
    viscosity: Option<f64>,
    perturbed: bool,
    device: Device,
) -> Result<Primitive<R>> {
    model_with(configuration(truncation, viscosity)?, perturbed, device)
}

/// The same with other settings.
fn model_with<R: Real>(
    configuration: Configuration,
    perturbed: bool,
    device: Device,
) -> Result<Primitive<R>> {
    let grid = configuration.grid.clone();
    let pressures = configuration.levels.full_level_pressure(state::SURFACE_PRESSURE);
    let in_columns = |function: &dyn Fn(f64, f64, f64) -> f64| -> Vec<R> {
        pressures
            .iter()
            .flat_map(|pressure| {
                let eta = pressure / state::SURFACE_PRESSURE;
                on_grid::<R>(&grid, |longitude, latitude| function(eta, longitude, latitude))
            })
            .collect()
    };
    let u = in_columns(&|eta, longitude, latitude| {
        let disturbance = if perturbed { state::perturbation(longitude, latitude) } else { 0.0 };
        state::zonal_wind(eta, latitude) + disturbance
    });
    let v = vec![R::ZERO; u.len()];
    let temperature = in_columns(&|eta, _, latitude| state::temperature(eta, latitude));
    let ground = on_grid::<R>(&grid, |_, latitude| state::surface_geopotential(latitude));
    let pressure = on_grid::<R>(&grid, |_, _| state::SURFACE_PRESSURE);
    let buffer = |values: &[R]| Buffer::from_slice(device, values);
    let mut model = Primitive::new(configuration, device)?;
    model.set_orography(&buffer(&ground)?)?;
    model.set_from_grid(
        &buffer(&u)?,
        &buffer(&v)?,
        &buffer(&temperature)?,
        &buffer(&pressure)?,
        &buffer(&[])?,
    )?;
    Ok(model)
}

/// Root-mean-square over the sphere and the mass of columns of u's departure from its initial zonal mean, and of its
/// departure from its own zonal mean \[m s⁻¹\]; the paper's two norms, with the initial thickness of layers as weight.
fn wind_norms(model: &Primitive<f64>, u: &[f64]) -> [f64; 2] {
    let configuration = model.configuration();
    let points = configuration.grid.points();
    let half = configuration.levels.half_level_pressure(state::SURFACE_PRESSURE);
    let pressures = configuration.levels.full_level_pressure(state::SURFACE_PRESSURE);
    let (mut drift, mut asymmetry, mut total) = (0.0, 0.0, 0.0);
    for (level, pressure) in pressures.iter().enumerate() {
        let thickness = half[level + 1] - half[level];
        for ring in configuration.grid.rings() {
            let row = &u[level * points + ring.offset..][..ring.points];
            let mean = row.iter().sum::<f64>() / ring.points as f64;
            let initial = state::zonal_wind(pressure / state::SURFACE_PRESSURE, ring.latitude.to_radians());
            let weight = thickness * ring.weight;
            drift += weight * (mean - initial).powi(2);
            asymmetry +=
                weight * row.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / ring.points as f64;
            total += weight;
        }
    }
    [(drift / total).sqrt(), (asymmetry / total).sqrt()]
}

fn steady(options: &Options) -> Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 42);
    let days = if is_quick { 2 } else { 30 };
    for &truncation in &options.truncations {
        let mut model = model::<f64>(truncation, None, false, options.device)?;
        let start = model.diagnostics()?;
        for _ in 0..(f64::from(days) * DAY / time_step(truncation)).round() as u64 {
            model.step()?;
        }
        let end = model.diagnostics()?;
        let wind = model.grid_state()?.u;
        let [drift, asymmetry] = wind_norms(&model, &wind);
        let setting = format!("T{truncation} L26 f64, day {days}, no diffusion");
        measurements.push(Measurement::at_most(
            "l2 departure of the zonal mean of u from the initial state [m/s]",
            &setting,
            drift,
            if truncation < 21 { 0.3 } else { 0.05 },
            "above this model's own, which from T21 on hardly depends on T: the state is in balance on continuous levels, not on 26",
        ));
        measurements.push(Measurement::at_most(
            "l2 departure of u from its zonal mean [m/s]",
            &setting,
            asymmetry,
            1e-8,
            "the equations and the grid are symmetric about the axis: round-off, until it grows as a wave would",
        ));
        measurements.extend(budgets(&setting, &start, &end, 1e-6));
    }
    Ok(measurements)
}

/// What is kept of a run with the perturbation.
struct Run {
    truncation: usize,
    /// Spectra of ln(p_s/p_r) on the days of [`Run::days`].
    spectra: Vec<Vec<f64>>,
    /// Smallest surface pressure on those days \[Pa\].
    minima: Vec<f64>,
}

fn wave(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 42);
    let days: &[u32] = if is_quick { &[1, 2] } else { &[7, 8, 9, 10] };
    let mut measurements = Vec::new();
    let mut runs = Vec::new();
    for &truncation in &options.truncations {
        let mut model = model::<f64>(truncation, Some(viscosity(truncation)), true, options.device)?;
        let start = model.diagnostics()?;
        let steps_per_day = (DAY / time_step(truncation)).round() as u64;
        let mut run = Run { truncation, spectra: Vec::new(), minima: Vec::new() };
        for &day in days {
            while model.step_count() < u64::from(day) * steps_per_day {
                model.step()?;
            }
            run.spectra.push(model.spectral_state().log_surface_pressure.to_vec()?);
            run.minima.push(model.diagnostics()?.surface_pressure_range[0]);
        }
        let last = days[days.len() - 1];
        let setting = format!("T{truncation} L26 f64, day {last}");
        measurements.extend(budgets(&setting, &start, &model.diagnostics()?, 1e-5));
        for (day, minimum) in days.iter().zip(&run.minima) {
            measurements.push(Measurement::information(
                "smallest surface pressure [hPa]",
                format!("T{truncation} L26 f64, day {day}"),
                minimum / 100.0,
                "the paper's figures show about 942 hPa on day 9 at high resolution, and no table",
            ));
        }
        if let Some(folder) =
            options.figures.as_deref().filter(|_| options.truncations.last() == Some(&truncation))
        {
            let map = Map {
                title: &format!("Surface pressure, day {last}, T{truncation}"),
                label: "hPa",
                factor: 0.01,
                levels: levels(930.0, 1070.0, 29),
                colours: ColourMap::Difference,
                latitudes: [0.0, 90.0],
            };
            let grid = model.configuration().grid.clone();
            draw(folder, "jablonowski-wave", &map, &grid, &model.grid_state()?.surface_pressure)?;
        }
        runs.push(run);
    }
    measurements.extend(convergence(&runs, days)?);
    measurements.extend(semi_lagrangian::compare(options, &runs, days)?);
    Ok(measurements)
}

/// l2 difference of surface pressure between reference models of the paper \[hPa\], by day: what solutions cannot be told
/// apart by. From the uncertainty that is stored with E3SM's implementation of the case.
pub const SPREAD: [(u32, f64); 4] = [(7, 0.118), (8, 0.237), (9, 0.408), (10, 0.701)];

/// l2 difference of surface pressure \[hPa\] between two spectra of ln(p_s/p_r), each with its truncation.
fn pressure_difference(grid: &Grid, one: (usize, &[f64]), other: (usize, &[f64])) -> Result<f64> {
    let pressure = |(truncation, spectrum): (usize, &[f64])| -> Result<Vec<f64>> {
        let mut transform = Transform::<f64>::new(grid, Truncation::new(truncation), Device::Cpu)?;
        let spectrum = Buffer::from_slice(Device::Cpu, spectrum)?;
        let mut values = Buffer::zeros(Device::Cpu, grid.points())?;
        transform.synthesis(1, &spectrum, &mut values)?;
        Ok(values.to_vec()?.into_iter().map(|value: f64| state::SURFACE_PRESSURE * value.exp()).collect())
    };
    let (values, expected) = (pressure(one)?, pressure(other)?);
    let (mut sum, mut total) = (0.0, 0.0);
    for ring in grid.rings() {
        for point in ring.offset..ring.offset + ring.points {
            let weight = ring.weight / ring.points as f64;
            sum += weight * (values[point] - expected[point]).powi(2);
            total += weight;
        }
    }
    Ok((sum / total).sqrt() / 100.0)
}

fn convergence(runs: &[Run], days: &[u32]) -> Result<Vec<Measurement>> {
    let (reference, coarser) = runs.split_last().expect("a case has runs");
    let grid = quadratic_grid(reference.truncation)?;
    let mut measurements = Vec::new();
    for (index, day) in days.iter().enumerate() {
        let mut previous = f64::INFINITY;
        for run in coarser {
            let difference = pressure_difference(
                &grid,
                (run.truncation, &run.spectra[index]),
                (reference.truncation, &reference.spectra[index]),
            )?;
            let name = "l2 difference of surface pressure [hPa]";
            let setting = format!("T{} against T{} f64, day {day}", run.truncation, reference.truncation);
            let spread = SPREAD.iter().find(|(spread_day, _)| spread_day == day).map(|(_, spread)| *spread);
            measurements.push(match spread {
                Some(spread) if run.truncation >= 85 => Measurement::at_most(
                    name,
                    setting,
                    difference,
                    spread,
                    "the spread between the paper's reference models, as stored with E3SM's case",
                )
                .published(spread),
                Some(spread) => Measurement::information(
                    name,
                    setting,
                    difference,
                    "beside the spread of the reference models",
                )
                .published(spread),
                None => Measurement::at_most(
                    name,
                    setting,
                    difference,
                    previous,
                    "must be below the next coarser truncation's",
                ),
            });
            previous = difference;
        }
    }
    Ok(measurements)
}

/// Relative changes of mass and total energy.
fn budgets(setting: &str, start: &Diagnostics, end: &Diagnostics, energy: f64) -> [Measurement; 2] {
    let change = |before: f64, after: f64| (after / before - 1.0).abs();
    [
        Measurement::at_most(
            "relative change of mass",
            setting,
            change(start.surface_pressure, end.surface_pressure),
            1e-13,
            "held to round-off",
        ),
        Measurement::at_most(
            "relative change of total energy",
            setting,
            change(start.total_energy, end.total_energy),
            energy,
            "above this model's own drift; the vertical scheme conserves it, filter and diffusion do not",
        ),
    ]
}
