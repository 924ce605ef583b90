//! Errors of a background of which there is no ensemble: isotropic correlations of stream function, velocity potential, temperature and humidity.

use terrella_coupling::GridView;
use terrella_kernels::assimilation::Composition;
use terrella_kernels::assimilation::covariance::spectral::{SpectralBlock, SpectralCovariance};
use terrella_kernels::constants::{EARTH_RADIUS, EARTH_ROTATION};
use terrella_kernels::spectral::{HostTransform, Truncation};

use super::configuration::Analysis;
use super::fields::Fields;
use crate::error::Result;

/// U with B = U Uᵀ for fields \[u, v, T, q], each \[level]\[point].
///
/// Stream function ψ, velocity potential and temperature have Gaussian correlations of the length L, with spectra s_n = exp(−n(n + 1) L²/2a²) to
/// good approximation where L ≪ a, and exp(−(Δ ln p)²/2D²) between levels. C_n(ψ) = k a⁴ s_n gives wind components the variance
/// σ² = ½ Σ (2n + 1) n(n + 1) C_n(ψ)/a² and vorticity the spectrum n²(n + 1)² C_n(ψ)/a⁴. Specific humidity has the correlations of temperature and `deviations`, \[level]\[point].
/// Wind, temperature and humidity are not correlated.
pub(super) fn root(
    settings: &Analysis,
    fields: &Fields,
    deviations: &[f64],
) -> Result<Composition<f64, SpectralCovariance<f64>, GridView<f64>>> {
    let truncation = Truncation::new(settings.truncation);
    let [pressures, .., humid] = &fields.pressures;
    let levels = pressures.len();
    let degrees = 0..=settings.truncation;
    let eigenvalue = |n: usize| (n * (n + 1)) as f64;
    let smooth = |n: usize| (-0.5 * eigenvalue(n) * (settings.length / EARTH_RADIUS).powi(2)).exp();
    let correlation = |pressures: &[f64]| -> Vec<f64> {
        let pairs = pressures.iter().flat_map(|a| pressures.iter().map(move |b| (a / b).ln()));
        pairs.map(|distance| (-0.5 * (distance / settings.depth).powi(2)).exp()).collect()
    };
    let of_wind: Vec<f64> = degrees.clone().map(|n| eigenvalue(n).powi(2) * smooth(n)).collect();
    let sum = |of: &dyn Fn(usize) -> f64| degrees.clone().map(|n| (2 * n + 1) as f64 * of(n)).sum::<f64>();
    // σ_ζ for a wind of 1 m/s.
    let rotation = (2.0 * sum(&|n| of_wind[n]) / sum(&|n| eigenvalue(n) * smooth(n))).sqrt() / EARTH_RADIUS;
    let block = |name: &str, pressures: &[f64], deviation: f64, spectrum: &[f64]| {
        let deviations = vec![deviation; pressures.len()];
        SpectralBlock::separable(name, &deviations, &correlation(pressures), spectrum)
    };
    let wind = settings.wind * rotation;
    let of_scalars: Vec<f64> = degrees.clone().map(smooth).collect();
    let mut blocks = vec![
        block("vorticity", pressures, wind * (1.0 - settings.divergent).sqrt(), &of_wind)?,
        block("divergence", pressures, wind * settings.divergent.sqrt(), &of_wind)?,
        block("temperature", pressures, settings.temperature, &of_scalars)?,
    ];
    let mut scalars = vec![levels];
    if !humid.is_empty() {
        blocks.push(block("specific humidity", humid, 1.0, &of_scalars)?);
        scalars.push(humid.len());
    }
    let mut covariance = SpectralCovariance::new(truncation, blocks, EARTH_RADIUS, EARTH_ROTATION)?;
    if !humid.is_empty() {
        covariance.set_deviations(3, &fields.grid, deviations.to_vec())?;
    }
    let mut transform = HostTransform::new(&fields.grid, truncation)?;
    transform.set_radius(EARTH_RADIUS)?;
    Ok(Composition::new(covariance, GridView::new(transform, levels, scalars))?)
}

#[cfg(test)]
mod tests {
    use terrella_io::layout::Layout;
    use terrella_kernels::assimilation::LinearOperator;
    use terrella_kernels::grid::Grid;
    use terrella_kernels::random;

    use super::*;

    #[test]
    fn drawn_increments_have_the_configured_deviations() {
        let settings = Analysis { truncation: 42, length: 8.0e5, ..Analysis::default() };
        let grid: Grid = "F32".parse().expect("a grid");
        let wind = vec![50_000.0, 85_000.0];
        let fields = Fields {
            layout: Layout::from(&grid),
            pressures: [wind.clone(), wind.clone(), wind, vec![60_000.0, 80_000.0]],
            grid,
        };
        let grid = &fields.grid;
        // Three times as large at one pole as at the other.
        let humid = |latitude: f64| 1e-3 * (2.0 + latitude.to_radians().sin());
        let of_point = |place: usize| humid(grid.coordinates(place % grid.points()).0);
        let deviations: Vec<f64> = (0..2 * grid.points()).map(of_point).collect();
        let mut root = root(&settings, &fields, &deviations).expect("a covariance");
        let (mut control, mut fields) = (vec![0.0; root.input_len()], vec![0.0; root.output_len()]);
        let points = grid.points();
        let mut squares = [0.0; 6];
        let (mut weights, mut between, mut normed) = (0.0, 0.0, [0.0; 2]);
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
                    let hemisphere = usize::from(ring.latitude < 0.0);
                    normed[hemisphere] += weight * (at(6) / humid(ring.latitude)).powi(2);
                    weights += weight;
                }
            }
        }
        let deviations = squares.map(|sum| (sum / weights).sqrt());
        // Some hundred independent places in each draw: about 2 %.
        for (deviation, expected) in deviations.iter().zip([3.0, 3.0, 3.0, 3.0, 1.5, 1.5]) {
            assert!((deviation / expected - 1.0).abs() < 0.06, "{deviations:?}");
        }
        for sum in normed {
            let ratio = (2.0 * sum / weights).sqrt();
            assert!((ratio - 1.0).abs() < 0.08, "{normed:?}");
        }
        let expected = (-0.5 * ((8.5_f64 / 5.0).ln() / settings.depth).powi(2)).exp();
        let correlation = between / (squares[4] * squares[5]).sqrt();
        assert!((correlation - expected).abs() < 0.1, "{correlation} {expected}");
    }
}
