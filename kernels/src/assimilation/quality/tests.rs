//! Every check rejects what it is for, once, with its reason.

use super::*;
use crate::assimilation::localization::Place;
use crate::random;

fn place(latitude: f64, longitude: f64) -> Place {
    Place { latitude, longitude, height: 0.0 }
}

#[test]
fn every_rejection_has_its_reason_and_is_counted() {
    let mut screening = Screening::new(10);
    let mut values = [1.0; 10];
    let mut variances = [0.5; 10];
    let mut places = [place(10.0, 20.0); 10];
    let mut times = [0.0; 10];
    values[0] = f64::NAN;
    (variances[1], variances[2], variances[3]) = (f64::NAN, 0.0, -1.0);
    (places[4].latitude, places[5].longitude) = (91.0, 200.0);
    (times[6], times[7]) = (-3.1, f64::INFINITY);
    // What is rejected already stays with its first reason.
    times[0] = 100.0;
    screening.validate(&values, &variances).expect("lengths");
    screening.check_domain(&places, |place| place.longitude < 180.0).expect("lengths");
    screening.check_window(&times, -3.0, 3.0).expect("lengths");
    let departures = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.1, -3.9];
    screening.check_first_guess(&departures, &[0.5; 10], &variances, 4.0).expect("lengths");
    use Verdict::*;
    assert_eq!(
        screening.verdicts(),
        [
            NotFinite,
            NoErrorEstimate,
            ImpossibleErrorEstimate,
            ImpossibleErrorEstimate,
            OutsideDomain,
            OutsideDomain,
            OutsideWindow,
            NotFinite,
            FirstGuess,
            Accepted
        ]
    );
    let counts = screening.counts();
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), 10);
    assert_eq!(counts[3], (ImpossibleErrorEstimate, 2));
    assert_eq!(screening.accepted().collect::<Vec<_>>(), [9]);
    screening.reject(9, Duplicate).expect("it is there");
    assert_eq!(screening.verdicts()[9].reason(), "duplicate");
    assert!(screening.reject(10, Duplicate).is_err());
}

#[test]
fn the_best_of_duplicates_stays() {
    let mut screening = Screening::new(6);
    screening.reject(5, Verdict::NotFinite).expect("it is there");
    let keys = ["a", "b", "a", "b", "a", "b"];
    screening.reject_duplicates(&keys, &[1.0, 2.0, 3.0, 2.0, 0.0, 9.0]).expect("lengths");
    assert_eq!(screening.accepted().collect::<Vec<_>>(), [1, 2]);
    assert!(screening.reject_duplicates(&keys, &[f64::NAN; 6]).is_err());
}

fn noise(count: usize) -> (Vec<Place>, Vec<f64>) {
    let mut numbers = vec![0.0_f64; 3 * count];
    random::normals(9, [0; 3], &mut numbers);
    let places =
        numbers.chunks_exact(3).map(|x| place((40.0 * x[0]).clamp(-90.0, 90.0), 180.0 * x[1])).collect();
    (places, numbers.chunks_exact(3).map(|x| x[2]).collect())
}

fn degrees(a: &Place, b: &Place) -> f64 {
    let [p, q] = [a, b].map(|place| place.latitude.to_radians());
    let turn = (a.longitude - b.longitude).to_radians();
    (p.sin() * q.sin() + p.cos() * q.cos() * turn.cos()).clamp(-1.0, 1.0).acos().to_degrees()
}

#[test]
fn thinned_observations_are_apart_and_each_has_a_better_one_near() {
    let (places, quality) = noise(800);
    let mut screening = Screening::new(800);
    // 10° on a sphere whose radius makes lengths degrees.
    let radius = 180.0 / std::f64::consts::PI;
    screening.thin_by_distance(&places, &quality, radius, 10.0, None).expect("places");
    let kept: Vec<usize> = screening.accepted().collect();
    assert!((50..400).contains(&kept.len()), "{}", kept.len());
    for (position, &a) in kept.iter().enumerate() {
        assert!(kept[position + 1..].iter().all(|&b| degrees(&places[a], &places[b]) > 10.0 - 1e-6));
    }
    for number in (0..800).filter(|number| screening.verdicts()[*number] == Verdict::Thinned) {
        let better = |&&other: &&usize| {
            quality[other] >= quality[number] && degrees(&places[other], &places[number]) <= 10.0 + 1e-6
        };
        assert!(kept.iter().any(|other| better(&other)), "{number}");
    }
    assert!(screening.thin_by_distance(&places, &quality, radius, 0.0, None).is_err());
}

#[test]
fn boxes_keep_their_best() {
    let (places, quality) = noise(3000);
    let mut screening = Screening::new(3000);
    screening.thin_by_boxes(&places, &quality, 15.0, None).expect("places");
    let kept = screening.accepted().count();
    // The boxes of 15° number about 4π/0.262² = 183.
    assert!((130..190).contains(&kept), "{kept}");
    let best = (0..3000).max_by(|&a, &b| quality[a].total_cmp(&quality[b])).expect("some");
    assert_eq!(screening.verdicts()[best], Verdict::Accepted);
    let mut few = Screening::new(4);
    let layered = [0.0, 400.0, 600.0, 600.0].map(|height| Place { height, ..place(-90.0, 720.0) });
    few.thin_by_boxes(&layered, &[0.0, 1.0, 2.0, 1.0], 5.0, Some(500.0)).expect("places");
    assert_eq!(few.accepted().collect::<Vec<_>>(), [1, 2]);
    assert!(few.thin_by_boxes(&layered, &[0.0; 4], -5.0, None).is_err());
    assert!(few.thin_by_boxes(&[place(100.0, 0.0); 4], &[0.0; 4], 5.0, None).is_err());
}
