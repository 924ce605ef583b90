//! Errors of a background of which there is no ensemble: isotropic correlations of stream function, velocity potential and temperature.

use terrella_coupling::GridView;
use terrella_kernels::assimilation::Composition;
use terrella_kernels::assimilation::covariance::spectral::{SpectralBlock, SpectralCovariance};
use terrella_kernels::constants::{EARTH_RADIUS, EARTH_ROTATION};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};

use super::configuration::Analysis;
use crate::error::Result;

/// U with B = U Uᵀ for fields \[u, v, T], each \[level]\[point] on `grid`.
///
/// Stream function ψ, velocity potential and temperature have Gaussian correlations of the length L, with spectra s_n = exp(−n(n + 1) L²/2a²) to
/// good approximation where L ≪ a, and exp(−(Δ ln p)²/2D²) between levels. C_n(ψ) = k a⁴ s_n gives wind components the variance
/// σ² = ½ Σ (2n + 1) n(n + 1) C_n(ψ)/a² and vorticity the spectrum n²(n + 1)² C_n(ψ)/a⁴. Wind and temperature are not correlated.
pub(super) fn root(
    settings: &Analysis,
    grid: &Grid,
    pressures: &[f64],
) -> Result<Composition<f64, SpectralCovariance<f64>, GridView<f64>>> {
    let truncation = Truncation::new(settings.truncation);
    let levels = pressures.len();
    let degrees = 0..=settings.truncation;
    let eigenvalue = |n: usize| (n * (n + 1)) as f64;
    let smooth = |n: usize| (-0.5 * eigenvalue(n) * (settings.length / EARTH_RADIUS).powi(2)).exp();
    let correlation: Vec<f64> = pressures
        .iter()
        .flat_map(|a| pressures.iter().map(move |b| (a / b).ln()))
        .map(|distance| (-0.5 * (distance / settings.depth).powi(2)).exp())
        .collect();
    let of_wind: Vec<f64> = degrees.clone().map(|n| eigenvalue(n).powi(2) * smooth(n)).collect();
    let sum = |of: &dyn Fn(usize) -> f64| degrees.clone().map(|n| (2 * n + 1) as f64 * of(n)).sum::<f64>();
    // σ_ζ for a wind of 1 m/s.
    let rotation = (2.0 * sum(&|n| of_wind[n]) / sum(&|n| eigenvalue(n) * smooth(n))).sqrt() / EARTH_RADIUS;
    let block = |name: &str, deviation: f64, spectrum: &[f64]| {
        SpectralBlock::separable(name, &vec![deviation; levels], &correlation, spectrum)
    };
    let wind = settings.wind * rotation;
    let of_temperature: Vec<f64> = degrees.clone().map(smooth).collect();
    let blocks = vec![
        block("vorticity", wind * (1.0 - settings.divergent).sqrt(), &of_wind)?,
        block("divergence", wind * settings.divergent.sqrt(), &of_wind)?,
        block("temperature", settings.temperature, &of_temperature)?,
    ];
    let covariance = SpectralCovariance::new(truncation, blocks, EARTH_RADIUS, EARTH_ROTATION)?;
    let mut transform = HostTransform::new(grid, truncation)?;
    transform.set_radius(EARTH_RADIUS)?;
    Ok(Composition::new(covariance, GridView::new(transform, levels, vec![levels]))?)
}

#[cfg(test)]
mod tests {
    use terrella_kernels::assimilation::LinearOperator;
    use terrella_kernels::random;

    use super::*;

    #[test]
    fn drawn_increments_have_the_configured_deviations() {
        let settings = Analysis { truncation: 42, length: 8.0e5, ..Analysis::default() };
        let grid: Grid = "F32".parse().expect("a grid");
        let mut root = root(&settings, &grid, &[50_000.0, 85_000.0]).expect("a covariance");
        let (mut control, mut fields) = (vec![0.0; root.input_len()], vec![0.0; root.output_len()]);
        let points = grid.points();
        let mut squares = [0.0; 6];
        let (mut weights, mut between) = (0.0, 0.0);
        const DRAWS: u32 = 40;
        for draw in 0..DRAWS {
            random::normals(1, [draw, 0, 0], &mut control);
            root.apply(&control, &mut fields).expect("lengths");
            for ring in grid.rings() {
                let weight = ring.latitude.to_radians().cos();
                for point in ring.offset..ring.offset + ring.points {
                    let at = |layer: usize| fields[layer * points + point];
                    (0..6).for_each(|layer| squares[layer] += weight * at(layer).powi(2));
                    between += weight * at(4) * at(5);
                    weights += weight;
                }
            }
        }
        let deviations = squares.map(|sum| (sum / weights).sqrt());
        // Some hundred independent places in each draw: about 2 %.
        for (deviation, expected) in deviations.iter().zip([3.0, 3.0, 3.0, 3.0, 1.5, 1.5]) {
            assert!((deviation / expected - 1.0).abs() < 0.06, "{deviations:?}");
        }
        let expected = (-0.5 * ((8.5_f64 / 5.0).ln() / settings.depth).powi(2)).exp();
        let correlation = between / (squares[4] * squares[5]).sqrt();
        assert!((correlation - expected).abs() < 0.1, "{correlation} {expected}");
    }
}
