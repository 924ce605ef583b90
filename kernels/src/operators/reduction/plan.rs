//! A plan for reductions of arrays of one length on one device.

use super::{LANES, ROWS, kernels};
use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// Reductions of arrays of `length` values on one device; holds the memory for partial results, so that no call allocates.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::operators::reduction::Reduction;
/// let values = Buffer::from_slice(Device::Cpu, &[3.0, -4.0])?;
/// let mut reduction = Reduction::<f64>::new(Device::Cpu, 2)?;
/// assert_eq!(reduction.sum(&values)?, -1.0);
/// assert_eq!(reduction.dot(&values, &values)?, 25.0);
/// assert_eq!(reduction.largest_magnitude(&values)?, 4.0);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct Reduction<R: Real> {
    length: u32,
    /// Partial results of each pass, `[segments, LANES]`, down to one segment.
    passes: Vec<Buffer<R>>,
    /// The same for the sum of weights.
    weight_passes: Vec<Buffer<R>>,
    result: Buffer<R>,
    weight_result: Buffer<R>,
}

impl<R: Real> Reduction<R> {
    /// A plan for arrays of `length` values, at least one, on `device`.
    pub fn new(device: Device, length: usize) -> Result<Self> {
        let length = match u32::try_from(length) {
            Ok(length) if length > 0 => length,
            _ => {
                return Err(Error::InvalidValue {
                    name: "length",
                    got: length.to_string(),
                    expected: format!("1 to {}", u32::MAX),
                });
            }
        };
        let buffers = || -> Result<Vec<Buffer<R>>> {
            pass_segments(length)
                .into_iter()
                .map(|segments| Buffer::zeros(device, (segments * LANES) as usize))
                .collect()
        };
        Ok(Self {
            length,
            passes: buffers()?,
            weight_passes: buffers()?,
            result: Buffer::zeros(device, 1)?,
            weight_result: Buffer::zeros(device, 1)?,
        })
    }

    /// Σ x [unit of x]; NaN if any x is.
    pub fn sum(&mut self, values: &Buffer<R>) -> Result<R> {
        self.expect("values", values)?;
        let Self { length, passes, result, .. } = self;
        if let Some((first, _)) = passes.split_first_mut() {
            kernels::lane_sum::launch(extent(first), ROWS, LANES, *length, values, first)?;
        }
        add_passes(passes)?;
        let (lanes, partials) = last(passes, values);
        kernels::total::launch([1], lanes, tail(*length), *length, partials, values, result)?;
        value_of(result)
    }

    /// Σ x y [product of the units]; NaN if any product is.
    pub fn dot(&mut self, left: &Buffer<R>, right: &Buffer<R>) -> Result<R> {
        self.expect("left", left)?;
        self.expect("right", right)?;
        let Self { length, passes, result, .. } = self;
        if let Some((first, _)) = passes.split_first_mut() {
            kernels::lane_dot::launch(extent(first), ROWS, LANES, *length, left, right, first)?;
        }
        add_passes(passes)?;
        let (lanes, partials) = last(passes, left);
        kernels::total_dot::launch([1], lanes, tail(*length), *length, partials, left, right, result)?;
        value_of(result)
    }

    /// max |x| [unit of x]; NaN if any x is.
    pub fn largest_magnitude(&mut self, values: &Buffer<R>) -> Result<R> {
        self.expect("values", values)?;
        let Self { length, passes, result, .. } = self;
        if let Some((first, _)) = passes.split_first_mut() {
            kernels::lane_largest::launch(extent(first), ROWS, LANES, *length, values, first)?;
        }
        for pass in 1..passes.len() {
            let (done, rest) = passes.split_at_mut(pass);
            let (source, target) = (&done[pass - 1], &mut rest[0]);
            let count = source.len() as u32;
            kernels::lane_largest::launch(extent(target), ROWS, LANES, count, source, target)?;
        }
        let (lanes, partials) = last(passes, values);
        kernels::total_largest::launch([1], lanes, tail(*length), *length, partials, values, result)?;
        value_of(result)
    }

    /// Σ w x / Σ w [unit of x] over the points where x is not NaN; NaN if there is none.
    pub fn weighted_mean(&mut self, weights: &Buffer<R>, values: &Buffer<R>) -> Result<R> {
        self.expect("weights", weights)?;
        self.expect("values", values)?;
        let Self { length, passes, weight_passes, result, weight_result } = self;
        if let Some((first, _)) = passes.split_first_mut() {
            let weight_first = &mut weight_passes[0];
            let extent = extent(first);
            kernels::lane_weighted::launch(
                extent,
                ROWS,
                LANES,
                *length,
                weights,
                values,
                first,
                weight_first,
            )?;
        }
        add_passes(passes)?;
        add_passes(weight_passes)?;
        let (lanes, partials) = last(passes, values);
        let (_, weight_partials) = last(weight_passes, weights);
        kernels::total_weighted::launch(
            [1],
            lanes,
            tail(*length),
            *length,
            partials,
            weight_partials,
            weights,
            values,
            result,
            weight_result,
        )?;
        Ok(value_of(result)? / value_of(weight_result)?)
    }

    fn expect(&self, name: &'static str, buffer: &Buffer<R>) -> Result<()> {
        let expected = self.length as usize;
        if buffer.len() == expected {
            return Ok(());
        }
        Err(Error::LengthMismatch { name, expected, got: buffer.len() })
    }
}

/// Segments of each pass; none where not one row is full.
pub(crate) fn pass_segments(length: u32) -> Vec<u32> {
    let mut passes = Vec::new();
    let mut rows = length / LANES;
    while rows > 0 {
        let segments = rows.div_ceil(ROWS);
        passes.push(segments);
        rows = if segments == 1 { 0 } else { segments };
    }
    passes
}

/// First value outside whole rows.
pub(crate) fn tail(length: u32) -> u32 {
    length / LANES * LANES
}

fn extent<R: Real>(partials: &Buffer<R>) -> [u32; 2] {
    [partials.len() as u32 / LANES, LANES]
}

/// Adds each pass's partial sums into the next.
fn add_passes<R: Real>(passes: &mut [Buffer<R>]) -> Result<()> {
    for pass in 1..passes.len() {
        let (done, rest) = passes.split_at_mut(pass);
        let (source, target) = (&done[pass - 1], &mut rest[0]);
        kernels::lane_sum::launch(extent(target), ROWS, LANES, source.len() as u32, source, target)?;
    }
    Ok(())
}

/// The lanes left after the last pass; where there was no pass, no lane of any buffer.
fn last<'a, R: Real>(passes: &'a [Buffer<R>], otherwise: &'a Buffer<R>) -> (u32, &'a Buffer<R>) {
    passes.last().map_or((0, otherwise), |partials| (LANES, partials))
}

fn value_of<R: Real>(buffer: &Buffer<R>) -> Result<R> {
    let mut value = [R::ZERO];
    buffer.copy_to_host(&mut value)?;
    Ok(value[0])
}
