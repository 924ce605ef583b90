//! One tangent step.

use std::mem::swap;

use terrella_kernels::Real;

use super::super::ring_sum;
use super::parts::Parts;
use super::trajectory::Linearisation;
use super::{
    energy_tangent, mass_flux_tangent, mean_and_shift_tangent, relative_pressure_tangent,
    surface_pressure_tangent, tracer_tangent, wind_and_temperature_tangent,
};
use crate::Result;

impl<R: Real> Parts<R> {
    pub(super) fn tangent(&mut self, about: &Linearisation<R>, perturbation: &mut [R]) -> Result<()> {
        self.mass.copy_from_host(&perturbation[..1])?;
        self.model.read_levels(perturbation)?;
        self.model.step = about.number;
        let device = self.model.device;
        device.within(|| {
            self.surface_tangent(about)?;
            self.model.synthesize_fields()?;
            self.column_tangents(about)?;
            self.tendency_tangents(about)?;
            self.forcing_tangent(about)?;
            self.model.analyze()?;
            // Linear as it is, but for the ground.
            swap(&mut self.model.terms.orography, &mut self.tables.plain);
            let updated = self.model.update();
            swap(&mut self.model.terms.orography, &mut self.tables.plain);
            updated
        })?;
        self.model.move_on();
        self.model.write_levels(perturbation)
    }

    /// δp_s on the grid.
    fn surface_tangent(&mut self, about: &Linearisation<R>) -> Result<()> {
        let Self { model, mass, .. } = self;
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
        mean_and_shift_tangent::launch(
            [1],
            rings,
            R::from_f64(if configuration.conserve_mass { 1.0 } else { 0.0 }),
            &about.mean,
            &about.target,
            &work.ring_sums,
            mass,
            &mut work.mean,
            &mut work.shift,
        )?;
        surface_pressure_tangent::launch(
            [points],
            R::from_f64(configuration.reference_surface_pressure),
            &about.shift,
            &about.relative_pressure,
            &work.shift,
            &work.log_surface_pressure,
            &mut work.columns.surface_pressure,
        )?;
        Ok(())
    }

    /// δs and δ(E + φ′).
    fn column_tangents(&mut self, about: &Linearisation<R>) -> Result<()> {
        let model = &mut self.model;
        let configuration = &model.configuration;
        let points = configuration.grid.points() as u32;
        let extent = [configuration.levels.count() as u32, points];
        let (work, terms) = (&mut model.work, &model.column_terms);
        let columns = &work.columns;
        mass_flux_tangent::launch(
            extent,
            points,
            &terms.layers.a_thickness,
            &terms.layers.b_thickness,
            &about.columns.surface_pressure,
            &about.eastward,
            &about.northward,
            &about.divergence,
            &about.columns.u,
            &about.columns.v,
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &work.divergence,
            &columns.u,
            &columns.v,
            &mut work.flux_above,
            &mut work.flux_total,
        )?;
        let moist = configuration.moist;
        energy_tangent::launch(
            extent,
            points,
            R::from_f64(configuration.gas_constant),
            R::from_f64(configuration.vapour_gas_constant / configuration.gas_constant - 1.0),
            u32::from(moist),
            &terms.reference_temperature,
            &terms.layers.kind,
            &terms.layers.logarithm,
            &terms.layers.alpha,
            &about.logarithm,
            &about.alpha,
            &about.logarithm_slope,
            &about.alpha_slope,
            &about.columns.temperature,
            if moist { &about.columns.tracers } else { &about.columns.temperature },
            &about.columns.u,
            &about.columns.v,
            &columns.surface_pressure,
            &columns.temperature,
            if moist { &columns.tracers } else { &columns.temperature },
            &columns.u,
            &columns.v,
            &mut work.energy,
            &mut work.top,
        )?;
        Ok(())
    }

    fn tendency_tangents(&mut self, about: &Linearisation<R>) -> Result<()> {
        let model = &mut self.model;
        let configuration = &model.configuration;
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let moist = configuration.moist;
        let (work, terms) = (&mut model.work, &model.column_terms);
        let (columns, layers) = (&work.columns, &terms.layers);
        wind_and_temperature_tangent::launch(
            [levels, points],
            points,
            levels,
            R::from_f64(configuration.gas_constant),
            R::from_f64(configuration.kappa()),
            R::from_f64(configuration.vapour_gas_constant / configuration.gas_constant - 1.0),
            R::from_f64(configuration.vapour_heat_capacity / configuration.heat_capacity - 1.0),
            u32::from(moist),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &terms.reference_temperature,
            &terms.coriolis,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &about.logarithm,
            &about.alpha,
            &about.logarithm_slope,
            &about.alpha_slope,
            &about.columns.surface_pressure,
            &about.eastward,
            &about.northward,
            &about.flux_above,
            &about.flux_total,
            &about.columns.u,
            &about.columns.v,
            &about.vorticity,
            &about.divergence,
            &about.columns.temperature,
            &about.temperature_eastward,
            &about.temperature_northward,
            if moist { &about.columns.tracers } else { &about.columns.temperature },
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &work.flux_above,
            &work.flux_total,
            &columns.u,
            &columns.v,
            &work.vorticity,
            &work.divergence,
            &columns.temperature,
            &work.temperature_eastward,
            &work.temperature_northward,
            if moist { &columns.tracers } else { &columns.temperature },
            &mut work.tendencies.u,
            &mut work.tendencies.v,
            &mut work.tendencies.temperature,
        )?;
        let tracers = configuration.tracers() as u32;
        if tracers > 0 {
            tracer_tangent::launch(
                [tracers * levels, points],
                points,
                levels,
                &layers.a_thickness,
                &layers.b_thickness,
                &layers.b_above,
                &about.columns.surface_pressure,
                &about.flux_above,
                &about.flux_total,
                &about.columns.u,
                &about.columns.v,
                &about.columns.tracers,
                &about.tracers_eastward,
                &about.tracers_northward,
                &columns.surface_pressure,
                &work.flux_above,
                &work.flux_total,
                &columns.u,
                &columns.v,
                &columns.tracers,
                &work.tracers_eastward,
                &work.tracers_northward,
                &mut work.tendencies.tracers,
            )?;
        }
        Ok(())
    }

    fn forcing_tangent(&mut self, about: &Linearisation<R>) -> Result<()> {
        let interval = self.model.interval();
        let Self { model, forcing, .. } = self;
        let (Some(forcing), Some(physics), Some(earlier)) = (forcing, &mut model.physics, &about.earlier)
        else {
            return Ok(());
        };
        let tendencies = &mut model.work.tendencies;
        forcing.add_tangent(
            interval,
            &model.column_terms,
            earlier,
            &physics.earlier,
            tendencies,
            &mut physics.after,
        )?;
        swap(&mut tendencies.u, &mut physics.after.u);
        swap(&mut tendencies.v, &mut physics.after.v);
        swap(&mut tendencies.temperature, &mut physics.after.temperature);
        Ok(())
    }
}
