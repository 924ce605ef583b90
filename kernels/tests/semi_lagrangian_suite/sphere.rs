//! A grid with levels, and the kernels on it.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::semi_lagrangian::{
    Nodes, RingTables, departure_points, extend, interpolate, interpolate_columns,
};

/// Half levels of 6 uneven layers.
const HALF: [f64; 7] = [0.0, 0.05, 0.2, 0.35, 0.6, 0.85, 1.0];

pub(crate) struct Sphere<R: Real> {
    pub(crate) grid: Grid,
    pub(crate) levels: Vec<f64>,
    pub(crate) rings: RingTables<R>,
    pub(crate) heights: Nodes<R>,
}

/// λ_D − λ_A, φ_D − φ_A, η_D, and D on the tangent plane.
pub(crate) type Departures<R> = [Buffer<R>; 5];

impl<R: Real> Sphere<R> {
    pub(crate) fn new(grid: &str) -> Self {
        let grid: Grid = grid.parse().unwrap();
        let levels: Vec<f64> = HALF.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        Self {
            rings: RingTables::new(&grid, Device::Cpu).unwrap(),
            heights: Nodes::new("heights", &levels, levels[0], levels[5], Device::Cpu).unwrap(),
            grid,
            levels,
        }
    }

    pub(crate) fn points(&self) -> usize {
        self.grid.points()
    }

    /// A function of longitude, latitude \[rad\] and η on the grid.
    pub(crate) fn field(&self, function: impl Fn(f64, f64, f64) -> f64) -> Buffer<R> {
        let mut values = Vec::new();
        for &eta in &self.levels {
            for point in 0..self.points() {
                let (latitude, longitude) = self.grid.coordinates(point);
                values.push(R::from_f64(function(longitude.to_radians(), latitude.to_radians(), eta)));
            }
        }
        Buffer::from_slice(Device::Cpu, &values).unwrap()
    }

    pub(crate) fn extended(&self, values: &Buffer<R>, is_vector: bool) -> Buffer<R> {
        let (levels, extended) = (self.levels.len(), self.rings.extended);
        let sign = if is_vector { &self.rings.vector_sign } else { &self.rings.scalar_sign };
        let mut result = Buffer::zeros(Device::Cpu, levels * extended).unwrap();
        let points = self.points() as u32;
        let extent = [levels as u32, extended as u32];
        extend::launch(extent, points, &self.rings.source, sign, values, &mut result).unwrap();
        result
    }

    /// Departure points in a steady wind, on the unit sphere.
    pub(crate) fn departures(
        &self,
        u: &Buffer<R>,
        v: &Buffer<R>,
        vertical: &Buffer<R>,
        time_step: f64,
        iterations: u32,
    ) -> Departures<R> {
        let (rings, heights) = (&self.rings, &self.heights);
        let there = [self.extended(u, true), self.extended(v, true), self.extended(vertical, false)];
        let mut result: Departures<R> = std::array::from_fn(|_| Buffer::zeros(Device::Cpu, u.len()).unwrap());
        let [longitude, latitude, height, eastward, northward] = &mut result;
        departure_points::launch(
            [self.levels.len() as u32, self.points() as u32],
            self.points() as u32,
            self.levels.len() as u32,
            rings.extended as u32,
            iterations,
            R::from_f64(time_step),
            R::from_f64(time_step),
            u,
            v,
            vertical,
            &there[0],
            &there[1],
            &there[2],
            &rings.sine,
            &rings.cosine,
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &heights.table,
            &heights.bins,
            heights.first,
            heights.per_unit,
            heights.count,
            longitude,
            latitude,
            height,
            eastward,
            northward,
        )
        .unwrap();
        result
    }

    /// A scalar at departure points.
    pub(crate) fn carried(&self, values: &Buffer<R>, from: &Departures<R>, limit: bool) -> Buffer<R> {
        let (rings, heights) = (&self.rings, &self.heights);
        let mut result = Buffer::zeros(Device::Cpu, values.len()).unwrap();
        interpolate::launch(
            [self.levels.len() as u32, self.points() as u32],
            self.points() as u32,
            self.levels.len() as u32,
            rings.extended as u32,
            u32::from(limit),
            &self.extended(values, false),
            &from[0],
            &from[1],
            &from[2],
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &heights.table,
            &heights.bins,
            heights.first,
            heights.per_unit,
            heights.count,
            &mut result,
        )
        .unwrap();
        result
    }

    /// The sum over levels with these weights of a scalar at departure points.
    pub(crate) fn column_sum(&self, weight: &[f64], values: &Buffer<R>, from: &Departures<R>) -> Buffer<R> {
        let rings = &self.rings;
        let weight: Vec<R> = weight.iter().map(|&weight| R::from_f64(weight)).collect();
        let mut result = Buffer::zeros(Device::Cpu, self.points()).unwrap();
        interpolate_columns::launch(
            [self.levels.len() as u32, self.points() as u32],
            self.points() as u32,
            rings.extended as u32,
            R::from_f64(0.0),
            &Buffer::from_slice(Device::Cpu, &weight).unwrap(),
            &self.extended(values, false),
            values,
            &from[0],
            &from[1],
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &mut result,
        )
        .unwrap();
        result
    }

    /// Wind \[rad s⁻¹\] of a rotation at `speed` about an axis tilted by `tilt` from the pole.
    pub(crate) fn rotation(&self, speed: f64, tilt: f64) -> [Buffer<R>; 2] {
        let (sine, cosine) = tilt.sin_cos();
        [
            self.field(|longitude, latitude, _| {
                speed * (latitude.cos() * cosine + latitude.sin() * longitude.cos() * sine)
            }),
            self.field(|longitude, _, _| -speed * longitude.sin() * sine),
        ]
    }

    /// No wind.
    pub(crate) fn rest(&self) -> Buffer<R> {
        self.field(|_, _, _| 0.0)
    }
}

pub(crate) fn position(longitude: f64, latitude: f64) -> [f64; 3] {
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

/// The vector turned by an angle about a unit axis.
pub(crate) fn turned(vector: [f64; 3], axis: [f64; 3], angle: f64) -> [f64; 3] {
    let along: f64 = axis.iter().zip(vector).map(|(a, b)| a * b).sum();
    let cross = [
        axis[1] * vector[2] - axis[2] * vector[1],
        axis[2] * vector[0] - axis[0] * vector[2],
        axis[0] * vector[1] - axis[1] * vector[0],
    ];
    let (sine, cosine) = angle.sin_cos();
    std::array::from_fn(|i| vector[i] * cosine + cross[i] * sine + axis[i] * along * (1.0 - cosine))
}

pub(crate) fn distance(one: [f64; 3], other: [f64; 3]) -> f64 {
    one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}
