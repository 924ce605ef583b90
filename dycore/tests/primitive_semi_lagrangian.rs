//! The semi-Lagrangian scheme of the primitive equations.

mod primitive_common;

use primitive_common::{Fields, hills, model, on_grid, relative_difference, wavy_from};
use terrella_dycore::primitive::{Checkpoint, Configuration, Primitive, SemiLagrangian, TimeStepping};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;

fn advanced<R: Real>(model: &mut Primitive<R>, steps: u64) -> Checkpoint<R> {
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
    model.checkpoint().unwrap()
}

fn settings(truncation: usize, time_step: f64) -> Configuration {
    let mut configuration = Configuration::semi_lagrangian(truncation, "L19".parse().unwrap()).unwrap();
    configuration.time_step = time_step;
    configuration
}

/// The moist flow over hills with a passive tracer.
fn flow<R: Real>(time_step: f64, forced: bool) -> Primitive<R> {
    wavy_from(settings(21, time_step), Device::Cpu, forced)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

#[test]
fn isothermal_air_stays_at_rest_over_hills() {
    let temperature = 280.0;
    for grid in ["F24", "O24"] {
        let mut configuration = settings(21, 3_600.0);
        configuration.grid = grid.parse().unwrap();
        let fields = Fields {
            u: &|_, _, _| 0.0,
            v: &|_, _, _| 0.0,
            temperature: &|_, _, _| temperature,
            surface_pressure: &|_, _| 100_000.0,
            ground: &hills,
            tracers: &[],
        };
        let mut at_rest = model::<f64>(Device::Cpu, configuration.clone(), &fields);
        // ln p_s in balance with the ground as the model sees it.
        let mut state = at_rest.checkpoint().unwrap();
        let factor = -1.0 / (configuration.gas_constant * temperature);
        state.present[3] = at_rest.orography().to_vec().unwrap().iter().map(|value| value * factor).collect();
        at_rest.restore(&state).unwrap();
        advanced(&mut at_rest, 48);
        let wind = at_rest.diagnostics().unwrap().maximum_wind;
        println!("{grid}: largest wind after two days {wind:.1e} m/s");
        assert!(wind < 1e-8, "{grid}: {wind:e} m/s");
    }
}

#[test]
fn agrees_with_the_leapfrog_scheme() {
    let day = 86_400.0;
    let run = |mut model: Primitive<f64>| {
        let steps = (day / model.configuration().time_step).round() as u64;
        advanced(&mut model, steps).present
    };
    let eulerian = |time_step: f64| {
        let mut configuration = settings(21, time_step);
        configuration.time_stepping = TimeStepping::Leapfrog;
        configuration.grid = "F32".parse().unwrap();
        run(wavy_from(configuration, Device::Cpu, true))
    };
    let transported = |time_step: f64| {
        let mut configuration = settings(21, time_step);
        configuration.grid = "F32".parse().unwrap();
        run(wavy_from(configuration, Device::Cpu, true))
    };
    let reference = eulerian(300.0);
    for time_step in [900.0, 1_800.0, 3_600.0] {
        let got = transported(time_step);
        let differences: Vec<f64> =
            got.iter().zip(&reference).map(|(got, expected)| relative_difference(got, expected)).collect();
        println!("{time_step} s against leapfrog at 300 s: {differences:.4?}");
    }
    let other = eulerian(1_200.0);
    let differences: Vec<f64> =
        other.iter().zip(&reference).map(|(got, expected)| relative_difference(got, expected)).collect();
    println!("leapfrog at 1200 s: {differences:.4?}");
}

#[test]
fn mass_and_tracers_stay() {
    let mut model = flow::<f64>(3_600.0, false);
    let before = model.diagnostics().unwrap();
    advanced(&mut model, 24);
    let after = model.diagnostics().unwrap();
    let change = |before: f64, after: f64| (after / before - 1.0).abs();
    println!("{before:?}\n{after:?}");
    let mass = change(before.surface_pressure, after.surface_pressure);
    let tracers: Vec<f64> =
        before.tracer_mass.iter().zip(&after.tracer_mass).map(|(a, b)| change(*a, *b)).collect();
    println!(
        "mass {mass:.1e}, energy {:.1e}, tracers {tracers:?}",
        change(before.total_energy, after.total_energy)
    );
    assert!(mass < 1e-14, "mass {mass:e}");
    assert!(tracers.iter().all(|change| *change < 1e-13), "tracers {tracers:?}");
    let tracers = model.grid_state().unwrap().tracers;
    assert!(tracers.iter().all(|value| *value >= 0.0));
}
