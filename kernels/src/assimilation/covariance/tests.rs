//! Square roots against the covariances they are of, and their adjoints.

use super::*;
use crate::assimilation::{Ensemble, LinearOperator, adjoint_error};
use crate::{Error, Real, random};

const SIZE: usize = 12;

/// A correlation that falls with the distance on a circle.
fn circle(length: f64) -> Vec<f64> {
    let element = |i: usize, j: usize| {
        let distance = (i as f64 - j as f64).abs();
        (-0.5 * (distance.min(SIZE as f64 - distance) / length).powi(2)).exp()
    };
    (0..SIZE * SIZE).map(|place| element(place / SIZE, place % SIZE)).collect()
}

/// U Uᵀ, column by column.
fn product<R: Real>(root: &mut impl LinearOperator<R>) -> Vec<f64> {
    let size = root.output_len();
    let mut columns = Vec::new();
    for column in 0..size {
        let (mut unit, mut control) = (vec![R::ZERO; size], vec![R::ZERO; root.input_len()]);
        unit[column] = R::ONE;
        root.apply_adjoint(&unit, &mut control).expect("lengths");
        root.apply(&control, &mut unit).expect("lengths");
        columns.extend(unit.iter().map(|value| value.to_f64()));
    }
    columns
}

fn expect_near(ours: &[f64], expected: impl Fn(usize, usize) -> f64, tolerance: f64) {
    let size = ours.len().isqrt();
    for (place, ours) in ours.iter().enumerate() {
        let expected = expected(place / size, place % size);
        assert!((ours - expected).abs() < tolerance, "{place}: {ours}, expected {expected}");
    }
}

fn ensemble(members: usize) -> Ensemble<f64> {
    let mut values = vec![0.0; SIZE * members];
    random::normals(4, [0; 3], &mut values);
    Ensemble::new(members, values).expect("an ensemble")
}

fn sample_covariance(ensemble: &Ensemble<f64>) -> Vec<f64> {
    let members = ensemble.members();
    let rows: Vec<Vec<f64>> = ensemble
        .values()
        .chunks(members)
        .map(|row| {
            let mean = row.iter().sum::<f64>() / members as f64;
            row.iter().map(|value| value - mean).collect()
        })
        .collect();
    let element = |i: usize, j: usize| {
        rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum::<f64>() / (members as f64 - 1.0)
    };
    (0..SIZE * SIZE).map(|place| element(place / SIZE, place % SIZE)).collect()
}

#[test]
fn matrices_are_the_squares_of_their_roots() {
    let matrix = circle(0.6);
    let mut root = MatrixRoot::new(SIZE, &matrix).expect("positive definite");
    assert_eq!(root.rank(), SIZE);
    expect_near(&product(&mut root), |i, j| matrix[i * SIZE + j], 1e-13);
    assert!(adjoint_error(&mut root, 1).expect("lengths") < 1e-13);
    let single: Vec<f32> = matrix.iter().map(|value| *value as f32).collect();
    let mut root = MatrixRoot::new(SIZE, &single).expect("positive definite");
    expect_near(&product(&mut root), |i, j| matrix[i * SIZE + j], 1e-5);
}

#[test]
fn singular_and_indefinite_matrices_are_told_apart() {
    let ones = vec![1.0; SIZE * SIZE];
    let error = MatrixRoot::new(SIZE, &ones).expect_err("singular");
    assert!(matches!(error, Error::ImpossibleCovariance { largest, .. } if (largest - 12.0).abs() < 1e-12));
    let mut root = MatrixRoot::semidefinite(SIZE, &ones).expect("of rank 1");
    assert_eq!(root.rank(), 1);
    expect_near(&product(&mut root), |_, _| 1.0, 1e-13);
    let mut indefinite = circle(0.6);
    indefinite[0] = -1.0;
    assert!(MatrixRoot::semidefinite(SIZE, &indefinite).is_err());
    assert!(MatrixRoot::semidefinite(SIZE, &[0.0; SIZE * SIZE]).is_err());
    assert!(MatrixRoot::new(SIZE, &[f64::NAN; SIZE * SIZE]).is_err());
    assert!(MatrixRoot::new(SIZE, &[1.0; 3]).is_err());
}

#[test]
fn localised_ensembles_have_tapered_covariances() {
    let ensemble = ensemble(5);
    let sample = sample_covariance(&ensemble);
    let taper = circle(1.0);
    let localisation = MatrixRoot::semidefinite(SIZE, &taper).expect("a root");
    let mut root = LocalisedEnsemble::new(&ensemble, localisation.clone()).expect("lengths");
    expect_near(&product(&mut root), |i, j| sample[i * SIZE + j] * taper[i * SIZE + j], 1e-12);
    assert!(adjoint_error(&mut root, 2).expect("lengths") < 1e-13);
    let mut global = LocalisedEnsemble::new(&ensemble, Uniform::new(SIZE)).expect("lengths");
    expect_near(&product(&mut global), |i, j| sample[i * SIZE + j], 1e-12);
    // Half of the covariance from elsewhere.
    let terms: Vec<(f64, Box<dyn LinearOperator<f64>>)> =
        vec![(0.5, Box::new(localisation)), (0.25, Box::new(root))];
    let mut hybrid = Sum::new(terms).expect("lengths");
    let expected = |i: usize, j: usize| taper[i * SIZE + j] * (0.5 + 0.25 * sample[i * SIZE + j]);
    expect_near(&product(&mut hybrid), expected, 1e-12);
    assert!(adjoint_error(&mut hybrid, 3).expect("lengths") < 1e-13);
    assert!(LocalisedEnsemble::new(&ensemble, Uniform::new(3)).is_err());
    assert!(Sum::<f64>::new(Vec::new()).is_err());
}

#[test]
fn repeated_operators_serve_several_fields() {
    let root = MatrixRoot::new(SIZE, &circle(0.6)).expect("a root");
    let matrix = circle(0.6);
    let mut repeated = Repeated::new(root, 3);
    expect_near(&product(&mut repeated), |i, j| matrix[(i % SIZE) * SIZE + j % SIZE], 1e-12);
    assert!(adjoint_error(&mut repeated, 4).expect("lengths") < 1e-13);
}
