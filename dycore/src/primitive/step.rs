//! One step: synthesis, products on the grid, physics, analysis, update.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::physics::Columns;
use super::terms::ColumnTerms;
use super::workspace::ColumnFields;
use super::{
    Configuration, Primitive, advance_divergence, advance_explicit, advance_surface_pressure,
    advance_temperature, divergence_right_side, energy, mass_flux, mean_and_shift, relative_pressure,
    ring_sum, surface_pressure, tracer_tendency, wind_and_temperature_tendencies,
};
use crate::Result;
use crate::time_stepping::Filter;
use crate::timing::Phase;

impl<R: Real> Primitive<R> {
    /// Advances the state by one time step.
    pub fn step(&mut self) -> Result<()> {
        // Ranks stay on the threads of their communicators.
        if self.part().is_whole() { self.device.within(|| self.advance_any()) } else { self.advance_any() }
    }

    fn advance_any(&mut self) -> Result<()> {
        if self.transport.is_some() { self.advance_semi_lagrangian() } else { self.advance() }
    }

    fn advance(&mut self) -> Result<()> {
        self.synthesize()?;
        self.watch_wind()?;
        let timer = self.stopwatch.start(Phase::GridPoint)?;
        self.integrate_columns(R::from_f64(1.0))?;
        self.find_tendencies()?;
        self.stopwatch.stop(timer)?;
        if self.physics.is_some() {
            let timer = self.stopwatch.start(Phase::Physics)?;
            self.add_physics_tendencies()?;
            self.stopwatch.stop(timer)?;
        }
        self.analyze()?;
        let timer = self.stopwatch.start(Phase::SemiImplicit)?;
        self.update()?;
        self.stopwatch.stop(timer)?;
        self.move_on();
        self.step += 1;
        Ok(())
    }

    /// Makes what was found the state.
    pub(super) fn move_on(&mut self) {
        if let Some(physics) = &mut self.physics {
            swap(&mut physics.earlier, &mut self.work.columns);
        }
        swap(&mut self.previous, &mut self.filtered);
        swap(&mut self.present, &mut self.next);
    }

    /// I = 2Δt, or Δt in the first step and between two time levels \[s\].
    pub(super) fn interval(&self) -> f64 {
        let is_single = self.step == 0 || self.transport.is_some();
        self.configuration.time_step * if is_single { 1.0 } else { 2.0 }
    }

    /// p_s on the grid, with its mean restored.
    pub(super) fn synthesize_surface_pressure(&mut self) -> Result<()> {
        let timer = self.stopwatch.start(Phase::Transform)?;
        let (present, work, terms) = (&self.present, &mut self.work, &self.column_terms);
        self.transform.synthesis(1, &present.log_surface_pressure, &mut work.log_surface_pressure)?;
        self.stopwatch.stop(timer)?;
        let timer = self.stopwatch.start(Phase::GridPoint)?;
        let points = self.configuration.points() as u32;
        relative_pressure::launch([points], &work.log_surface_pressure, &mut work.relative_pressure)?;
        ring_sum::launch(
            [terms.ring_first.len() as u32],
            &terms.ring_first,
            &terms.ring_count,
            &terms.ring_weight,
            &work.relative_pressure,
            &mut work.ring_sums,
        )?;
        let ring_sums = match &mut work.all_ring_sums {
            None => &work.ring_sums,
            Some(all) => {
                let communicator = self.transform.communicator()?;
                let sums =
                    self.transform.part().values_of_rings(&communicator, 1, &work.ring_sums.to_vec()?)?;
                all.copy_from_host(&sums)?;
                &*all
            }
        };
        let active = if self.configuration.conserve_mass { 1.0 } else { 0.0 };
        mean_and_shift::launch(
            [1],
            ring_sums.len() as u32,
            R::from_f64(active),
            ring_sums,
            &work.target,
            &mut work.mean,
            &mut work.shift,
        )?;
        surface_pressure::launch(
            [points],
            R::from_f64(self.configuration.reference_surface_pressure),
            &work.shift,
            &work.relative_pressure,
            &mut work.columns.surface_pressure,
        )?;
        self.stopwatch.stop(timer)
    }

    /// The present state and the gradients that the dynamics need, on the grid.
    pub(super) fn synthesize(&mut self) -> Result<()> {
        self.synthesize_surface_pressure()?;
        self.synthesize_fields()
    }

    /// All but surface pressure: what is linear in the state.
    pub(super) fn synthesize_fields(&mut self) -> Result<()> {
        let timer = self.stopwatch.start(Phase::Transform)?;
        let levels = self.configuration.levels.count();
        let tracers = levels * self.configuration.tracers();
        let (present, work, transform) = (&self.present, &mut self.work, &mut self.transform);
        let columns = &mut work.columns;
        transform.wind_synthesis(
            levels,
            &present.vorticity,
            &present.divergence,
            &mut columns.u,
            &mut columns.v,
        )?;
        transform.synthesis(levels, &present.vorticity, &mut work.vorticity)?;
        transform.synthesis(levels, &present.divergence, &mut work.divergence)?;
        transform.synthesis(levels, &present.temperature, &mut columns.temperature)?;
        transform.gradient_synthesis(
            levels,
            &present.temperature,
            &mut work.temperature_eastward,
            &mut work.temperature_northward,
        )?;
        transform.gradient_synthesis(
            1,
            &present.log_surface_pressure,
            &mut work.eastward,
            &mut work.northward,
        )?;
        if tracers > 0 {
            match &self.transport {
                Some(transport) => columns.tracers.copy_from(&transport.carried.now)?,
                None => transform.synthesis(tracers, &present.tracers, &mut columns.tracers)?,
            }
            transform.gradient_synthesis(
                tracers,
                &present.tracers,
                &mut work.tracers_eastward,
                &mut work.tracers_northward,
            )?;
        }
        self.stopwatch.stop(timer)
    }

    /// Mass flux and E + φ′, or φ′ alone for `kinetic` 0.
    pub(super) fn integrate_columns(&mut self, kinetic: R) -> Result<()> {
        self.integrate_mass_flux()?;
        let (work, terms) = (&mut self.work, &self.column_terms);
        launch_energy(&self.configuration, terms, kinetic, &work.columns, &mut work.energy, &mut work.top)
    }

    /// Mass flux above layers and through the whole column.
    pub(super) fn integrate_mass_flux(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let points = configuration.points() as u32;
        let extent = [configuration.levels.count() as u32, points];
        let (work, terms) = (&mut self.work, &self.column_terms);
        let (columns, layers) = (&work.columns, &terms.layers);
        mass_flux::launch(
            extent,
            points,
            &layers.a_thickness,
            &layers.b_thickness,
            &columns.surface_pressure,
            &work.eastward,
            &work.northward,
            &work.divergence,
            &columns.u,
            &columns.v,
            &mut work.flux_above,
            &mut work.flux_total,
        )?;
        Ok(())
    }

    /// Tendencies of the dynamics on the grid.
    pub(super) fn find_tendencies(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let (work, terms) = (&mut self.work, &self.column_terms);
        let (columns, layers) = (&work.columns, &terms.layers);
        let humidity = if configuration.moist { &columns.tracers } else { &columns.temperature };
        wind_and_temperature_tendencies::launch(
            [levels, points],
            points,
            levels,
            R::from_f64(configuration.gas_constant),
            R::from_f64(configuration.kappa()),
            R::from_f64(configuration.vapour_gas_constant / configuration.gas_constant - 1.0),
            R::from_f64(configuration.vapour_heat_capacity / configuration.heat_capacity - 1.0),
            u32::from(configuration.moist),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            &layers.b_above,
            &layers.kind,
            &layers.logarithm,
            &layers.alpha,
            &terms.reference_temperature,
            &terms.coriolis,
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
            humidity,
            &mut work.tendencies.u,
            &mut work.tendencies.v,
            &mut work.tendencies.temperature,
        )?;
        let tracers = configuration.tracers() as u32;
        if tracers > 0 {
            tracer_tendency::launch(
                [tracers * levels, points],
                points,
                levels,
                &layers.a_thickness,
                &layers.b_thickness,
                &layers.b_above,
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

    /// Adds what the schemes of column physics find.
    pub(super) fn add_physics_tendencies(&mut self) -> Result<()> {
        let interval = self.interval();
        let time = self.time();
        let Some(physics) = &mut self.physics else { return Ok(()) };
        let (work, terms) = (&mut self.work, &self.column_terms);
        let fields = &physics.earlier;
        if let Some(geopotential) = &mut physics.geopotential {
            launch_energy(&self.configuration, terms, R::ZERO, fields, geopotential, &mut work.top)?;
        }
        let columns = Columns {
            points: self.configuration.points(),
            levels: &self.configuration.levels,
            layers: &terms.layers,
            interval,
            time,
            time_step: self.configuration.time_step,
            u: &fields.u,
            v: &fields.v,
            temperature: &fields.temperature,
            reference_temperature: &terms.reference_temperature,
            tracers: &fields.tracers,
            surface_pressure: &fields.surface_pressure,
            geopotential: physics.geopotential.as_ref(),
            reference_geopotential: &physics.reference_geopotential,
        };
        for scheme in &mut physics.schemes {
            scheme.add_tendencies(&columns, &work.tendencies, &mut physics.after)?;
            let affects = scheme.affects();
            if affects.wind {
                swap(&mut work.tendencies.u, &mut physics.after.u);
                swap(&mut work.tendencies.v, &mut physics.after.v);
            }
            if affects.temperature {
                swap(&mut work.tendencies.temperature, &mut physics.after.temperature);
            }
            if affects.tracers {
                swap(&mut work.tendencies.tracers, &mut physics.after.tracers);
            }
        }
        Ok(())
    }

    /// Spectra of the tendencies.
    pub(super) fn analyze(&mut self) -> Result<()> {
        let timer = self.stopwatch.start(Phase::Transform)?;
        let levels = self.configuration.levels.count();
        let tracers = levels * self.configuration.tracers();
        let (work, transform) = (&mut self.work, &mut self.transform);
        let tendencies = &work.tendencies;
        transform.wind_analysis(
            levels,
            &tendencies.u,
            &tendencies.v,
            &mut work.force_curl,
            &mut work.force_divergence,
        )?;
        transform.analysis(levels, &work.energy, &mut work.energy_spectrum)?;
        transform.analysis(levels, &tendencies.temperature, &mut work.temperature_spectrum)?;
        transform.analysis(1, &work.flux_total, &mut work.flux_spectrum)?;
        if tracers > 0 {
            transform.analysis(tracers, &tendencies.tracers, &mut work.tracer_spectrum)?;
        }
        self.stopwatch.stop(timer)
    }

    /// The next state and the filtered present one.
    pub(super) fn update(&mut self) -> Result<()> {
        let first = self.step == 0;
        let interval = R::from_f64(self.interval());
        let configuration = &self.configuration;
        let filter = if first { Filter::NONE } else { configuration.filter };
        let (strength, centring) = (R::from_f64(filter.strength), R::from_f64(filter.centring));
        let implicit = R::from_f64(configuration.implicit_weight);
        let weight = R::from_f64(configuration.implicit_weight * self.interval());
        let rows = 2 * self.coefficients() as u32;
        let levels = configuration.levels.count() as u32;
        let tracers = levels * configuration.tracers() as u32;
        let eddies = self.part().zonal_coefficients() as u32;
        let (terms, work) = (&self.terms, &mut self.work);
        let (previous, present) = (&self.previous, &self.present);

        advance_explicit::launch(
            [rows, levels],
            levels,
            eddies,
            interval,
            strength,
            centring,
            &terms.damping,
            &terms.sponge,
            &previous.vorticity,
            &present.vorticity,
            &work.force_curl,
            &mut self.next.vorticity,
            &mut self.filtered.vorticity,
        )?;
        divergence_right_side::launch(
            [rows, levels],
            levels,
            weight,
            &terms.eigenvalue,
            &terms.geopotential_matrix,
            &terms.pressure_force,
            &terms.orography,
            &previous.divergence,
            &present.divergence,
            &work.force_divergence,
            &work.energy_spectrum,
            &previous.temperature,
            &present.temperature,
            &work.temperature_spectrum,
            &previous.log_surface_pressure,
            &present.log_surface_pressure,
            &work.flux_spectrum,
            &mut work.right_side,
        )?;
        advance_divergence::launch(
            [rows, levels],
            levels,
            interval,
            implicit,
            strength,
            centring,
            &terms.degree,
            &terms.inverses[usize::from(!first)],
            &terms.divergence_damping,
            &terms.sponge,
            &work.right_side,
            &previous.divergence,
            &present.divergence,
            &mut work.departure,
            &mut self.next.divergence,
            &mut self.filtered.divergence,
        )?;
        advance_temperature::launch(
            [rows, levels],
            levels,
            interval,
            strength,
            centring,
            &terms.conversion_matrix,
            &terms.damping,
            &work.departure,
            &previous.temperature,
            &present.temperature,
            &work.temperature_spectrum,
            &mut self.next.temperature,
            &mut self.filtered.temperature,
        )?;
        advance_surface_pressure::launch(
            [rows],
            levels,
            interval,
            strength,
            centring,
            &terms.mass_weight,
            terms.no_shift.as_ref().unwrap_or(&work.shift),
            &work.departure,
            &previous.log_surface_pressure,
            &present.log_surface_pressure,
            &work.flux_spectrum,
            &mut self.next.log_surface_pressure,
            &mut self.filtered.log_surface_pressure,
        )?;
        if tracers > 0 {
            advance_explicit::launch(
                [rows, tracers],
                tracers,
                eddies,
                interval,
                strength,
                centring,
                &terms.damping,
                &terms.no_sponge,
                &previous.tracers,
                &present.tracers,
                &work.tracer_spectrum,
                &mut self.next.tracers,
                &mut self.filtered.tracers,
            )?;
        }
        Ok(())
    }

    /// Stops the run where the wind is NaN or beyond the limit.
    pub(super) fn watch_wind(&mut self) -> Result<()> {
        let interval = u64::from(self.configuration.watch_interval);
        if interval == 0 || !self.step.is_multiple_of(interval) {
            return Ok(());
        }
        let time = self.time();
        let ranks = self.transform.shared_by()?;
        self.watch.examine(ranks.as_ref(), self.step, time, &self.work.columns.u, &self.work.columns.v)
    }
}

/// E + φ′ of some columns, or φ′ alone for `kinetic` 0, and φ′ at the top.
fn launch_energy<R: Real>(
    configuration: &Configuration,
    terms: &ColumnTerms<R>,
    kinetic: R,
    columns: &ColumnFields<R>,
    output: &mut Buffer<R>,
    top: &mut Buffer<R>,
) -> Result<()> {
    let points = configuration.points() as u32;
    let layers = &terms.layers;
    let humidity = if configuration.moist { &columns.tracers } else { &columns.temperature };
    energy::launch(
        [configuration.levels.count() as u32, points],
        points,
        kinetic,
        R::from_f64(configuration.gas_constant),
        R::from_f64(configuration.vapour_gas_constant / configuration.gas_constant - 1.0),
        u32::from(configuration.moist),
        &layers.a_thickness,
        &layers.b_thickness,
        &layers.a_sum,
        &layers.b_sum,
        &layers.kind,
        &layers.logarithm,
        &layers.alpha,
        &terms.reference_temperature,
        &terms.reference_rise,
        &terms.reference_middle,
        &columns.surface_pressure,
        &columns.temperature,
        humidity,
        &columns.u,
        &columns.v,
        output,
        top,
    )?;
    Ok(())
}
