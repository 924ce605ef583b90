//! One step: synthesis, physics, what leaves and arrives, analysis, implicit solve.

use std::mem::swap;

use terrella_kernels::Real;

use super::{
    damped, implicit_divergence, implicit_right_side, implicit_surface_pressure, implicit_temperature,
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
    pub(super) fn extrapolation(&self) -> (R, R) {
        if self.step == 0 { (R::from_f64(1.0), R::ZERO) } else { (R::from_f64(2.0), R::from_f64(-1.0)) }
    }

    pub(super) fn half_step(&self) -> R {
        R::from_f64(0.5 * self.configuration.time_step)
    }

    /// (1 − β)Δt.
    pub(super) fn explicit_step(&self) -> R {
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
        let eddies = self.transform.part().zonal_coefficients() as u32;
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
            terms.no_shift.as_ref().unwrap_or(&work.shift),
            &work.departure,
            &work.flux_spectrum,
            &mut next.log_surface_pressure,
        )?;
        Ok(())
    }
}
