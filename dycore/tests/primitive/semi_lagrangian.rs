//! The semi-Lagrangian scheme of the primitive equations.

use crate::common::{Fields, hills, model, relative_difference, wavy_from};
use crate::devices;
use terrella_dycore::primitive::{Checkpoint, Configuration, Primitive, SemiLagrangian, TimeStepping};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

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

#[test]
fn isothermal_air_stays_at_rest_over_hills() {
    let temperature = 280.0;
    for grid in ["F24", "O22"] {
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

/// Relative differences of ζ, D, T′, ln(p_s/p_r) and tracers after half a day.
fn differences(got: &[Vec<f64>; 5], expected: &[Vec<f64>; 5]) -> [f64; 5] {
    std::array::from_fn(|field| relative_difference(&got[field], &expected[field]))
}

#[test]
fn agrees_with_the_leapfrog_scheme() {
    let run = |time_stepping: TimeStepping, time_step: f64| {
        let mut configuration = settings(21, time_step);
        configuration.grid = "F32".parse().unwrap();
        configuration.time_stepping = time_stepping;
        let steps = (43_200.0 / time_step).round() as u64;
        advanced(&mut wavy_from::<f64>(configuration, Device::Cpu, true), steps).present
    };
    let transported = TimeStepping::SemiLagrangian(SemiLagrangian::default());
    let reference = run(TimeStepping::Leapfrog, 300.0);
    let short = differences(&run(transported, 600.0), &reference);
    let long = differences(&run(transported, 2_400.0), &reference);
    println!("600 s: {short:.4?}, 2400 s: {long:.4?}");
    // The flow starts out of balance: how its gravity waves run depends on the step. Tracers differ by the leapfrog scheme's
    // diffusion and by the limiter.
    assert!(short.iter().zip([0.02, 0.06, 0.003, 0.01, 0.02]).all(|(got, limit)| *got < limit), "{short:?}");
    assert!(long[0] < 0.12 && long[2] < 0.006 && long[3] < 0.06, "{long:?}");
    assert!(short[0] < long[0] && short[1] < long[1] && short[3] < long[3], "{short:?} {long:?}");
}

#[test]
fn mass_and_tracers_stay() {
    let mut model = flow::<f64>(3_600.0, false);
    let before = model.diagnostics().unwrap();
    advanced(&mut model, 24);
    let after = model.diagnostics().unwrap();
    let change = |before: f64, after: f64| (after / before - 1.0).abs();
    let mass = change(before.surface_pressure, after.surface_pressure);
    let energy = change(before.total_energy, after.total_energy);
    let tracers: Vec<f64> =
        before.tracer_mass.iter().zip(&after.tracer_mass).map(|(a, b)| change(*a, *b)).collect();
    println!("relative change in a day: mass {mass:.1e}, energy {energy:.1e}, tracers {tracers:?}");
    assert!(mass < 1e-14, "mass {mass:e}");
    assert!(energy < 2e-4, "energy {energy:e}");
    assert!(tracers.iter().all(|change| *change < 1e-13), "tracers {tracers:?}");
    let grid = model.grid_state().unwrap();
    assert!(grid.tracers.iter().all(|value| *value >= 0.0));
}

#[test]
fn without_the_fixer_tracer_mass_drifts() {
    let drift = |conserve_tracers: bool| {
        let mut configuration = settings(21, 3_600.0);
        let scheme = SemiLagrangian { conserve_tracers, ..SemiLagrangian::default() };
        configuration.time_stepping = TimeStepping::SemiLagrangian(scheme);
        let mut model = wavy_from::<f64>(configuration, Device::Cpu, false);
        let before = model.diagnostics().unwrap().tracer_mass[0];
        advanced(&mut model, 12);
        (model.diagnostics().unwrap().tracer_mass[0] / before - 1.0).abs()
    };
    let (free, held) = (drift(false), drift(true));
    println!("relative drift in half a day: {free:.1e} free, {held:.1e} held");
    assert!(held < 1e-13 && free > 1e-6, "{free:e} free, {held:e} held");
}

/// A westerly flow in solid rotation on top of `speed` at the equator \[m s⁻¹\], in balance with ln p_s, and a wave of ±1 K.
fn strong_westerlies(mut configuration: Configuration, speed: f64) -> Primitive<f64> {
    configuration.passive_tracers = 1;
    let temperature = 300.0;
    let slope = (configuration.radius * configuration.rotation * speed + 0.5 * speed * speed)
        / (configuration.gas_constant * temperature);
    let fields = Fields {
        u: &|_, _, latitude| speed * latitude.cos(),
        v: &|_, _, _| 0.0,
        temperature: &|_, longitude, latitude| temperature + latitude.cos().powi(4) * (4.0 * longitude).cos(),
        surface_pressure: &|_, latitude| 100_000.0 * (-slope * latitude.sin().powi(2)).exp(),
        ground: &|_, _| 0.0,
        tracers: &[&|_, longitude, latitude| 1.0 + latitude.cos().powi(4) * (4.0 * longitude).cos()],
    };
    model(Device::Cpu, configuration, &fields)
}

#[test]
fn a_courant_number_above_five_is_stable() {
    let mut configuration = settings(42, 7_200.0);
    configuration.levels = "sigma8".parse().unwrap();
    let speed = 140.0;
    let mut model = strong_westerlies(configuration.clone(), speed);
    let spacing = std::f64::consts::TAU * configuration.radius / configuration.grid.longest_ring() as f64;
    let (by_spacing, by_wave) =
        (speed * configuration.time_step / spacing, model.diagnostics().unwrap().courant_number);
    advanced(&mut model, 120);
    let after = model.diagnostics().unwrap();
    println!("ten days at {by_spacing:.1} spacings, {by_wave:.1} by the leapfrog scheme's limit: {after:?}");
    assert!(by_wave > 5.0, "{by_wave}");
    assert!((after.maximum_wind / speed - 1.0).abs() < 0.1, "{after:?}");
    assert!(after.surface_pressure_range[0] > 40_000.0 && after.temperature_range[0] > 285.0, "{after:?}");

    let mut eulerian = configuration;
    eulerian.time_stepping = TimeStepping::Leapfrog;
    eulerian.grid = "F32".parse().unwrap();
    eulerian.watch_interval = 1;
    let outcome = strong_westerlies(eulerian, speed).run::<terrella_dycore::Error>(120, |_| Ok(()));
    assert!(outcome.is_err(), "the leapfrog scheme does not survive this step");
}

#[test]
fn a_wave_moves_with_the_wind() {
    // Without rotation and gravity waves of its own, a tracer in a uniform rotation of the air just turns with it.
    let mut configuration = settings(21, 3_600.0);
    configuration.levels = "sigma4".parse().unwrap();
    configuration.rotation = 0.0;
    let speed = std::f64::consts::TAU * configuration.radius / (48.0 * 3_600.0);
    let mut model = strong_westerlies(configuration, speed);
    let before = model.grid_state().unwrap().tracers;
    advanced(&mut model, 12);
    // The wave of four periods is back after a quarter of the way round.
    let after = model.grid_state().unwrap().tracers;
    let difference = relative_difference(&after, &before);
    println!("after 12 steps: {difference:.4}");
    assert!(difference < 0.03, "{difference}");
}

fn split_run_equals_whole_run<R: Real>() {
    let whole = advanced(&mut flow::<R>(3_600.0, true), 6);
    for split in [0, 1, 3] {
        let checkpoint = advanced(&mut flow::<R>(3_600.0, true), split);
        let mut resumed = flow::<R>(3_600.0, true);
        advanced(&mut resumed, 2);
        resumed.restore(&checkpoint).unwrap();
        assert_eq!(resumed.step_count(), split);
        assert!(advanced(&mut resumed, 6 - split) == whole, "split after {split} steps");
    }
}

#[test]
fn split_run_equals_whole_run_bit_for_bit() {
    split_run_equals_whole_run::<f64>();
    split_run_equals_whole_run::<f32>();
}

#[test]
fn looking_at_the_state_does_not_change_the_run() {
    let whole = advanced(&mut flow::<f64>(3_600.0, false), 4);
    let mut watched = flow::<f64>(3_600.0, false);
    watched.set_timing(true);
    watched.run::<terrella_dycore::Error>(4, |model| model.diagnostics().map(|_| ())).unwrap();
    assert!(watched.checkpoint().unwrap() == whole);
    let times = watched.phase_times().unwrap();
    assert!(times.transport.as_nanos() > 0 && times.physics.as_nanos() == 0);
}

#[test]
fn thread_count_does_not_change_a_bit() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| advanced(&mut flow::<f32>(3_600.0, true), 4))
    };
    let one = run(1);
    for threads in [2, 5] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let expected = advanced(&mut flow::<f64>(3_600.0, true), 12);
    let got = advanced(&mut flow::<f32>(3_600.0, true), 12);
    for (field, tolerance) in [(0, 1e-3), (1, 5e-3), (2, 1e-4), (3, 1e-3), (4, 1e-3)] {
        let difference = relative_difference(&got.present[field], &expected.present[field]);
        println!("field {field}: {difference:.1e}");
        assert!(difference < tolerance, "field {field}: {difference:e}");
    }
}

#[test]
fn a_checkpoint_of_the_other_scheme_is_refused() {
    let checkpoint = advanced(&mut flow::<f64>(1_200.0, true), 1);
    let mut configuration = settings(21, 1_200.0);
    configuration.time_stepping = TimeStepping::Leapfrog;
    let mut other = wavy_from::<f64>(configuration, Device::Cpu, true);
    let error = other.restore(&checkpoint).unwrap_err().to_string();
    assert!(error.contains("vorticity"), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let refused = |change: &dyn Fn(&mut Configuration, &mut SemiLagrangian), expected: &str| {
        let mut configuration = settings(10, 3_600.0);
        let mut scheme = SemiLagrangian::default();
        change(&mut configuration, &mut scheme);
        configuration.time_stepping = TimeStepping::SemiLagrangian(scheme);
        let error = Primitive::<f64>::new(configuration, Device::Cpu).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refused(&|_, scheme| scheme.iterations = 0, "iterations");
    refused(&|_, scheme| scheme.orographic_temperature = f64::NAN, "orographic_temperature");
    refused(&|configuration, _| configuration.levels = "sigma1".parse().unwrap(), "levels");
    refused(&|configuration, _| configuration.grid = "r36x19".parse().unwrap(), "grid");
}

#[test]
fn gpus_agree_with_the_cpu() {
    fn state<R: Real>(device: Device) -> [Vec<R>; 5] {
        let mut model = wavy_from::<R>(settings(10, 3_600.0), device, true);
        model.run::<terrella_dycore::Error>(3, |_| Ok(())).unwrap();
        model.checkpoint().unwrap().present
    }
    let expected = state::<f64>(Device::Cpu);
    for device in devices::gpus() {
        for (field, (got, expected)) in state::<f64>(device).iter().zip(&expected).enumerate() {
            let difference = relative_difference(got, expected);
            println!("{device} f64, field {field}: {difference:.1e}");
            assert!(difference < 1e-9, "{device}, field {field}: {difference:e}");
        }
        for (field, (got, expected)) in state::<f32>(device).iter().zip(&expected).enumerate() {
            let difference = relative_difference(got, expected);
            println!("{device} f32, field {field}: {difference:.1e}");
            assert!(difference < 2e-3, "{device}, field {field}: {difference:e}");
        }
    }
}
