//! How single precision departs from double: the baroclinic wave of Jablonowski & Williamson (2006) in f32 and f64, beside
//! an f64 run whose start differs from the other by rounding to f32 alone.
//!
//! A run in f32 errs in every step; the other differs only at the start. Where both distances grow alike, it is the
//! instability of the flow that carries them, and not the arithmetic.

use terrella_dycore::primitive::{Primitive, SpectralState};
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use crate::cases::jablonowski_2006::{SPREAD, model, viscosity};
use crate::primitive::{budgets, distance, log_surface_pressure, run_to_day, surface_pressure};
use crate::shallow_water::Spectrum;
use crate::{Case, Measurement, Options, Result};

/// The case.
pub const CASE: Case = Case {
    name: "single-precision",
    title: "Growth of the difference between single and double precision in a baroclinic wave, 10 days",
    source: "Jablonowski & Williamson (2006), Quart. J. Roy. Meteor. Soc. 132, 2943–2975, for the wave",
    truncations: &[42, 85],
    quick_truncations: &[15],
    run,
};

/// Surface pressure of the days, and the budgets of the run.
struct Run {
    pressure: Vec<Spectrum>,
    budgets: [Measurement; 2],
}

fn run(options: &Options) -> Result<Vec<Measurement>> {
    let is_quick = options.truncations.iter().all(|&truncation| truncation < 42);
    let days = if is_quick { 2 } else { 10 };
    let mut measurements = Vec::new();
    for &truncation in &options.truncations {
        let mut control = wave::<f64>(truncation, options)?;
        let grid = control.configuration().grid.clone();
        let mut rounded = wave::<f64>(truncation, options)?;
        let start = rounded_to_single(control.spectral_state())?;
        rounded.set_state(&start)?;
        let control = follow(&mut control, truncation, days, [1e-13, 1e-5])?;
        let rounded = follow(&mut rounded, truncation, days, [1e-13, 1e-5])?;
        let single = follow(&mut wave::<f32>(truncation, options)?, truncation, days, [1e-6, 1e-5])?;
        measurements.extend(single.budgets.clone());

        let mut growth = Vec::new();
        for day in 1..=days {
            let on_day = |run: &Run| surface_pressure(&run.pressure[day as usize - 1], 1e5, &grid);
            let exact = on_day(&control)?;
            let [of_single, of_start] = [&single, &rounded]
                .map(|run| on_day(run).map(|pressure| distance(&grid, &pressure, &exact) / 100.0));
            let (of_single, of_start) = (of_single?, of_start?);
            growth.push([of_single, of_start]);
            let setting = format!("T{truncation} L26, day {day}");
            measurements.push(Measurement::information(
                "l2 difference of surface pressure, rounded start in f64 [hPa]",
                &setting,
                of_start,
                "what the flow makes of a start rounded to f32",
            ));
            let name = "l2 difference of surface pressure, f32 from f64 [hPa]";
            let spread = SPREAD.iter().find(|(on, _)| *on == day).map(|(_, spread)| *spread);
            measurements.push(match spread {
                Some(spread) => Measurement::at_most(
                    name,
                    &setting,
                    of_single,
                    spread,
                    "the spread between the reference models of Jablonowski & Williamson (2006), as stored with E3SM's case",
                )
                .published(spread),
                None => Measurement::at_most(
                    name,
                    &setting,
                    of_single,
                    0.02,
                    "above this model's own, and far below the published spread, which starts with 0.118 hPa on day 7",
                ),
            });
        }
        if !is_quick {
            measurements.extend(growth_rates(truncation, &growth));
        }
    }
    Ok(measurements)
}

fn wave<R: Real>(truncation: usize, options: &Options) -> Result<Primitive<R>> {
    model(truncation, Some(viscosity(truncation)), true, options.device)
}

/// The state with every coefficient rounded to f32.
fn rounded_to_single(state: &SpectralState<f64>) -> Result<SpectralState<f64>> {
    let round = |values: &Buffer<f64>| -> Result<Buffer<f64>> {
        let rounded: Vec<f64> = values.to_vec()?.iter().map(|&value| f64::from(value as f32)).collect();
        Ok(Buffer::from_slice(values.device(), &rounded)?)
    };
    Ok(SpectralState {
        vorticity: round(&state.vorticity)?,
        divergence: round(&state.divergence)?,
        temperature: round(&state.temperature)?,
        log_surface_pressure: round(&state.log_surface_pressure)?,
        tracers: round(&state.tracers)?,
    })
}

fn follow<R: Real>(model: &mut Primitive<R>, truncation: usize, days: u32, limits: [f64; 2]) -> Result<Run> {
    let first = model.diagnostics()?;
    let mut pressure = Vec::new();
    for day in 1..=days {
        run_to_day(model, day)?;
        pressure.push(log_surface_pressure(model)?);
    }
    let precision = if size_of::<R>() == 4 { "f32" } else { "f64" };
    let setting = format!("T{truncation} L26 {precision}, day {days}");
    Ok(Run { pressure, budgets: budgets(&setting, &first, &model.diagnostics()?, limits) })
}

/// Factors per day by which the two differences grow from day 5 to day 10.
fn growth_rates(truncation: usize, growth: &[[f64; 2]]) -> Vec<Measurement> {
    let setting = format!("T{truncation} L26, days 5 to 10");
    let factor = |run: usize| (growth[9][run] / growth[4][run]).powf(1.0 / 5.0);
    vec![
        Measurement::at_most(
            "growth per day of the difference, f32 from f64 [factor]",
            &setting,
            factor(0),
            GROWTH,
            "above this model's own",
        ),
        Measurement::information(
            "growth per day of the difference, rounded start in f64 [factor]",
            &setting,
            factor(1),
            "for comparison",
        ),
        Measurement::information(
            "e-folding time of the difference, f32 from f64 [day]",
            &setting,
            1.0 / factor(0).ln(),
            "of the growth above",
        ),
    ]
}

/// Limit of the growth per day.
const GROWTH: f64 = 3.0;
