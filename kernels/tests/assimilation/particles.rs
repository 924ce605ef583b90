//! Particle filters: Bayes's rule on Gaussian problems, what drawing keeps, and local filters against the global one.

use terrella_kernels::Result;
use terrella_kernels::assimilation::localization::{Cells, Near, Taper};
use terrella_kernels::assimilation::particles::{
    LocalParticles, ParticleFilter, Resampling, analyse_particles_locally, resample,
};
use terrella_kernels::assimilation::{Ensemble, Observations};
use terrella_kernels::random;

use crate::{Problem, everything, expect_near, moments};

const PARTICLES: usize = 40_000;

fn two_variables() -> Ensemble<f64> {
    let mut values = vec![0.0; 2 * PARTICLES];
    random::normals(6, [0; 3], &mut values);
    let (first, second) = values.split_at_mut(PARTICLES);
    second.iter_mut().zip(first).for_each(|(b, a)| *b = 0.6 * *a + 0.8 * *b);
    Ensemble::new(PARTICLES, values).expect("an ensemble")
}

#[test]
fn weights_are_bayess_rule() {
    // Variances 1, covariance 0.6; the first is observed as 1 with variance 0.5: mean (2/3, 0.4), variances (1/3, 0.76).
    let mut ensemble = two_variables();
    let equivalents = Ensemble::new(PARTICLES, ensemble.values()[..PARTICLES].to_vec()).expect("an ensemble");
    let observations = Observations::new(&[1.0], &[0.5]).expect("observations");
    let mut filter = ParticleFilter::new(PARTICLES).expect("members");
    filter.weigh(&equivalents, &observations).expect("weights");
    let mut mean = [0.0; 2];
    filter.mean(&ensemble, &mut mean).expect("lengths");
    // Five standard errors of some 20,000 effective members.
    expect_near(&mean, &[2.0 / 3.0, 0.4], 0.035, "weighted mean");
    filter.share = 1.0;
    let drawn = filter.draw(&mut ensemble, 1, 2).expect("draws");
    assert!((0.4..0.8).contains(&(drawn.effective_size / PARTICLES as f64)), "{drawn:?}");
    assert!(drawn.distinct.expect("drawn") < PARTICLES);
    assert!(filter.weights().iter().all(|weight| *weight == 1.0 / PARTICLES as f64));
    let (mean, covariance) = moments(&ensemble);
    expect_near(&mean, &[2.0 / 3.0, 0.4], 0.035, "mean");
    // Jitter adds h² = 40,000^(−1/3) of the variance to those that were drawn more than once.
    for (ours, expected) in [covariance[0][0], covariance[1][1]].into_iter().zip([1.0 / 3.0, 0.76]) {
        assert!(ours > 0.96 * expected && ours < 1.08 * expected, "{ours} {expected}");
    }
    let values = &ensemble.values()[..PARTICLES];
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    assert!(sorted.windows(2).all(|pair| pair[0] != pair[1]), "two members are the same");
}

#[test]
fn drawing_waits_until_few_bear_the_weight() {
    let problem = Problem::<f64>::new();
    let mut filter = ParticleFilter::new(problem.forecast.members()).expect("members");
    let mut ensemble = problem.forecast.clone();
    assert_eq!(filter.draw(&mut ensemble, 1, 1).expect("draws").distinct, None);
    assert_eq!(ensemble, problem.forecast);
    // However far all members are, some weight is left.
    let far = Observations::new(&[1e6], &[1e-6]).expect("observations");
    let equivalents = Ensemble::new(9, problem.equivalents.values()[..9].to_vec()).expect("an ensemble");
    filter.weigh(&equivalents, &far).expect("weights");
    filter.jitter = 0.0;
    let drawn = filter.draw(&mut ensemble, 1, 1).expect("draws");
    assert_eq!((drawn.effective_size, drawn.distinct), (1.0, Some(1)));
    let nearest = (0..9).max_by(|a, b| equivalents.values()[*a].total_cmp(&equivalents.values()[*b]));
    let nearest = nearest.expect("members");
    for (row, before) in ensemble.values().chunks(9).zip(problem.forecast.values().chunks(9)) {
        assert!(row.iter().all(|value| *value == before[nearest]));
    }
    // One member bears all: jitter of the spread that all had, with more variables than members.
    let mut filter = ParticleFilter::new(9).expect("members");
    filter.weigh(&equivalents, &far).expect("weights");
    let mut jittered = problem.forecast.clone();
    filter.draw(&mut jittered, 1, 1).expect("draws");
    let (_, covariance) = moments(&jittered);
    assert!(covariance.iter().enumerate().all(|(i, row)| row[i] > 0.1), "{covariance:?}");
}

#[test]
fn a_local_filter_with_everything_near_is_the_global_one() {
    let problem = Problem::<f64>::new();
    let observations = problem.observations();
    let mut filter = ParticleFilter::new(9).expect("members");
    filter.weigh(&problem.equivalents, &observations).expect("weights");
    let drawn = resample(filter.weights(), Resampling::Systematic, 3, 4).expect("draws");
    let near = everything(observations.count());
    let domains = everything(11);
    for smoothing in [0.0, 0.7] {
        let mut local = problem.forecast.clone();
        let settings = LocalParticles { resampling: Resampling::Systematic, smoothing };
        let size = analyse_particles_locally(
            &mut local,
            11,
            &problem.equivalents,
            &observations,
            &settings,
            &near,
            &domains,
            (3, 4),
        )
        .expect("an analysis");
        let squares: f64 = filter.weights().iter().map(|weight| weight * weight).sum();
        assert!((size * squares - 1.0).abs() < 1e-12);
        for (row, before) in local.values().chunks(9).zip(problem.forecast.values().chunks(9)) {
            let mut expected: Vec<f64> = drawn.iter().map(|member| before[*member as usize]).collect();
            let mut ours = row.to_vec();
            ours.sort_by(f64::total_cmp);
            expected.sort_by(f64::total_cmp);
            expect_near(&ours, &expected, 1e-12, "member");
        }
    }
}

/// A line of 60 variables of which every third is observed up to the middle.
fn line(smoothing: f64, threads: usize) -> Result<(Ensemble<f64>, Ensemble<f64>)> {
    let mut values = vec![0.0; 60 * 8];
    random::normals(3, [0; 3], &mut values);
    let forecast = Ensemble::new(8, values)?;
    let observed: Vec<usize> = (0..30).step_by(3).collect();
    let equivalents = observed.iter().flat_map(|i| forecast.values()[i * 8..(i + 1) * 8].to_vec()).collect();
    let equivalents = Ensemble::new(8, equivalents)?;
    let (y, r) = (vec![0.5; observed.len()], vec![0.3; observed.len()]);
    let taper = Taper::GaspariCohn(2.5);
    let cells = Cells::new(&observed.iter().map(|i| [*i as f64]).collect::<Vec<_>>(), [None], taper)?;
    let all = Cells::new(&(0..60).map(|i| [f64::from(i)]).collect::<Vec<_>>(), [None], taper)?;
    let near = |domain: usize, found: &mut Vec<Near>| cells.near([domain as f64], found);
    let domains_near = |domain: usize, found: &mut Vec<Near>| all.near([domain as f64], found);
    let mut analysis = forecast.clone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let settings = LocalParticles { resampling: Resampling::Systematic, smoothing };
    let observations = Observations::new(&y, &r)?;
    pool.install(|| {
        analyse_particles_locally(
            &mut analysis,
            60,
            &equivalents,
            &observations,
            &settings,
            &near,
            &domains_near,
            (1, 1),
        )
    })?;
    Ok((forecast, analysis))
}

#[test]
fn local_weights_end_where_observations_do_and_depend_on_no_threads() {
    for smoothing in [0.0, 0.5] {
        let (forecast, analysis) = line(smoothing, 1).expect("an analysis");
        assert_eq!(analysis, line(smoothing, 3).expect("an analysis").1);
        let same = |variable: usize| {
            let rows = [&forecast, &analysis].map(|e| &e.values()[variable * 8..(variable + 1) * 8]);
            rows[0].iter().zip(rows[1]).all(|(a, b)| (a - b).abs() < 1e-15)
        };
        // The last observation is at 27 and reaches up to 5 beyond; neighbours as far again.
        let end = if smoothing > 0.0 { 37 } else { 32 };
        assert!((end..60).all(same) && !same(27), "smoothing {smoothing}");
        // Observed variables come nearer to 0.5.
        let departure = |ensemble: &Ensemble<f64>| {
            moments(ensemble).0[..30].iter().step_by(3).map(|mean| (mean - 0.5).abs()).sum::<f64>()
        };
        assert!(departure(&analysis) < 0.7 * departure(&forecast));
    }
}

#[test]
fn impossible_particles_are_refused() {
    let problem = Problem::<f64>::new();
    assert_eq!(
        ParticleFilter::new(1).expect_err("refused").to_string(),
        "'members' is 1: expected at least 2 members."
    );
    let mut filter = ParticleFilter::new(9).expect("members");
    let mut bad = problem.equivalents.clone();
    bad.values_mut()[3] = f64::INFINITY;
    let error = filter.weigh(&bad, &problem.observations()).expect_err("refused").to_string();
    assert_eq!(error, "'equivalents' is inf at observation 0, member 3: expected finite numbers.");
    assert!(filter.weights().iter().all(|weight| *weight == 1.0 / 9.0));
    let mut ensemble = problem.forecast.clone();
    filter.share = f64::NAN;
    assert_eq!(
        filter.draw(&mut ensemble, 0, 0).expect_err("refused").to_string(),
        "'share' is NaN: expected 0 to 1."
    );
    (filter.share, filter.jitter) = (1.0, -1.0);
    assert!(filter.draw(&mut ensemble, 0, 0).is_err());
    let near = everything(9);
    let settings = LocalParticles { resampling: Resampling::Systematic, smoothing: 0.0 };
    let mut run = |domains: usize, smoothing: f64| {
        let settings = LocalParticles { smoothing, ..settings };
        let (hx, y) = (&problem.equivalents, problem.observations());
        analyse_particles_locally(&mut ensemble, domains, hx, &y, &settings, &near, &near, (0, 0))
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(run(11, 1.5), "'smoothing' is 1.5: expected 0 to 1.");
    assert_eq!(run(2, 0.0), "'domains' is 2: expected a divisor of the 11 variables.");
    assert_eq!(run(11, 0.0), "'neighbourhood' is observation 5 near domain 0: expected a number below 5.");
    assert_eq!(ensemble, problem.forecast);
}
