//! From sensitivities on the grid to that to the spectra.

use terrella_kernels::Real;

use super::parts::Parts;
use super::{sum_of_three, sum_of_two};
use crate::Result;

impl<R: Real> Parts<R> {
    /// Adds to the model's next level what fields on the grid and gradients say of the spectra that they come from, and writes
    /// the sum to its present level. Of P itself the field is in `top`.
    pub(super) fn gather(&mut self) -> Result<()> {
        let Self { model, pressure_spectrum, tracer_spectrum, .. } = self;
        let levels = model.configuration.levels.count();
        let tracers = levels * model.configuration.tracers();
        let (work, transform) = (&mut model.work, &mut model.transform);
        transform.wind_synthesis_adjoint(
            levels,
            &work.columns.u,
            &work.columns.v,
            &mut work.force_curl,
            &mut work.force_divergence,
        )?;
        transform.synthesis_adjoint(levels, &work.vorticity, &mut work.energy_spectrum)?;
        transform.synthesis_adjoint(levels, &work.divergence, &mut work.temperature_spectrum)?;
        transform.synthesis_adjoint(levels, &work.columns.temperature, &mut work.right_side)?;
        transform.gradient_synthesis_adjoint(
            levels,
            &work.temperature_eastward,
            &work.temperature_northward,
            &mut work.departure,
        )?;
        transform.synthesis_adjoint(1, &work.top, &mut work.flux_spectrum)?;
        transform.gradient_synthesis_adjoint(1, &work.eastward, &work.northward, pressure_spectrum)?;
        let (next, present) = (&model.next, &mut model.present);
        for (base, first, second, sum) in [
            (&next.vorticity, &work.force_curl, &work.energy_spectrum, &mut present.vorticity),
            (&next.divergence, &work.force_divergence, &work.temperature_spectrum, &mut present.divergence),
            (&next.temperature, &work.right_side, &work.departure, &mut present.temperature),
            (
                &next.log_surface_pressure,
                &work.flux_spectrum,
                &*pressure_spectrum,
                &mut present.log_surface_pressure,
            ),
        ] {
            sum_of_three::launch([sum.len() as u32], base, first, second, sum)?;
        }
        if tracers > 0 {
            transform.synthesis_adjoint(tracers, &work.columns.tracers, &mut work.tracer_spectrum)?;
            transform.gradient_synthesis_adjoint(
                tracers,
                &work.tracers_eastward,
                &work.tracers_northward,
                tracer_spectrum,
            )?;
            sum_of_three::launch(
                [present.tracers.len() as u32],
                &next.tracers,
                &work.tracer_spectrum,
                tracer_spectrum,
                &mut present.tracers,
            )?;
        }
        Ok(())
    }

    /// Adds the sensitivity to the columns that the next step's physics sees, in the model's memory of them, to that to the
    /// fields on the grid, and to `upper_pressure`.
    pub(super) fn add_columns(&mut self) -> Result<()> {
        let Self { model, upper_pressure, .. } = self;
        let Some(physics) = &model.physics else { return Ok(()) };
        let (work, later) = (&mut model.work, &physics.earlier);
        let tendencies = &mut work.tendencies;
        for (own, other, sum) in [
            (&mut work.columns.u, &later.u, &mut tendencies.u),
            (&mut work.columns.v, &later.v, &mut tendencies.v),
            (&mut work.columns.temperature, &later.temperature, &mut tendencies.temperature),
            (&mut work.columns.tracers, &later.tracers, &mut tendencies.tracers),
            (upper_pressure, &later.surface_pressure, &mut work.top),
        ] {
            if !sum.is_empty() {
                sum_of_two::launch([sum.len() as u32], own, other, sum)?;
                std::mem::swap(own, sum);
            }
        }
        Ok(())
    }
}
