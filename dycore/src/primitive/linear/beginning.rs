//! The beginning of a run and its derivative: from one time level to all that the first step depends on.

use std::mem::swap;

use terrella_kernels::Real;

use super::super::arrays::read;
use super::super::ring_sum;
use super::parts::Parts;
use super::trajectory::Linearisation;
use super::{
    logarithm_adjoint, mean_and_shift_tangent, relative_pressure_tangent, sum_of_two,
    surface_pressure_adjoint, surface_pressure_tangent,
};
use crate::Result;

impl<R: Real> Parts<R> {
    /// e^P and its mean at the beginning, where the shift is 0, and so is its derivative.
    pub(super) fn surface_at_beginning(&mut self, state: &[R], about: &mut Linearisation<R>) -> Result<()> {
        let model = &mut self.model;
        model.begin_from(state)?;
        model.device.within(|| {
            model.synthesize_surface_pressure()?;
            about.swap_surface(&mut model.work)?;
            Ok(about.shift.fill(R::ZERO)?)
        })
    }

    /// The perturbation of both levels, of the mean that is held, and of the columns.
    pub(super) fn begin_tangent(&mut self, about: &Linearisation<R>, of_state: &[R]) -> Result<()> {
        let Self { model, mass, .. } = self;
        read(of_state, model.previous.fields_mut().map(|(_, field)| field))?;
        read(of_state, model.present.fields_mut().map(|(_, field)| field))?;
        model.device.within(|| {
            let configuration = &model.configuration;
            let points = configuration.grid.points() as u32;
            let rings = configuration.grid.rings().len() as u32;
            let (work, terms, transform) = (&mut model.work, &model.column_terms, &mut model.transform);
            transform.synthesis(1, &model.present.log_surface_pressure, &mut work.log_surface_pressure)?;
            relative_pressure_tangent::launch(
                [points],
                &about.relative_pressure,
                &work.log_surface_pressure,
                &mut work.relative_pressure,
            )?;
            ring_sum::launch(
                [rings],
                &terms.ring_first,
                &terms.ring_count,
                &terms.ring_weight,
                &work.relative_pressure,
                &mut work.ring_sums,
            )?;
            work.target.fill(R::ZERO)?;
            mean_and_shift_tangent::launch(
                [1],
                rings,
                R::ZERO,
                &about.mean,
                &about.target,
                &work.ring_sums,
                &work.target,
                mass,
                &mut work.shift,
            )?;
            if model.physics.is_none() {
                return Ok(());
            }
            work.shift.fill(R::ZERO)?;
            surface_pressure_tangent::launch(
                [points],
                R::from_f64(configuration.reference_surface_pressure),
                &about.shift,
                &about.relative_pressure,
                &work.shift,
                &work.log_surface_pressure,
                &mut work.columns.surface_pressure,
            )?;
            model.synthesize_fields()?;
            if let Some(physics) = &mut model.physics {
                swap(&mut physics.earlier, &mut model.work.columns);
            }
            Ok(())
        })
    }

    /// The sensitivity to the state, in the model's present level.
    pub(super) fn begin_adjoint(&mut self, about: &Linearisation<R>) -> Result<()> {
        let device = self.model.device;
        device.within(|| {
            let Self { model, tables, mass, upper_pressure, .. } = self;
            let points = model.configuration.grid.points() as u32;
            let (previous, present) = (model.previous.fields(), model.present.fields());
            for (((_, sum), (_, earlier)), (_, later)) in
                model.next.fields_mut().into_iter().zip(previous).zip(present)
            {
                if !sum.is_empty() {
                    sum_of_two::launch([sum.len() as u32], earlier, later, sum)?;
                }
            }
            let work = &mut model.work;
            // What only steps make use of.
            for unused in [
                &mut work.vorticity,
                &mut work.divergence,
                &mut work.temperature_eastward,
                &mut work.temperature_northward,
                &mut work.tracers_eastward,
                &mut work.tracers_northward,
                &mut work.eastward,
                &mut work.northward,
                upper_pressure,
            ] {
                unused.fill(R::ZERO)?;
            }
            match &mut model.physics {
                Some(physics) => swap(&mut physics.earlier, &mut work.columns),
                None => {
                    for unused in work.columns.all_mut() {
                        unused.fill(R::ZERO)?;
                    }
                }
            }
            surface_pressure_adjoint::launch(
                [points],
                R::from_f64(model.configuration.reference_surface_pressure),
                &about.shift,
                &about.relative_pressure,
                upper_pressure,
                &work.columns.surface_pressure,
                &mut work.relative_pressure,
                &mut work.log_surface_pressure,
            )?;
            logarithm_adjoint::launch(
                [points],
                &tables.point_weight,
                &about.relative_pressure,
                mass,
                &work.log_surface_pressure,
                &mut work.top,
            )?;
            self.gather()
        })
    }
}
