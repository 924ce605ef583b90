//! Large-scale condensation as a scheme.

use std::mem::swap;

use terrella_coupling::spectral::Rings;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::large_scale_condensation::large_scale_condensation;

use super::{ColumnScheme, ColumnState, Columns, Diagnostic, accumulated};
use crate::{Error, Result};

/// Rain from what is beyond saturation: [`terrella_kernels::physics::large_scale_condensation`].
///
/// | diagnostic                        | unit       |
/// |-----------------------------------|------------|
/// | `stratiform_precipitation_flux`   | kg m-2 s-1, in the last step |
/// | `stratiform_precipitation_amount` | kg m-2, summed over the steps since the start |
#[derive(Debug)]
pub struct LargeScaleCondensation<R: Real> {
    iterations: u32,
    rate: Buffer<R>,
    amount: Buffer<R>,
}

impl<R: Real> LargeScaleCondensation<R> {
    /// With this many steps of Newton's method, one in Reed & Jablonowski (2012), on the model's grid and device; across ranks, on the rings of its configuration.
    ///
    /// Errors: no step.
    pub fn new(iterations: u32, grid: &impl Rings, device: Device) -> Result<Self> {
        if iterations == 0 {
            return Err(Error::InvalidConfiguration {
                name: "iterations",
                got: iterations.to_string(),
                expected: "at least one step of Newton's method",
            });
        }
        let points = grid.points();
        Ok(Self { iterations, rate: Buffer::zeros(device, points)?, amount: Buffer::zeros(device, points)? })
    }
}

impl<R: Real> ColumnScheme<R> for LargeScaleCondensation<R> {
    fn name(&self) -> &'static str {
        "large-scale condensation"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        let points = columns.points as u32;
        let air = state.air;
        large_scale_condensation::launch(
            [columns.levels.count() as u32, points],
            points,
            R::from_f64(columns.interval),
            self.iterations,
            R::from_f64(air.vapour_ratio()),
            R::from_f64(air.steepness()),
            R::from_f64(air.heating()),
            R::from_f64(air.gravity),
            &columns.layers.a_thickness,
            &columns.layers.b_thickness,
            &columns.layers.a_sum,
            &columns.layers.b_sum,
            columns.reference_temperature,
            columns.surface_pressure,
            &state.now.temperature,
            &state.now.humidity,
            &mut state.next.temperature,
            &mut state.next.humidity,
            &mut self.rate,
        )?;
        state.swap_temperature();
        state.swap_humidity();
        let step = R::from_f64(columns.time_step);
        accumulated::launch([points], step, &self.amount, &self.rate, &mut state.scratch)?;
        swap(&mut self.amount, &mut state.scratch);
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        vec![
            Diagnostic { name: "stratiform_precipitation_flux", unit: "kg m-2 s-1", values: &self.rate },
            Diagnostic { name: "stratiform_precipitation_amount", unit: "kg m-2", values: &self.amount },
        ]
    }

    fn memory(&self) -> Vec<(&'static str, &Buffer<R>)> {
        vec![("stratiform_precipitation_amount", &self.amount)]
    }

    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        vec![&mut self.amount]
    }
}
