//! How strong and for how long: running maximum and time above thresholds, of wind, precipitation or anything else.
//!
//! With values x at times t₁, t₂, …, each valid for the interval Δtᵢ before it:
//!
//! - the maximum max x, and
//! - for each threshold c the time Σ Δtᵢ over all i with xᵢ > c, and its share of the whole.
//!
//! Precipitation is given to [`Exceedance`] as the amount of a [`MovingSum`], such as that of the last 24 hours.

use std::collections::VecDeque;

use terrella_kernels_macros::kernel;

use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// √(u² + v²) [m s⁻¹].
///
/// | argument | shape    | unit  |
/// |----------|----------|-------|
/// | `u`, `v` | [points] | m s⁻¹ |
#[kernel]
pub fn wind_speed<R: Real>(point: u32, u: &[R], v: &[R]) -> R {
    (u[point] * u[point] + v[point] * v[point]).sqrt()
}

/// The larger of a value and the one before [any unit].
///
/// | argument         | shape    | unit |
/// |------------------|----------|------|
/// | `value`, `before` | [points] | any  |
#[kernel]
pub fn running_maximum<R: Real>(point: u32, value: &[R], before: &[R]) -> R {
    before[point].max(value[point])
}

/// Time above thresholds [s]: `before`, plus the interval where the value is above the threshold.
///
/// | argument    | shape                | unit |
/// |-------------|----------------------|------|
/// | `points`    | number of points     | –    |
/// | `interval`  | Δt                   | s    |
/// | `thresholds` | [thresholds]        | any  |
/// | `value`     | [points]             | any  |
/// | `before`    | [thresholds, points] | s    |
#[kernel(indices = 2)]
pub fn time_above<R: Real>(
    threshold: u32,
    point: u32,
    points: u32,
    interval: R,
    thresholds: &[R],
    value: &[R],
    before: &[R],
) -> R {
    let here = threshold * points + point;
    if value[point] > thresholds[threshold] { before[here] + interval } else { before[here] }
}

/// The difference of two values [any unit].
///
/// | argument       | shape    | unit |
/// |----------------|----------|------|
/// | `value`, `less` | [points] | any |
#[kernel]
pub fn difference<R: Real>(point: u32, value: &[R], less: &[R]) -> R {
    value[point] - less[point]
}

/// Running maximum and time above thresholds of one field; nothing is allocated after the first.
#[derive(Debug)]
pub struct Exceedance<R: Real> {
    points: usize,
    thresholds: Vec<f64>,
    limits: Buffer<R>,
    maximum: [Buffer<R>; 2],
    time_above: [Buffer<R>; 2],
    total_time: f64,
}

impl<R: Real> Exceedance<R> {
    /// For fields of `points` values on `device`; thresholds in their unit, rising.
    pub fn new(device: Device, points: usize, thresholds: &[f64]) -> Result<Self> {
        expect_rising(thresholds)?;
        let limits: Vec<R> = thresholds.iter().map(|&threshold| R::from_f64(threshold)).collect();
        let lowest = vec![R::from_f64(f64::NEG_INFINITY); points];
        let time = || Buffer::zeros(device, thresholds.len() * points);
        Ok(Self {
            points,
            thresholds: thresholds.to_vec(),
            limits: Buffer::from_slice(device, &limits)?,
            maximum: [Buffer::from_slice(device, &lowest)?, Buffer::zeros(device, points)?],
            time_above: [time()?, time()?],
            total_time: 0.0,
        })
    }

    /// Adds the values of the next time, valid for `interval` [s]; 0 counts in the maximum only.
    pub fn observe(&mut self, interval: f64, values: &Buffer<R>) -> Result<()> {
        if !(interval >= 0.0 && interval.is_finite()) {
            let expected = "a finite number of seconds, not below 0".to_owned();
            return Err(Error::InvalidValue { name: "interval", got: interval.to_string(), expected });
        }
        if values.len() != self.points {
            return Err(Error::LengthMismatch { name: "values", expected: self.points, got: values.len() });
        }
        let points = self.points as u32;
        let [before, after] = &mut self.maximum;
        running_maximum::launch([points], values, before, after)?;
        self.maximum.swap(0, 1);
        if !self.thresholds.is_empty() {
            let [before, after] = &mut self.time_above;
            let extent = [self.thresholds.len() as u32, points];
            time_above::launch(extent, points, R::from_f64(interval), &self.limits, values, before, after)?;
            self.time_above.swap(0, 1);
        }
        self.total_time += interval;
        Ok(())
    }

    /// The largest value of each point so far, `[point]`; −∞ before the first.
    pub fn maximum(&self) -> &Buffer<R> {
        &self.maximum[0]
    }

    /// The thresholds.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Time above each threshold [s], `[threshold][point]`.
    pub fn time_above(&self) -> &Buffer<R> {
        &self.time_above[0]
    }

    /// Time observed [s].
    pub fn total_time(&self) -> f64 {
        self.total_time
    }

    /// Share of the time above each threshold, 0 to 1, `[threshold][point]`, on the host; 0 before the first time.
    pub fn fraction_above(&self) -> Result<Vec<f64>> {
        let total = if self.total_time > 0.0 { self.total_time } else { 1.0 };
        Ok(self.time_above[0].to_vec()?.into_iter().map(|time| time.to_f64() / total).collect())
    }

    /// All that [`Exceedance::restore`] needs: time, maximum, times above.
    pub fn save(&self) -> Result<Vec<R>> {
        let mut values = vec![R::from_f64(self.total_time)];
        values.extend(self.maximum[0].to_vec()?);
        values.extend(self.time_above[0].to_vec()?);
        Ok(values)
    }

    /// Continues from saved values of the same points and thresholds.
    pub fn restore(&mut self, saved: &[R]) -> Result<()> {
        let expected = 1 + self.points * (1 + self.thresholds.len());
        if saved.len() != expected {
            return Err(Error::LengthMismatch { name: "saved", expected, got: saved.len() });
        }
        self.total_time = saved[0].to_f64();
        self.maximum[0].copy_from_host(&saved[1..1 + self.points])?;
        self.time_above[0].copy_from_host(&saved[1 + self.points..])
    }
}

pub(super) fn expect_rising(thresholds: &[f64]) -> Result<()> {
    let rising = thresholds.windows(2).all(|pair| pair[0] < pair[1]);
    if rising && thresholds.iter().all(|threshold| threshold.is_finite()) {
        return Ok(());
    }
    let expected = "finite, rising numbers".to_owned();
    Err(Error::InvalidValue { name: "thresholds", got: format!("{thresholds:?}"), expected })
}

/// The amount of the last N intervals of a quantity that only accumulates, such as precipitation since the start.
#[derive(Debug)]
pub struct MovingSum<R: Real> {
    intervals: usize,
    /// Accumulated amounts, the oldest first; at most one more than intervals.
    history: VecDeque<Buffer<R>>,
    sum: Buffer<R>,
}

impl<R: Real> MovingSum<R> {
    /// Over `intervals` (at least one) of fields of `points` values on `device`, accumulated since now.
    pub fn new(device: Device, points: usize, intervals: usize) -> Result<Self> {
        if intervals == 0 {
            let (got, expected) = ("0".to_owned(), "at least 1".to_owned());
            return Err(Error::InvalidValue { name: "intervals", got, expected });
        }
        let history = VecDeque::from([Buffer::zeros(device, points)?]);
        Ok(Self { intervals, history, sum: Buffer::zeros(device, points)? })
    }

    /// Adds the amount accumulated up to the next time. The amount of the last intervals, or None while fewer have
    /// passed.
    pub fn observe(&mut self, accumulated: &Buffer<R>) -> Result<Option<&Buffer<R>>> {
        let points = self.sum.len();
        if accumulated.len() != points {
            return Err(Error::LengthMismatch {
                name: "accumulated",
                expected: points,
                got: accumulated.len(),
            });
        }
        let mut newest = match self.history.len() > self.intervals {
            true => self.history.pop_front().expect("it has entries"),
            false => Buffer::zeros(accumulated.device(), points)?,
        };
        newest.copy_from(accumulated)?;
        self.history.push_back(newest);
        if self.history.len() <= self.intervals {
            return Ok(None);
        }
        difference::launch([points as u32], accumulated, &self.history[0], &mut self.sum)?;
        Ok(Some(&self.sum))
    }

    /// The accumulated amounts that [`MovingSum::restore`] needs, the oldest first, `[time][point]`.
    pub fn save(&self) -> Result<Vec<R>> {
        let mut values = Vec::new();
        for amount in &self.history {
            values.extend(amount.to_vec()?);
        }
        Ok(values)
    }

    /// Continues from saved amounts of the same points.
    pub fn restore(&mut self, saved: &[R]) -> Result<()> {
        let points = self.sum.len();
        let times = saved.len() / points.max(1);
        if times == 0 || times > self.intervals + 1 || saved.len() != times * points {
            let expected = (self.intervals + 1) * points;
            return Err(Error::LengthMismatch { name: "saved", expected, got: saved.len() });
        }
        let device = self.sum.device();
        self.history = saved
            .chunks_exact(points)
            .map(|amount| Buffer::from_slice(device, amount))
            .collect::<Result<VecDeque<_>>>()?;
        Ok(())
    }
}
