//! Solid-body rotation of an isothermal atmosphere, with tracers: an exact steady state, along the equator and over the
//! poles.
//!
//! The flow of Williamson et al. (1992, *J. Comput. Phys.* 102, 211–224), test case 1, on all levels, with the surface
//! pressure that balances it: p_s = p_0·exp(−u_0·(u_0 + 2Ωa·cos α)/(2·R·T)·sin²φ′), φ′ the latitude about the axis of the
//! flow, tilted by α. Tilted flow is in balance only where nothing else turns, so that Ω is 0 there.

use std::f64::consts::FRAC_PI_2;

use terrella_dycore::primitive::Configuration;
use terrella_dycore::time_stepping::Filter;

use crate::cases::williamson_1992::advection::{SPEED, bell, rotation_wind};
use crate::cases::williamson_1992::{RADIUS, ROTATION, SOURCE};
use crate::norms::relative_error;
use crate::primitive::{Air, DAY, State, budgets, run_to_day, start, steps_per_day};
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "solid-body-rotation",
    title: "Solid-body rotation of an isothermal atmosphere with tracers, 12 days",
    source: SOURCE,
    truncations: &[21, 42, 85],
    quick_truncations: &[10, 21],
    run,
};

/// T \[K\]; the model's reference is 300 K.
const TEMPERATURE: f64 = 280.0;
const GAS_CONSTANT: f64 = 287.0;
/// p_0 \[Pa\], on the equator of the flow.
const EQUATOR_PRESSURE: f64 = 100_000.0;

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.last().is_none_or(|&truncation| truncation < 42);
    let mut measurements = Vec::new();
    for (tilt, angle, rotation) in [("0°", 0.0, ROTATION), ("90°", FRAC_PI_2, 0.0)] {
        for levels in ["sigma10", "L26"] {
            let mut coarser = None;
            for &truncation in &options.truncations {
                let turn = Turn { truncation, levels, angle, rotation, days: if is_quick { 2 } else { 12 } };
                let setting = format!("T{truncation} {levels} f64, α = {tilt}, day {}", turn.days);
                let (found, error) = turn.run(options, &setting, coarser)?;
                measurements.extend(found);
                coarser = Some(error);
            }
        }
    }
    Ok(measurements)
}

/// One run.
struct Turn {
    truncation: usize,
    levels: &'static str,
    /// α \[radians\].
    angle: f64,
    /// Ω \[s⁻¹\].
    rotation: f64,
    days: u32,
}

impl Turn {
    /// What the run shows, and the error of the bell, which must be below `coarser`.
    fn run(&self, options: &Options, setting: &str, coarser: Option<f64>) -> Result<(Vec<Measurement>, f64)> {
        let mut configuration = Configuration::new(self.truncation, self.levels.parse()?)?;
        configuration.radius = RADIUS;
        configuration.rotation = self.rotation;
        configuration.gas_constant = GAS_CONSTANT;
        configuration.passive_tracers = 2;
        configuration.time_step = DAY / steps_per_day(self.truncation) as f64;
        // What damps would be measured, not the balance; the filter is that of the advection case.
        configuration.diffusion = None;
        configuration.filter = Filter { strength: 0.02, centring: 0.53 };
        let grid = configuration.grid.clone();
        let (angle, rotation) = (self.angle, self.rotation);
        let balance =
            SPEED * (SPEED + 2.0 * rotation * RADIUS * angle.cos()) / (2.0 * GAS_CONSTANT * TEMPERATURE);
        // The bell where the flow has carried it: by ωt about its axis, which is back to its start after 12 days.
        let turned = f64::from(self.days) / 12.0 * std::f64::consts::TAU;
        let state = State {
            ground: &|_, _| 0.0,
            surface_pressure: &|longitude, latitude| {
                let sine = latitude.sin() * angle.cos() - longitude.cos() * latitude.cos() * angle.sin();
                EQUATOR_PRESSURE * (-balance * sine * sine).exp()
            },
            air: &|longitude, latitude, _| {
                let (u, v) = rotation_wind(SPEED, angle, longitude, latitude);
                Air { u, v, temperature: TEMPERATURE, tracers: vec![bell(longitude, latitude), 1.0] }
            },
        };
        let mut model = start::<f64>(configuration, &state, options.device)?;
        let (before, first) = (model.grid_state()?, model.diagnostics()?);
        run_to_day(&mut model, self.days)?;
        let (after, last) = (model.grid_state()?, model.diagnostics()?);

        let largest = |now: &[f64], then: &[f64]| {
            now.iter().zip(then).fold(0.0_f64, |largest, (now, then)| {
                let change = (now - then).abs();
                if change.is_nan() || change > largest { change } else { largest }
            })
        };
        let basis = "an exact solution, whose terms the truncation resolves: round-off";
        let mut measurements = Vec::new();
        let mut steady = |name: &str, value: f64| {
            measurements.push(Measurement::at_most(name, setting, value, 1e-8, basis));
        };
        steady("largest change of u [m/s]", largest(&after.u, &before.u));
        steady("largest change of v [m/s]", largest(&after.v, &before.v));
        steady("largest change of temperature [K]", largest(&after.temperature, &before.temperature));
        let pressure = largest(&after.surface_pressure, &before.surface_pressure);
        steady("largest change of surface pressure [hPa]", pressure / 100.0);
        let (bells, constants) = after.tracers.split_at(before.tracers.len() / 2);
        let constant = constants.iter().fold(0.0_f64, |largest, value| largest.max((value - 1.0).abs()));
        steady("largest change of a tracer that is 1 everywhere", constant);

        let points = grid.points();
        let expected = crate::fields::on_grid::<f64>(&grid, |longitude, latitude| {
            let (longitude, latitude) = carried_back(longitude, latitude, angle, turned);
            bell(longitude, latitude)
        });
        let error = bells
            .chunks_exact(points)
            .map(|level| relative_error(&grid, level, &expected).root_mean_square)
            .fold(0.0_f64, f64::max);
        let name = "l2 error of the bell on its worst level";
        measurements.push(match coarser {
            Some(coarser) => {
                let basis = "must be below the next coarser truncation's";
                Measurement::at_most(name, setting, error, coarser, basis)
            }
            None => Measurement::information(name, setting, error, "the coarsest"),
        });
        let change = (last.tracer_mass[0] / first.tracer_mass[0] - 1.0).abs();
        measurements.push(Measurement::at_most(
            "relative change of the bell's mass",
            setting,
            change,
            1e-10,
            "the flow does not diverge: round-off",
        ));
        measurements.extend(budgets(setting, &first, &last, [1e-13, 1e-10]));
        Ok((measurements, error))
    }
}

/// Where the air at a place was before it turned by `turned` about the axis of the flow.
fn carried_back(longitude: f64, latitude: f64, angle: f64, turned: f64) -> (f64, f64) {
    let place = [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()];
    let axis = [-angle.sin(), 0.0, angle.cos()];
    // Rodrigues' formula, by −turned.
    let (sine, cosine) = (-turned).sin_cos();
    let along: f64 = axis.iter().zip(&place).map(|(axis, place)| axis * place).sum();
    let cross = [
        axis[1] * place[2] - axis[2] * place[1],
        axis[2] * place[0] - axis[0] * place[2],
        axis[0] * place[1] - axis[1] * place[0],
    ];
    let [x, y, z] = [0, 1, 2].map(|i| place[i] * cosine + cross[i] * sine + axis[i] * along * (1.0 - cosine));
    (y.atan2(x), z.clamp(-1.0, 1.0).asin())
}
