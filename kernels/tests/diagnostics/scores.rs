//! Scores and diagnostics against closed forms.

use terrella_kernels::diagnostics::verification::{
    CrpsDecomposition, RankHistogram, SpreadSkill, TimeMean, crps, degrees_of_freedom, desroziers,
    ensemble_impact, fair_crps,
};
use terrella_kernels::random;

fn normals(place: u32, count: usize) -> Vec<f64> {
    let mut numbers = vec![0.0; count];
    random::normals(11, [place, 0, 0], &mut numbers);
    numbers
}

/// Of a standard normal distribution: y (2Φ(y) − 1) + 2φ(y) − 1/√π (Gneiting & Raftery 2007), at y = 0.7 with Φ(0.7) = 0.758036348.
#[test]
fn crps_of_a_normal_distribution() {
    let y: f64 = 0.7;
    let density = (-0.5 * y * y).exp() / std::f64::consts::TAU.sqrt();
    let expected = y * (2.0 * 0.758_036_347_8 - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt();
    let members = normals(1, 200_000);
    assert!((crps(y, &members) - expected).abs() < 2e-3, "{} {expected}", crps(y, &members));
    // The fair score of few members has the same expectation; the standard one is larger by E|x − x'|/2N.
    let (mut fair, mut standard) = (0.0, 0.0);
    for small in members.chunks_exact(5) {
        fair += fair_crps(y, small) / 40_000.0;
        standard += crps(y, small) / 40_000.0;
    }
    assert!((fair - expected).abs() < 4e-3, "{fair} {expected}");
    let excess = 1.0 / (5.0 * std::f64::consts::PI.sqrt());
    assert!((standard - expected - excess).abs() < 4e-3, "{standard}");
    assert_eq!(crps(2.0_f32, &[5.0_f32]), 3.0);
    assert!(fair_crps(2.0, &[5.0]).is_nan());
}

#[test]
fn crps_parts_add_up_and_tell_bias_from_sharpness() {
    const CASES: usize = 4_000;
    const MEMBERS: usize = 10;
    let (truths, members) = (normals(2, CASES), normals(3, CASES * MEMBERS));
    let good = CrpsDecomposition::new(&truths, &members, MEMBERS).expect("cases");
    let mean = truths
        .iter()
        .zip(members.chunks_exact(MEMBERS))
        .map(|(truth, members)| crps(*truth, members))
        .sum::<f64>()
        / CASES as f64;
    assert!((good.crps - mean).abs() < 1e-12, "{good:?} {mean}");
    assert!((good.crps - good.reliability - good.potential).abs() < 1e-12, "{good:?}");
    assert!(good.reliability < 0.02 * good.crps, "{good:?}");
    let biased: Vec<f64> = members.iter().map(|member| member + 1.0).collect();
    let bad = CrpsDecomposition::new(&truths, &biased, MEMBERS).expect("cases");
    assert!((bad.potential - good.potential).abs() < 0.1 * good.potential, "{bad:?}");
    assert!(bad.reliability > 0.3 * good.crps, "{bad:?}");
    assert!(CrpsDecomposition::new(&[1.0], &[f64::NAN], 1).is_err());
}

#[test]
fn ranks_are_flat_where_they_should_be() {
    const MEMBERS: usize = 9;
    let fill = |shift: f64, spread: f64, whole: bool| {
        let mut histogram = RankHistogram::new(MEMBERS, 1).expect("members");
        let numbers = normals(4, 5_000 * (MEMBERS + 1));
        for case in numbers.chunks_exact(MEMBERS + 1) {
            let members: Vec<f64> = case[1..].iter().map(|x| shift + spread * x).collect();
            let round = |x: f64| if whole { x.round() } else { x };
            let members: Vec<f64> = members.into_iter().map(round).collect();
            assert!(histogram.add(round(case[0]), &members).expect("members"));
        }
        histogram.flatness().expect("cases")
    };
    let flat = fill(0.0, 1.0, false);
    assert!(flat.probability > 0.01 && flat.slope < 7.0 && flat.bowl < 7.0, "{flat:?}");
    // Ties are broken evenly.
    let tied = fill(0.0, 1.0, true);
    assert!(tied.probability > 0.01, "{tied:?}");
    let biased = fill(0.3, 1.0, false);
    assert!(biased.probability < 1e-10 && biased.slope > 10.0 * biased.bowl, "{biased:?}");
    let narrow = fill(0.0, 0.6, false);
    assert!(narrow.probability < 1e-10 && narrow.bowl > 10.0 * narrow.slope, "{narrow:?}");
    let mut histogram = RankHistogram::new(2, 0).expect("members");
    assert!(!histogram.add(f32::NAN, &[0.0, 1.0]).expect("members"));
    assert!(histogram.add(0.0, &[1.0]).is_err() && histogram.flatness().is_none());
}

#[test]
fn spread_equals_error_in_every_bin_of_exchangeable_cases() {
    const CASES: usize = 20_000;
    const MEMBERS: usize = 8;
    let numbers = normals(5, CASES * (MEMBERS + 1));
    let (mut truths, mut ensembles) = (Vec::new(), Vec::new());
    for (case, numbers) in numbers.chunks_exact(MEMBERS + 1).enumerate() {
        let scale = 1.0 + 3.0 * (case % 4) as f64;
        truths.push(scale * numbers[0]);
        ensembles.extend(numbers[1..].iter().map(|x| scale * x));
    }
    let found = SpreadSkill::new(&truths, &ensembles, MEMBERS, 4).expect("cases");
    assert!((found.total.spread / found.total.error - 1.0).abs() < 0.02, "{found:?}");
    assert!(found.bins[3].error > 5.0 * found.bins[0].error, "{found:?}");
    // At the ends small ensembles are sorted by their own luck.
    assert!((found.bins[2].spread / found.bins[2].error - 1.0).abs() < 0.15, "{found:?}");
    assert!(SpreadSkill::new(&truths, &ensembles, 1, 4).is_err());
}

/// A scalar analysis with σ_b² = 4 and σ_o² = 1: departures give these back, and DFS is σ_b²/(σ_b² + σ_o²).
#[test]
fn departures_of_a_linear_problem_give_its_errors_back() {
    const CASES: usize = 100_000;
    let (background, observation) = (normals(6, CASES), normals(7, CASES));
    let innovations: Vec<f64> = (0..CASES).map(|n| observation[n] - 2.0 * background[n]).collect();
    let residuals: Vec<f64> = innovations.iter().map(|d| 0.2 * d).collect();
    let found = desroziers(&innovations, &residuals).expect("departures");
    for (own, expected) in
        [(found.observation, 1.0), (found.background, 4.0), (found.analysis, 0.8), (found.innovation, 5.0)]
    {
        // Five standard errors of a variance of 100,000 draws: 2.2%.
        assert!((own / expected - 1.0).abs() < 0.022, "{found:?}");
    }
    let members = 2_000;
    let analysis: Vec<f64> = normals(8, members).iter().map(|x| 0.8_f64.sqrt() * x).collect();
    let mut signal = [0.0];
    degrees_of_freedom(&analysis, members, &[1.0], &mut signal).expect("lengths");
    assert!((signal[0] - 0.8).abs() < 0.13, "{signal:?}");
    assert!(desroziers::<f64>(&[], &[]).is_err());
}

/// x has two variables of which the first is observed; the forecast is linear, so that the sum of impacts is the change of error
/// exactly, for the gain that the ensemble itself implies.
#[test]
fn impacts_add_up_to_the_change_of_error() {
    const N: usize = 6;
    let analysis = normals(9, 2 * N);
    let centred = |row: &[f64]| {
        let mean = row.iter().sum::<f64>() / N as f64;
        row.iter().map(|x| x - mean).collect::<Vec<f64>>()
    };
    let (first, second) = (centred(&analysis[..N]), centred(&analysis[N..]));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (N - 1) as f64;
    let (innovation, variance) = (1.7, 2.5);
    // K = A Hᵀ R⁻¹ with the analysis ensemble's covariances.
    let increment = [product(&first, &first), product(&second, &first)].map(|c| c * innovation / variance);
    let model = |x: f64, y: f64| [0.9 * x - 0.5 * y, 0.3 * x + 1.2 * y];
    let (mut forecast, mut names) = (vec![0.0; 2 * N], [0.0; 2]);
    for j in 0..N {
        [forecast[j], forecast[N + j]] = model(first[j], second[j]);
    }
    names.copy_from_slice(&model(increment[0], increment[1]));
    let before = [0.4, -1.1];
    let after = [before[0] + names[0], before[1] + names[1]];
    let norm = [1.0, 3.0];
    let error = |e: [f64; 2]| norm[0] * e[0] * e[0] + norm[1] * e[1] * e[1];
    let mut impact = [0.0];
    ensemble_impact(&[innovation], &[variance], &first, N, &forecast, &after, &before, &norm, &mut impact)
        .expect("lengths");
    let expected = error(after) - error(before);
    assert!((impact[0] - expected).abs() < 1e-12 * expected.abs(), "{} {expected}", impact[0]);
}

/// An AR(1) series with coefficient 0.9 has τ = (1 + 0.9)/(1 − 0.9) = 19.
#[test]
fn means_over_time_know_their_error() {
    let mut series = vec![0.0; 100_000];
    let shocks = normals(10, series.len());
    for step in 1..series.len() {
        series[step] = 0.9 * series[step - 1] + shocks[step];
    }
    let found = TimeMean::new(&series).expect("values");
    assert!((found.correlation_time / 19.0 - 1.0).abs() < 0.15, "{found:?}");
    assert!(found.mean.abs() < 4.0 * found.standard_error, "{found:?}");
    let white = TimeMean::new(&shocks).expect("values");
    assert!((white.correlation_time - 1.0).abs() < 0.05, "{white:?}");
    assert!((white.standard_error * 100_000.0_f64.sqrt() - 1.0).abs() < 0.05, "{white:?}");
    assert!(TimeMean::new(&[1.0, f64::NAN]).is_err() && TimeMean::new(&[1.0]).is_err());
}
