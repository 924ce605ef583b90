//! Values between the points of a field: linear along rings, then linear between rings.

use crate::error::{Error, Result};
use crate::layout::Layout;

/// A field to be sampled anywhere on the globe.
#[derive(Clone, Copy)]
pub(super) struct Sampled<'a> {
    layout: &'a Layout,
    values: &'a [f64],
    /// Means of the first and last rings: the values at the poles, where these lie beyond them.
    poles: (f64, f64),
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
        let mean = |ring: usize| {
            let ring = layout.rings()[ring];
            values[ring.offset..ring.offset + ring.points].iter().sum::<f64>() / ring.points as f64
        };
        Ok(Self { layout, values, poles: (mean(0), mean(layout.rings().len() - 1)) })
    }

    /// The value at a place (degrees); NaN outside the field and beside missing points.
    pub(super) fn at(&self, longitude: f64, latitude: f64) -> f64 {
        let rings = self.layout.rings();
        let below = rings.partition_point(|ring| ring.latitude > latitude);
        if below == 0 || below == rings.len() {
            let edge = if below == 0 { 0 } else { rings.len() - 1 };
            let (pole, mean) = if below == 0 { (90.0, self.poles.0) } else { (-90.0, self.poles.1) };
            let ring = rings[edge].latitude;
            if ring == latitude {
                return self.along(edge, longitude);
            }
            if !self.layout.is_global() {
                return f64::NAN;
            }
            let weight = ((latitude - ring) / (pole - ring)).clamp(0.0, 1.0);
            return self.along(edge, longitude) * (1.0 - weight) + mean * weight;
        }
        let (north, south) = (rings[below - 1].latitude, rings[below].latitude);
        let weight = (north - latitude) / (north - south);
        self.along(below - 1, longitude) * (1.0 - weight) + self.along(below, longitude) * weight
    }

    fn along(&self, ring: usize, longitude: f64) -> f64 {
        let ring = &self.layout.rings()[ring];
        let values = &self.values[ring.offset..ring.offset + ring.points];
        if ring.points == 1 {
            return values[0];
        }
        let position = (longitude - ring.west).rem_euclid(360.0) / ring.spacing;
        let west = position as usize;
        let weight = position - west as f64;
        if ring.is_closed() {
            let (west, east) = (west % ring.points, (west + 1) % ring.points);
            return values[west] * (1.0 - weight) + values[east] * weight;
        }
        if west + 1 < ring.points {
            values[west] * (1.0 - weight) + values[west + 1] * weight
        } else if position - (ring.points - 1) as f64 <= 1e-9 {
            values[ring.points - 1]
        } else {
            f64::NAN
        }
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
