//! Examination of the running model for NaN and runaway winds.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::operators::reduction::Reduction;

use super::Configuration;
use crate::{Error, Result};

/// What is needed to look at the wind where it is: one number comes to the host.
pub(super) struct Watch<R: Real> {
    grid: Grid,
    limit: f64,
    largest: Reduction<R>,
}

impl<R: Real> Watch<R> {
    pub(super) fn new(configuration: &Configuration, device: Device) -> Result<Self> {
        let values = configuration.grid.points() * configuration.levels.count();
        Ok(Self {
            grid: configuration.grid.clone(),
            limit: configuration.wind_limit,
            largest: Reduction::new(device, values)?,
        })
    }

    /// An error with step, time, component, level and place if the wind is not finite or above the limit somewhere.
    pub(super) fn examine(&mut self, step: u64, time: f64, u: &Buffer<R>, v: &Buffer<R>) -> Result<()> {
        for (field, values) in [("eastward wind", u), ("northward wind", v)] {
            let largest = self.largest.largest_magnitude(values)?.to_f64();
            if largest.is_nan() || largest > self.limit {
                return Err(self.unstable(step, time, field, &values.to_vec()?));
            }
        }
        Ok(())
    }

    fn unstable(&self, step: u64, time: f64, field: &'static str, values: &[R]) -> Error {
        let is_outside = |value: &R| value.to_f64().is_nan() || value.to_f64().abs() > self.limit;
        let index = values.iter().position(is_outside).unwrap_or(0);
        let points = self.grid.points();
        let (latitude, longitude) = self.grid.coordinates(index % points);
        Error::UnstableAtLevel {
            step,
            time,
            field,
            value: values[index].to_f64(),
            level: index / points + 1,
            latitude,
            longitude,
            expected: format!("at most {} m/s either way", self.limit),
        }
    }
}
