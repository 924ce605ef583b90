//! The points of an input file as a grid on which spectra can be computed.

use terrella_io::layout::Layout;
use terrella_kernels::grid::Grid;

/// Files round latitudes to a thousandth (GRIB1) or a millionth of a degree.
const ROUNDED: f64 = 2e-3;

/// The grid of a layout that covers the globe: equidistant latitudes from pole to pole, or Gaussian ones.
///
/// On an error, what the layout is and what would be needed.
pub(crate) fn input_grid(layout: &Layout) -> Result<Grid, String> {
    let rings = layout.rings();
    let latitudes: Vec<f64> = rings.iter().map(|ring| ring.latitude).collect();
    let points: Vec<usize> = rings.iter().map(|ring| ring.points).collect();
    let (first, last) = (rings[0], rings[rings.len() - 1]);
    let extent = format!(
        "{} rows from {:.3}° to {:.3}° of latitude, {} points from {:.3}° by {:.3}° of longitude on the first",
        rings.len(),
        first.latitude,
        last.latitude,
        first.points,
        first.west,
        first.spacing
    );
    if rings.iter().any(|ring| !ring.is_closed() || ring.west != 0.0) {
        return Err(format!("{extent}: whole circles of latitude from 0° are needed"));
    }
    let lies_on = |grid: &Grid| {
        let rings = grid.rings();
        rings.len() == latitudes.len()
            && rings.iter().zip(&latitudes).all(|(ring, latitude)| (ring.latitude - latitude).abs() < ROUNDED)
    };
    let candidates = if layout.is_rectangular() {
        vec![
            Grid::lat_lon(first.points, rings.len(), true),
            Grid::lat_lon(first.points, rings.len(), false),
            Grid::full_with_longitudes(rings.len() / 2, first.points),
        ]
    } else {
        vec![Grid::reduced(&points)]
    };
    candidates.into_iter().flatten().find(lies_on).ok_or_else(|| {
        format!("{extent}: equidistant rows from pole to pole or Gaussian latitudes are needed")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terrella_io::layout::gaussian_latitudes;
    use terrella_kernels::spectral::Truncation;

    #[test]
    fn global_layouts_are_recognised() {
        let name = |layout: &Layout| input_grid(layout).unwrap().name().to_owned();
        assert_eq!(name(&Layout::global_lat_lon(144, 73)), "r144x73");
        let shifted = Layout::lat_lon(&[67.5, 22.5, -22.5, -67.5], 0.0, 45.0, 8);
        assert_eq!(name(&shifted), "r8x4");
        assert_eq!(name(&Layout::gaussian(&gaussian_latitudes(16), &[64; 32])), "F16");
        let octahedral: Vec<usize> = (0..32).map(|ring| 20 + 4 * ring.min(31 - ring)).collect();
        let grid = input_grid(&Layout::gaussian(&gaussian_latitudes(16), &octahedral)).unwrap();
        assert_eq!(grid.points(), octahedral.iter().sum::<usize>());
        // All that 2.5° rows from pole to pole can tell apart.
        let regular = input_grid(&Layout::global_lat_lon(144, 73)).unwrap();
        assert_eq!(Truncation::largest_on(&regular).total(), 71);
    }

    #[test]
    fn parts_of_the_globe_are_refused() {
        let message = |layout: &Layout| input_grid(layout).unwrap_err();
        assert!(message(&Layout::lat_lon(&[60.0, 50.0, 40.0], -10.0, 5.0, 7)).contains("whole circles"));
        let belt = Layout::lat_lon(&[80.0, 40.0, 0.0, -40.0, -80.0], 0.0, 45.0, 8);
        assert!(message(&belt).contains("5 rows from 80.000° to -80.000°"));
    }
}
