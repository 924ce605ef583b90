//! Ensemble statistics of members that come one after the other: mean, spread, probabilities.
//!
//! With the k-th member xₖ, after Welford (1962, *Technometrics* 4, 419–420, doi:10.1080/00401706.1962.10490022):
//!
//! - mₖ = mₖ₋₁ + (xₖ − mₖ₋₁)/k, the mean;
//! - Mₖ = Mₖ₋₁ + (xₖ − mₖ₋₁)(xₖ − mₖ), the sum of squared departures from it;
//! - s = √(M_N/(N − 1)), the spread: the standard deviation whose square is unbiased.
//!
//! Differences of large numbers never arise, so that the spread of a field whose mean is a thousand times larger is as
//! good as the members. The probability of exceeding a threshold is the share of members that do.

use terrella_kernels_macros::kernel;

use super::exceedance::expect_rising;
use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// Mean and sum of squared departures with one member more.
///
/// | argument         | shape    | unit      |
/// |------------------|----------|-----------|
/// | `inverse_count`  | 1/k      | –         |
/// | `value`          | [points] | any       |
/// | `mean`, `squares` | [points], before | any, its square |
#[kernel]
pub fn welford<R: Real>(point: u32, inverse_count: R, value: &[R], mean: &[R], squares: &[R]) -> (R, R) {
    let departure = value[point] - mean[point];
    let next = mean[point] + departure * inverse_count;
    (next, squares[point] + departure * (value[point] - next))
}

/// Members above thresholds: `before`, and one more where the value is above.
///
/// | argument    | shape                | unit |
/// |-------------|----------------------|------|
/// | `points`    | number of points     | –    |
/// | `thresholds` | [thresholds]        | any  |
/// | `value`     | [points]             | any  |
/// | `before`    | [thresholds, points] | –    |
#[kernel(indices = 2)]
pub fn members_above<R: Real>(
    threshold: u32,
    point: u32,
    points: u32,
    thresholds: &[R],
    value: &[R],
    before: &[R],
) -> R {
    let here = threshold * points + point;
    if value[point] > thresholds[threshold] { before[here] + 1.0 } else { before[here] }
}

/// √(factor · squares), the spread with factor = 1/(N − 1).
///
/// | argument  | shape    | unit       |
/// |-----------|----------|------------|
/// | `factor`  | 1        | –          |
/// | `squares` | [points] | any, squared |
#[kernel]
pub fn spread<R: Real>(point: u32, factor: R, squares: &[R]) -> R {
    (factor * squares[point]).max(0.0).sqrt()
}

/// Mean, spread and probabilities of one field; holds two numbers per point and one per threshold, whatever the number of
/// members, and as much again for the step from one member to the next.
///
/// ```
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::diagnostics::ensemble::EnsembleStatistics;
/// let mut statistics = EnsembleStatistics::<f64>::new(Device::Cpu, 1, &[2.5])?;
/// for member in [1.0, 2.0, 6.0] {
///     statistics.add(&Buffer::from_slice(Device::Cpu, &[member])?)?;
/// }
/// assert_eq!(statistics.mean().to_vec()?, [3.0]);
/// assert_eq!(statistics.spread()?.to_vec()?, [7f64.sqrt()]);
/// assert_eq!(statistics.probabilities()?, [1.0 / 3.0]);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Debug)]
pub struct EnsembleStatistics<R: Real> {
    points: usize,
    members: u32,
    thresholds: Vec<f64>,
    limits: Buffer<R>,
    mean: [Buffer<R>; 2],
    squares: [Buffer<R>; 2],
    above: [Buffer<R>; 2],
}

impl<R: Real> EnsembleStatistics<R> {
    /// For fields of `points` values on `device`; thresholds in their unit, rising.
    pub fn new(device: Device, points: usize, thresholds: &[f64]) -> Result<Self> {
        expect_rising(thresholds)?;
        let limits: Vec<R> = thresholds.iter().map(|&threshold| R::from_f64(threshold)).collect();
        let zeros = |count: usize| -> Result<[Buffer<R>; 2]> {
            Ok([Buffer::zeros(device, count)?, Buffer::zeros(device, count)?])
        };
        Ok(Self {
            points,
            members: 0,
            thresholds: thresholds.to_vec(),
            limits: Buffer::from_slice(device, &limits)?,
            mean: zeros(points)?,
            squares: zeros(points)?,
            above: zeros(points * thresholds.len())?,
        })
    }

    /// Adds a member, `[point]`.
    pub fn add(&mut self, values: &Buffer<R>) -> Result<()> {
        if values.len() != self.points {
            return Err(Error::LengthMismatch { name: "values", expected: self.points, got: values.len() });
        }
        let points = self.points as u32;
        self.members += 1;
        let inverse = R::from_f64(1.0 / f64::from(self.members));
        let ([mean, next_mean], [squares, next_squares]) = (&mut self.mean, &mut self.squares);
        welford::launch([points], inverse, values, mean, squares, next_mean, next_squares)?;
        self.mean.swap(0, 1);
        self.squares.swap(0, 1);
        if !self.thresholds.is_empty() {
            let [before, after] = &mut self.above;
            let extent = [self.thresholds.len() as u32, points];
            members_above::launch(extent, points, &self.limits, values, before, after)?;
            self.above.swap(0, 1);
        }
        Ok(())
    }

    /// Number of members so far.
    pub fn members(&self) -> u32 {
        self.members
    }

    /// The thresholds.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// The mean, `[point]`; 0 before the first member.
    pub fn mean(&self) -> &Buffer<R> {
        &self.mean[0]
    }

    /// The spread, `[point]`; 0 for one member.
    pub fn spread(&mut self) -> Result<&Buffer<R>> {
        let factor = if self.members > 1 { 1.0 / f64::from(self.members - 1) } else { 0.0 };
        let [squares, result] = &mut self.squares;
        spread::launch([self.points as u32], R::from_f64(factor), squares, result)?;
        Ok(result)
    }

    /// Share of members above each threshold, 0 to 1, `[threshold][point]`, on the host.
    pub fn probabilities(&self) -> Result<Vec<f64>> {
        let members = f64::from(self.members.max(1));
        Ok(self.above[0].to_vec()?.into_iter().map(|count| count.to_f64() / members).collect())
    }

    /// All that [`EnsembleStatistics::restore`] needs: number of members, mean, squares, counts.
    pub fn save(&self) -> Result<Vec<R>> {
        let mut values = vec![R::from_f64(f64::from(self.members))];
        for buffer in [&self.mean[0], &self.squares[0], &self.above[0]] {
            values.extend(buffer.to_vec()?);
        }
        Ok(values)
    }

    /// Continues from saved values of the same points and thresholds.
    pub fn restore(&mut self, saved: &[R]) -> Result<()> {
        let points = self.points;
        let expected = 1 + points * (2 + self.thresholds.len());
        if saved.len() != expected {
            return Err(Error::LengthMismatch { name: "saved", expected, got: saved.len() });
        }
        self.members = saved[0].to_f64() as u32;
        self.mean[0].copy_from_host(&saved[1..1 + points])?;
        self.squares[0].copy_from_host(&saved[1 + points..1 + 2 * points])?;
        self.above[0].copy_from_host(&saved[1 + 2 * points..])
    }
}
