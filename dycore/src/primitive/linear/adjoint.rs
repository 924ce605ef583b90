//! One adjoint step: the tangent step's operations transposed, last one first.

use std::mem::swap;

use terrella_kernels::Real;

use super::super::ring_sum;
use super::parts::Parts;
use super::trajectory::Linearisation;
use super::{
    departure_adjoint, divergence_adjoint, explicit_adjoint, logarithm_adjoint, mass_and_temperature_adjoint,
    mean_and_shift_adjoint, pressure_adjoint, right_side_adjoint, surface_pressure_adjoint,
    temperature_adjoint, tracer_adjoint, wind_and_divergence_adjoint,
};
use crate::Result;
use crate::time_stepping::Filter;

impl<R: Real> Parts<R> {
    /// `sensitivity` is in the model's levels, what comes of it goes to `next` (present level) and `filtered` (previous one).
    pub(super) fn adjoint(&mut self, about: &Linearisation<R>, sensitivity: &mut [R]) -> Result<()> {
        self.mass.copy_from_host(&sensitivity[..1])?;
        self.model.read_levels(sensitivity)?;
        self.model.step = about.number;
        let device = self.model.device;
        device.within(|| {
            self.update_adjoint()?;
            self.analysis_adjoint()?;
            self.forcing_adjoint(about)?;
            self.column_adjoints(about)?;
            self.add_columns()?;
            self.surface_adjoint(about)?;
            self.gather()
        })?;
        let model = &mut self.model;
        swap(&mut model.previous, &mut model.filtered);
        if let (Some(physics), Some(earlier)) = (&mut model.physics, &mut self.earlier) {
            swap(&mut physics.earlier, earlier);
        }
        self.mass_before.copy_to_host(&mut sensitivity[..1])?;
        self.model.write_levels(sensitivity)
    }

    /// The semi-implicit step.
    fn update_adjoint(&mut self) -> Result<()> {
        let Self { model, tables, spectral_shift, .. } = self;
        let first = model.step == 0;
        let step = model.interval();
        let configuration = &model.configuration;
        let filter = if first { Filter::NONE } else { configuration.filter };
        let interval = R::from_f64(step);
        let (strength, centring) = (R::from_f64(filter.strength), R::from_f64(filter.centring));
        let implicit = R::from_f64(configuration.implicit_weight);
        let weight = R::from_f64(configuration.implicit_weight * step);
        let levels = configuration.levels.count() as u32;
        let tracers = levels * configuration.tracers() as u32;
        let eddies = configuration.truncation as u32 + 1;
        let (terms, work) = (&model.terms, &mut model.work);
        let (next, filtered) = (&model.present, &model.previous);
        let (present, previous) = (&mut model.next, &mut model.filtered);
        let rows = next.log_surface_pressure.len() as u32;

        let spectra = [
            (
                levels,
                &terms.damping,
                &terms.sponge,
                &next.vorticity,
                &filtered.vorticity,
                &mut previous.vorticity,
                &mut present.vorticity,
                &mut work.force_curl,
            ),
            (
                levels,
                &terms.damping,
                &tables.none,
                &next.temperature,
                &filtered.temperature,
                &mut previous.temperature,
                &mut present.temperature,
                &mut work.temperature_spectrum,
            ),
            (
                1,
                &tables.none,
                &tables.none,
                &next.log_surface_pressure,
                &filtered.log_surface_pressure,
                &mut previous.log_surface_pressure,
                &mut present.log_surface_pressure,
                &mut work.flux_spectrum,
            ),
            (
                tracers,
                &terms.damping,
                &terms.no_sponge,
                &next.tracers,
                &filtered.tracers,
                &mut previous.tracers,
                &mut present.tracers,
                &mut work.tracer_spectrum,
            ),
        ];
        for (fields, damping, sponge, next, filtered, previous, present, tendency) in spectra {
            if fields > 0 {
                explicit_adjoint::launch(
                    [rows, fields],
                    fields,
                    eddies,
                    interval,
                    strength,
                    centring,
                    damping,
                    sponge,
                    next,
                    filtered,
                    previous,
                    present,
                    tendency,
                )?;
            }
        }
        // The shift moves the mean of the present ln p_s alone, before the implicit terms see it.
        spectral_shift.copy_range(0, &present.log_surface_pressure, 0..1)?;
        departure_adjoint::launch(
            [rows, levels],
            levels,
            interval,
            implicit,
            strength,
            centring,
            &terms.divergence_damping,
            &terms.sponge,
            &tables.conversion_matrix,
            &terms.mass_weight,
            &next.divergence,
            &filtered.divergence,
            &work.temperature_spectrum,
            &work.flux_spectrum,
            &mut work.departure,
        )?;
        right_side_adjoint::launch(
            [rows, levels],
            levels,
            &terms.degree,
            &tables.inverses[usize::from(!first)],
            &work.departure,
            &mut work.right_side,
        )?;
        divergence_adjoint::launch(
            [rows, levels],
            levels,
            interval,
            implicit,
            strength,
            centring,
            weight,
            &terms.eigenvalue,
            &terms.divergence_damping,
            &terms.sponge,
            &work.right_side,
            &next.divergence,
            &filtered.divergence,
            &mut previous.divergence,
            &mut present.divergence,
            &mut work.force_divergence,
            &mut work.energy_spectrum,
        )?;
        temperature_adjoint::launch(
            [rows, levels],
            levels,
            interval,
            strength,
            centring,
            weight,
            &terms.damping,
            &tables.geopotential_matrix,
            &work.energy_spectrum,
            &next.temperature,
            &filtered.temperature,
            &mut previous.temperature,
            &mut present.temperature,
            &mut work.temperature_spectrum,
        )?;
        pressure_adjoint::launch(
            [rows],
            levels,
            interval,
            strength,
            centring,
            weight,
            &terms.pressure_force,
            &work.energy_spectrum,
            &next.log_surface_pressure,
            &filtered.log_surface_pressure,
            &mut previous.log_surface_pressure,
            &mut present.log_surface_pressure,
            &mut work.flux_spectrum,
        )?;
        Ok(())
    }

    /// Sensitivities to the tendencies on the grid.
    fn analysis_adjoint(&mut self) -> Result<()> {
        let model = &mut self.model;
        let levels = model.configuration.levels.count();
        let tracers = levels * model.configuration.tracers();
        let (work, transform) = (&mut model.work, &mut model.transform);
        let tendencies = &mut work.tendencies;
        transform.wind_analysis_adjoint(
            levels,
            &work.force_curl,
            &work.force_divergence,
            &mut tendencies.u,
            &mut tendencies.v,
        )?;
        transform.analysis_adjoint(levels, &work.energy_spectrum, &mut work.energy)?;
        transform.analysis_adjoint(levels, &work.temperature_spectrum, &mut tendencies.temperature)?;
        transform.analysis_adjoint(1, &work.flux_spectrum, &mut work.flux_total)?;
        if tracers > 0 {
            transform.analysis_adjoint(tracers, &work.tracer_spectrum, &mut tendencies.tracers)?;
        }
        Ok(())
    }

    /// Sensitivity to the columns that physics sees.
    fn forcing_adjoint(&mut self, about: &Linearisation<R>) -> Result<()> {
        let interval = self.model.interval();
        let Self { model, forcing, earlier, .. } = self;
        let (Some(earlier), Some(seen)) = (earlier, &about.earlier) else { return Ok(()) };
        match forcing {
            Some(forcing) => {
                let tendencies = &model.work.tendencies;
                forcing.write_adjoint(interval, &model.column_terms, seen, tendencies, earlier)?;
                Ok(earlier.tracers.fill(R::ZERO)?)
            }
            None => {
                for field in earlier.all_mut() {
                    field.fill(R::ZERO)?;
                }
                Ok(())
            }
        }
    }

    /// Sensitivities to fields and gradients on the grid, and to p_s in two parts.
    fn column_adjoints(&mut self, about: &Linearisation<R>) -> Result<()> {
        let Self { model, upper_pressure, .. } = self;
        let configuration = &model.configuration;
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let tracers = configuration.tracers() as u32;
        let moist = u32::from(configuration.moist);
        let gas_constant = R::from_f64(configuration.gas_constant);
        let kappa = R::from_f64(configuration.kappa());
        let virtual_factor =
            R::from_f64(configuration.vapour_gas_constant / configuration.gas_constant - 1.0);
        let heat_factor = R::from_f64(configuration.vapour_heat_capacity / configuration.heat_capacity - 1.0);
        let (work, terms) = (&mut model.work, &model.column_terms);
        let (columns, layers, tendencies) = (&about.columns, &terms.layers, &work.tendencies);
        // Without tracers, something of a length that devices accept, and that is not read.
        let dry = tracers == 0;
        let tracer_values = if dry { &columns.temperature } else { &columns.tracers };
        let tracers_eastward = if dry { &columns.temperature } else { &about.tracers_eastward };
        let tracers_northward = if dry { &columns.temperature } else { &about.tracers_northward };
        let tracer_sensitivity = if dry { &tendencies.temperature } else { &tendencies.tracers };
        mass_and_temperature_adjoint::launch(
            [levels, points],
            points,
            levels,
            gas_constant,
            kappa,
            virtual_factor,
            heat_factor,
            moist,
            tracers,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.b_above,
            &terms.reference_temperature,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &about.logarithm,
            &about.alpha,
            &about.logarithm_slope,
            &about.alpha_slope,
            &columns.surface_pressure,
            &about.eastward,
            &about.northward,
            &about.flux_total,
            &about.flux_above,
            &columns.u,
            &columns.v,
            &about.divergence,
            &columns.temperature,
            tracer_values,
            &tendencies.u,
            &tendencies.v,
            &tendencies.temperature,
            &work.energy,
            tracer_sensitivity,
            &mut work.flux_above,
            &mut work.columns.temperature,
            // Of humidity, until the tracers have taken it.
            &mut work.divergence,
            &mut work.temperature_eastward,
            &mut work.temperature_northward,
            &mut work.top,
            &mut work.log_surface_pressure,
            upper_pressure,
        )?;
        if tracers > 0 {
            tracer_adjoint::launch(
                [tracers * levels, points],
                points,
                levels,
                moist,
                &layers.a_thickness,
                &layers.b_thickness,
                &layers.b_above,
                &columns.surface_pressure,
                &about.flux_total,
                &about.flux_above,
                &columns.u,
                &columns.v,
                &tendencies.tracers,
                &work.divergence,
                &mut work.columns.tracers,
                &mut work.tracers_eastward,
                &mut work.tracers_northward,
            )?;
        }
        wind_and_divergence_adjoint::launch(
            [levels, points],
            points,
            levels,
            gas_constant,
            kappa,
            virtual_factor,
            heat_factor,
            moist,
            tracers,
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
            &columns.surface_pressure,
            &about.eastward,
            &about.northward,
            &about.flux_total,
            &about.flux_above,
            &columns.u,
            &columns.v,
            &about.vorticity,
            &about.divergence,
            &columns.temperature,
            &about.temperature_eastward,
            &about.temperature_northward,
            tracer_values,
            tracers_eastward,
            tracers_northward,
            &tendencies.u,
            &tendencies.v,
            &tendencies.temperature,
            &work.energy,
            tracer_sensitivity,
            &work.flux_above,
            &work.log_surface_pressure,
            &work.flux_total,
            &mut work.columns.u,
            &mut work.columns.v,
            &mut work.divergence,
            &mut work.vorticity,
            &mut work.top,
            &mut work.columns.surface_pressure,
            &mut work.eastward,
            &mut work.northward,
        )?;
        Ok(())
    }

    /// Sensitivities to P on the grid, and to the mean that is held.
    fn surface_adjoint(&mut self, about: &Linearisation<R>) -> Result<()> {
        let Self { model, tables, mass, mass_before, mean, spectral_shift, upper_pressure, .. } = self;
        let configuration = &model.configuration;
        let points = configuration.grid.points() as u32;
        let rings = configuration.grid.rings().len() as u32;
        let (work, terms) = (&mut model.work, &model.column_terms);
        surface_pressure_adjoint::launch(
            [points],
            R::from_f64(configuration.reference_surface_pressure),
            &about.shift,
            &about.relative_pressure,
            upper_pressure,
            &work.columns.surface_pressure,
            &mut work.relative_pressure,
            &mut work.log_surface_pressure,
        )?;
        ring_sum::launch(
            [rings],
            &terms.ring_first,
            &terms.ring_count,
            &tables.ring_one,
            &work.relative_pressure,
            &mut work.ring_sums,
        )?;
        mean_and_shift_adjoint::launch(
            [1],
            rings,
            R::from_f64(if configuration.conserve_mass { 1.0 } else { 0.0 }),
            &about.mean,
            &about.target,
            &work.ring_sums,
            spectral_shift,
            mass,
            mean,
            mass_before,
        )?;
        logarithm_adjoint::launch(
            [points],
            &tables.point_weight,
            &about.relative_pressure,
            mean,
            &work.log_surface_pressure,
            &mut work.top,
        )?;
        Ok(())
    }
}
