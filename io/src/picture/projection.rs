//! Map projections: longitude and latitude to the plane and back.

/// A projection, with the meridian that lies in its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projection {
    /// Longitude and latitude as they are, the whole globe.
    PlateCarree {
        /// Middle meridian (degrees east).
        longitude: f64,
    },
    /// A part of the globe, longitude and latitude as they are, shortened by the cosine of the middle latitude.
    Region {
        /// Western edge (degrees east).
        west: f64,
        /// Eastern edge, east of the western one by at most 360 (degrees east).
        east: f64,
        /// Southern edge (degrees north).
        south: f64,
        /// Northern edge (degrees north).
        north: f64,
    },
    /// Robinson's, for the whole globe (A. H. Robinson, 1974; table of the length and distance of parallels).
    Robinson {
        /// Middle meridian (degrees east).
        longitude: f64,
    },
    /// The globe from far above a point.
    Orthographic {
        /// The point's longitude (degrees east).
        longitude: f64,
        /// The point's latitude (degrees north).
        latitude: f64,
    },
}

/// Length of the parallels and their distance from the equator, every 5 degrees, both of 1 at most.
const ROBINSON: [(f64, f64); 19] = [
    (1.0000, 0.0000),
    (0.9986, 0.0620),
    (0.9954, 0.1240),
    (0.9900, 0.1860),
    (0.9822, 0.2480),
    (0.9730, 0.3100),
    (0.9600, 0.3720),
    (0.9427, 0.4340),
    (0.9216, 0.4958),
    (0.8962, 0.5571),
    (0.8679, 0.6176),
    (0.8350, 0.6769),
    (0.7986, 0.7346),
    (0.7597, 0.7903),
    (0.7186, 0.8435),
    (0.6732, 0.8936),
    (0.6213, 0.9394),
    (0.5722, 0.9761),
    (0.5322, 1.0000),
];

/// Half the equator's length over half the middle meridian's.
const ROBINSON_ASPECT: f64 = 0.8487 * std::f64::consts::PI / 1.3523;

impl Projection {
    /// Width over height.
    pub fn aspect(&self) -> f64 {
        match *self {
            Self::PlateCarree { .. } => 2.0,
            Self::Region { west, east, south, north } => {
                (east - west) * (0.5 * (south + north)).to_radians().cos() / (north - south)
            }
            Self::Robinson { .. } => ROBINSON_ASPECT,
            Self::Orthographic { .. } => 1.0,
        }
    }

    /// The meridian opposite which the map is cut (degrees east).
    pub(super) fn middle(&self) -> f64 {
        match *self {
            Self::PlateCarree { longitude }
            | Self::Robinson { longitude }
            | Self::Orthographic { longitude, .. } => longitude,
            Self::Region { west, east, .. } => 0.5 * (west + east),
        }
    }

    /// Place on the map, x from −1 (left) to 1, y from −1 (bottom) to 1; None behind the globe's edge.
    ///
    /// In a region, places outside lie beyond ±1.
    pub fn forward(&self, longitude: f64, latitude: f64) -> Option<(f64, f64)> {
        // From −180 (included) to 180, so that each meridian has one place.
        let relative = (longitude - self.middle() + 180.0).rem_euclid(360.0) - 180.0;
        self.forward_relative(relative, latitude)
    }

    /// As [`Projection::forward`], of a longitude counted from the middle meridian: −180 is the left edge, 180 the right.
    pub(super) fn forward_relative(&self, relative: f64, latitude: f64) -> Option<(f64, f64)> {
        match *self {
            Self::PlateCarree { .. } => Some((relative / 180.0, latitude / 90.0)),
            Self::Region { west, east, south, north } => Some((
                relative / (0.5 * (east - west)),
                (latitude - 0.5 * (south + north)) / (0.5 * (north - south)),
            )),
            Self::Robinson { .. } => {
                let (length, distance) = robinson(latitude.abs());
                Some((length * relative / 180.0, distance.copysign(latitude)))
            }
            Self::Orthographic { latitude: middle, .. } => {
                let (sine, cosine) = latitude.to_radians().sin_cos();
                let (middle_sine, middle_cosine) = middle.to_radians().sin_cos();
                let (east, towards) = relative.to_radians().sin_cos();
                let visible = middle_sine * sine + middle_cosine * cosine * towards;
                (visible >= 0.0)
                    .then_some((cosine * east, middle_cosine * sine - middle_sine * cosine * towards))
            }
        }
    }

    /// Longitude and latitude of a place on the map; None outside the globe.
    pub fn inverse(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        self.row(y).inverse(x)
    }

    /// What the inverse of all places at one height has in common.
    pub(super) fn row(&self, y: f64) -> Row {
        let middle = self.middle();
        match *self {
            Self::PlateCarree { .. } => Row::straight(middle, 180.0, (y.abs() <= 1.0).then_some(y * 90.0)),
            Self::Region { west, east, south, north } => {
                let latitude = 0.5 * (south + north) + y * 0.5 * (north - south);
                Row::straight(middle, 0.5 * (east - west), (y.abs() <= 1.0).then_some(latitude))
            }
            Self::Robinson { .. } => {
                let latitude = robinson_latitude(y.abs()).map(|latitude| latitude.copysign(y));
                let length = robinson(latitude.unwrap_or(0.0).abs()).0;
                Row { length, ..Row::straight(middle, 180.0, latitude) }
            }
            Self::Orthographic { latitude, .. } => {
                Row { globe: Some((latitude, y)), ..Row::straight(middle, 180.0, None) }
            }
        }
    }

    /// The map's edge, in the coordinates of [`Projection::forward`].
    pub(super) fn edge(&self) -> Vec<(f64, f64)> {
        match self {
            Self::PlateCarree { .. } | Self::Region { .. } => {
                vec![(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
            }
            Self::Robinson { .. } => {
                let side = |relative: f64| {
                    (-90..=90)
                        .filter_map(move |latitude| self.forward_relative(relative, f64::from(latitude)))
                };
                let right: Vec<_> = side(180.0).collect();
                let left: Vec<_> = side(-180.0).collect();
                left.iter().copied().chain(right.iter().rev().copied()).chain(left.first().copied()).collect()
            }
            Self::Orthographic { .. } => {
                (0..=360).map(|angle| f64::from(angle).to_radians().sin_cos()).collect()
            }
        }
    }
}

/// A horizontal line on the map.
pub(super) struct Row {
    middle: f64,
    /// Longitude from the middle to the right edge, and that edge's x.
    reach: f64,
    length: f64,
    latitude: Option<f64>,
    /// Orthographic: the middle's latitude, and y.
    globe: Option<(f64, f64)>,
}

impl Row {
    fn straight(middle: f64, reach: f64, latitude: Option<f64>) -> Self {
        Self { middle, reach, length: 1.0, latitude, globe: None }
    }

    pub(super) fn inverse(&self, x: f64) -> Option<(f64, f64)> {
        let Some((middle_latitude, y)) = self.globe else {
            let relative = x / self.length;
            return (relative.abs() <= 1.0).then_some((self.middle + relative * self.reach, self.latitude?));
        };
        let visible = 1.0 - x * x - y * y;
        if visible < 0.0 {
            return None;
        }
        let depth = visible.sqrt();
        let (sine, cosine) = middle_latitude.to_radians().sin_cos();
        let latitude = (depth * sine + y * cosine).clamp(-1.0, 1.0).asin().to_degrees();
        Some((self.middle + x.atan2(depth * cosine - y * sine).to_degrees(), latitude))
    }
}

/// Length and distance of a parallel from 0 to 90, by cubics through the table.
fn robinson(latitude: f64) -> (f64, f64) {
    let position = (latitude / 5.0).clamp(0.0, 18.0);
    let index = (position as usize).min(17);
    let weight = position - index as f64;
    // Across the equator the length is even and the distance odd; beyond the pole both go on straight.
    let entry = |index: i64| match index {
        -1 => (ROBINSON[1].0, -ROBINSON[1].1),
        19 => (2.0 * ROBINSON[18].0 - ROBINSON[17].0, 2.0 * ROBINSON[18].1 - ROBINSON[17].1),
        _ => ROBINSON[index as usize],
    };
    let [a, b, c, d] = [-1, 0, 1, 2].map(|step| entry(index as i64 + step));
    let cubic = |a: f64, b: f64, c: f64, d: f64| {
        let (slope, next_slope) = (0.5 * (c - a), 0.5 * (d - b));
        let (square, cube) = (weight * weight, weight * weight * weight);
        b * (2.0 * cube - 3.0 * square + 1.0)
            + slope * (cube - 2.0 * square + weight)
            + c * (3.0 * square - 2.0 * cube)
            + next_slope * (cube - square)
    };
    (cubic(a.0, b.0, c.0, d.0), cubic(a.1, b.1, c.1, d.1))
}

fn robinson_latitude(distance: f64) -> Option<f64> {
    if distance > 1.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, 90.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if robinson(middle).1 < distance {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_go_there_and_back() {
        for projection in [
            Projection::PlateCarree { longitude: 20.0 },
            Projection::Region { west: -30.0, east: 50.0, south: 25.0, north: 75.0 },
            Projection::Robinson { longitude: -100.0 },
            Projection::Orthographic { longitude: 10.0, latitude: 50.0 },
        ] {
            let mut tried = 0;
            for longitude in (-170..180).step_by(13) {
                for latitude in (-85..90).step_by(7) {
                    let (longitude, latitude) = (f64::from(longitude), f64::from(latitude));
                    let Some((x, y)) = projection.forward(longitude, latitude) else { continue };
                    let Some((back, latitude_back)) = projection.inverse(x, y) else { continue };
                    tried += 1;
                    let turn = (back - longitude + 180.0).rem_euclid(360.0) - 180.0;
                    assert!(turn.abs() < 1e-6 && (latitude - latitude_back).abs() < 1e-6, "{projection:?}");
                }
            }
            assert!(tried > 30, "{projection:?} {tried}");
        }
    }

    #[test]
    fn robinson_follows_its_table() {
        let projection = Projection::Robinson { longitude: 0.0 };
        let (x, y) = projection.forward(90.0, 40.0).unwrap();
        assert!((x - 0.9216 / 2.0).abs() < 1e-12 && (y - 0.4958).abs() < 1e-12);
        assert_eq!(projection.inverse(0.99, 0.99), None);
        assert!((projection.aspect() - 1.9716).abs() < 1e-3);
    }
}
