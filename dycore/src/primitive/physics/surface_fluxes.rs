//! Bulk fluxes over land and sea as a scheme.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::surface_exchange::{bulk_exchange, slab_prediction, slab_temperature};

use super::simple_surface::exchange;
use super::{ColumnScheme, ColumnState, Columns};
use crate::primitive::Configuration;
use crate::shallow_water::{expect_length, rounded};
use crate::{Error, Result};

/// One kind of ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroundKind {
    /// z_0 \[m\].
    pub roughness: f64,
    /// β: 1 over water, 0 over a dry desert.
    pub wetness: f64,
    /// Heat capacity of the slab \[J m⁻² K⁻¹\]; `None`: its temperature stays what it is set to.
    pub heat_capacity: Option<f64>,
}

impl GroundKind {
    /// The sea of prescribed temperature, with Frierson, Held & Zurita-Gotor's (2006) roughness.
    pub const SEA: Self = Self { roughness: 3.21e-5, wetness: 1.0, heat_capacity: None };

    /// Land: 0.1 m rough, half as wet as the sea, with the heat of about 0.2 m of soil, which a daily cycle reaches.
    pub const LAND: Self = Self { roughness: 0.1, wetness: 0.5, heat_capacity: Some(4e5) };
}

/// Bulk fluxes with the drag law of Frierson, Held & Zurita-Gotor (2006), and the slab under them:
/// [`terrella_kernels::physics::surface_exchange`].
///
/// A point is land where its land fraction is above one half. The slab takes up the radiation of the scheme of radiation
/// before this one, none where there is none, and gives the fluxes. It goes forward by Δt in each step while the air's interval
/// is I: over many steps the energy that the slab gives is what the air gets.
#[derive(Debug)]
pub struct SurfaceFluxes<R: Real> {
    /// Smallest wind \[m s⁻¹\].
    gustiness: f64,
    /// Ri_c.
    critical: f64,
    roughness: Buffer<R>,
    wetness: Buffer<R>,
    capacity: Buffer<R>,
    /// T_s at the beginning of the step.
    before: Buffer<R>,
}

impl<R: Real> SurfaceFluxes<R> {
    /// Over land and sea, with this land fraction `[points]`, a gustiness of 1 m s⁻¹ and Ri_c = 1.
    ///
    /// Errors: a land fraction of another length or outside 0 to 1; a roughness that is not positive, a wetness outside 0 to 1, a heat capacity below
    /// 10⁴ J m⁻² K⁻¹.
    pub fn new(
        land_fraction: &[R],
        land: GroundKind,
        sea: GroundKind,
        configuration: &Configuration,
        device: Device,
    ) -> Result<Self> {
        expect_length("land_fraction", configuration.points(), land_fraction.len())?;
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        if let Some(value) = land_fraction.iter().find(|value| !(0.0..=1.0).contains(&value.to_f64())) {
            return refuse("land_fraction", value.to_f64(), "numbers from 0 to 1");
        }
        for kind in [land, sea] {
            if !(kind.roughness > 0.0 && kind.roughness.is_finite()) {
                return refuse("roughness", kind.roughness, "a finite length above 0 m");
            }
            if !(0.0..=1.0).contains(&kind.wetness) {
                return refuse("wetness", kind.wetness, "a number from 0 to 1");
            }
            if let Some(capacity) = kind.heat_capacity
                && !(capacity >= 1e4 && capacity.is_finite())
            {
                return refuse("heat_capacity", capacity, "a finite number of at least 10,000 J m-2 K-1");
            }
        }
        let field = |value: &dyn Fn(GroundKind) -> f64| {
            let values: Vec<f64> = land_fraction
                .iter()
                .map(|fraction| value(if fraction.to_f64() > 0.5 { land } else { sea }))
                .collect();
            Buffer::from_slice(device, &rounded::<R>(&values))
        };
        Ok(Self {
            gustiness: 1.0,
            critical: 1.0,
            roughness: field(&|kind| kind.roughness)?,
            wetness: field(&|kind| kind.wetness)?,
            capacity: field(&|kind| kind.heat_capacity.unwrap_or(0.0))?,
            before: Buffer::zeros(device, land_fraction.len())?,
        })
    }
}

impl<R: Real> ColumnScheme<R> for SurfaceFluxes<R> {
    fn name(&self) -> &'static str {
        "surface fluxes"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        let points = columns.points as u32;
        let lowest = columns.levels.count() as u32 - 1;
        let air = state.air;
        let lapse = air.gravity / air.heat_capacity;
        let time_step = R::from_f64(columns.time_step);
        let layers = columns.layers;
        let ground = &mut state.ground;
        ground.wetness.copy_from(&self.wetness)?;
        bulk_exchange::launch(
            [points],
            points,
            lowest,
            R::from_f64(air.gas_constant),
            R::from_f64(air.virtual_factor()),
            R::from_f64(air.vapour_ratio()),
            R::from_f64(air.steepness()),
            R::from_f64(air.heat_capacity),
            R::from_f64(air.gravity),
            R::from_f64(self.gustiness),
            R::from_f64(self.critical),
            &layers.a_thickness,
            &layers.b_thickness,
            columns.reference_temperature,
            &self.roughness,
            &self.wetness,
            columns.surface_pressure,
            &ground.temperature,
            &state.now.u,
            &state.now.v,
            &state.now.temperature,
            &state.now.humidity,
            &mut ground.momentum_velocity,
            &mut ground.scalar_velocity,
            &mut ground.height,
            &mut ground.depth,
        )?;
        slab_prediction::launch(
            [points],
            points,
            lowest,
            time_step,
            R::from_f64(columns.interval),
            R::from_f64(air.vapour_ratio()),
            R::from_f64(air.steepness()),
            R::from_f64(air.heating()),
            R::from_f64(air.heat_capacity),
            R::from_f64(air.gravity),
            R::from_f64(lapse),
            &layers.a_thickness,
            &layers.b_thickness,
            columns.reference_temperature,
            &self.capacity,
            &ground.radiation,
            &self.wetness,
            &ground.scalar_velocity,
            &ground.height,
            &ground.depth,
            columns.surface_pressure,
            &ground.temperature,
            &state.now.temperature,
            &state.now.humidity,
            &mut self.before,
        )?;
        swap(&mut self.before, &mut ground.temperature);
        exchange(columns, state, lapse)?;
        let ground = &mut state.ground;
        slab_temperature::launch(
            [points],
            time_step,
            R::from_f64(air.latent_heat),
            &self.capacity,
            &ground.radiation,
            &ground.sensible_heat,
            &ground.evaporation,
            &self.before,
            &mut ground.temperature,
        )?;
        Ok(())
    }
}
