//! Analyses against the Kalman filter's equations, against each other, and with input that cannot be.

#[path = "../devices/mod.rs"]
mod devices;

mod device;
mod iterative;
mod operators;
mod particles;

use terrella_kernels::assimilation::localization::{Cells, Near, Taper};
use terrella_kernels::assimilation::{
    Ensemble, Observations, Scheme, analyse, analyse_locally, analyse_locally_inflated, analyse_serially,
    analyse_tapered, inflation, symmetric,
};
use terrella_kernels::{Real, Result, random};

const DETERMINISTIC: [Scheme; 4] =
    [Scheme::SquareRoot, Scheme::ErrorSubspace, Scheme::Deterministic, Scheme::FiniteSize { certainty: 1.0 }];
const VARIABLES: usize = 11;
const MEMBERS: usize = 9;
const OBSERVATIONS: usize = 5;

/// An ensemble whose variables are correlated, the equivalents of observations that are sums of two variables each, and the observations.
struct Problem<R> {
    forecast: Ensemble<R>,
    equivalents: Ensemble<R>,
    values: Vec<R>,
    variances: Vec<R>,
}

impl<R: Real> Problem<R> {
    fn new() -> Self {
        let mut noise = vec![0.0_f64; VARIABLES * MEMBERS];
        random::normals(11, [0; 3], &mut noise);
        let row = |i: usize| &noise[i % VARIABLES * MEMBERS..][..MEMBERS];
        let values: Vec<f64> = (0..VARIABLES)
            .flat_map(|i| row(i).iter().zip(row(i + 1)).map(move |(a, b)| 3.0 + i as f64 + a + 0.7 * b))
            .collect();
        let of = |i: usize| &values[i * MEMBERS..(i + 1) * MEMBERS];
        let equivalents: Vec<f64> = (0..OBSERVATIONS)
            .flat_map(|p| of(2 * p).iter().zip(of(2 * p + 1)).map(|(a, b)| a + 0.5 * b))
            .collect();
        let cast = |values: Vec<f64>| values.into_iter().map(R::from_f64).collect::<Vec<R>>();
        Self {
            forecast: Ensemble::new(MEMBERS, cast(values)).expect("an ensemble"),
            equivalents: Ensemble::new(MEMBERS, cast(equivalents)).expect("an ensemble"),
            values: (0..OBSERVATIONS).map(|p| R::from_f64(4.0 + 3.1 * p as f64)).collect(),
            variances: (0..OBSERVATIONS).map(|p| R::from_f64(0.5 + 0.25 * p as f64)).collect(),
        }
    }

    fn observations(&self) -> Observations<'_, R> {
        Observations::new(&self.values, &self.variances).expect("observations")
    }

    fn analysis(&self, scheme: &Scheme) -> Ensemble<R> {
        let mut ensemble = self.forecast.clone();
        analyse(&mut ensemble, &self.equivalents, &self.observations(), scheme).expect("an analysis");
        ensemble
    }
}

/// Mean and covariance, f64.
fn moments<R: Real>(ensemble: &Ensemble<R>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let members = ensemble.members();
    let rows: Vec<Vec<f64>> =
        ensemble.values().chunks(members).map(|row| row.iter().map(|x| x.to_f64()).collect()).collect();
    let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / members as f64).collect();
    let covariance = |i: usize, j: usize| {
        rows[i].iter().zip(&rows[j]).map(|(a, b)| (a - means[i]) * (b - means[j])).sum::<f64>()
            / (members as f64 - 1.0)
    };
    let covariances = (0..rows.len()).map(|i| (0..rows.len()).map(|j| covariance(i, j)).collect()).collect();
    (means, covariances)
}

/// The Kalman filter's mean and covariance, observation by observation: x + P h (y − h·x)/(h·P h + r), P − P h hᵀ P/(h·P h + r).
fn kalman(problem: &Problem<f64>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (mut mean, mut covariance) = moments(&problem.forecast);
    for p in 0..OBSERVATIONS {
        let mut h = [0.0; VARIABLES];
        (h[2 * p], h[2 * p + 1]) = (1.0, 0.5);
        let ph: Vec<f64> =
            covariance.iter().map(|row| row.iter().zip(&h).map(|(a, b)| a * b).sum()).collect();
        let total = ph.iter().zip(&h).map(|(a, b)| a * b).sum::<f64>() + problem.variances[p];
        let innovation = problem.values[p] - mean.iter().zip(&h).map(|(a, b)| a * b).sum::<f64>();
        for i in 0..VARIABLES {
            mean[i] += ph[i] * innovation / total;
            for j in 0..VARIABLES {
                covariance[i][j] -= ph[i] * ph[j] / total;
            }
        }
    }
    (mean, covariance)
}

fn expect_near(ours: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    for (index, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        assert!((ours - expected).abs() <= tolerance, "{what} {index}: {ours}, expected {expected}");
    }
}

fn everything(count: usize) -> impl Fn(usize, &mut Vec<Near>) + Sync {
    move |_, found| found.extend((0..count as u32).map(|index| Near { index, taper: 1.0 }))
}

#[test]
fn square_roots_have_the_kalman_filters_mean_and_covariance() {
    let problem = Problem::<f64>::new();
    let (mean, covariance) = kalman(&problem);
    let mut serial = problem.forecast.clone();
    let mut equivalents = problem.equivalents.clone();
    let all = (everything(VARIABLES), everything(OBSERVATIONS));
    analyse_serially(
        &mut serial,
        &mut equivalents,
        &problem.observations(),
        &[3, 0, 4, 1, 2],
        &all.0,
        &all.1,
    )
    .expect("an analysis");
    for (name, analysis) in [("square root", problem.analysis(&Scheme::SquareRoot)), ("serial", serial)] {
        let (ours, ours_covariance) = moments(&analysis);
        // Rounding of numbers of order 10 in some hundred operations.
        expect_near(&ours, &mean, 1e-12, name);
        for i in 0..VARIABLES {
            expect_near(&ours_covariance[i], &covariance[i], 1e-12, name);
        }
    }
    // The equivalents that came along are those of the analysis.
    let (of_state, of_equivalents) =
        (moments(&problem.analysis(&Scheme::SquareRoot)).0, moments(&equivalents).0);
    let expected: Vec<f64> = (0..OBSERVATIONS).map(|p| of_state[2 * p] + 0.5 * of_state[2 * p + 1]).collect();
    expect_near(&of_equivalents, &expected, 1e-12, "equivalents");
}

#[test]
fn the_error_subspace_gives_the_symmetric_square_root() {
    fn check<R: Real>(tolerance: f64) {
        let problem = Problem::<R>::new();
        let [root, subspace] = [Scheme::SquareRoot, Scheme::ErrorSubspace]
            .map(|scheme| problem.analysis(&scheme).values().iter().map(|x| x.to_f64()).collect::<Vec<_>>());
        assert_ne!(root, subspace, "computed in the same way");
        expect_near(&subspace, &root, tolerance, "member");
    }
    // Rounding of numbers of order 10 in some hundred operations.
    check::<f64>(1e-12);
    check::<f32>(1e-4);
    // Two members: one dimension.
    let two = |ensemble: &Ensemble<f64>| {
        let values = ensemble.values().chunks(MEMBERS).flat_map(|row| row[..2].to_vec()).collect();
        Ensemble::new(2, values).expect("an ensemble")
    };
    let problem = Problem::<f64>::new();
    let [root, subspace] = [Scheme::SquareRoot, Scheme::ErrorSubspace].map(|scheme| {
        let mut ensemble = two(&problem.forecast);
        analyse(&mut ensemble, &two(&problem.equivalents), &problem.observations(), &scheme)
            .expect("an analysis");
        ensemble
    });
    expect_near(subspace.values(), root.values(), 1e-12, "one of two members");
}

#[test]
fn inflated_local_analyses_are_those_of_an_inflated_ensemble() {
    let problem = Problem::<f64>::new();
    let near = everything(OBSERVATIONS);
    for scheme in [
        Scheme::SquareRoot,
        Scheme::ErrorSubspace,
        Scheme::Deterministic,
        Scheme::Stochastic { seed: 1, cycle: 1 },
        Scheme::FiniteSize { certainty: 1.0 },
    ] {
        let (mut inflated, mut equivalents) = (problem.forecast.clone(), problem.equivalents.clone());
        for ensemble in [&mut inflated, &mut equivalents] {
            inflation::multiply(ensemble, 1.7_f64.sqrt()).expect("a factor");
        }
        analyse(&mut inflated, &equivalents, &problem.observations(), &scheme).expect("an analysis");
        let mut local = problem.forecast.clone();
        analyse_locally_inflated(
            &mut local,
            VARIABLES,
            &problem.equivalents,
            &problem.observations(),
            &scheme,
            &near,
            &[1.7; VARIABLES],
        )
        .expect("an analysis");
        expect_near(local.values(), inflated.values(), 1e-11, &format!("{scheme:?}"));
    }
    let mut local = problem.forecast.clone();
    let mut factors = [1.0; VARIABLES];
    factors[3] = 0.0;
    let (hx, y) = (&problem.equivalents, problem.observations());
    let refused =
        analyse_locally_inflated(&mut local, VARIABLES, hx, &y, &Scheme::SquareRoot, &near, &factors)
            .expect_err("refused");
    assert_eq!(refused.to_string(), "'factors' is 0 at domain 3: expected finite numbers above 0.");
}

#[test]
fn tapered_analyses_are_kalman_gains_of_tapered_covariances() {
    let problem = Problem::<f64>::new();
    let observations = problem.observations();
    let all = everything(OBSERVATIONS);
    let mut whole = problem.forecast.clone();
    analyse_tapered(&mut whole, &problem.equivalents, &observations, (5, 2), &all, &all)
        .expect("an analysis");
    let expected = problem.analysis(&Scheme::Stochastic { seed: 5, cycle: 2 });
    expect_near(whole.values(), expected.values(), 1e-12, "without taper");

    // Observation p is at place 2p + 1/2; the mean moves by (ρ ∘ P) Hᵀ (ρ ∘ (H P Hᵀ) + R)⁻¹ (y − ȳ), found here by Gauss's elimination.
    let taper = Taper::GaspariCohn(3.0);
    let distance = |a: f64, b: f64| taper.at((a - b).abs());
    let place = |p: usize| 2.0 * p as f64 + 0.5;
    let near = |here: f64, found: &mut Vec<Near>| {
        let taper = |p: usize| Near { index: p as u32, taper: distance(here, place(p)) };
        found.extend((0..OBSERVATIONS).map(taper).filter(|near| near.taper > 0.0));
    };
    let near_variables = |i: usize, found: &mut Vec<Near>| near(i as f64, found);
    let near_observations = |p: usize, found: &mut Vec<Near>| near(place(p), found);
    let mut tapered = problem.forecast.clone();
    let run = |ensemble: &mut Ensemble<f64>| {
        let hx = &problem.equivalents;
        analyse_tapered(ensemble, hx, &observations, (5, 2), &near_variables, &near_observations)
    };
    run(&mut tapered).expect("an analysis");
    let (mean, covariance) = moments(&problem.forecast);
    let h = |p: usize, of: &dyn Fn(usize) -> f64| of(2 * p) + 0.5 * of(2 * p + 1);
    let mut system: Vec<Vec<f64>> = (0..OBSERVATIONS)
        .map(|p| {
            let mut row: Vec<f64> = (0..OBSERVATIONS)
                .map(|q| distance(place(p), place(q)) * h(p, &|i| h(q, &|j| covariance[i][j])))
                .collect();
            row[p] += problem.variances[p];
            row.push(problem.values[p] - h(p, &|i| mean[i]));
            row
        })
        .collect();
    for p in 0..OBSERVATIONS {
        for q in (0..OBSERVATIONS).filter(|q| *q != p) {
            let factor = system[q][p] / system[p][p];
            for column in p..OBSERVATIONS + 1 {
                system[q][column] -= factor * system[p][column];
            }
        }
    }
    let solution = |p: usize| system[p][OBSERVATIONS] / system[p][p];
    let expected: Vec<f64> = (0..VARIABLES)
        .map(|i| {
            let gain = |p: usize| distance(i as f64, place(p)) * h(p, &|j| covariance[i][j]);
            mean[i] + (0..OBSERVATIONS).map(|p| gain(p) * solution(p)).sum::<f64>()
        })
        .collect();
    expect_near(&moments(&tapered).0, &expected, 1e-12, "mean");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let mut again = problem.forecast.clone();
        pool.install(|| run(&mut again)).expect("an analysis");
        assert_eq!(again, tapered);
    }
    // A taper that is no correlation: members that agree in sign, but not with each other's neighbours.
    let odd = |p: usize, found: &mut Vec<Near>| {
        found.extend(
            (0..OBSERVATIONS).map(|q| Near { index: q as u32, taper: if p == q { 1.0 } else { 40.0 } }),
        );
    };
    let mut ensemble = problem.forecast.clone();
    let hx = &problem.equivalents;
    let refused = analyse_tapered(&mut ensemble, hx, &observations, (5, 2), &all, &odd).expect_err("refused");
    assert!(refused.to_string().ends_with("expected a correlation function."), "{refused}");
    assert_eq!(ensemble, problem.forecast);
}

#[test]
fn other_schemes_have_the_kalman_filters_mean() {
    let problem = Problem::<f64>::new();
    let (mean, covariance) = kalman(&problem);
    let prior = moments(&problem.forecast).1;
    let stochastic = problem.analysis(&Scheme::Stochastic { seed: 5, cycle: 2 });
    expect_near(&moments(&stochastic).0, &mean, 1e-12, "stochastic");
    assert_eq!(stochastic, problem.analysis(&Scheme::Stochastic { seed: 5, cycle: 2 }));
    assert_ne!(stochastic, problem.analysis(&Scheme::Stochastic { seed: 5, cycle: 3 }));
    let (ours, ours_covariance) = moments(&problem.analysis(&Scheme::Deterministic));
    expect_near(&ours, &mean, 1e-12, "deterministic");
    // (1 − KH/2) P (1 − KH/2)ᵀ = P − KHP + KHP(KH)ᵀ/4 (Sakov & Oke 2008): a variance between the filter's and the prior's.
    for i in 0..VARIABLES {
        assert!(ours_covariance[i][i] > covariance[i][i] - 1e-12 && ours_covariance[i][i] < prior[i][i]);
    }
}

#[test]
fn stochastic_analyses_have_the_kalman_filters_covariance_on_average() {
    let problem = Problem::<f64>::new();
    let (_, covariance) = kalman(&problem);
    let mut average = [0.0; VARIABLES];
    const DRAWS: u32 = 4000;
    for cycle in 0..DRAWS {
        let (_, ours) = moments(&problem.analysis(&Scheme::Stochastic { seed: 1, cycle }));
        (0..VARIABLES).for_each(|i| average[i] += ours[i][i] / f64::from(DRAWS));
    }
    // A variance of nine members has a standard error of half its size, that of the mean over 4,000 is 0.8 %; five of these.
    for i in 0..VARIABLES {
        assert!(
            (average[i] / covariance[i][i] - 1.0).abs() < 0.04,
            "{i}: {} {}",
            average[i],
            covariance[i][i]
        );
    }
}

#[test]
fn finite_size_is_the_square_root_of_an_inflated_ensemble() {
    let problem = Problem::<f64>::new();
    let (ours, covariance) = moments(&problem.analysis(&Scheme::FiniteSize { certainty: 1.0 }));
    let (_, prior) = moments(&problem.forecast);
    // One factor l² on the prior explains mean and covariance at once: found here from the first variance.
    let inflated = |factor: f64| {
        let mut problem = Problem::<f64>::new();
        for ensemble in [&mut problem.forecast, &mut problem.equivalents] {
            terrella_kernels::assimilation::inflation::multiply(ensemble, factor).expect("a factor");
        }
        moments(&problem.analysis(&Scheme::SquareRoot))
    };
    let (mut low, mut high) = (0.2, 5.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if inflated(middle).1[0][0] < covariance[0][0] { low = middle } else { high = middle }
    }
    let (mean, expected) = inflated(low);
    assert!((low - 1.0).abs() > 1e-3, "nothing was inflated");
    expect_near(&ours, &mean, 1e-9, "mean");
    for i in 0..VARIABLES {
        expect_near(&covariance[i], &expected[i], 1e-9, "covariance");
        assert!(covariance[i][i] < prior[i][i] * low * low);
    }
}

#[test]
fn local_analyses_with_everything_near_are_the_global_one() {
    fn check<R: Real>(tolerance: f64) {
        let problem = Problem::<R>::new();
        for scheme in [
            Scheme::SquareRoot,
            Scheme::ErrorSubspace,
            Scheme::Deterministic,
            Scheme::Stochastic { seed: 1, cycle: 1 },
            Scheme::FiniteSize { certainty: 1.0 },
        ] {
            let mut local = problem.forecast.clone();
            let near = everything(OBSERVATIONS);
            analyse_locally(
                &mut local,
                VARIABLES,
                &problem.equivalents,
                &problem.observations(),
                &scheme,
                &near,
            )
            .expect("an analysis");
            let ours: Vec<f64> = local.values().iter().map(|x| x.to_f64()).collect();
            let global: Vec<f64> = problem.analysis(&scheme).values().iter().map(|x| x.to_f64()).collect();
            expect_near(&ours, &global, tolerance, &format!("{scheme:?}"));
        }
    }
    // Rounding of numbers of order 10 in some hundred operations; EnKF-N's inflation is iterated to 1e-12.
    check::<f64>(1e-11);
    check::<f32>(1e-4);
}

/// A line of variables, each observed where its number divides by 3, in two layers.
fn line_analysis(domains: usize, threads: usize) -> Result<(Ensemble<f64>, Ensemble<f64>)> {
    let mut values = vec![0.0; 2 * domains * 6];
    random::normals(3, [0; 3], &mut values);
    let forecast = Ensemble::new(6, values)?;
    let observed: Vec<usize> = (0..domains).filter(|i| i.is_multiple_of(3) && *i < domains / 2).collect();
    let equivalents = observed.iter().flat_map(|i| forecast.values()[i * 6..(i + 1) * 6].to_vec()).collect();
    let equivalents = Ensemble::new(6, equivalents)?;
    let (y, r) = (vec![0.5; observed.len()], vec![0.1; observed.len()]);
    let places: Vec<[f64; 1]> = observed.iter().map(|i| [*i as f64]).collect();
    let cells = Cells::new(&places, [None], Taper::GaspariCohn(2.5))?;
    let near = |domain: usize, found: &mut Vec<Near>| cells.near([domain as f64], found);
    let mut analysis = forecast.clone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let observations = Observations::new(&y, &r)?;
    pool.install(|| {
        analyse_locally(&mut analysis, domains, &equivalents, &observations, &Scheme::SquareRoot, &near)
    })?;
    Ok((forecast, analysis))
}

#[test]
fn local_analyses_end_where_observations_do_and_depend_on_no_threads() {
    let (forecast, analysis) = line_analysis(1500, 1).expect("an analysis");
    assert_eq!(analysis, line_analysis(1500, 3).expect("an analysis").1);
    for variable in 0..3000 {
        let rows =
            [&forecast, &analysis].map(|ensemble| &ensemble.values()[variable * 6..(variable + 1) * 6]);
        // The last observation is at 747; from 5 points beyond it nothing counts.
        assert_eq!(rows[0] == rows[1], variable % 1500 >= 752, "variable {variable}");
    }
}

#[test]
fn covariances_are_tapered_with_distance() {
    let problem = Problem::<f64>::new();
    let places: Vec<[f64; 1]> = (0..VARIABLES).map(|i| [i as f64]).collect();
    let taper = Taper::GaspariCohn(2.0);
    let cells = Cells::new(&places, [None], taper).expect("cells");
    let near = |_: usize, found: &mut Vec<Near>| cells.near([0.0], found);
    let nothing = |_: usize, _: &mut Vec<Near>| {};
    let run = |near: &dyn Fn(usize, &mut Vec<Near>)| {
        let (mut ensemble, mut equivalents) = (problem.forecast.clone(), problem.equivalents.clone());
        let mut found = Vec::new();
        near(0, &mut found);
        let found = move |_: usize, into: &mut Vec<Near>| into.extend_from_slice(&found);
        analyse_serially(&mut ensemble, &mut equivalents, &problem.observations(), &[0], &found, &nothing)
            .expect("an analysis");
        ensemble
    };
    let (tapered, whole) = (run(&near), run(&everything(VARIABLES)));
    for variable in 0..VARIABLES {
        for member in 0..MEMBERS {
            let place = variable * MEMBERS + member;
            let before = problem.forecast.values()[place];
            let expected = taper.at(variable as f64) * (whole.values()[place] - before);
            assert!((tapered.values()[place] - before - expected).abs() < 1e-13, "variable {variable}");
        }
    }
}

#[test]
fn input_that_cannot_be_is_refused_and_changes_nothing() {
    let problem = Problem::<f64>::new();
    let observations = problem.observations();
    let refused = |equivalents: &Ensemble<f64>, scheme: &Scheme| {
        let mut ensemble = problem.forecast.clone();
        let error = analyse(&mut ensemble, equivalents, &observations, scheme).expect_err("refused");
        assert_eq!(ensemble, problem.forecast);
        error.to_string()
    };
    let fewer = Ensemble::new(3, vec![0.0; 3 * OBSERVATIONS]).expect("an ensemble");
    assert_eq!(refused(&fewer, &Scheme::SquareRoot), "'members of equivalents': expected 9 values, got 3.");
    let short = Ensemble::new(MEMBERS, vec![0.0; MEMBERS]).expect("an ensemble");
    assert_eq!(refused(&short, &Scheme::SquareRoot), "'equivalents': expected 45 values, got 9.");
    let mut bad = problem.equivalents.clone();
    bad.values_mut()[2 * MEMBERS + 4] = f64::NAN;
    assert_eq!(
        refused(&bad, &Scheme::SquareRoot),
        "'equivalents' is NaN at observation 2, member 4: expected finite numbers."
    );
    assert_eq!(
        refused(&problem.equivalents, &Scheme::FiniteSize { certainty: -1.0 }),
        "'certainty' is -1: expected a finite number above 0."
    );
    let local = |domains: usize, index: u32| {
        let near = move |_: usize, found: &mut Vec<Near>| found.push(Near { index, taper: 1.0 });
        let mut ensemble = problem.forecast.clone();
        let scheme = Scheme::SquareRoot;
        analyse_locally(&mut ensemble, domains, &problem.equivalents, &observations, &scheme, &near)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(local(2, 0), "'domains' is 2: expected a divisor of the 11 variables.");
    assert_eq!(local(11, 5), "'neighbourhood' is observation 5 near domain 0: expected a number below 5.");
}

/// 1,000 members of `VARIABLES` variables.
fn many() -> (Ensemble<f64>, Ensemble<f64>) {
    const MANY: usize = 1000;
    let mut values = vec![0.0; VARIABLES * MANY];
    random::normals(8, [0; 3], &mut values);
    let observed = values.iter().enumerate().filter(|(place, _)| place / MANY < OBSERVATIONS);
    let equivalents = observed.map(|(place, value)| value + 0.5 * values[place + MANY]).collect();
    let equivalents = Ensemble::new(MANY, equivalents).expect("an ensemble");
    (Ensemble::new(MANY, values).expect("an ensemble"), equivalents)
}

#[test]
fn a_thousand_members_are_analysed() {
    let problem = Problem::<f64>::new();
    let (forecast, equivalents) = many();
    let near = everything(OBSERVATIONS);
    let run = |scheme: &Scheme, local: bool| {
        let mut ensemble = forecast.clone();
        let (hx, y) = (&equivalents, problem.observations());
        match local {
            true => analyse_locally(&mut ensemble, 1, hx, &y, scheme, &near),
            false => analyse(&mut ensemble, hx, &y, scheme),
        }
        .expect("an analysis");
        ensemble
    };
    let root = run(&Scheme::SquareRoot, false);
    let deterministic = run(&Scheme::Deterministic, false);
    let local = run(&Scheme::Deterministic, true);
    expect_near(local.values(), deterministic.values(), 1e-12, "local");
    // The Kalman filter's equations with 1,000 members in place of P, in the space of the observations.
    let mut perturbed = forecast.clone();
    analyse_tapered(&mut perturbed, &equivalents, &problem.observations(), (1, 1), &near, &near)
        .expect("an analysis");
    let expected = moments(&perturbed).0;
    for (name, ensemble) in [("square root", &root), ("deterministic", &deterministic)] {
        expect_near(&moments(ensemble).0, &expected, 1e-11, name);
    }
    let variance = |ensemble: &Ensemble<f64>| moments(ensemble).1[0][0];
    assert!(variance(&root) < variance(&deterministic) && variance(&deterministic) < variance(&forecast));
}

#[test]
fn no_observations_and_members_that_agree_leave_the_ensemble() {
    let problem = Problem::<f64>::new();
    let none = Observations::new(&[], &[]).expect("none");
    let mut ensemble = problem.forecast.clone();
    let nothing = Ensemble::new(MEMBERS, Vec::new()).expect("an ensemble");
    analyse(&mut ensemble, &nothing, &none, &Scheme::SquareRoot).expect("an analysis");
    assert_eq!(ensemble, problem.forecast);
    // What the members agree on is not moved.
    let mut agreeing = problem.forecast.clone();
    agreeing.values_mut()[..MEMBERS].fill(2.5);
    for scheme in DETERMINISTIC {
        let mut analysis = agreeing.clone();
        analyse(&mut analysis, &problem.equivalents, &problem.observations(), &scheme).expect("an analysis");
        assert_eq!(analysis.values()[..MEMBERS], [2.5; MEMBERS], "{scheme:?}");
    }
}

#[test]
fn a_collapsed_ensemble_is_reported() {
    let problem = Problem::<f64>::new();
    // To rounding: 0.1 three times is no mean of 0.1.
    let equivalents = Ensemble::new(MEMBERS, vec![0.1; OBSERVATIONS * MEMBERS]).expect("an ensemble");
    let observations = problem.observations();
    let expect = |result: Result<()>| {
        let error = result.expect_err("refused").to_string();
        assert!(error.starts_with("The ensemble has collapsed: all 9 members have the same"), "{error}");
    };
    let near = everything(OBSERVATIONS);
    for scheme in DETERMINISTIC {
        let mut ensemble = problem.forecast.clone();
        expect(analyse(&mut ensemble, &equivalents, &observations, &scheme));
        expect(analyse_locally(&mut ensemble, VARIABLES, &equivalents, &observations, &scheme, &near));
        assert_eq!(ensemble, problem.forecast);
    }
    let mut ensemble = problem.forecast.clone();
    let variables = everything(VARIABLES);
    let serial =
        analyse_serially(&mut ensemble, &mut equivalents.clone(), &observations, &[0, 1], &variables, &near);
    expect(serial);
    expect(analyse_tapered(&mut ensemble, &equivalents, &observations, (1, 1), &near, &near));
}

#[test]
fn eigenvalues_do_not_depend_on_threads() {
    let run = |threads: usize| {
        let mut matrices = vec![0.0_f64; 200 * 36];
        random::normals(1, [0; 3], &mut matrices);
        let mut values = vec![0.0; 200 * 6];
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| symmetric::eigen(6, &mut matrices, &mut values)).expect("eigenvalues");
        (matrices, values)
    };
    assert_eq!(run(1), run(4));
}
