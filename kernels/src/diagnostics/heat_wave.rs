//! Heat waves: consecutive days whose maximum temperature is above a threshold.
//!
//! A heat wave is a run of at least N consecutive hot days, T > T_hot, N = 3 as in Russo et al. (2014, *J. Geophys. Res.
//! Atmos.* 119, 12500–12512, doi:10.1002/2014JD022098). Its magnitude is the sum over its days of (T − T_low)/ΔT where that
//! is above 0. With T_hot the 90th percentile of a climatology, T_low its 25th percentile and ΔT the distance from there to
//! the 75th one, this is the daily magnitude of Russo, Sillmann & Fischer (2015, *Environ. Res. Lett.* 10, 124003,
//! doi:10.1088/1748-9326/10/12/124003); with T_low = T_hot and ΔT = 1 K it is the excess in K·days, for runs without a
//! climatology.
//!
//! A run that still goes on counts as soon as it is long enough.

use terrella_kernels_macros::kernel;

use crate::device::{Buffer, Device};
use crate::{Error, Real, Result};

/// The next day at one point: length [days] and magnitude of the run that goes on, length of the longest heat wave [days],
/// largest magnitude of one, and days in heat waves.
///
/// | argument            | shape    | unit |
/// |---------------------|----------|------|
/// | `shortest`          | N        | days |
/// | `temperature`       | [points], the day's maximum | K |
/// | `hot`, `low`        | [points], T_hot, T_low | K |
/// | `range`             | [points], ΔT | K |
/// | `run`, `sum`        | [points], the run before | days, – |
/// | `longest`, `largest`, `days` | [points], before | days, –, days |
#[kernel]
pub fn heat_wave_day<R: Real>(
    point: u32,
    shortest: R,
    temperature: &[R],
    hot: &[R],
    low: &[R],
    range: &[R],
    run: &[R],
    sum: &[R],
    longest: &[R],
    largest: &[R],
    days: &[R],
) -> (R, R, R, R, R) {
    let is_hot = temperature[point] > hot[point];
    let excess = ((temperature[point] - low[point]) / range[point]).max(0.0);
    let length = if is_hot { run[point] + 1.0 } else { 0.0 };
    let magnitude = if is_hot { sum[point] + excess } else { 0.0 };
    let is_wave = length >= shortest;
    // The day that completes the shortest wave brings the days before it along.
    let added = if length == shortest { shortest } else { 1.0 };
    (
        length,
        magnitude,
        if is_wave { longest[point].max(length) } else { longest[point] },
        if is_wave { largest[point].max(magnitude) } else { largest[point] },
        if is_wave { days[point] + added } else { days[point] },
    )
}

/// What is hot, `[point]` each.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatThresholds {
    /// T_hot [K].
    pub hot: Vec<f64>,
    /// T_low [K].
    pub low: Vec<f64>,
    /// ΔT [K], above 0.
    pub range: Vec<f64>,
}

impl HeatThresholds {
    /// Excess above `hot` in K·days: T_low = T_hot, ΔT = 1 K.
    pub fn excess(hot: Vec<f64>) -> Self {
        let range = vec![1.0; hot.len()];
        Self { low: hot.clone(), hot, range }
    }

    /// Percentiles of a climatology of daily maxima [K]: the 90th, 25th and 75th.
    pub fn percentiles(hot: Vec<f64>, low: Vec<f64>, high: &[f64]) -> Self {
        let range = high.iter().zip(&low).map(|(high, low)| high - low).collect();
        Self { hot, low, range }
    }
}

/// Heat waves at each point, day by day.
#[derive(Debug)]
pub struct HeatWaves<R: Real> {
    shortest: u32,
    points: usize,
    thresholds: [Buffer<R>; 3],
    /// Run, its magnitude, longest, largest, days: before and after the day.
    state: [[Buffer<R>; 5]; 2],
}

impl<R: Real> HeatWaves<R> {
    /// For heat waves of at least `shortest` days (at least 1) on `device`.
    pub fn new(device: Device, shortest: u32, thresholds: &HeatThresholds) -> Result<Self> {
        let points = thresholds.hot.len();
        let invalid = |name, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if shortest == 0 {
            return invalid("shortest", "0".to_owned(), "at least 1 day");
        }
        for (name, values) in [("low", &thresholds.low), ("range", &thresholds.range)] {
            if values.len() != points {
                return Err(Error::LengthMismatch { name, expected: points, got: values.len() });
            }
        }
        if let Some(value) = thresholds.range.iter().find(|&&value| !(value > 0.0 && value.is_finite())) {
            return invalid("range", value.to_string(), "temperatures above 0 K: percentiles that differ");
        }
        for (name, values) in [("hot", &thresholds.hot), ("low", &thresholds.low)] {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                return invalid(name, value.to_string(), "finite temperatures");
            }
        }
        let buffer = |values: &[f64]| {
            let rounded: Vec<R> = values.iter().map(|&value| R::from_f64(value)).collect();
            Buffer::from_slice(device, &rounded)
        };
        let zeros = || -> Result<[Buffer<R>; 5]> {
            let zeros = || Buffer::zeros(device, points);
            Ok([zeros()?, zeros()?, zeros()?, zeros()?, zeros()?])
        };
        Ok(Self {
            shortest,
            points,
            thresholds: [buffer(&thresholds.hot)?, buffer(&thresholds.low)?, buffer(&thresholds.range)?],
            state: [zeros()?, zeros()?],
        })
    }

    /// Adds the maximum temperature of the next day [K], `[point]`.
    pub fn observe(&mut self, daily_maximum: &Buffer<R>) -> Result<()> {
        if daily_maximum.len() != self.points {
            let (expected, got) = (self.points, daily_maximum.len());
            return Err(Error::LengthMismatch { name: "daily_maximum", expected, got });
        }
        let [hot, low, range] = &self.thresholds;
        let [before, after] = &mut self.state;
        let [run, sum, longest, largest, days] = after;
        heat_wave_day::launch(
            [self.points as u32],
            R::from_f64(f64::from(self.shortest)),
            daily_maximum,
            hot,
            low,
            range,
            &before[0],
            &before[1],
            &before[2],
            &before[3],
            &before[4],
            run,
            sum,
            longest,
            largest,
            days,
        )?;
        self.state.swap(0, 1);
        Ok(())
    }

    /// Length of the longest heat wave so far [days], `[point]`.
    pub fn longest(&self) -> &Buffer<R> {
        &self.state[0][2]
    }

    /// The largest magnitude of a heat wave so far, `[point]`.
    pub fn largest_magnitude(&self) -> &Buffer<R> {
        &self.state[0][3]
    }

    /// Days that belong to heat waves so far, `[point]`.
    pub fn days(&self) -> &Buffer<R> {
        &self.state[0][4]
    }

    /// All that [`HeatWaves::restore`] needs, `[5][point]`.
    pub fn save(&self) -> Result<Vec<R>> {
        let mut values = Vec::with_capacity(5 * self.points);
        for buffer in &self.state[0] {
            values.extend(buffer.to_vec()?);
        }
        Ok(values)
    }

    /// Continues from saved values of the same points.
    pub fn restore(&mut self, saved: &[R]) -> Result<()> {
        let expected = 5 * self.points;
        if saved.len() != expected {
            return Err(Error::LengthMismatch { name: "saved", expected, got: saved.len() });
        }
        for (buffer, values) in self.state[0].iter_mut().zip(saved.chunks_exact(self.points.max(1))) {
            buffer.copy_from_host(values)?;
        }
        Ok(())
    }
}
