//! One step: synthesis, columns, departure points, interpolation, analysis, implicit solve, tracers.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::semi_lagrangian::{
    departure_points, extend, extend_sum, interpolate, interpolate_columns, interpolate_three,
};

use super::{
    arrive, continuity, damped, global_mass, heating, implicit_divergence, implicit_right_side,
    implicit_surface_pressure, implicit_temperature, pressure_force, restore_mass, ring_mass, tracer_column,
};
use crate::Result;
use crate::primitive::Primitive;
use crate::timing::Phase;

impl<R: Real> Primitive<R> {
    /// The semi-Lagrangian step.
    pub(in crate::primitive) fn advance_semi_lagrangian(&mut self) -> Result<()> {
        self.synthesize_present()?;
        self.watch_wind()?;
        if self.physics.is_some() {
            let timer = self.stopwatch.start(Phase::Physics)?;
            self.call_physics()?;
            self.stopwatch.stop(timer)?;
        }
        let timer = self.stopwatch.start(Phase::GridPoint)?;
        self.leave()?;
        self.stopwatch.stop(timer)?;
        let timer = self.stopwatch.start(Phase::Transport)?;
        self.find_departures()?;
        self.carry_wind_and_temperature()?;
        self.carry_surface_pressure()?;
        self.carry_tracers()?;
        self.stopwatch.stop(timer)?;
        self.analyze_arrivals()?;
        let timer = self.stopwatch.start(Phase::SemiImplicit)?;
        self.solve()?;
        self.stopwatch.stop(timer)?;
        swap(&mut self.present, &mut self.next);
        if let Some(transport) = &mut self.transport {
            swap(&mut transport.previous, &mut transport.present);
            swap(&mut transport.previous.u, &mut self.work.columns.u);
            swap(&mut transport.previous.v, &mut self.work.columns.v);
        }
        self.step += 1;
        self.settle_tracers()
    }

    /// e and f of e·N⁰ + f·N⁻, the extrapolation from t − Δt and t to t + Δt.
    fn extrapolation(&self) -> (R, R) {
        if self.step == 0 { (R::from_f64(1.0), R::ZERO) } else { (R::from_f64(2.0), R::from_f64(-1.0)) }
    }

    fn half_step(&self) -> R {
        R::from_f64(0.5 * self.configuration.time_step)
    }

    /// (1 − β)Δt.
    fn explicit_step(&self) -> R {
        R::from_f64((1.0 - self.configuration.implicit_weight) * self.configuration.time_step)
    }

    /// The present state and its gradients on the grid.
    fn synthesize_present(&mut self) -> Result<()> {
        self.synthesize_surface_pressure()?;
        let timer = self.stopwatch.start(Phase::Transform)?;
        let levels = self.configuration.levels.count();
        let (present, work, transform) = (&self.present, &mut self.work, &mut self.transform);
        let columns = &mut work.columns;
        transform.wind_synthesis(
            levels,
            &present.vorticity,
            &present.divergence,
            &mut columns.u,
            &mut columns.v,
        )?;
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
        self.synthesize_humidity_gradient()?;
        self.stopwatch.stop(timer)?;
        if let Some(transport) = &self.transport {
            self.work.columns.tracers.copy_from(&transport.carried.now)?;
        }
        Ok(())
    }

    /// ∇q; all tracers' gradients are found at once, and that of the first one kept.
    fn synthesize_humidity_gradient(&mut self) -> Result<()> {
        let levels = self.configuration.levels.count();
        let tracers = self.configuration.tracers();
        let Some(transport) = &mut self.transport else { return Ok(()) };
        if !self.configuration.moist {
            return Ok(());
        }
        if tracers == 1 {
            return Ok(self.transform.gradient_synthesis(
                levels,
                &self.present.tracers,
                &mut transport.humidity_eastward,
                &mut transport.humidity_northward,
            )?);
        }
        // The spectra of the first tracer are not contiguous; on the grid they are, and come first.
        self.transform.gradient_synthesis(
            levels * tracers,
            &self.present.tracers,
            &mut self.work.tracers_eastward,
            &mut self.work.tracers_northward,
        )?;
        Ok(())
    }

    /// Tendencies of column physics, from zero.
    fn call_physics(&mut self) -> Result<()> {
        let tendencies = &mut self.work.tendencies;
        for tendency in
            [&mut tendencies.u, &mut tendencies.v, &mut tendencies.temperature, &mut tendencies.tracers]
        {
            tendency.fill(R::ZERO)?;
        }
        // The schemes see the present columns.
        if let Some(physics) = &mut self.physics {
            swap(&mut physics.earlier, &mut self.work.columns);
        }
        let result = self.add_physics_tendencies();
        if let Some(physics) = &mut self.physics {
            swap(&mut physics.earlier, &mut self.work.columns);
        }
        result
    }

    /// The fields that are to be interpolated, the nonlinear terms and η̇.
    fn leave(&mut self) -> Result<()> {
        let (present_weight, previous_weight) = self.extrapolation();
        let (half_step, explicit_step) = (self.half_step(), self.explicit_step());
        let configuration = &self.configuration;
        let number = R::from_f64;
        let points = configuration.grid.points() as u32;
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

    fn find_departures(&mut self) -> Result<()> {
        let (present_weight, previous_weight) = self.extrapolation();
        let configuration = &self.configuration;
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let columns = &self.work.columns;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (rings, heights) = (&transport.rings, &transport.heights);
        let (previous, present) = (&transport.previous, &transport.present);
        let extended = rings.extended as u32;
        let [u_there, v_there, vertical_there] = &mut transport.leaving.extended;
        for (target, sign, now, before) in [
            (&mut *u_there, &rings.vector_sign, &columns.u, &previous.u),
            (&mut *v_there, &rings.vector_sign, &columns.v, &previous.v),
            (&mut *vertical_there, &rings.scalar_sign, &present.vertical, &previous.vertical),
        ] {
            extend_sum::launch(
                [levels, extended],
                points,
                present_weight,
                previous_weight,
                &rings.source,
                sign,
                now,
                before,
                target,
            )?;
        }
        let departures = &mut transport.departures;
        departure_points::launch(
            [levels, points],
            points,
            levels,
            extended,
            transport.settings.iterations,
            R::from_f64(configuration.time_step),
            R::from_f64(configuration.time_step / configuration.radius),
            &columns.u,
            &columns.v,
            &present.vertical,
            u_there,
            v_there,
            vertical_there,
            &rings.sine,
            &rings.cosine,
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &heights.table,
            &heights.bins,
            heights.first,
            heights.per_unit,
            heights.count,
            &mut departures.longitude,
            &mut departures.latitude,
            &mut departures.height,
            &mut departures.eastward,
            &mut departures.northward,
        )?;
        Ok(())
    }

    /// u*, v* and T* on the grid: in the workspace's fields of ∇T and E, which are of no more use.
    fn carry_wind_and_temperature(&mut self) -> Result<()> {
        let half_step = self.half_step();
        let configuration = &self.configuration;
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let work = &mut self.work;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (rings, heights, settings) = (&transport.rings, &transport.heights, transport.settings);
        let extended = rings.extended as u32;
        let leaving = &mut transport.leaving;
        let [u, v, temperature] = &mut leaving.extended;
        let tendencies = &work.tendencies;
        for (target, sign, source, tendency) in [
            (&mut *u, &rings.vector_sign, &leaving.u, &tendencies.u),
            (&mut *v, &rings.vector_sign, &leaving.v, &tendencies.v),
            (&mut *temperature, &rings.scalar_sign, &leaving.temperature, &tendencies.temperature),
        ] {
            if self.physics.is_some() {
                extend_sum::launch(
                    [levels, extended],
                    points,
                    R::from_f64(1.0),
                    R::from_f64(configuration.time_step),
                    &rings.source,
                    sign,
                    source,
                    tendency,
                    target,
                )?;
            } else {
                extend::launch([levels, extended], points, &rings.source, sign, source, target)?;
            }
        }
        let departures = &transport.departures;
        interpolate_three::launch(
            [levels, points],
            points,
            levels,
            extended,
            u32::from(settings.quasi_monotone_wind),
            u32::from(settings.quasi_monotone_temperature),
            u,
            v,
            temperature,
            &departures.longitude,
            &departures.latitude,
            &departures.height,
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &heights.table,
            &heights.bins,
            heights.first,
            heights.per_unit,
            heights.count,
            &mut leaving.u,
            &mut leaving.v,
            &mut leaving.temperature,
        )?;
        let present = &transport.present;
        arrive::launch(
            [levels, points],
            points,
            R::from_f64(configuration.rotation * configuration.time_step),
            half_step,
            &rings.sine,
            &rings.cosine,
            &departures.eastward,
            &departures.northward,
            &leaving.u,
            &leaving.v,
            &leaving.temperature,
            &present.force_u,
            &present.force_v,
            &present.heating,
            &mut work.temperature_eastward,
            &mut work.temperature_northward,
            &mut work.energy,
        )?;
        Ok(())
    }

    /// P* + φ_s/(R_d·T̄) on the grid, in the workspace's `top`.
    fn carry_surface_pressure(&mut self) -> Result<()> {
        let half_step = self.half_step();
        let configuration = &self.configuration;
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let rings = &transport.rings;
        let extended = rings.extended as u32;
        let leaving = &mut transport.leaving;
        let values = &mut leaving.extended[0];
        extend::launch(
            [levels, extended],
            points,
            &rings.source,
            &rings.scalar_sign,
            &leaving.pressure,
            values,
        )?;
        interpolate_columns::launch(
            [levels, points],
            points,
            extended,
            half_step,
            &self.column_terms.layers.b_thickness,
            values,
            &transport.present.inflow,
            &transport.departures.longitude,
            &transport.departures.latitude,
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &mut self.work.top,
        )?;
        Ok(())
    }

    /// Tracers at t + Δt, before their mass is restored.
    fn carry_tracers(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let tracers = configuration.tracers() as u32;
        if tracers == 0 {
            return Ok(());
        }
        let points = configuration.grid.points() as u32;
        let levels = configuration.levels.count() as u32;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (rings, heights, settings) = (&transport.rings, &transport.heights, transport.settings);
        let extended = rings.extended as u32;
        let departures = &transport.departures;
        let carried = &mut transport.carried;
        if self.physics.is_some() {
            crate::primitive::accumulated::launch(
                [tracers * levels * points],
                R::from_f64(configuration.time_step),
                &carried.now,
                &self.work.tendencies.tracers,
                &mut carried.leaving,
            )?;
        } else {
            swap(&mut carried.leaving, &mut carried.now);
        }
        extend::launch(
            [tracers * levels, extended],
            points,
            &rings.source,
            &rings.scalar_sign,
            &carried.leaving,
            &mut carried.extended,
        )?;
        interpolate::launch(
            [tracers * levels, points],
            points,
            levels,
            extended,
            u32::from(settings.quasi_monotone_tracers),
            &carried.extended,
            &departures.longitude,
            &departures.latitude,
            &departures.height,
            &rings.ordinate,
            &rings.index,
            &rings.ring_points,
            &rings.inverse_ring_points,
            &rings.row_start,
            &rings.row_points,
            &rings.row_shift,
            &rings.latitudes.table,
            &rings.latitudes.bins,
            rings.latitudes.first,
            rings.latitudes.per_unit,
            rings.latitudes.count,
            &heights.table,
            &heights.bins,
            heights.first,
            heights.per_unit,
            heights.count,
            &mut carried.arriving,
        )?;
        if settings.conserve_tracers {
            self.weigh_tracers(false)?;
        }
        Ok(())
    }

    /// Global masses: of the leaving tracers over p_s at t, or of the arriving ones over p_s at t + Δt.
    fn weigh_tracers(&mut self, after: bool) -> Result<()> {
        let tracers = self.configuration.tracers() as u32;
        let points = self.configuration.grid.points() as u32;
        let levels = self.configuration.levels.count() as u32;
        let rings = self.configuration.grid.rings().len() as u32;
        let terms = &self.column_terms;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let carried = &mut transport.carried;
        let [mass, magnitude] = &mut carried.columns;
        tracer_column::launch(
            [levels, tracers, points],
            points,
            levels,
            &terms.layers.a_thickness,
            &terms.layers.b_thickness,
            &self.work.columns.surface_pressure,
            if after { &carried.arriving } else { &carried.leaving },
            mass,
            magnitude,
        )?;
        let [ring_masses, ring_magnitudes] = &mut carried.rings;
        ring_mass::launch(
            [tracers, rings],
            points,
            &terms.ring_first,
            &terms.ring_count,
            &terms.ring_weight,
            mass,
            magnitude,
            ring_masses,
            ring_magnitudes,
        )?;
        let [total, total_magnitude] = if after { &mut carried.after } else { &mut carried.before };
        global_mass::launch([tracers], rings, ring_masses, ring_magnitudes, total, total_magnitude)?;
        Ok(())
    }

    /// Makes the arriving tracers the present ones, with their mass restored, and finds their spectra.
    fn settle_tracers(&mut self) -> Result<()> {
        let tracers = self.configuration.tracers() as u32;
        if tracers == 0 {
            return Ok(());
        }
        let points = self.configuration.grid.points() as u32;
        let levels = self.configuration.levels.count() as u32;
        if self.transport.as_ref().is_some_and(|transport| transport.settings.conserve_tracers) {
            self.synthesize_surface_pressure()?;
            let timer = self.stopwatch.start(Phase::Transport)?;
            self.weigh_tracers(true)?;
            if let Some(transport) = &mut self.transport {
                let carried = &mut transport.carried;
                restore_mass::launch(
                    [tracers * levels, points],
                    points,
                    levels,
                    &carried.before[0],
                    &carried.after[0],
                    &carried.after[1],
                    &carried.arriving,
                    &mut carried.now,
                )?;
            }
            self.stopwatch.stop(timer)?;
        } else if let Some(transport) = &mut self.transport {
            swap(&mut transport.carried.now, &mut transport.carried.arriving);
        }
        let timer = self.stopwatch.start(Phase::Transform)?;
        if let Some(transport) = &self.transport {
            self.transform.analysis(
                (tracers * levels) as usize,
                &transport.carried.now,
                &mut self.present.tracers,
            )?;
        }
        self.stopwatch.stop(timer)
    }

    fn analyze_arrivals(&mut self) -> Result<()> {
        let timer = self.stopwatch.start(Phase::Transform)?;
        let levels = self.configuration.levels.count();
        let (work, transform, next) = (&mut self.work, &mut self.transform, &mut self.next);
        transform.wind_analysis(
            levels,
            &work.temperature_eastward,
            &work.temperature_northward,
            &mut work.force_curl,
            &mut work.force_divergence,
        )?;
        transform.analysis(levels, &work.energy, &mut work.temperature_spectrum)?;
        transform.analysis(1, &work.top, &mut work.flux_spectrum)?;
        // What was advected is ln p_s + φ_s/(R_d·T̄).
        let Some(transport) = &self.transport else { return Ok(()) };
        let factor = -1.0 / (self.configuration.gas_constant * transport.settings.orographic_temperature);
        crate::primitive::accumulated::launch(
            [2 * self.terms.eigenvalue.len() as u32],
            R::from_f64(factor),
            &work.flux_spectrum,
            &self.terms.orography,
            &mut next.log_surface_pressure,
        )?;
        swap(&mut work.flux_spectrum, &mut next.log_surface_pressure);
        self.stopwatch.stop(timer)
    }

    /// The state at t + Δt but for its tracers.
    fn solve(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let time_step = R::from_f64(configuration.time_step);
        let weight = R::from_f64(configuration.implicit_weight * configuration.time_step);
        let rows = 2 * self.coefficients() as u32;
        let levels = configuration.levels.count() as u32;
        let eddies = configuration.truncation as u32 + 1;
        let (terms, work, next) = (&self.terms, &mut self.work, &mut self.next);
        damped::launch(
            [rows, levels],
            levels,
            eddies,
            time_step,
            &terms.damping,
            &terms.sponge,
            &work.force_curl,
            &mut next.vorticity,
        )?;
        implicit_right_side::launch(
            [rows, levels],
            levels,
            weight,
            &terms.eigenvalue,
            &terms.geopotential_matrix,
            &terms.pressure_force,
            &work.force_divergence,
            &work.temperature_spectrum,
            &work.flux_spectrum,
            &mut work.right_side,
        )?;
        implicit_divergence::launch(
            [rows, levels],
            levels,
            time_step,
            &terms.degree,
            // Those of I = Δt.
            &terms.inverses[0],
            &terms.divergence_damping,
            &terms.sponge,
            &work.right_side,
            &mut work.departure,
            &mut next.divergence,
        )?;
        implicit_temperature::launch(
            [rows, levels],
            levels,
            weight,
            time_step,
            &terms.conversion_matrix,
            &terms.damping,
            &work.departure,
            &work.temperature_spectrum,
            &mut next.temperature,
        )?;
        implicit_surface_pressure::launch(
            [rows],
            levels,
            weight,
            &terms.mass_weight,
            &work.shift,
            &work.departure,
            &work.flux_spectrum,
            &mut next.log_surface_pressure,
        )?;
        Ok(())
    }
}
