//! The driver with all its windows against the Kalman filter's equations, against each other, and with input that cannot be.

mod models;

use models::{Advection, Circle};

use super::*;
use crate::assimilation::covariance::{LocalisedEnsemble, MatrixRoot, Repeated, Sum, Uniform};
use crate::assimilation::minimisation::{Ending, RitzPreconditioner, gradient_test};
use crate::assimilation::quality::Huber;
use crate::assimilation::vectors::{add, norm};
use crate::assimilation::{
    Blocks, Composition, Diagonal, Ensemble, LinearOperator, Observations, adjoint_error,
};
use crate::{Error, Real, random};

const SIZE: usize = 40;

const TIGHT: OuterLoops = OuterLoops {
    most: 1,
    change: 0.0,
    inner: Ending::new(200, 1e-10),
    minimiser: Minimiser::Lanczos { pairs: 0 },
    norms: None,
};

/// A correlation that falls with the distance on a circle, times a variance.
fn covariance(variance: f64) -> Vec<f64> {
    let element = |i: usize, j: usize| {
        let distance = (i as f64 - j as f64).abs();
        variance * (-distance.min(SIZE as f64 - distance) / 3.0).exp()
    };
    (0..SIZE * SIZE).map(|place| element(place / SIZE, place % SIZE)).collect()
}

fn root(variance: f64) -> MatrixRoot<f64> {
    MatrixRoot::new(SIZE, &covariance(variance)).expect("positive definite")
}

fn noise(what: u32, count: usize) -> Vec<f64> {
    let mut noise = vec![0.0; count];
    random::normals(8, [what, 0, 0], &mut noise);
    noise
}

fn expect_near<R: Real>(ours: &[R], expected: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), expected.len());
    for (place, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        assert!((ours.to_f64() - expected).abs() < tolerance, "{place}: {ours}, expected {expected}");
    }
}

/// The Kalman filter's increment and covariance with observations h x, one row h each: by one observation after the other.
fn kalman(
    covariance: &[f64],
    rows: &[Vec<f64>],
    departures: &[f64],
    variances: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let size = covariance.len().isqrt();
    let mut covariance = covariance.to_vec();
    let mut increment = vec![0.0; size];
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for ((row, departure), variance) in rows.iter().zip(departures).zip(variances) {
        let gain: Vec<f64> = covariance.chunks(size).map(|line| dot(line, row)).collect();
        let total = dot(&gain, row) + variance;
        let innovation = departure - dot(row, &increment);
        for i in 0..size {
            increment[i] += gain[i] * innovation / total;
            for j in 0..size {
                covariance[i * size + j] -= gain[i] * gain[j] / total;
            }
        }
    }
    (increment, covariance)
}

/// The rows of a window's tangent.
fn rows(window: &mut impl Window<f64>) -> Vec<Vec<f64>> {
    (0..window.observation_count())
        .map(|observation| {
            let mut unit = vec![0.0; window.observation_count()];
            unit[observation] = 1.0;
            let mut row = vec![0.0; window.increment_len()];
            window.adjoint(&unit, &mut row).expect("lengths");
            row
        })
        .collect()
}

/// Every third variable at each of three times.
fn selection() -> Selection {
    let places = (0..3).map(|time| (time..SIZE).step_by(3).collect()).collect();
    Selection::new(SIZE, places).expect("places")
}

/// A background, and observations of a truth that is the background and noise.
struct Twin {
    background: Vec<f64>,
    values: Vec<f64>,
    variances: Vec<f64>,
}

impl Twin {
    fn new(window: &mut impl Window<f64>, error: f64) -> Self {
        let background: Vec<f64> =
            noise(1, window.state_len()).iter().enumerate().map(|(i, x)| 2.0 + (i % 5) as f64 + x).collect();
        let truth: Vec<f64> =
            background.iter().zip(noise(2, background.len())).map(|(b, x)| b + 3.0 * error * x).collect();
        let mut values = vec![0.0; window.observation_count()];
        window.trajectory(&truth, &mut values).expect("lengths");
        let noise = noise(3, values.len());
        values.iter_mut().zip(noise).for_each(|(value, x)| *value += error * x);
        let variances = vec![error * error; values.len()];
        Self { background, values, variances }
    }

    fn observations(&self) -> Observations<'_, f64> {
        Observations::new(&self.values, &self.variances).expect("observations")
    }

    fn analysis(
        &self,
        window: &mut impl Window<f64>,
        transform: &mut impl LinearOperator<f64>,
        settings: &OuterLoops,
    ) -> VariationalAnalysis<f64> {
        analyse_variationally(window, transform, &self.background, &self.observations(), settings)
            .expect("an analysis")
    }

    /// The Kalman filter's analysis by this window's tangent at the background.
    fn kalman(&self, window: &mut impl Window<f64>, covariance: &[f64]) -> Vec<f64> {
        let mut departures = vec![0.0; self.values.len()];
        window.trajectory(&self.background, &mut departures).expect("lengths");
        departures.iter_mut().zip(&self.values).for_each(|(d, y)| *d = y - *d);
        let (increment, _) = kalman(covariance, &rows(window), &departures, &self.variances);
        self.background.iter().zip(increment).map(|(b, x)| b + x).collect()
    }
}

fn window<M: Model<f64>>(model: M) -> ModelWindow<f64, M, Selection> {
    ModelWindow::new(model, selection(), vec![0, 2, 5]).expect("steps")
}

fn compare_with_the_kalman_filter(model: impl Model<f64>) {
    let mut window = window(model);
    let twin = Twin::new(&mut window, 0.1);
    let expected = twin.kalman(&mut window, &covariance(0.4));
    for minimiser in [
        Minimiser::Lanczos { pairs: 0 },
        Minimiser::ConjugateGradients,
        Minimiser::LimitedMemory { pairs: 10 },
    ] {
        let settings = OuterLoops { minimiser, ..TIGHT };
        expect_near(&twin.analysis(&mut window, &mut root(0.4), &settings).state, &expected, 1e-7);
    }
}

#[test]
fn quadratic_analyses_are_those_of_the_kalman_filter() {
    // 3D-Var, 3D-FGAT, and 4D-Var with a linear model.
    compare_with_the_kalman_filter(Persistence::new(SIZE));
    compare_with_the_kalman_filter(FirstGuess::new(Advection::new(SIZE)));
    compare_with_the_kalman_filter(Advection::new(SIZE));
}

#[test]
fn windows_have_their_adjoints_and_derivatives() {
    let mut window = window(Circle::new(SIZE));
    let twin = Twin::new(&mut window, 0.1);
    let count = window.observation_count();
    let (mut before, mut after, mut linear) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
    let direction = noise(5, SIZE);
    let mut errors = Vec::new();
    for step in [1e-2, 1e-3, 1e-4] {
        let mut there = twin.background.clone();
        add(&mut there, step, &direction);
        window.trajectory(&there, &mut after).expect("lengths");
        window.trajectory(&twin.background, &mut before).expect("lengths");
        window.tangent(&direction, &mut linear).expect("lengths");
        let rest: Vec<f64> = (0..count).map(|i| (after[i] - before[i]) / step - linear[i]).collect();
        errors.push(norm(&rest) / norm(&linear));
    }
    assert!(errors.windows(2).all(|pair| (9.0..11.0).contains(&(pair[0] / pair[1]))), "{errors:?}");
    assert!(adjoint_error(&mut Tangent(&mut window), 6).expect("lengths") < 1e-13);

    // The gradient of the incremental cost, with squares and with Huber norms.
    let norms = vec![Huber::new(-0.7, 1.1).expect("transitions"); count];
    let control = noise(7, SIZE);
    for norms in [None, Some(&norms[..])] {
        let mut root = root(0.4);
        let operator = Composition::new(&mut root, Tangent(&mut window)).expect("lengths");
        let mut cost = IncrementalCost::new(operator, &before, &twin.observations()).expect("lengths");
        if let Some(norms) = norms {
            cost = cost.with_norms(norms).expect("lengths");
        }
        let tests = gradient_test(|v, g| cost.evaluate(v, g), &control, &direction, &[1e-1, 1e-2, 1e-3]);
        let tests = tests.expect("a test");
        assert!(tests[1..].iter().all(|test| (test.order - 1.0).abs() < 0.1), "{tests:?}");
    }
}

#[test]
fn outer_loops_find_the_minimum_of_the_full_cost_with_half_the_iterations() {
    // Fewer observations than variables, so that most of the Hessian's eigenvalues are 1.
    let places = (0..3).map(|time| (time..SIZE).step_by(8).collect()).collect();
    let sparse = Selection::new(SIZE, places).expect("places");
    let mut window = ModelWindow::new(Circle::new(SIZE), sparse, vec![0, 2, 5]).expect("steps");
    let twin = Twin::new(&mut window, 0.02);
    let inner = Ending::new(100, 1e-7);
    let plain = OuterLoops { most: 8, change: 1e-6, inner, ..TIGHT };
    let learning = OuterLoops { minimiser: Minimiser::Lanczos { pairs: 40 }, ..plain };
    let [without, with] =
        [plain, learning].map(|settings| twin.analysis(&mut window, &mut root(0.4), &settings));
    for analysis in [&without, &with] {
        assert!(analysis.converged(), "{:?}", analysis.stop);
        assert!(analysis.cost < 0.2 * analysis.loops[0].cost);
        // v − Uᵀ M′ᵀ H′ᵀ R⁻¹ (y − H(M(x))) = 0 there.
        let mut unused = analysis.departures.of_analysis.clone();
        window.trajectory(&analysis.state, &mut unused).expect("lengths");
        let weighted: Vec<f64> =
            analysis.departures.of_analysis.iter().zip(&twin.variances).map(|(d, r)| d / r).collect();
        let (mut sensitivity, mut gradient) = (vec![0.0; SIZE], vec![0.0; SIZE]);
        window.adjoint(&weighted, &mut sensitivity).expect("lengths");
        root(0.4).apply_adjoint(&sensitivity, &mut gradient).expect("lengths");
        let size = norm(&gradient);
        add(&mut gradient, -1.0, &analysis.control);
        assert!(norm(&gradient) < 1e-3 * size, "{} {size}", norm(&gradient));
        assert!(norm(&analysis.departures.of_analysis) < 0.5 * norm(&analysis.departures.of_background));
    }
    expect_near(&with.state, &without.state, 1e-4);
    // The second loop and those after it.
    let iterations = |analysis: &VariationalAnalysis<f64>| -> Vec<usize> {
        analysis.loops.iter().map(|inner| inner.history.len() - 1).collect()
    };
    let (without, with) = (iterations(&without), iterations(&with));
    assert_eq!(with[0], without[0]);
    assert!(2 * with[1] <= without[1] && 2 * with[2] <= without[2], "{without:?} {with:?}");
}

#[test]
fn what_a_window_learnt_halves_the_iterations_of_the_next() {
    let places = (0..3).map(|time| (time..SIZE).step_by(8).collect()).collect();
    let sparse = Selection::new(SIZE, places).expect("places");
    let mut window = ModelWindow::new(Advection::new(SIZE), sparse, vec![0, 2, 5]).expect("steps");
    // Linear, so that windows have one Hessian and differ in their right-hand sides.
    let mut twin = Twin::new(&mut window, 0.02);
    // No two eigenvalues are equal: of those that are, a minimisation finds one vector.
    twin.variances.iter_mut().zip(1..).for_each(|(variance, number)| *variance *= f64::from(number));
    let settings =
        OuterLoops { inner: Ending::new(100, 1e-8), minimiser: Minimiser::Lanczos { pairs: 100 }, ..TIGHT };
    let before = twin.analysis(&mut window, &mut root(0.4), &settings);
    // The background is the forecast from the analysis; errors of the observations are others.
    let mut background = before.state.clone();
    Advection::new(SIZE).advance(0..5, &mut background).expect("steps");
    let mut values = vec![0.0; window.observation_count()];
    window.trajectory(&background, &mut values).expect("lengths");
    values.iter_mut().zip(noise(4, twin.values.len())).for_each(|(value, x)| *value += 0.1 * x);
    let next = Twin { background, values, variances: twin.variances.clone() };
    let settings = OuterLoops { inner: Ending::new(100, 1e-5), ..settings };
    let without = next.analysis(&mut window, &mut root(0.4), &settings);
    let known = before.preconditioner.clone();
    let with = analyse_variationally_knowing(
        &mut window,
        &mut root(0.4),
        &next.background,
        &next.observations(),
        &settings,
        known,
    )
    .expect("an analysis");
    let iterations = |of: &VariationalAnalysis<f64>| of.loops[0].history.len() - 1;
    assert_eq!(with.loops[0].history[0], without.loops[0].history[0]);
    assert!(2 * iterations(&with) <= iterations(&without), "{} {}", iterations(&without), iterations(&with));
    assert_eq!(with.preconditioner.pairs(), before.preconditioner.pairs() + iterations(&with));
    expect_near(&with.state, &without.state, 2e-2);
    let other = analyse_variationally_knowing(
        &mut window,
        &mut root(0.4),
        &next.background,
        &next.observations(),
        &settings,
        RitzPreconditioner::read(&[1.0; 8], 5).expect("a factor"),
    );
    assert!(matches!(other, Err(Error::LengthMismatch { .. })));
}

#[test]
fn increments_may_be_coarser_than_the_state() {
    // Pairs of variables: means to the inner resolution, copies back.
    let mean = models::PairMeans::new(SIZE);
    let coarse = Selection::new(
        SIZE / 2,
        (0..3).map(|time| (time..SIZE).step_by(3).map(|i| i / 2).collect()).collect(),
    );
    let inner = ModelWindow::new(Persistence::new(SIZE / 2), coarse.expect("places"), vec![0, 2, 5]);
    let outer = window(Circle::new(SIZE));
    let copy = models::PairCopies::new(SIZE);
    let mut both = MultiResolution::new(outer, inner.expect("steps"), mean, copy).expect("lengths");
    assert!(adjoint_error(&mut Tangent(&mut both), 3).expect("lengths") < 1e-13);
    let twin = Twin::new(&mut both, 0.1);
    let mut deviations = Diagonal::new(vec![0.3; SIZE / 2]);
    let analysis = twin.analysis(&mut both, &mut deviations, &OuterLoops { most: 3, ..TIGHT });
    assert!(analysis.cost < 0.9 * analysis.loops[0].cost);
    let increment: Vec<f64> = analysis.state.iter().zip(&twin.background).map(|(a, b)| a - b).collect();
    assert!(increment.chunks(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-12));
    assert!(
        MultiResolution::new(
            window(Persistence::new(SIZE)),
            window(Persistence::new(SIZE)),
            models::PairMeans::new(SIZE),
            Diagonal::new(vec![1.0; SIZE])
        )
        .is_err()
    );
}

#[test]
fn ensembles_of_trajectories_do_without_the_adjoint() {
    // With a linear model and no localisation, 4DEnVar is 4D-Var with the ensemble's covariance, and so is any hybrid of halves of that.
    let members = 12;
    let ensemble = Ensemble::new(members, noise(9, SIZE * members)).expect("an ensemble");
    let mut four = window(Advection::new(SIZE));
    let twin = Twin::new(&mut four, 0.2);
    let mut static_part = LocalisedEnsemble::new(&ensemble, Uniform::new(SIZE)).expect("lengths");
    let by_adjoint = twin.analysis(&mut four, &mut static_part, &TIGHT);
    let halves: Vec<(f64, Box<dyn LinearOperator<f64>>)> =
        vec![(0.5, Box::new(static_part.clone())), (0.5, Box::new(static_part))];
    let mut hybrid = Sum::new(halves).expect("lengths");
    let by_halves = twin.analysis(&mut four, &mut hybrid, &TIGHT);
    expect_near(&by_halves.state, &by_adjoint.state, 1e-7);

    let trajectory = |state: &[f64]| {
        let mut model = Advection::new(SIZE);
        let mut state = state.to_vec();
        let mut all = Vec::new();
        for steps in [0..0, 0..2, 2..5] {
            model.advance(steps, &mut state).expect("lengths");
            all.extend_from_slice(&state);
        }
        all
    };
    let mut state = vec![0.0; SIZE];
    let trajectories: Vec<Vec<f64>> = (0..members)
        .map(|member| {
            ensemble.read_member(member, &mut state).expect("a member");
            trajectory(&state)
        })
        .collect();
    let slices: Vec<&[f64]> = trajectories.iter().map(Vec::as_slice).collect();
    let trajectories = Ensemble::of_states(&slices).expect("states");
    let mut snapshots = Snapshots::new::<f64>(selection(), 3, SIZE);
    assert!(adjoint_error::<f64>(&mut Tangent(&mut snapshots), 1).expect("lengths") < 1e-13);
    let localisation = Repeated::new(Uniform::new(SIZE), 3);
    let mut transform = LocalisedEnsemble::new(&trajectories, localisation).expect("lengths");
    let background = trajectory(&twin.background);
    let analysis =
        analyse_variationally(&mut snapshots, &mut transform, &background, &twin.observations(), &TIGHT)
            .expect("an analysis");
    expect_near(&analysis.state[..SIZE], &by_adjoint.state, 1e-7);
}

#[test]
fn huber_norms_take_weight_from_outliers() {
    let mut window = window(Persistence::new(SIZE));
    let mut twin = Twin::new(&mut window, 0.1);
    let count = twin.values.len();
    let norms = vec![Huber::new(-1.5, 1.5).expect("transitions"); count];
    let with_norms = OuterLoops { most: 60, change: 1e-9, norms: Some(&norms), ..TIGHT };
    let limited = Minimiser::LimitedMemory { pairs: 10 };
    let settings = OuterLoops { minimiser: limited, most: 1, ..with_norms };
    let clean = twin.analysis(&mut window, &mut root(0.02), &settings).state;
    twin.values[4] += 5.0;
    twin.values[20] -= 5.0;
    let by_weights = twin.analysis(&mut window, &mut root(0.02), &with_norms);
    let by_norms = twin.analysis(&mut window, &mut root(0.02), &settings);
    let trusting = twin.analysis(&mut window, &mut root(0.02), &TIGHT).state;
    // The same minimum of the same convex cost.
    expect_near(&by_weights.state, &by_norms.state, 1e-5);
    let distance = |state: &[f64]| state.iter().zip(&clean).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(
        distance(&by_norms.state) < 0.2 * distance(&trusting),
        "{} {}",
        distance(&by_norms.state),
        distance(&trusting)
    );
}

#[test]
fn biases_are_found_where_other_observations_anchor_the_state() {
    // Everything is observed twice: without bias, and with a bias of 2 + 0.5 p.
    let places: Vec<usize> = (0..2 * SIZE).map(|i| i / 2).collect();
    let operator = Selection::new(SIZE, vec![places]).expect("places");
    let window = ModelWindow::new(Persistence::new(SIZE), operator, vec![0]).expect("steps");
    let groups = (0..2 * SIZE).map(|i| (i % 2 == 1).then_some(0)).collect();
    let of_predictor = noise(11, SIZE);
    let predictors: Vec<f64> = (0..2 * SIZE).flat_map(|i| [1.0, of_predictor[i / 2]]).collect();
    let predictors = BiasPredictors::new(1, groups, 2, predictors).expect("predictors");
    assert_eq!((predictors.counts(), predictors.parameter_count()), (vec![SIZE], 2));
    let truth = noise(12, SIZE);
    let noise = noise(13, 2 * SIZE);
    let values: Vec<f64> = (0..2 * SIZE)
        .map(|i| {
            truth[i / 2] + 0.1 * noise[i] + if i % 2 == 1 { 2.0 + 0.5 * of_predictor[i / 2] } else { 0.0 }
        })
        .collect();
    let variances = vec![0.01; 2 * SIZE];
    let observations = Observations::new(&values, &variances).expect("observations");
    let deviations = predictors.deviations(&observations, 1e-3).expect("deviations");
    assert!((deviations[0] - (0.01_f64 / 1e-3).sqrt()).abs() < 1e-12);
    let mut window = BiasCorrected::new(window, predictors).expect("lengths");
    assert!(adjoint_error(&mut Tangent(&mut window), 5).expect("lengths") < 1e-13);
    let mut transform = Blocks::new(vec![Box::new(root(1.0)), Box::new(Diagonal::new(vec![3.0, 3.0]))]);
    assert!(adjoint_error(&mut transform, 5).expect("lengths") < 1e-13);
    let background = vec![0.0; SIZE + 2];
    let analysis = analyse_variationally(&mut window, &mut transform, &background, &observations, &TIGHT);
    let analysis = analysis.expect("an analysis").state;
    // The standard error of a mean of 40 differences is 0.1 √2/√40.
    expect_near(&analysis[SIZE..], &[2.0, 0.5], 0.07);
    expect_near(&analysis[..SIZE], &truth, 0.4);
    assert!(BiasPredictors::new(1, vec![Some(1)], 1, vec![1.0]).is_err());
    assert!(BiasPredictors::new(1, vec![Some(0)], 1, vec![f64::NAN]).is_err());
}

#[test]
fn ensembles_of_analyses_have_the_analysis_errors_covariance() {
    let mut window = window(Persistence::new(SIZE));
    let twin = Twin::new(&mut window, 0.5);
    let members = 600;
    let drawn = Perturbations::Drawn { background: &twin.background, members };
    let draw = |perturbations: &Perturbations<f64>, window: &mut _| {
        let observations = twin.observations();
        ensemble_of_analyses(window, &mut root(0.4), perturbations, &observations, &TIGHT, 5, 1)
            .expect("analyses")
    };
    let ensemble = draw(&drawn, &mut window);
    let departures = vec![0.0; twin.values.len()];
    let (_, expected) = kalman(&covariance(0.4), &rows(&mut window), &departures, &twin.variances);
    let mut variance = vec![0.0; SIZE];
    ensemble.variance(&mut variance).expect("lengths");
    for (place, variance) in variance.iter().enumerate() {
        // Five standard errors of a variance of 600 members, √(2/599).
        let expected = expected[place * SIZE + place];
        assert!((variance / expected - 1.0).abs() < 0.29, "{place}: {variance}, expected {expected}");
    }
    let mut mean = vec![0.0; SIZE];
    ensemble.mean(&mut mean).expect("lengths");
    let single = twin.analysis(&mut window, &mut root(0.4), &TIGHT).state;
    expect_near(&mean, &single, 5.0 * (0.4_f64 / members as f64).sqrt());
    // Backgrounds that are given are used: without spread of their own, less is left.
    let alike: Vec<&[f64]> = vec![&twin.background; 50];
    let given = Ensemble::of_states(&alike).expect("states");
    let smaller = draw(&Perturbations::Given(&given), &mut window);
    let mut of_smaller = vec![0.0; SIZE];
    smaller.variance(&mut of_smaller).expect("lengths");
    assert!(of_smaller.iter().sum::<f64>() < 0.8 * variance.iter().sum::<f64>());
}

#[test]
fn single_precision_analyses_are_near() {
    let operator = selection();
    let mut double = window(Persistence::new(SIZE));
    let twin = Twin::new(&mut double, 0.1);
    let expected = twin.analysis(&mut double, &mut root(0.4), &TIGHT).state;
    let cast = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<f32>>();
    let mut window = ModelWindow::new(Persistence::new(SIZE), operator, vec![0, 2, 5]).expect("steps");
    let mut root = MatrixRoot::new(SIZE, &cast(&covariance(0.4))).expect("a root");
    let (values, variances) = (cast(&twin.values), cast(&twin.variances));
    let observations = Observations::new(&values, &variances).expect("observations");
    let inner = Ending::new(100, 1e-5);
    let settings = OuterLoops { inner, ..TIGHT };
    let analysis =
        analyse_variationally(&mut window, &mut root, &cast(&twin.background), &observations, &settings);
    expect_near(&analysis.expect("an analysis").state, &expected, 1e-3);
}

#[test]
fn impossible_input_is_refused_and_divergence_ends_with_the_best() {
    let mut window = window(Persistence::new(SIZE));
    let twin = Twin::new(&mut window, 0.1);
    let mut refused = |background: &[f64], settings: &OuterLoops| {
        let result =
            analyse_variationally(&mut window, &mut root(0.4), background, &twin.observations(), settings);
        result.map(|_| ()).expect_err("refused").to_string()
    };
    assert_eq!(refused(&[0.0; 3], &TIGHT), "'background': expected 40 values, got 3.");
    assert!(refused(&[f64::NAN; SIZE], &TIGHT).starts_with("'background' is NaN at element 0"));
    assert!(refused(&twin.background, &OuterLoops { most: 0, ..TIGHT }).contains("at least 1 outer loop"));
    assert!(
        refused(&twin.background, &OuterLoops { change: f64::NAN, ..TIGHT }).starts_with("'change' is NaN")
    );
    assert!(refused(&twin.background, &OuterLoops { norms: Some(&[]), ..TIGHT }).starts_with("'norms'"));
    assert!(
        ModelWindow::<f64, _, _>::new(Persistence::new(SIZE), selection(), vec![0, 2, 2])
            .is_err_and(|error| { matches!(error, Error::InvalidValue { name: "steps", .. }) })
    );
    assert!(Selection::new(3, vec![vec![3]]).is_err());
    // A model that blows up away from the background.
    let mut fragile =
        ModelWindow::new(models::Fragile::new(SIZE, &twin.background), selection(), vec![0, 2, 5]);
    let fragile = fragile.as_mut().expect("steps");
    let analysis = twin.analysis(fragile, &mut root(0.4), &TIGHT);
    assert_eq!(analysis.stop, OuterStop::NotFinite);
    assert_eq!(analysis.state, twin.background);
}
