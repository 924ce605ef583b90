//! Trajectories of small models.

use super::*;

/// x ← 3x + number, in wrapping integers held as f64.
fn step(_: &mut (), state: &mut [f64], number: usize) -> Result<()> {
    state[0] = (3.0 * state[0] + number as f64) % 1_048_576.0;
    state[1] = number as f64 + 1.0;
    Ok(())
}

#[test]
fn all_budgets_give_the_same_states_in_the_fewest_steps() {
    for steps in [1, 2, 5, 17, 40] {
        let mut states = vec![[7.0, 0.0]];
        for number in 0..steps {
            let mut next = states[number];
            step(&mut (), &mut next, number).expect("a step");
            states.push(next);
        }
        for room in 2..steps + 4 {
            let mut trajectory = Trajectory::new(2, steps, 16 * room + 15).expect("room");
            assert_eq!(trajectory.checkpoints(), (room - 1).min(steps));
            assert!(trajectory.kept.len() + trajectory.state.len() <= 2 * room);
            let check = |_: &mut (), state: &[f64], number: usize| {
                assert_eq!(state, states[number]);
                Ok::<_, Error>(())
            };
            let mut visited = Vec::new();
            trajectory
                .run(&[7.0, 0.0], &mut (), step, |context, state, number| {
                    visited.push(number);
                    check(context, state, number)
                })
                .expect("a run");
            assert_eq!(trajectory.steps_taken(), steps);
            let expected: Vec<usize> = (0..=steps).chain((0..steps).rev()).collect();
            trajectory
                .backward(&mut (), step, |context, state, number| {
                    visited.push(number);
                    check(context, state, number)
                })
                .expect("a sweep");
            assert_eq!(visited, expected);
            let taken = trajectory.steps_taken() - steps;
            assert_eq!(taken, trajectory.recomputed_steps(), "{steps} steps, room for {room}");
            assert_eq!(taken == 0, trajectory.keeps_all());
            // Further sweeps, as the iterations of a minimisation make them.
            for _ in 0..2 {
                trajectory.forward(&mut (), step, check).expect("a sweep");
                trajectory.backward(&mut (), step, check).expect("a sweep");
                trajectory.backward(&mut (), step, check).expect("a sweep");
            }
            assert!(trajectory.keeps_all() == (trajectory.steps_taken() == steps));
        }
    }
}

#[test]
fn the_documented_numbers_of_steps_are_right() {
    for (steps, share) in [(50, 0.8), (250, 1.7), (1000, 2.6)] {
        let trajectory = Trajectory::<f32>::new(3, steps, 12 * 11).expect("room");
        assert_eq!(trajectory.checkpoints(), 10);
        let taken = trajectory.recomputed_steps() as f64 / steps as f64;
        assert!((taken - share).abs() < 0.05, "{taken}");
    }
}

#[test]
fn too_little_memory_and_failing_steps_are_told() {
    let error = Trajectory::<f64>::new(10, 5, 159).expect_err("refused").to_string();
    assert!(error.contains("159") && error.contains("160"), "{error}");
    assert!(Trajectory::<f64>::new(10, 0, 1_000).is_err());
    let mut trajectory = Trajectory::<f64>::new(2, 6, 48).expect("room");
    let nothing = |_: &mut (), _: &[f64], _: usize| Ok::<_, Error>(());
    assert!(trajectory.run(&[1.0], &mut (), step, nothing).is_err());
    let fails = |_: &mut (), _: &mut [f64], number: usize| {
        if number < 3 {
            return Ok(());
        }
        let (got, expected) = ("NaN".to_owned(), "a number".to_owned());
        Err(Error::InvalidValue { name: "x", got, expected })
    };
    assert!(trajectory.run(&[1.0, 0.0], &mut (), fails, nothing).is_err());
    // A later run is not touched by it.
    trajectory.run(&[1.0, 0.0], &mut (), step, nothing).expect("a run");
    let mut last = -1.0;
    trajectory
        .backward(&mut (), step, |_, state, _| {
            last = state[1];
            Ok::<_, Error>(())
        })
        .expect("a sweep");
    assert_eq!(last, 0.0);
}
