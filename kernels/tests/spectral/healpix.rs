//! The transforms on HEALPix: the value at each pixel is that of the spectrum at the pixel's own place.

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::points::PointEvaluation;
use terrella_kernels::spectral::{HostTransform, Truncation};

fn random(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn pixels_have_the_values_of_their_places() {
    let (grid, total, fields): (Grid, _, _) = ("H16".parse().unwrap(), 31, 2);
    let truncation = Truncation::new(total);
    // Rings carry different wavenumbers; those of m ≤ 1 all of them.
    let mut spectra = [1, 2].map(|seed| random(truncation.spectrum_len(fields), seed));
    for spectrum in &mut spectra {
        spectrum[2 * fields * truncation.index(2, 2)..].fill(0.0);
    }
    let (latitudes, longitudes): (Vec<f64>, Vec<f64>) =
        (0..grid.points()).map(|point| grid.coordinates(point)).unzip();
    let points = PointEvaluation::new(&latitudes, &longitudes, truncation).unwrap();
    let mut transform = HostTransform::<f64>::new(&grid, truncation).unwrap();
    let [mut scalar, mut u, mut v, mut scalar_at, mut u_at, mut v_at] =
        [0; 6].map(|_| vec![0.0; fields * grid.points()]);
    transform.synthesis(fields, &spectra[0], &mut scalar).unwrap();
    points.synthesis(fields, &spectra[0], &mut scalar_at).unwrap();
    transform.wind_synthesis(fields, &spectra[0], &spectra[1], &mut u, &mut v).unwrap();
    points.wind_synthesis(fields, &spectra[0], &spectra[1], &mut u_at, &mut v_at).unwrap();
    for (what, got, expected) in [("scalar", scalar, scalar_at), ("u", u, u_at), ("v", v, v_at)] {
        let size = expected.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
        for (index, (got, expected)) in got.into_iter().zip(expected).enumerate() {
            let place = grid.coordinates(index % grid.points());
            assert!((got - expected).abs() < 1e-12 * size, "{what} at {place:?}: {got}, expected {expected}");
        }
    }
}
