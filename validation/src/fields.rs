//! Analytic fields on a grid.

use std::f64::consts::TAU;

use terrella_kernels::Real;
use terrella_kernels::grid::Grid;

/// Values `[points]` of a function of longitude and latitude \[radians\].
pub fn on_grid<R: Real>(grid: &Grid, function: impl Fn(f64, f64) -> f64) -> Vec<R> {
    let mut values = Vec::with_capacity(grid.points());
    for ring in grid.rings() {
        let latitude = ring.latitude.to_radians();
        for point in 0..ring.points {
            let longitude = TAU * point as f64 / ring.points as f64;
            values.push(R::from_f64(function(longitude, latitude)));
        }
    }
    values
}
