//! The points around a place, with the weights of linear interpolation along circles of latitude and between them.

/// One circle of latitude with equidistant points, or a piece of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// Latitude (degrees north).
    pub latitude: f64,
    /// Longitude of the first point (degrees east).
    pub west: f64,
    /// Distance of neighbours (degrees).
    pub spacing: f64,
    /// Number of points.
    pub points: usize,
    /// Position of the first point in the field.
    pub offset: usize,
}

impl Circle {
    /// Longitude of a point (degrees east).
    pub fn longitude(&self, point: usize) -> f64 {
        self.west + self.spacing * point as f64
    }

    /// Whether the last point's eastern neighbour is the first point.
    pub fn is_closed(&self) -> bool {
        (self.spacing * self.points as f64 - 360.0).abs() < 1e-6
    }
}

/// Degrees by which places may lie beside a ring or a meridian and are still on it: layouts that are read from files have
/// rounded coordinates, and sums of spacings rounded sums.
const ON: f64 = 1e-9;

/// Points with weights whose sum is 1; unused ones have weight 0. The number of points stands for the mean of
/// the first circle, as the value at the north pole, the next number for that of the last circle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stencil {
    /// Points.
    pub sources: [usize; Stencil::SIZE],
    /// Their weights.
    pub weights: [f64; Stencil::SIZE],
}

impl Stencil {
    /// Most points there are around a place.
    pub const SIZE: usize = 4;

    /// No value.
    pub const OUTSIDE: Self = Self { sources: [0; 4], weights: [f64::NAN; 4] };
}

/// What surrounds a place \[degrees\] on circles from north to south; None outside. `is_global`: whether they close and reach both poles
/// (nearer than one circle), so that there is something between the outermost and its pole.
pub fn stencil(rings: &[Circle], is_global: bool, longitude: f64, latitude: f64) -> Option<Stencil> {
    let points = rings.last().map_or(0, |ring| ring.offset + ring.points);
    let below = rings.partition_point(|ring| ring.latitude > latitude + ON);
    if let Some(ring) = rings.get(below).filter(|ring| ring.latitude >= latitude - ON) {
        let ([west, east], weight) = along(ring, longitude)?;
        return Some(Stencil {
            sources: [west, east, west, east],
            weights: [1.0 - weight, weight, 0.0, 0.0],
        });
    }
    if below == 0 || below == rings.len() {
        if !is_global {
            return None;
        }
        let (ring, pole, mean) = match below {
            0 => (&rings[0], 90.0, points),
            _ => (&rings[below - 1], -90.0, points + 1),
        };
        let ([west, east], weight) = along(ring, longitude)?;
        let of_pole = ((latitude - ring.latitude) / (pole - ring.latitude)).clamp(0.0, 1.0);
        let of_ring = 1.0 - of_pole;
        return Some(Stencil {
            sources: [west, east, mean, mean],
            weights: [of_ring * (1.0 - weight), of_ring * weight, of_pole, 0.0],
        });
    }
    let (north, south) = (&rings[below - 1], &rings[below]);
    let of_south = (north.latitude - latitude) / (north.latitude - south.latitude);
    let of_north = 1.0 - of_south;
    let ([north_west, north_east], north_weight) = along(north, longitude)?;
    let ([south_west, south_east], south_weight) = along(south, longitude)?;
    Some(Stencil {
        sources: [north_west, north_east, south_west, south_east],
        weights: [
            of_north * (1.0 - north_weight),
            of_north * north_weight,
            of_south * (1.0 - south_weight),
            of_south * south_weight,
        ],
    })
}

/// The points west and east of a longitude, and the weight of the eastern one; None beside a ring that is not closed.
fn along(ring: &Circle, longitude: f64) -> Option<([usize; 2], f64)> {
    let on = ON / ring.spacing;
    let mut position = (longitude - ring.west).rem_euclid(360.0) / ring.spacing;
    if !ring.is_closed() && position > 360.0 / ring.spacing - on {
        position = 0.0;
    }
    // A point itself, so that its neighbours do not matter, be they missing or not there.
    if (position - position.round()).abs() <= on {
        position = position.round();
    }
    let west = position as usize;
    let weight = position - west as f64;
    let inside = ring.is_closed() || position <= (ring.points - 1) as f64;
    inside.then(|| ([west, west + 1].map(|point| ring.offset + point % ring.points), weight))
}
