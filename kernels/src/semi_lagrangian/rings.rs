//! The rings of a grid, continued across the date line and the poles.

use std::f64::consts::{FRAC_PI_2, PI};

use super::Nodes;
use crate::device::{Buffer, Device};
use crate::grid::{Grid, Ring};
use crate::{Error, Real, Result};

/// Rows of an extended field, and where the grid's points are in them.
///
/// A row is a ring with one more point to the west and two more to the east. Beyond each pole two more rows repeat the
/// two outermost rings, which begin half-way round there. Rows are numbered from the north; −φ grows with the row.
///
/// | buffer                     | shape        | content                                              |
/// |----------------------------|--------------|------------------------------------------------------|
/// | `source`                   | [extended] | point of the grid that a value comes from            |
/// | `scalar_sign`, `vector_sign` | [extended] | 1; −1 beyond the poles                             |
/// | `row_start`                | [rings + 4] | first place of a row                                |
/// | `row_points`               | [rings + 4] | points of its ring                                  |
/// | `row_shift`                | [rings + 4] | its spacings by which it begins west of 0°E         |
/// | `index`, `ring_points`, `inverse_ring_points` | [points] | number of a point on its ring, points of that |
/// | `sine`, `cosine`, `ordinate` | [points]  | of φ; −φ [rad]                                     |
#[derive(Debug)]
pub struct RingTables<R: Real> {
    /// Number of places of an extended level.
    pub extended: usize,
    /// Where values come from.
    pub source: Buffer<u32>,
    /// Factors of scalars.
    pub scalar_sign: Buffer<R>,
    /// Factors of components of vectors.
    pub vector_sign: Buffer<R>,
    /// First places of rows.
    pub row_start: Buffer<u32>,
    /// Numbers of points of rows.
    pub row_points: Buffer<u32>,
    /// Where rows begin.
    pub row_shift: Buffer<R>,
    /// Numbers of points on their rings.
    pub index: Buffer<u32>,
    /// Numbers of points of the points' rings.
    pub ring_points: Buffer<u32>,
    /// One over that.
    pub inverse_ring_points: Buffer<R>,
    /// sin φ.
    pub sine: Buffer<R>,
    /// cos φ.
    pub cosine: Buffer<R>,
    /// −φ.
    pub ordinate: Buffer<R>,
    /// −φ of the rows.
    pub latitudes: Nodes<R>,
}

struct Row<'a> {
    ring: &'a Ring,
    ordinate: f64,
    is_beyond_pole: bool,
}

impl<R: Real> RingTables<R> {
    /// Tables of a grid.
    ///
    /// Errors: fewer than two rings; a ring at a pole, or one that does not begin at 0°E; a device without room.
    pub fn new(grid: &Grid, device: Device) -> Result<Self> {
        let rings = grid.rings();
        let refuse = |got: String, expected: &str| {
            let (name, expected) = ("grid", expected.to_owned());
            Err(Error::InvalidValue { name, got: format!("{got} of {}", grid.name()), expected })
        };
        if rings.len() < 2 {
            return refuse(format!("{} rings", rings.len()), "at least two rings");
        }
        if let Some(ring) = rings.iter().position(|ring| ring.first_longitude != 0.0) {
            return refuse(
                format!("ring {ring} at {} degrees east", rings[ring].first_longitude),
                "rings that begin at 0 degrees east",
            );
        }
        if let Some(ring) = rings.iter().position(|ring| ring.latitude.abs() >= 90.0 - 1e-9) {
            return refuse(format!("ring {ring} at a pole"), "rings off the poles");
        }
        let last = rings.len() - 1;
        let beyond = |ring: usize, pole: f64| Row {
            ring: &rings[ring],
            ordinate: pole + rings[ring].latitude.to_radians(),
            is_beyond_pole: true,
        };
        let mut rows = vec![beyond(1, -PI), beyond(0, -PI)];
        rows.extend(rings.iter().map(|ring| Row {
            ring,
            ordinate: -ring.latitude.to_radians(),
            is_beyond_pole: false,
        }));
        rows.extend([beyond(last, PI), beyond(last - 1, PI)]);

        let (mut source, mut sign, mut row_start) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            row_start.push(source.len() as u32);
            let points = row.ring.points;
            // One point to the west, two to the east.
            for column in 0..points + 3 {
                source.push((row.ring.offset + (column + points - 1) % points) as u32);
                sign.push(R::from_f64(if row.is_beyond_pole { -1.0 } else { 1.0 }));
            }
        }
        let row_points: Vec<u32> = rows.iter().map(|row| row.ring.points as u32).collect();
        let row_shift: Vec<R> = rows
            .iter()
            .map(|row| if row.is_beyond_pole { -0.5 * row.ring.points as f64 } else { 0.0 })
            .map(R::from_f64)
            .collect();
        let ordinates: Vec<f64> = rows.iter().map(|row| row.ordinate).collect();
        let of_points = |value: &dyn Fn(&Ring) -> f64| -> Result<Buffer<R>> {
            let values: Vec<R> = rings
                .iter()
                .flat_map(|ring| std::iter::repeat_n(R::from_f64(value(ring)), ring.points))
                .collect();
            Buffer::from_slice(device, &values)
        };
        let index: Vec<u32> = rings.iter().flat_map(|ring| 0..ring.points as u32).collect();
        let ring_points: Vec<u32> =
            rings.iter().flat_map(|ring| std::iter::repeat_n(ring.points as u32, ring.points)).collect();
        Ok(Self {
            extended: source.len(),
            scalar_sign: Buffer::from_slice(device, &vec![R::from_f64(1.0); source.len()])?,
            vector_sign: Buffer::from_slice(device, &sign)?,
            source: Buffer::from_slice(device, &source)?,
            row_start: Buffer::from_slice(device, &row_start)?,
            row_points: Buffer::from_slice(device, &row_points)?,
            row_shift: Buffer::from_slice(device, &row_shift)?,
            index: Buffer::from_slice(device, &index)?,
            ring_points: Buffer::from_slice(device, &ring_points)?,
            inverse_ring_points: of_points(&|ring| 1.0 / ring.points as f64)?,
            sine: of_points(&|ring| ring.sine_latitude)?,
            cosine: of_points(&|ring| ring.cosine_latitude)?,
            ordinate: of_points(&|ring| -ring.latitude.to_radians())?,
            latitudes: Nodes::new("latitudes", &ordinates, -FRAC_PI_2, FRAC_PI_2, device)?,
        })
    }
}
