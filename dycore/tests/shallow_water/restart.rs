//! A split run is the uninterrupted one, and threads do not matter.

use crate::common;
use terrella_dycore::shallow_water::{Checkpoint, Configuration, ShallowWater};
use terrella_kernels::Real;

fn advanced<R: Real>(model: &mut ShallowWater<R>, steps: u64) -> Checkpoint<R> {
    model.run::<terrella_dycore::Error>(steps, |_| Ok(())).unwrap();
    model.checkpoint().unwrap()
}

fn split_run_equals_whole_run<R: Real>() {
    let whole = advanced(&mut common::wavy::<R>(), 20);
    for split in [0, 1, 7] {
        let checkpoint = advanced(&mut common::wavy::<R>(), split);
        let mut resumed = common::wavy::<R>();
        advanced(&mut resumed, 3);
        resumed.restore(&checkpoint).unwrap();
        assert_eq!(resumed.step_count(), split);
        assert_eq!(advanced(&mut resumed, 20 - split), whole, "split after {split} steps");
    }
}

#[test]
fn split_run_equals_whole_run_bit_for_bit() {
    split_run_equals_whole_run::<f64>();
    split_run_equals_whole_run::<f32>();
}

#[test]
fn thread_count_does_not_change_a_bit() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| advanced(&mut common::wavy::<f64>(), 12))
    };
    let one = run(1);
    for threads in [2, 3, 5] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_and_changes_nothing() {
    let mut model = common::wavy::<f64>();
    let before = advanced(&mut model, 2);
    let mut foreign = before.clone();
    foreign.time_step += 1.0;
    let message = model.restore(&foreign).unwrap_err().to_string();
    assert!(message.starts_with("Checkpoint 'time_step' is "), "{message}");

    let mut foreign = before.clone();
    foreign.present[2].pop();
    let message = model.restore(&foreign).unwrap_err().to_string();
    let values = before.present[2].len();
    assert_eq!(message, format!("'geopotential': expected {values} values, got {}.", values - 1));

    let mut foreign = before.clone();
    foreign.previous[0][5] = f64::NAN;
    let message = model.restore(&foreign).unwrap_err().to_string();
    assert_eq!(message, "Field 'vorticity' is NaN at index 5: expected finite values.");
    assert_eq!(model.checkpoint().unwrap(), before);
    assert_eq!(Configuration::new(21).unwrap().truncation, before.truncation);
}
