//! The forcing of Held & Suarez in tangent and adjoint steps.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;
use terrella_kernels::physics::held_suarez::{held_suarez_adjoint, held_suarez_tangent};

use super::super::terms::ColumnTerms;
use super::super::workspace::ColumnFields;
use super::super::{HeldSuarez, Tendencies};
use crate::Result;

impl<R: Real> HeldSuarez<R> {
    /// Writes `before` plus the forcing's perturbation to `after`. `about` is what the forcing saw, over an interval \[s\].
    pub(super) fn add_tangent(
        &self,
        interval: f64,
        terms: &ColumnTerms<R>,
        about: &ColumnFields<R>,
        perturbation: &ColumnFields<R>,
        before: &Tendencies<R>,
        after: &mut Tendencies<R>,
    ) -> Result<()> {
        let points = about.surface_pressure.len() as u32;
        let forcing = &self.forcing;
        held_suarez_tangent::launch(
            [terms.reference_temperature.len() as u32, points],
            points,
            R::from_f64(interval),
            R::from_f64(forcing.boundary_layer),
            R::from_f64(forcing.friction),
            R::from_f64(forcing.relaxation),
            R::from_f64(forcing.surface_relaxation),
            R::from_f64(forcing.meridional_difference),
            R::from_f64(forcing.vertical_difference),
            R::from_f64(forcing.warmest),
            R::from_f64(forcing.coldest),
            R::from_f64(forcing.reference_pressure),
            R::from_f64(forcing.kappa),
            &terms.layers.a_sum,
            &terms.layers.b_sum,
            &self.sine_latitude,
            &terms.reference_temperature,
            &about.surface_pressure,
            &about.u,
            &about.v,
            &about.temperature,
            &perturbation.surface_pressure,
            &perturbation.u,
            &perturbation.v,
            &perturbation.temperature,
            &before.u,
            &before.v,
            &before.temperature,
            &mut after.u,
            &mut after.v,
            &mut after.temperature,
        )?;
        Ok(())
    }

    /// Writes the sensitivity to u, v, T and p_s that the forcing saw, of that to its tendencies.
    pub(super) fn write_adjoint(
        &self,
        interval: f64,
        terms: &ColumnTerms<R>,
        about: &ColumnFields<R>,
        tendencies: &Tendencies<R>,
        sensitivity: &mut ColumnFields<R>,
    ) -> Result<()> {
        let points = about.surface_pressure.len() as u32;
        let forcing = &self.forcing;
        let surface: &mut Buffer<R> = &mut sensitivity.surface_pressure;
        held_suarez_adjoint::launch(
            [terms.reference_temperature.len() as u32, points],
            points,
            R::from_f64(interval),
            R::from_f64(forcing.boundary_layer),
            R::from_f64(forcing.friction),
            R::from_f64(forcing.relaxation),
            R::from_f64(forcing.surface_relaxation),
            R::from_f64(forcing.meridional_difference),
            R::from_f64(forcing.vertical_difference),
            R::from_f64(forcing.warmest),
            R::from_f64(forcing.coldest),
            R::from_f64(forcing.reference_pressure),
            R::from_f64(forcing.kappa),
            &terms.layers.a_sum,
            &terms.layers.b_sum,
            &self.sine_latitude,
            &terms.reference_temperature,
            &about.surface_pressure,
            &about.u,
            &about.v,
            &about.temperature,
            &tendencies.u,
            &tendencies.v,
            &tendencies.temperature,
            &mut sensitivity.u,
            &mut sensitivity.v,
            &mut sensitivity.temperature,
            surface,
        )?;
        Ok(())
    }
}
