//! Columns at t: what parcels leave with.

use terrella_kernels::Real;

use super::{continuity, heating, pressure_force};
use crate::Result;
use crate::primitive::Primitive;

impl<R: Real> Primitive<R> {
    /// The fields that are to be interpolated, the nonlinear terms and η̇.
    pub(super) fn leave(&mut self) -> Result<()> {
        let (present_weight, previous_weight) = self.extrapolation();
        let (half_step, explicit_step) = (self.half_step(), self.explicit_step());
        let configuration = &self.configuration;
        let number = R::from_f64;
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let extent = [levels, points];
        let moist = u32::from(configuration.moist);
        let virtual_factor = number(configuration.vapour_gas_constant / configuration.gas_constant - 1.0);
        let heat_factor = number(configuration.vapour_heat_capacity / configuration.heat_capacity - 1.0);
        let (work, terms) = (&mut self.work, &self.column_terms);
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (columns, layers) = (&work.columns, &terms.layers);
        let (previous, present, leaving) =
            (&transport.previous, &mut transport.present, &mut transport.leaving);
        let humidity = if configuration.moist { &columns.tracers } else { &columns.temperature };
        let (humidity_eastward, humidity_northward) = match (configuration.moist, configuration.tracers()) {
            (false, _) => (&work.temperature_eastward, &work.temperature_northward),
            (true, 1) => (&transport.humidity_eastward, &transport.humidity_northward),
            (true, _) => (&work.tracers_eastward, &work.tracers_northward),
        };
        heating::launch(
            extent,
            points,
            number(configuration.kappa()),
            number(1.0 / configuration.heat_capacity),
            virtual_factor,
            heat_factor,
            moist,
            half_step,
            explicit_step,
            present_weight,
            previous_weight,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.b_above,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &terms.reference_temperature,
            &terms.reference_rise,
            &terms.reference_middle,
            &self.terms.mass_weight,
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &work.divergence,
            &columns.u,
            &columns.v,
            &columns.temperature,
            humidity,
            &previous.heating,
            &mut work.flux_above,
            &mut leaving.temperature,
            &mut present.heating,
            &mut work.flux_total,
            &mut transport.linear_flux,
        )?;
        let [scratch_a, scratch_b, scratch_c, scratch_d] = &mut transport.scratch;
        pressure_force::launch(
            extent,
            points,
            number(configuration.gas_constant),
            number(configuration.reference_temperature),
            virtual_factor,
            moist,
            half_step,
            explicit_step,
            present_weight,
            previous_weight,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &transport.reference_layers,
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &transport.ground_eastward,
            &transport.ground_northward,
            &columns.u,
            &columns.v,
            &columns.temperature,
            &work.temperature_eastward,
            &work.temperature_northward,
            humidity,
            humidity_eastward,
            humidity_northward,
            &previous.force_u,
            &previous.force_v,
            &mut leaving.u,
            &mut leaving.v,
            &mut present.force_u,
            &mut present.force_v,
            scratch_a,
            scratch_b,
            scratch_c,
            scratch_d,
        )?;
        continuity::launch(
            extent,
            points,
            levels,
            number(1.0 / (configuration.gas_constant * transport.settings.orographic_temperature)),
            half_step,
            explicit_step,
            present_weight,
            previous_weight,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &transport.eta_thickness,
            &columns.surface_pressure,
            &work.log_surface_pressure,
            &work.eastward,
            &work.northward,
            &transport.ground,
            &transport.ground_eastward,
            &transport.ground_northward,
            &work.flux_above,
            &work.flux_total,
            &transport.linear_flux,
            &columns.u,
            &columns.v,
            &previous.inflow,
            &mut present.vertical,
            &mut leaving.pressure,
            &mut present.inflow,
        )?;
        Ok(())
    }
}
