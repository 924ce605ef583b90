//! Runs of the whole model: mass, energy, restarts, threads, precision.

use crate::common::{relative_difference, wavy, wavy_on};
use terrella_dycore::primitive::{Checkpoint, Primitive};
use terrella_kernels::Real;
use terrella_kernels::device::Device;

fn advanced<R: Real>(model: &mut Primitive<R>, steps: u64) -> Checkpoint<R> {
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
    model.checkpoint().unwrap()
}

#[test]
fn mass_stays_and_energy_and_tracers_nearly_do() {
    let mut model = wavy_on::<f64>(Device::Cpu, false);
    let before = model.diagnostics().unwrap();
    advanced(&mut model, 72);
    let after = model.diagnostics().unwrap();
    let change = |before: f64, after: f64| (after / before - 1.0).abs();
    let mass = change(before.surface_pressure, after.surface_pressure);
    let energy = change(before.total_energy, after.total_energy);
    let tracers: Vec<f64> =
        before.tracer_mass.iter().zip(&after.tracer_mass).map(|(a, b)| change(*a, *b)).collect();
    println!("relative change in a day: mass {mass:.1e}, energy {energy:.1e}, tracers {tracers:?}");
    assert!(mass < 1e-14, "mass {mass:e}");
    assert!(energy < 1e-5, "energy {energy:e}");
    assert!(tracers[0] < 2e-2 && tracers[1] < 1e-3, "tracers {tracers:?}");
    assert!(before.maximum_wind > 20.0 && after.maximum_wind < 100.0, "{before:?} {after:?}");
}

#[test]
fn without_the_shift_mass_drifts() {
    let drift = |conserve_mass| {
        let mut configuration = wavy::<f64>().configuration().clone();
        configuration.conserve_mass = conserve_mass;
        let state = wavy::<f64>();
        let mut model = Primitive::<f64>::new(configuration, Device::Cpu).unwrap();
        model.set_state(state.spectral_state()).unwrap();
        let before = model.diagnostics().unwrap().surface_pressure;
        advanced(&mut model, 36);
        (model.diagnostics().unwrap().surface_pressure / before - 1.0).abs()
    };
    let (free, held) = (drift(false), drift(true));
    println!("relative drift in half a day: {free:.1e} free, {held:.1e} held");
    assert!(held < 1e-14 && free > 10.0 * held, "{free:e} free, {held:e} held");
}

#[test]
fn a_constant_tracer_stays_constant() {
    let mut model = wavy::<f64>();
    let rows = 2 * model.coefficients();
    let levels = model.configuration().levels.count();
    let mut checkpoint = model.checkpoint().unwrap();
    for state in [&mut checkpoint.previous, &mut checkpoint.present] {
        for row in 0..rows {
            for level in 0..levels {
                state[4][(row * 2 + 1) * levels + level] = if row == 0 { 0.5 } else { 0.0 };
            }
        }
    }
    model.restore(&checkpoint).unwrap();
    advanced(&mut model, 20);
    let tracers = model.grid_state().unwrap().tracers;
    let second = &tracers[tracers.len() / 2..];
    assert!(second.iter().all(|value| (value - 0.5).abs() < 1e-14));
}

fn split_run_equals_whole_run<R: Real>() {
    let whole = advanced(&mut wavy::<R>(), 12);
    for split in [0, 1, 5] {
        let checkpoint = advanced(&mut wavy::<R>(), split);
        let mut resumed = wavy::<R>();
        advanced(&mut resumed, 3);
        resumed.restore(&checkpoint).unwrap();
        assert_eq!(resumed.step_count(), split);
        assert!(advanced(&mut resumed, 12 - split) == whole, "split after {split} steps");
    }
}

#[test]
fn split_run_equals_whole_run_bit_for_bit() {
    split_run_equals_whole_run::<f64>();
    split_run_equals_whole_run::<f32>();
}

#[test]
fn looking_at_the_state_does_not_change_the_run() {
    let whole = advanced(&mut wavy::<f64>(), 6);
    let mut watched = wavy::<f64>();
    watched
        .run::<terrella_dycore::Error>(6, |model| {
            model.set_timing(true);
            model.diagnostics().map(|_| ())
        })
        .unwrap();
    assert!(watched.checkpoint().unwrap() == whole);
    let times = watched.phase_times().unwrap();
    assert!(times.transform.as_nanos() > 0 && times.physics.as_nanos() == 0);
}

#[test]
fn thread_count_does_not_change_a_bit() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| advanced(&mut wavy::<f64>(), 8))
    };
    let one = run(1);
    for threads in [2, 3, 5] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

#[test]
fn single_precision_agrees_with_double() {
    let expected = advanced(&mut wavy::<f64>(), 36);
    let got = advanced(&mut wavy::<f32>(), 36);
    for (field, tolerance) in [(0, 2e-5), (1, 1e-3), (2, 2e-5), (3, 2e-5), (4, 2e-5)] {
        let difference = relative_difference(&got.present[field], &expected.present[field]);
        println!("field {field}: {difference:.1e}");
        assert!(difference < tolerance, "field {field}: {difference:e} after half a day");
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_and_changes_nothing() {
    let mut model = wavy::<f64>();
    let before = advanced(&mut model, 2);
    let refused = |model: &mut Primitive<f64>, change: &dyn Fn(&mut Checkpoint<f64>)| {
        let mut foreign = before.clone();
        change(&mut foreign);
        model.restore(&foreign).unwrap_err().to_string()
    };
    let message = refused(&mut model, &|foreign| foreign.time_step += 1.0);
    assert_eq!(message, "Checkpoint 'time_step' is 1201: this model needs 1200.");
    let message = refused(&mut model, &|foreign| foreign.a[3] += 1.0);
    assert!(message.starts_with("Checkpoint 'levels' is A = [0.0, 2000.0, "), "{message}");
    let message = refused(&mut model, &|foreign| foreign.columns = None);
    assert_eq!(message, "Checkpoint 'physics' is false: this model needs true.");
    let message = refused(&mut model, &|foreign| foreign.present[2][7] = f64::NAN);
    assert_eq!(message, "Field 'temperature' is NaN at index 7: expected finite values.");
    let message = refused(&mut model, &|foreign| foreign.previous[3].clear());
    assert_eq!(
        message,
        format!("'log_surface_pressure': expected {} values, got 0.", before.present[3].len())
    );
    assert!(model.checkpoint().unwrap() == before);
}
