//! The baroclinic wave by the semi-Lagrangian scheme, against our leapfrog runs of the same truncation.

use terrella_dycore::primitive::{Configuration, Diagnostics, SemiLagrangian, TimeStepping};
use terrella_dycore::shallow_water::quadratic_grid;

use super::{DAY, Run, SPREAD, budgets, configuration, model_with, pressure_difference};
use crate::{Measurement, Options, Result};

/// Δt as a multiple of the leapfrog scheme's \[–\].
const STEPS: f64 = 3.0;

/// The settings of the leapfrog runs with the other scheme: its warm reference, three times the time step, the same grid.
fn settings(truncation: usize) -> Result<Configuration> {
    let eulerian = configuration(truncation, Some(super::viscosity(truncation)))?;
    Ok(Configuration {
        time_stepping: TimeStepping::SemiLagrangian(SemiLagrangian::default()),
        reference_temperature: 350.0,
        time_step: DAY / (DAY / (STEPS * eulerian.time_step)).ceil(),
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
    for reference in leapfrog.iter().filter(|run| run.truncation <= 106) {
        let truncation = reference.truncation;
        let mut model = model_with::<f64>(settings(truncation)?, true, options.device)?;
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
            let setting = format!("T{truncation} L26 f64, day {day}");
            let spread = SPREAD.iter().find(|(spread_day, _)| *spread_day == day).map(|(_, spread)| *spread);
            measurements.push(match spread {
                Some(spread) if truncation >= 85 => Measurement::at_most(
                    name,
                    setting,
                    difference,
                    2.0 * spread,
                    "twice the spread between the paper's reference models: neither run is the truth",
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
                    0.5,
                    "above this model's own on the first days, when the wave is of a few hectopascals",
                ),
            });
        }
        let end = model.diagnostics()?;
        let last = days[days.len() - 1];
        let setting = format!(
            "T{truncation} L26 f64, day {last}, semi-Lagrangian, {:.0} s",
            model.configuration().time_step
        );
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
