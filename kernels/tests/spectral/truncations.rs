//! The truncations that a grid is said to carry: products of fields are analysed exactly up to there, and no further.

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};

/// Largest difference between the coefficients up to T of a product of `factors` random fields, analysed on `grid` at T
/// and on a grid that is fine enough for all of the product.
fn aliasing(grid: &Grid, truncation: Truncation, factors: usize) -> f64 {
    let total = truncation.total();
    let fine = Grid::full(((factors + 1) * total).div_ceil(2) + 1).unwrap();
    let mut state = 1u64;
    let spectrum: Vec<f64> = (0..truncation.spectrum_len(1))
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect();
    let [coarse, fine] = [grid, &fine].map(|grid| {
        let mut transform = HostTransform::new(grid, truncation).unwrap();
        let (mut values, mut product) = (vec![0.0; grid.points()], vec![0.0; spectrum.len()]);
        transform.synthesis(1, &spectrum, &mut values).unwrap();
        values.iter_mut().for_each(|value| *value = value.powi(factors as i32));
        transform.analysis(1, &values, &mut product).unwrap();
        product
    });
    let size = fine.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
    coarse.iter().zip(&fine).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / size
}

#[test]
fn products_do_not_alias_up_to_the_stated_truncation() {
    for name in ["F16", "F32", "r72x37", "r72x36", "r48x37", "r96x36"] {
        let grid: Grid = name.parse().unwrap();
        for factors in 1..=3 {
            let truncation = Truncation::for_products_on(&grid, factors);
            let error = aliasing(&grid, truncation, factors);
            assert!(error < 1e-13, "{name} {truncation}, {factors} factors: {error:e}");
            // One more and they do, unless the grid cannot even carry that.
            let next = Truncation::new(truncation.total() + 1);
            if factors > 1 {
                let error = aliasing(&grid, next, factors);
                assert!(error > 1e-6, "{name} {next}, {factors} factors: {error:e}");
            }
        }
    }
}

#[test]
fn products_alias_on_the_short_rings_of_octahedral_grids() {
    // By as much as the documentation says, with white spectra on O48; smoother fields by less.
    let grid: Grid = "O48".parse().unwrap();
    for (truncation, factors, limit) in [
        (Truncation::quadratic_on(&grid), 2, 0.01),
        (Truncation::cubic_on(&grid), 3, 0.03),
        (Truncation::cubic_on(&grid), 2, 2e-6),
    ] {
        let error = aliasing(&grid, truncation, factors);
        eprintln!("O48 {truncation}, {factors} factors: {error:e}");
        assert!(error < limit, "O48 {truncation}, {factors} factors: {error:e}");
    }
}
