//! Fluxes over the sea as in Reed & Jablonowski's simple physics.

use terrella_kernels::Real;
use terrella_kernels::physics::surface_exchange::{simple_exchange, surface_exchange};

use super::{ColumnScheme, ColumnState, Columns};
use crate::Result;

/// Bulk fluxes of momentum, heat and water with Reed & Jablonowski's coefficients, from a ground whose temperature and
/// wetness stay as they are: [`terrella_kernels::physics::surface_exchange`].
///
/// It leaves the exchange velocities for [`BoundaryLayer`](super::BoundaryLayer), and the fluxes in
/// [`Ground`](super::Ground).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SimpleSurfaceFluxes {
    /// Whether the layer takes up the fluxes over its whole depth, 2·z_a, as its mass says, in place of the paper's z_a, for
    /// which it receives twice the bulk flux.
    pub whole_layer: bool,
}

impl<R: Real> ColumnScheme<R> for SimpleSurfaceFluxes {
    fn name(&self) -> &'static str {
        "simple surface fluxes"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        let points = columns.points as u32;
        let air = state.air;
        let (layers, ground) = (columns.layers, &mut state.ground);
        simple_exchange::launch(
            [points],
            points,
            columns.levels.count() as u32 - 1,
            R::from_f64(if self.whole_layer { 2.0 } else { 1.0 }),
            R::from_f64(air.gas_constant),
            R::from_f64(air.virtual_factor()),
            R::from_f64(air.gravity),
            &layers.a_thickness,
            &layers.b_thickness,
            columns.reference_temperature,
            columns.surface_pressure,
            &state.now.u,
            &state.now.v,
            &state.now.temperature,
            &state.now.humidity,
            &mut ground.momentum_velocity,
            &mut ground.scalar_velocity,
            &mut ground.height,
            &mut ground.depth,
        )?;
        exchange(columns, state, 0.0)
    }
}

/// Launches the exchange with the velocities, heights and temperature of the ground; `lapse` is Γ \[K m⁻¹\].
pub(super) fn exchange<R: Real>(
    columns: &Columns<'_, R>,
    state: &mut ColumnState<R>,
    lapse: f64,
) -> Result<()> {
    let points = columns.points as u32;
    let levels = columns.levels.count() as u32;
    let air = state.air;
    let (layers, ground) = (columns.layers, &mut state.ground);
    surface_exchange::launch(
        [levels, points],
        points,
        levels,
        R::from_f64(columns.interval),
        R::from_f64(air.vapour_ratio()),
        R::from_f64(air.steepness()),
        R::from_f64(air.heat_capacity),
        R::from_f64(air.gravity),
        R::from_f64(lapse),
        &layers.a_thickness,
        &layers.b_thickness,
        columns.reference_temperature,
        columns.surface_pressure,
        &ground.temperature,
        &ground.wetness,
        &ground.momentum_velocity,
        &ground.scalar_velocity,
        &ground.height,
        &ground.depth,
        &state.now.u,
        &state.now.v,
        &state.now.temperature,
        &state.now.humidity,
        &mut state.next.u,
        &mut state.next.v,
        &mut state.next.temperature,
        &mut state.next.humidity,
        &mut ground.eastward_stress,
        &mut ground.northward_stress,
        &mut ground.sensible_heat,
        &mut ground.evaporation,
    )?;
    state.swap_wind();
    state.swap_temperature();
    state.swap_humidity();
    Ok(())
}
