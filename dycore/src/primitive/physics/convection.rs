//! Moist convection as a scheme.

use std::mem::swap;

use terrella_coupling::spectral::Rings;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::convection::{
    convection_adjustment, convection_closure, convection_sums, parcel_ascent,
};

use super::{ColumnScheme, ColumnState, Columns, Diagnostic, accumulated};
use crate::{Error, Result};

/// The simplified Betts-Miller scheme of Frierson (2007): [`terrella_kernels::physics::convection`].
///
/// | diagnostic                        | unit       |
/// |-----------------------------------|------------|
/// | `convective_precipitation_flux`   | kg m-2 s-1, in the last step |
/// | `convective_precipitation_amount` | kg m-2, summed over the steps since the start |
/// | `atmosphere_convective_available_potential_energy` | J kg-1, of the last call |
#[derive(Debug)]
pub struct Convection<R: Real> {
    relaxation_time: f64,
    relative_humidity: f64,
    top: Buffer<u32>,
    stage: Buffer<u32>,
    cape: Buffer<R>,
    rate: Buffer<R>,
    amount: Buffer<R>,
    /// Sums over a column, and how it relaxes.
    sums: [Buffer<R>; 4],
    closure: [Buffer<R>; 4],
}

impl<R: Real> Convection<R> {
    /// With the paper's τ = 2 h and RH = 0.7, on the model's grid and device; across ranks, on the rings of its configuration.
    pub fn new(grid: &impl Rings, device: Device) -> Result<Self> {
        Self::with_parameters(7200.0, 0.7, grid, device)
    }

    /// With another relaxation time τ \[s\] and relative humidity of the reference.
    ///
    /// Errors: a time that is not positive, a relative humidity outside 0 to 1.
    pub fn with_parameters(
        relaxation_time: f64,
        relative_humidity: f64,
        grid: &impl Rings,
        device: Device,
    ) -> Result<Self> {
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        if !(relaxation_time > 0.0 && relaxation_time.is_finite()) {
            return refuse("relaxation_time", relaxation_time, "a finite time above 0 s");
        }
        if !(relative_humidity > 0.0 && relative_humidity <= 1.0) {
            return refuse("relative_humidity", relative_humidity, "a number above 0, up to 1");
        }
        let points = grid.points();
        let column = || Buffer::zeros(device, points);
        Ok(Self {
            relaxation_time,
            relative_humidity,
            top: Buffer::zeros(device, points)?,
            stage: Buffer::zeros(device, points)?,
            cape: column()?,
            rate: column()?,
            amount: column()?,
            sums: [column()?, column()?, column()?, column()?],
            closure: [column()?, column()?, column()?, column()?],
        })
    }
}

impl<R: Real> ColumnScheme<R> for Convection<R> {
    fn name(&self) -> &'static str {
        "convection"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        let points = columns.points as u32;
        let levels = columns.levels.count() as u32;
        let extent = [levels, points];
        let air = state.air;
        let layers = columns.layers;
        let (now, next) = (&state.now, &mut state.next);
        let [heat, deficit, vapour, thickness] = &mut self.sums;
        let [heat_part, vapour_part, shift, factor] = &mut self.closure;
        // The wind is not changed here, so that its place holds the reference profiles.
        parcel_ascent::launch(
            extent,
            points,
            levels,
            R::from_f64(self.relative_humidity),
            R::from_f64(air.vapour_ratio()),
            R::from_f64(air.steepness()),
            R::from_f64(air.heating()),
            R::from_f64(air.gas_constant),
            R::from_f64(air.kappa()),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            columns.reference_temperature,
            columns.surface_pressure,
            &now.temperature,
            &now.humidity,
            &mut next.u,
            &mut next.v,
            heat,
            deficit,
            &mut self.stage,
            &mut self.top,
            &mut self.cape,
        )?;
        convection_sums::launch(
            extent,
            points,
            &layers.a_thickness,
            &layers.b_thickness,
            columns.surface_pressure,
            &self.top,
            &next.u,
            &next.v,
            &now.temperature,
            &now.humidity,
            heat,
            deficit,
            vapour,
            thickness,
        )?;
        convection_closure::launch(
            [points],
            R::from_f64(columns.interval),
            R::from_f64(self.relaxation_time),
            R::from_f64(air.heating()),
            R::from_f64(air.gravity),
            heat,
            deficit,
            vapour,
            thickness,
            heat_part,
            vapour_part,
            shift,
            factor,
            &mut self.rate,
        )?;
        convection_adjustment::launch(
            extent,
            points,
            &self.top,
            heat_part,
            vapour_part,
            shift,
            factor,
            &next.u,
            &next.v,
            &now.temperature,
            &now.humidity,
            &mut next.temperature,
            &mut next.humidity,
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
            Diagnostic { name: "convective_precipitation_flux", unit: "kg m-2 s-1", values: &self.rate },
            Diagnostic { name: "convective_precipitation_amount", unit: "kg m-2", values: &self.amount },
            Diagnostic {
                name: "atmosphere_convective_available_potential_energy",
                unit: "J kg-1",
                values: &self.cape,
            },
        ]
    }

    fn memory(&self) -> Vec<(&'static str, &Buffer<R>)> {
        vec![("convective_precipitation_amount", &self.amount)]
    }

    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        vec![&mut self.amount]
    }
}
