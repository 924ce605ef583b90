//! The baroclinic wave by the semi-Lagrangian scheme, against our leapfrog runs of the same truncation.

use terrella_dycore::primitive::{Configuration, Diagnostics};
use terrella_dycore::shallow_water::quadratic_grid;

use super::{DAY, Run, SPREAD, budgets, configuration, model_with, pressure_difference};
use crate::{Measurement, Options, Result};

/// Two ways to use the scheme: accurate, and fast.
#[derive(Clone, Copy)]
struct Use {
    name: &'static str,
    /// Δt as a multiple of the leapfrog scheme's, up to an hour.
    steps: f64,
    /// On the grid of the leapfrog scheme, or the linear octahedral one.
    is_quadratic: bool,
    /// The largest difference, as a multiple of the spread between the paper's reference models.
    limit: f64,
    basis: &'static str,
}

const USES: [Use; 2] = [
    Use {
        name: "three times the step",
        steps: 3.0,
        is_quadratic: true,
        limit: 2.0,
        basis: "twice the spread between the paper's reference models: neither run is the truth",
    },
    Use {
        name: "an hour's step, linear octahedral grid",
        steps: 12.0,
        is_quadratic: false,
        limit: 6.0,
        basis: "six times the spread: the error of steps of an hour, which no truncation makes smaller",
    },
];

/// The settings of the leapfrog runs with the other scheme and its warm reference.
fn settings(truncation: usize, choice: Use) -> Result<Configuration> {
    let eulerian = configuration(truncation, Some(super::viscosity(truncation)))?;
    let defaults = Configuration::semi_lagrangian(truncation, eulerian.levels.clone())?;
    let grid = if choice.is_quadratic { eulerian.grid.clone() } else { defaults.grid };
    let longest = (choice.steps * eulerian.time_step).min(3_600.0);
    Ok(Configuration {
        time_stepping: defaults.time_stepping,
        reference_temperature: defaults.reference_temperature,
        time_step: DAY / (DAY / longest).ceil(),
        grid,
        ..eulerian
    })
}

/// Largest Courant number along a circle of latitude, with the grid's points there: |V|·Δt/(2πa·cos φ/points).
fn courant_number(configuration: &Configuration, state: &Diagnostics) -> f64 {
    let spacing = std::f64::consts::TAU * configuration.radius / configuration.grid.longest_ring() as f64;
    state.maximum_wind * configuration.time_step / spacing
}

/// Surface pressure on `days` against the leapfrog run of the same truncation.
pub(super) fn compare(options: &Options, leapfrog: &[Run], days: &[u32]) -> Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    let uses = leapfrog.iter().flat_map(|run| USES.map(|choice| (run, choice)));
    // The accurate use above T106 takes longer than all others together.
    for (reference, choice) in uses.filter(|(run, choice)| run.truncation <= 106 || !choice.is_quadratic) {
        let truncation = reference.truncation;
        let mut model = model_with::<f64>(settings(truncation, choice)?, true, options.device)?;
        let start = model.diagnostics()?;
        let steps_per_day = (DAY / model.configuration().time_step).round() as u64;
        let grid = quadratic_grid(truncation)?;
        for (index, &day) in days.iter().enumerate() {
            while model.step_count() < u64::from(day) * steps_per_day {
                model.step()?;
            }
            let spectrum = model.spectral_state().log_surface_pressure.to_vec()?;
            let difference =
                pressure_difference(&grid, (truncation, &spectrum), (truncation, &reference.spectra[index]))?;
            let name = "l2 difference of surface pressure, semi-Lagrangian against leapfrog [hPa]";
            let setting = format!("T{truncation} L26 f64, {}, day {day}", choice.name);
            let spread = SPREAD.iter().find(|(spread_day, _)| *spread_day == day).map(|(_, spread)| *spread);
            measurements.push(match spread {
                Some(spread) if truncation >= 85 => {
                    Measurement::at_most(name, setting, difference, choice.limit * spread, choice.basis)
                        .published(spread)
                }
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
                    0.5,
                    "above this model's own on the first days, when the wave is of a few hectopascals",
                ),
            });
        }
        let end = model.diagnostics()?;
        let last = days[days.len() - 1];
        let setting = format!("T{truncation} L26 f64, semi-Lagrangian, {}, day {last}", choice.name);
        measurements.push(Measurement::information(
            "Courant number of the wind on the equator's spacing",
            &setting,
            courant_number(model.configuration(), &end),
            "",
        ));
        measurements.extend(budgets(&setting, &start, &end, 1e-3));
    }
    Ok(measurements)
}
