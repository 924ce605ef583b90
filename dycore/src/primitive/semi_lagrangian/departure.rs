//! Departure points, and wind, temperature and surface pressure from there.

use terrella_kernels::Real;
use terrella_kernels::semi_lagrangian::{departure_points, interpolate_columns, interpolate_three};

use super::arrive;
use super::rows::{Source, strongest_wind};
use crate::Result;
use crate::primitive::Primitive;

impl<R: Real> Primitive<R> {
    /// Where parcels come from; across ranks the halo is first made deep enough for all of them.
    pub(super) fn find_departures(&mut self) -> Result<()> {
        let (present_weight, previous_weight) = self.extrapolation();
        let configuration = &self.configuration;
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let columns = &self.work.columns;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (previous, present) = (&transport.previous, &transport.present);
        if let Some(communicator) = self.transform.shared_by()? {
            let strongest = strongest_wind(
                &communicator,
                [present_weight, previous_weight],
                [&columns.u, &columns.v],
                [&previous.u, &previous.v],
            )?;
            transport
                .rows
                .reach(&communicator, strongest * configuration.time_step / configuration.radius)?;
        }
        let there = |is_vector, now, before| {
            let sum = Some((present_weight, previous_weight, before));
            Source { is_vector, field: now, sum }
        };
        let winds = [
            there(true, &columns.u, &previous.u),
            there(true, &columns.v, &previous.v),
            there(false, &present.vertical, &previous.vertical),
        ];
        transport.rows.put([levels, points], &winds)?;
        let (rings, heights) = (&transport.rows.tables, &transport.heights);
        let [u_there, v_there, vertical_there] = &transport.rows.fields;
        let departures = &mut transport.departures;
        departure_points::launch(
            [levels, points],
            points,
            levels,
            rings.extended as u32,
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
    pub(super) fn carry_wind_and_temperature(&mut self) -> Result<()> {
        let half_step = self.half_step();
        let configuration = &self.configuration;
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let work = &mut self.work;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let (leaving, tendencies) = (&mut transport.leaving, &work.tendencies);
        let (one, time_step) = (R::from_f64(1.0), R::from_f64(configuration.time_step));
        let is_forced = self.physics.is_some();
        let source = |is_vector, field, tendency| {
            let sum = is_forced.then_some((one, time_step, tendency));
            Source { is_vector, field, sum }
        };
        let sources = [
            source(true, &leaving.u, &tendencies.u),
            source(true, &leaving.v, &tendencies.v),
            source(false, &leaving.temperature, &tendencies.temperature),
        ];
        transport.rows.put([levels, points], &sources)?;
        let (rings, heights, settings) = (&transport.rows.tables, &transport.heights, transport.settings);
        let [u, v, temperature] = &transport.rows.fields;
        let departures = &transport.departures;
        interpolate_three::launch(
            [levels, points],
            points,
            levels,
            rings.extended as u32,
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
    pub(super) fn carry_surface_pressure(&mut self) -> Result<()> {
        let half_step = self.half_step();
        let configuration = &self.configuration;
        let points = configuration.points() as u32;
        let levels = configuration.levels.count() as u32;
        let Some(transport) = &mut self.transport else { return Ok(()) };
        let pressure = Source { is_vector: false, field: &transport.leaving.pressure, sum: None };
        transport.rows.put([levels, points], &[pressure])?;
        let rings = &transport.rows.tables;
        interpolate_columns::launch(
            [levels, points],
            points,
            rings.extended as u32,
            half_step,
            &self.column_terms.layers.b_thickness,
            &transport.rows.fields[0],
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
}
