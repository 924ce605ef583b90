//! Examination of the running model for NaN and runaway winds.

use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::Part;
use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::Configuration;
use crate::ranks::first_found;
use crate::{Error, Result};

/// What is needed to look at the wind without allocating.
pub(crate) struct Watch<R> {
    part: Part,
    limit: f64,
    u: Vec<R>,
    v: Vec<R>,
}

impl<R: Real> Watch<R> {
    pub(crate) fn new(configuration: &Configuration, part: &Part) -> Self {
        let points = part.points();
        Self {
            part: part.clone(),
            limit: configuration.wind_limit,
            u: vec![R::ZERO; points],
            v: vec![R::ZERO; points],
        }
    }

    /// An error with step, time, field and place if the wind is not finite or above the limit somewhere, the same on all ranks.
    pub(crate) fn examine(
        &mut self,
        ranks: Option<&Communicator>,
        step: u64,
        time: f64,
        u: &Buffer<R>,
        v: &Buffer<R>,
    ) -> Result<()> {
        u.copy_to_host(&mut self.u)?;
        v.copy_to_host(&mut self.v)?;
        let is_outside = |(&u, &v): (&R, &R)| {
            let speed_squared = (u * u + v * v).to_f64();
            speed_squared.is_nan() || speed_squared > self.limit * self.limit
        };
        let outside = self.u.iter().zip(&self.v).position(is_outside);
        let found = outside.map(|point| {
            let (u, v) = (self.u[point].to_f64(), self.v[point].to_f64());
            (self.part.point_in_grid(point), u.hypot(v))
        });
        let Some((point, value)) = first_found(ranks, found)? else { return Ok(()) };
        let (latitude, longitude) = self.part.grid().coordinates(point);
        Err(Error::Unstable {
            step,
            time,
            field: "wind speed",
            value,
            latitude,
            longitude,
            expected: format!("at most {} m/s", self.limit),
        })
    }
}
