//! The iterative smoother: linear models, where it is a filter; a cubic one, whose maximum is known; and what does not converge.

use terrella_kernels::assimilation::iterative::{Linearization, Smoother, Stop};
use terrella_kernels::assimilation::{Ensemble, Observations, Scheme};
use terrella_kernels::{Error, Real, Result};

use crate::{MEMBERS, OBSERVATIONS, Problem, expect_near, moments};

const LINEARIZATIONS: [Linearization; 2] = [Linearization::Transform, Linearization::Bundle(1e-3)];

/// The observations of `Problem`: sums of two variables.
fn observe<R: Real>(states: &Ensemble<R>, equivalents: &mut Ensemble<R>) {
    for (place, value) in equivalents.values_mut().iter_mut().enumerate() {
        let (observation, member) = (place / MEMBERS, place % MEMBERS);
        let of = |variable: usize| states.values()[variable * MEMBERS + member];
        *value = of(2 * observation) + R::from_f64(0.5) * of(2 * observation + 1);
    }
}

fn smooth<R: Real>(smoother: &Smoother) -> (Ensemble<R>, Vec<f64>, Stop) {
    let problem = Problem::<R>::new();
    let mut ensemble = problem.forecast.clone();
    let smoothing = smoother
        .smooth(&mut ensemble, &problem.observations(), |states, equivalents| {
            observe(states, equivalents);
            Result::Ok(())
        })
        .expect("an analysis");
    assert_eq!(smoothing.taken, smoothing.history.len());
    let increments = smoothing.history.iter().map(|iteration| iteration.increment).collect();
    (ensemble, increments, smoothing.stop)
}

fn of_f64<R: Real>(ensemble: &Ensemble<R>) -> Vec<f64> {
    ensemble.values().iter().map(|value| value.to_f64()).collect()
}

#[test]
fn linear_models_are_smoothed_in_one_iteration_to_the_square_root() {
    for linearization in LINEARIZATIONS {
        let smoother = Smoother { linearization, tolerance: 1e-6, ..Smoother::default() };
        let (ours, increments, stop) = smooth::<f64>(&smoother);
        // The second iteration finds nothing to do; a bundle of 10⁻³ loses three digits.
        assert_eq!((increments.len(), stop), (2, Stop::Converged), "{increments:?}");
        let expected = Problem::<f64>::new().analysis(&Scheme::SquareRoot);
        expect_near(ours.values(), expected.values(), 1e-8, &format!("{linearization:?}"));
    }
    let (ours, ..) = smooth::<f32>(&Smoother::default());
    let expected = Problem::<f64>::new().analysis(&Scheme::SquareRoot);
    expect_near(&of_f64(&ours), expected.values(), 1e-4, "f32");
}

#[test]
fn the_finite_size_prior_is_that_of_its_dual_filter() {
    for linearization in LINEARIZATIONS {
        for certainty in [1.0, 2.0] {
            let smoother =
                Smoother { linearization, certainty: Some(certainty), tolerance: 1e-9, iterations: 60 };
            let (ours, _, stop) = smooth::<f64>(&smoother);
            assert_eq!(stop, Stop::Converged);
            let expected = Problem::<f64>::new().analysis(&Scheme::FiniteSize { certainty });
            expect_near(ours.values(), expected.values(), 1e-7, &format!("{linearization:?} {certainty}"));
        }
    }
}

/// One variable through x³/3, observed as 9 with variance r.
fn cubic(
    smoother: &Smoother,
    variance: f64,
) -> (Ensemble<f64>, terrella_kernels::assimilation::iterative::Smoothing) {
    let mut ensemble = Ensemble::new(5, vec![1.6, 1.8, 2.0, 2.2, 2.4]).expect("an ensemble");
    let variances = [variance];
    let observations = Observations::new(&[9.0], &variances).expect("observations");
    let smoothing = smoother
        .smooth(&mut ensemble, &observations, |states, equivalents| {
            let pairs = equivalents.values_mut().iter_mut().zip(states.values());
            pairs.for_each(|(equivalent, x)| *equivalent = x * x * x / 3.0);
            Result::Ok(())
        })
        .expect("an analysis");
    (ensemble, smoothing)
}

#[test]
fn a_cubic_models_maximum_is_found() {
    let smoother = Smoother {
        linearization: Linearization::Bundle(1e-5),
        tolerance: 1e-9,
        iterations: 50,
        ..Smoother::default()
    };
    let (ensemble, smoothing) = cubic(&smoother, 0.5);
    assert_eq!(smoothing.stop, Stop::Converged);
    let cost = |x: f64| (x - 2.0).powi(2) / 0.2 + (9.0 - x.powi(3) / 3.0).powi(2);
    let (mut low, mut high) = (2.0_f64, 3.0_f64);
    for _ in 0..200 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if cost(a) < cost(b) { high = b } else { low = a }
    }
    let (mean, covariance) = moments(&ensemble);
    assert!((mean[0] - low).abs() < 1e-6, "{} {low}", mean[0]);
    // 1/(1/P + F'²/r), Gauss and Newton's second derivative.
    let expected = 1.0 / (10.0 + low.powi(4) / 0.5);
    assert!((covariance[0][0] / expected - 1.0).abs() < 1e-4, "{covariance:?} {expected}");
    let costs: Vec<f64> = smoothing.history.iter().map(|iteration| iteration.cost).collect();
    let last = costs.last().expect("iterations");
    assert!((last / cost(low) - 1.0).abs() < 1e-6 && costs[0] > 2.0 * last, "{costs:?}");
}

#[test]
fn what_does_not_converge_returns_the_best_iterate_and_says_so() {
    let smoother = Smoother {
        linearization: Linearization::Bundle(1e-5),
        iterations: 3,
        tolerance: 1e-12,
        certainty: None,
    };
    // A first increment that goes far beyond.
    let (ensemble, smoothing) = cubic(&smoother, 1e-4);
    assert_eq!((smoothing.stop, smoothing.history.len()), (Stop::IterationLimit, 3));
    let costs: Vec<f64> = smoothing.history.iter().map(|iteration| iteration.cost).collect();
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(costs[smoothing.taken], least);
    let mean = moments(&ensemble).0[0];
    let of_mean = (mean - 2.0).powi(2) / 0.2 + (9.0 - mean.powi(3) / 3.0).powi(2) / 2e-4;
    assert!((of_mean / least - 1.0).abs() < 1e-3, "{of_mean} {least}");
}

#[test]
fn a_model_that_fails_leaves_the_best_iterate_or_the_ensemble() {
    let problem = Problem::<f64>::new();
    let observations = problem.observations();
    let smoother = Smoother { tolerance: 1e-12, ..Smoother::default() };
    // NaN from the run of this number on.
    let run = |bad: usize| {
        let (mut ensemble, mut runs) = (problem.forecast.clone(), 0);
        let result = smoother.smooth(&mut ensemble, &observations, |states, equivalents| {
            observe(states, equivalents);
            if runs >= bad {
                equivalents.values_mut()[OBSERVATIONS] = f64::NAN;
            }
            runs += 1;
            Result::Ok(())
        });
        (ensemble, result)
    };
    let (ensemble, result) = run(1);
    let smoothing = result.expect("an analysis");
    assert_eq!((smoothing.stop, smoothing.history.len(), smoothing.taken), (Stop::NotFinite, 1, 0));
    let (before, after) = (moments(&problem.forecast), moments(&ensemble));
    expect_near(&after.0, &before.0, 1e-12, "mean");
    assert!(after.1[0][0] < before.1[0][0]);
    let (ensemble, result) = run(0);
    assert_eq!(ensemble, problem.forecast);
    let text = result.expect_err("refused").to_string();
    assert_eq!(text, "'equivalents' is NaN at observation 0, member 5: expected finite numbers.");

    #[derive(Debug)]
    struct OfModel(&'static str);
    impl From<Error> for OfModel {
        fn from(_: Error) -> Self {
            Self("a kernel's")
        }
    }
    let mut ensemble = problem.forecast.clone();
    let error = smoother.smooth(&mut ensemble, &observations, |_, _| Err(OfModel("the model's")));
    assert_eq!((error.expect_err("refused").0, ensemble), ("the model's", problem.forecast.clone()));
}

#[test]
fn impossible_settings_are_refused() {
    let problem = Problem::<f64>::new();
    let text = |smoother: Smoother| {
        let mut ensemble = problem.forecast.clone();
        let error = smoother.smooth(&mut ensemble, &problem.observations(), |_, _| Result::Ok(()));
        error.expect_err("refused").to_string()
    };
    let usual = Smoother::default();
    assert_eq!(text(Smoother { iterations: 0, ..usual }), "'iterations' is 0: expected at least 1.");
    let share = Smoother { linearization: Linearization::Bundle(0.0), ..usual };
    assert_eq!(text(share), "'share' is 0: expected a finite number above 0.");
    let certainty = Smoother { certainty: Some(-1.0), ..usual };
    assert_eq!(text(certainty), "'certainty' is -1: expected a finite number above 0.");
    let tolerance = Smoother { tolerance: f64::NAN, ..usual };
    assert_eq!(text(tolerance), "'tolerance' is NaN: expected a finite number above 0.");
    // Equivalents that are all 0.
    assert!(text(usual).starts_with("The ensemble has collapsed"));
}
