//! Examination of the running model for NaN and runaway winds.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::reduction::Reduction;

use super::Configuration;
use crate::ranks::first_found;
use crate::{Error, Result};

/// What is needed to look at the wind where it is: one number comes to the host.
pub(super) struct Watch<R: Real> {
    part: Part,
    limit: f64,
    largest: Reduction<R>,
}

impl<R: Real> Watch<R> {
    pub(super) fn new(configuration: &Configuration, part: &Part, device: Device) -> Result<Self> {
        let values = part.points() * configuration.levels.count();
        Ok(Self {
            part: part.clone(),
            limit: configuration.wind_limit,
            largest: Reduction::new(device, values)?,
        })
    }

    /// An error with step, time, component, level and place if the wind is not finite or above the limit somewhere, the same on all ranks.
    pub(super) fn examine(
        &mut self,
        ranks: Option<&Communicator>,
        step: u64,
        time: f64,
        u: &Buffer<R>,
        v: &Buffer<R>,
    ) -> Result<()> {
        for (field, values) in [("eastward wind", u), ("northward wind", v)] {
            let largest = self.largest.largest_magnitude(values)?.to_f64();
            let is_outside = largest.is_nan() || largest > self.limit;
            let found = if is_outside { Some(self.first_outside(&values.to_vec()?)) } else { None };
            if let Some((place, value)) = first_found(ranks, found)? {
                return Err(self.unstable(step, time, field, place, value));
            }
        }
        Ok(())
    }

    /// Where in `[levels, points of the grid]` the first such value is.
    fn first_outside(&self, values: &[R]) -> (usize, f64) {
        let is_outside = |value: &R| value.to_f64().is_nan() || value.to_f64().abs() > self.limit;
        let index = values.iter().position(is_outside).unwrap_or(0);
        let (level, point) = (index / self.part.points(), index % self.part.points());
        (level * self.part.grid().points() + self.part.point_in_grid(point), values[index].to_f64())
    }

    fn unstable(&self, step: u64, time: f64, field: &'static str, place: usize, value: f64) -> Error {
        let points = self.part.grid().points();
        let (latitude, longitude) = self.part.grid().coordinates(place % points);
        Error::UnstableAtLevel {
            step,
            time,
            field,
            value,
            level: place / points + 1,
            latitude,
            longitude,
            expected: format!("at most {} m/s either way", self.limit),
        }
    }
}
