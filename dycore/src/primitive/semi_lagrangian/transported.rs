//! Tracers along trajectories, with their mass.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::semi_lagrangian::interpolate;

use super::rows::Source;
use super::{global_mass, restore_mass, ring_mass, tracer_column};
use crate::Result;
use crate::primitive::Primitive;
use crate::timing::Phase;

impl<R: Real> Primitive<R> {
    /// Tracers at t + Δt, before their mass is restored.
    pub(super) fn carry_tracers(&mut self) -> Result<()> {
        let configuration = &self.configuration;
        let tracers = configuration.tracers() as u32;
        if tracers == 0 {
            return Ok(());
        }
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let Some(transport) = &mut self.transport else { return Ok(()) };
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
        let leaving = Source { is_vector: false, field: &carried.leaving, sum: None };
        transport.rows.put_tracers([tracers * levels, points], leaving)?;
        let (rings, heights, settings) = (&transport.rows.tables, &transport.heights, transport.settings);
        let departures = &transport.departures;
        interpolate::launch(
            [tracers * levels, points],
            points,
            levels,
            rings.extended as u32,
            u32::from(settings.quasi_monotone_tracers),
            &transport.rows.tracers,
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
        let points = self.configuration.points() as u32;
        let levels = self.configuration.levels.count() as u32;
        let terms = &self.column_terms;
        let own_rings = terms.ring_first.len();
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
            [tracers, own_rings as u32],
            points,
            &terms.ring_first,
            &terms.ring_count,
            &terms.ring_weight,
            mass,
            magnitude,
            ring_masses,
            ring_magnitudes,
        )?;
        let rings = self.configuration.grid.rings().len();
        let [ring_masses, ring_magnitudes] = match &mut carried.all_rings {
            None => &carried.rings,
            Some(all) => {
                let width = 2 * tracers as usize;
                let own = [carried.rings[0].to_vec()?, carried.rings[1].to_vec()?].concat();
                let by_ring: Vec<R> =
                    (0..own.len()).map(|index| own[index % width * own_rings + index / width]).collect();
                let communicator = self.transform.communicator()?;
                let sums = self.transform.part().values_of_rings(&communicator, width, &by_ring)?;
                let of_all = |half: usize| -> Vec<R> {
                    let first = half * tracers as usize;
                    let columns = first..first + tracers as usize;
                    columns.flat_map(|column| sums.iter().skip(column).step_by(width).copied()).collect()
                };
                for (half, all) in all.iter_mut().enumerate() {
                    all.copy_from_host(&of_all(half))?;
                }
                &*all
            }
        };
        let [total, total_magnitude] = if after { &mut carried.after } else { &mut carried.before };
        global_mass::launch([tracers], rings as u32, ring_masses, ring_magnitudes, total, total_magnitude)?;
        Ok(())
    }

    /// Makes the arriving tracers the present ones, with their mass restored, and finds their spectra.
    pub(super) fn settle_tracers(&mut self) -> Result<()> {
        let tracers = self.configuration.tracers() as u32;
        if tracers == 0 {
            return Ok(());
        }
        let points = self.configuration.points() as u32;
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
}
