//! Values between the points of a field: linear along rings, then linear between rings.

use crate::error::{Error, Result};
use crate::interpolation::{polar_rings, stencil};
use crate::layout::Layout;

/// A field to be sampled anywhere on the globe.
#[derive(Clone, Copy)]
pub(super) struct Sampled<'a> {
    layout: &'a Layout,
    values: &'a [f64],
    /// Means of the first and last rings: the values at the poles, where these lie beyond them.
    poles: [f64; 2],
}

impl<'a> Sampled<'a> {
    pub(super) fn new(name: &str, layout: &'a Layout, values: &'a [f64]) -> Result<Self> {
        if values.len() != layout.points() {
            return Err(Error::LengthMismatch {
                name: name.into(),
                expected: layout.points(),
                got: values.len(),
            });
        }
        let mean = |ring: std::ops::Range<usize>| {
            let points = ring.len() as f64;
            values[ring].iter().sum::<f64>() / points
        };
        Ok(Self { layout, values, poles: polar_rings(layout).map(mean) })
    }

    /// The value at a place (degrees); NaN outside the field and beside missing points.
    pub(super) fn at(&self, longitude: f64, latitude: f64) -> f64 {
        let Some(stencil) = stencil(self.layout, longitude, latitude) else { return f64::NAN };
        let value = |source: usize| match source.checked_sub(self.values.len()) {
            None => self.values[source],
            Some(pole) => self.poles[pole],
        };
        let parts = stencil.sources.into_iter().zip(stencil.weights).filter(|(_, weight)| *weight != 0.0);
        parts.map(|(source, weight)| weight * value(source)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_fields_are_exact() {
        let layout = Layout::gaussian(&[80.0, 40.0, 0.0, -40.0, -80.0], &[4, 8, 12, 8, 4]);
        let values: Vec<f64> = layout.coordinates().map(|(_, latitude)| 3.0 * latitude).collect();
        let field = Sampled::new("f", &layout, &values).unwrap();
        for (longitude, latitude) in [(0.0, 80.0), (17.0, 33.0), (-359.0, -79.0), (725.0, 0.0)] {
            assert!((field.at(longitude, latitude) - 3.0 * latitude).abs() < 1e-12);
        }
        assert!((field.at(10.0, 90.0) - 240.0).abs() < 1e-12);
    }

    #[test]
    fn outside_a_region_there_is_nothing() {
        let layout = Layout::lat_lon(&[50.0, 40.0], -10.0, 5.0, 5);
        let values: Vec<f64> = layout.coordinates().map(|(longitude, _)| longitude).collect();
        let field = Sampled::new("f", &layout, &values).unwrap();
        assert_eq!(field.at(352.5, 45.0), -7.5);
        assert_eq!(field.at(10.0, 45.0), 10.0);
        assert!(
            field.at(10.5, 45.0).is_nan() && field.at(0.0, 51.0).is_nan() && field.at(-11.0, 45.0).is_nan()
        );
        assert!(Sampled::new("f", &layout, &values[1..]).is_err());
    }
}
