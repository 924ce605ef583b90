//! ln(p_{k+½}/p_{k−½}) and α of a layer, without cancellation.
//!
//! With x = Δp/(p_{k+½} + p_{k−½}) and t = artanh(x)/x − 1, ln(p_{k+½}/p_{k−½}) = 2x(1 + t) and α = x − (1 − x)·t: no
//! difference of nearly equal numbers, so that thin layers are as exact in f32 as thick ones. Where A = 0 at both half
//! levels, or B = 0, nothing depends on the place, and the numbers are taken from a table.

use terrella_kernels_macros::kernel;

use super::HybridLevels;
use crate::device::{Buffer, Device};
use crate::{Real, Result};

/// ln and α do not depend on the surface pressure.
const CONSTANT: u32 = 0;
/// x stays below [`SERIES_LIMIT`].
const SERIES: u32 = 1;
/// The logarithm itself.
const LOGARITHM: u32 = 2;

/// Up to this x the terms of [`thin_layer`] suffice: the next one is x¹⁶/17 = 2e-16.
const SERIES_LIMIT: f64 = 0.125;

/// The lowest surface pressure [Pa] for which layers must keep below [`SERIES_LIMIT`]; x falls or rises with p_s.
const SURFACE_PRESSURES: [f64; 2] = [25_000.0, 120_000.0];

/// ln(p_{k+½}/p_{k−½}) and α_k [–] of a layer with x = Δp/(p_{k+½} + p_{k−½}) up to 1/8, by the series of artanh.
///
/// For layers whose [`LayerTables::kind`] is 1. Seven terms suffice for f64.
#[kernel(function)]
pub fn thin_layer<R: Real>(ratio: R) -> (R, R) {
    let square = ratio * ratio;
    let mut excess = square / 15.0 + 1.0 / 13.0;
    excess = excess * square + 1.0 / 11.0;
    excess = excess * square + 1.0 / 9.0;
    excess = excess * square + 1.0 / 7.0;
    excess = excess * square + 1.0 / 5.0;
    excess = excess * square + 1.0 / 3.0;
    excess *= square;
    (2.0 * ratio * (1.0 + excess), ratio - (1.0 - ratio) * excess)
}

/// The same of any x below 1, by the logarithm; for layers whose [`LayerTables::kind`] is 2.
#[kernel(function)]
pub fn thick_layer<R: Real>(ratio: R) -> (R, R) {
    let logarithm = ((1.0 + ratio) / (1.0 - ratio)).log();
    (logarithm, ratio - (1.0 - ratio) * (0.5 * logarithm / ratio - 1.0))
}

/// Derivatives of ln(p_{k+½}/p_{k−½}) and α_k by x [–], from x and α of either function above.
///
/// d ln/dx = 2/(1 − x²), dα/dx = 1 + t − (1 − x)·dt/dx with dt/dx = (x²/(1 − x²) − t)/x.
#[kernel(function)]
pub fn layer_slopes<R: Real>(ratio: R, alpha: R) -> (R, R) {
    let square = ratio * ratio;
    let rest = 1.0 - square;
    let excess = (ratio - alpha) / (1.0 - ratio);
    let growth = (square / rest - excess) / ratio;
    (2.0 / rest, 1.0 + excess - (1.0 - ratio) * growth)
}

/// One layer on the host, over one surface pressure: the reference of [`thin_layer`] and [`thick_layer`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Δp [Pa].
    pub thickness: f64,
    /// ln(p_{k+½}/p_{k−½}); 0 where p_{k−½} = 0: nothing is above that layer, so that it is only ever multiplied by 0.
    pub logarithm: f64,
    /// α.
    pub alpha: f64,
}

impl Layer {
    /// All layers of `levels` over a surface pressure [Pa], top first.
    pub fn all(levels: &HybridLevels, surface_pressure: f64) -> Vec<Self> {
        let half = levels.half_level_pressure(surface_pressure);
        let b = levels.b();
        (0..levels.count()).map(|k| Self::between(half[k], half[k + 1], b[k + 1] == b[k])).collect()
    }

    fn between(above: f64, below: f64, is_fixed: bool) -> Self {
        let thickness = below - above;
        if above == 0.0 {
            return Self { thickness, logarithm: 0.0, alpha: if is_fixed { 2.0_f64.ln() } else { 1.0 } };
        }
        let ratio = thickness / (below + above);
        let square = ratio * ratio;
        let excess = if ratio < 0.02 {
            square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square / 9.0)))
        } else {
            ratio.atanh() / ratio - 1.0
        };
        Self { thickness, logarithm: 2.0 * ratio * (1.0 + excess), alpha: ratio - (1.0 - ratio) * excess }
    }
}

/// What kernels read of [`HybridLevels`], `[levels]` each, on one device.
#[derive(Debug)]
pub struct LayerTables<R: Real> {
    /// ΔA = A_{k+½} − A_{k−½} [Pa].
    pub a_thickness: Buffer<R>,
    /// ΔB = B_{k+½} − B_{k−½}.
    pub b_thickness: Buffer<R>,
    /// A_{k+½} + A_{k−½} [Pa].
    pub a_sum: Buffer<R>,
    /// B_{k+½} + B_{k−½}.
    pub b_sum: Buffer<R>,
    /// B_{k−½}.
    pub b_above: Buffer<R>,
    /// How ln and α are found: 0 constants from the tables, 1 [`thin_layer`], 2 [`thick_layer`]. A kernel branches on it, and
    /// computes what all points of a layer have alike once.
    pub kind: Buffer<u32>,
    /// ln where it is constant.
    pub logarithm: Buffer<R>,
    /// α where it is constant.
    pub alpha: Buffer<R>,
}

impl<R: Real> LayerTables<R> {
    /// The tables of `levels` on `device`; an error where it has no room.
    pub fn new(levels: &HybridLevels, device: Device) -> Result<Self> {
        let (a, b) = (levels.a(), levels.b());
        let count = levels.count();
        let table = |value: &dyn Fn(usize) -> f64| {
            let values: Vec<R> = (0..count).map(|k| R::from_f64(value(k))).collect();
            Buffer::from_slice(device, &values)
        };
        // Constant layers have the same x over any surface pressure.
        let layers = Layer::all(levels, 100_000.0);
        let kind: Vec<u32> = (0..count)
            .map(|k| {
                let is_pressure = b[k] == 0.0 && b[k + 1] == 0.0;
                let is_sigma = a[k] == 0.0 && a[k + 1] == 0.0;
                let largest = SURFACE_PRESSURES
                    .map(|surface| {
                        let (above, below) = (a[k] + b[k] * surface, a[k + 1] + b[k + 1] * surface);
                        (below - above) / (below + above)
                    })
                    .into_iter()
                    .fold(0.0, f64::max);
                match () {
                    _ if is_pressure || is_sigma || (a[k] == 0.0 && b[k] == 0.0) => CONSTANT,
                    _ if largest < SERIES_LIMIT => SERIES,
                    _ => LOGARITHM,
                }
            })
            .collect();
        Ok(Self {
            a_thickness: table(&|k| a[k + 1] - a[k])?,
            b_thickness: table(&|k| b[k + 1] - b[k])?,
            a_sum: table(&|k| a[k + 1] + a[k])?,
            b_sum: table(&|k| b[k + 1] + b[k])?,
            b_above: table(&|k| b[k])?,
            kind: Buffer::from_slice(device, &kind)?,
            logarithm: table(&|k| layers[k].logarithm)?,
            alpha: table(&|k| layers[k].alpha)?,
        })
    }
}
