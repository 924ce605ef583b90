//! Interpolation of fields from one layout to another, with weights that are computed once.
//!
//! ```
//! use terrella_io::interpolation::{Method, MissingRule, Weights};
//! use terrella_io::layout::Layout;
//! use terrella_kernels::grid::Grid;
//!
//! let octahedral: Grid = "O32".parse()?;
//! let source = Layout::from(&octahedral);
//! let target = Layout::global_lat_lon(72, 37);
//! let weights = Weights::new(&source, &target, Method::Bilinear)?;
//! let latitudes: Vec<f64> = source.coordinates().map(|(_, latitude)| latitude).collect();
//! let field = weights.apply(&latitudes, MissingRule::HeaviestMissing)?;
//! assert!((field[18 * 72 + 5] - 0.0).abs() < 1e-12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | method | value at a point of the target |
//! |---|---|
//! | [`Bilinear`](Method::Bilinear) | linear in longitude along the ring before and the ring behind, then linear in latitude between the two |
//! | [`NearestNeighbour`](Method::NearestNeighbour) | that of the nearest point on the sphere; at a pole of that beside it in longitude; of two equally near ones, of the first in memory |
//!
//! Between the outermost ring of a global layout and its pole, the ring's mean is the value at the pole. Outside a layout
//! that is a part of the globe all values are missing (NaN).
//!
//! Bilinear interpolation is exact for fields that are linear in longitude and latitude, but not across the poles. It is of
//! second order for smooth ones, but of first order beside the poles of reduced grids and HEALPix, whose rings there have few
//! points whatever the grid's size. It conserves no integral. Components of a wind are interpolated as scalars, which is
//! wrong within a ring of the poles.

mod bilinear;
mod nearest;

pub(crate) use bilinear::{Stencil, polar_rings, stencil};

use crate::error::{Error, Result};
use crate::layout::Layout;

/// How values are made from those around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Linear along two rings, then between them.
    Bilinear,
    /// The nearest value.
    NearestNeighbour,
}

/// When a value is missing (NaN) that has missing ones among those it is made from. Else the weights of the others are
/// scaled so that their sum is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingRule {
    /// One of them is missing.
    AnyMissing,
    /// All are missing.
    AllMissing,
    /// A missing one has more weight than each of the others. The default of ECMWF's MIR.
    #[default]
    HeaviestMissing,
}

/// For each point of the target the points of the source that it is made from.
#[derive(Clone, Debug)]
pub struct Weights {
    /// Points of the source. The sources of this number and the next are the means of the first and last ring.
    points: usize,
    poles: [std::ops::Range<usize>; 2],
    /// Sources per point of the target.
    width: usize,
    /// \[target\]\[source\]
    sources: Vec<u32>,
    /// In the same order; NaN where the target has no value.
    weights: Vec<f64>,
}

impl Weights {
    /// The weights from `source` to `target`. Errors: a source of 2³² points or more.
    pub fn new(source: &Layout, target: &Layout, method: Method) -> Result<Self> {
        let points = source.points();
        if u32::try_from(points + 1).is_err() {
            return Err(Error::InvalidValue {
                name: "source".into(),
                got: format!("of {points} points"),
                expected: "less than 2^32 points".into(),
            });
        }
        let width = match method {
            Method::Bilinear => Stencil::SIZE,
            Method::NearestNeighbour => 1,
        };
        let (mut sources, mut weights) = (Vec::new(), Vec::new());
        sources.reserve_exact(target.points() * width);
        weights.reserve_exact(target.points() * width);
        for (longitude, latitude) in target.coordinates() {
            match method {
                Method::Bilinear => {
                    let stencil = stencil(source, longitude, latitude).unwrap_or(Stencil::OUTSIDE);
                    sources.extend(stencil.sources.map(|source| source as u32));
                    weights.extend(stencil.weights);
                }
                Method::NearestNeighbour => {
                    let nearest = nearest::nearest(source, longitude, latitude);
                    sources.push(nearest.unwrap_or(0) as u32);
                    weights.push(if nearest.is_some() { 1.0 } else { f64::NAN });
                }
            }
        }
        Ok(Self { points, poles: polar_rings(source), width, sources, weights })
    }

    /// Points of the target.
    pub fn targets(&self) -> usize {
        self.weights.len() / self.width
    }

    /// The field on the target. `values`: one per point of the source, NaN where there is none.
    pub fn apply(&self, values: &[f64], rule: MissingRule) -> Result<Vec<f64>> {
        if values.len() != self.points {
            return Err(Error::LengthMismatch {
                name: "values".into(),
                expected: self.points,
                got: values.len(),
            });
        }
        let poles = self.poles.clone().map(|ring| mean(&values[ring], rule));
        let value = |source: u32| match (source as usize).checked_sub(self.points) {
            None => values[source as usize],
            Some(pole) => poles[pole],
        };
        let point = |(sources, weights): (&[u32], &[f64])| {
            let sum: f64 = sources.iter().zip(weights).map(|(&source, weight)| weight * value(source)).sum();
            if sum.is_nan() { renormalised(sources, weights, value, rule) } else { sum }
        };
        Ok(self.sources.chunks(self.width).zip(self.weights.chunks(self.width)).map(point).collect())
    }
}

/// The weighted sum of those that are not missing, where the rule gives one.
fn renormalised(sources: &[u32], weights: &[f64], value: impl Fn(u32) -> f64, rule: MissingRule) -> f64 {
    let (mut sum, mut total, mut heaviest, mut heaviest_missing) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    for (&source, &weight) in sources.iter().zip(weights).filter(|(_, weight)| **weight != 0.0) {
        let value = value(source);
        if value.is_nan() {
            heaviest_missing = heaviest_missing.max(weight);
        } else {
            sum += weight * value;
            total += weight;
            heaviest = heaviest.max(weight);
        }
    }
    let missing = match rule {
        MissingRule::AnyMissing => heaviest_missing > 0.0,
        MissingRule::AllMissing => false,
        MissingRule::HeaviestMissing => heaviest_missing > heaviest,
    };
    // Without any value 0/0, which is missing too.
    if missing { f64::NAN } else { sum / total }
}

/// The mean of a ring, as the value at a pole. All of its points weigh the same: only a rule that takes any missing one as
/// missing, or a ring without values, makes it missing.
fn mean(ring: &[f64], rule: MissingRule) -> f64 {
    let present = ring.iter().filter(|value| !value.is_nan());
    let (sum, count) = present.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    if rule == MissingRule::AnyMissing && count < ring.len() { f64::NAN } else { sum / count as f64 }
}
