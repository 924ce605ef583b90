//! The forcing of Held & Suarez as column physics.

use terrella_coupling::spectral::Rings;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::held_suarez::{Forcing, held_suarez_forcing};

use super::Tendencies;
use super::physics::{Affects, ColumnPhysics, Columns};
use crate::shallow_water::rounded;
use crate::{Error, Result};

/// Newtonian relaxation and Rayleigh friction of [`terrella_kernels::physics::held_suarez`].
///
/// The damping is implicit over the leapfrog interval, so that no time step is too long for it.
#[derive(Debug)]
pub struct HeldSuarez<R: Real> {
    pub(super) forcing: Forcing,
    /// sin φ, `[points]`.
    pub(super) sine_latitude: Buffer<R>,
}

impl<R: Real> HeldSuarez<R> {
    /// The scheme on a grid and device, those of the model; across ranks, on the rings of its configuration.
    ///
    /// Errors: a parameter that is not finite, a negative rate, a σ_b outside 0 to 1, a p₀ that is not positive.
    pub fn new(forcing: Forcing, grid: &impl Rings, device: Device) -> Result<Self> {
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        for (name, rate) in [
            ("friction", forcing.friction),
            ("relaxation", forcing.relaxation),
            ("surface_relaxation", forcing.surface_relaxation),
        ] {
            if !(rate >= 0.0 && rate.is_finite()) {
                return refuse(name, rate, "a finite rate of at least 0 per second");
            }
        }
        for (name, value) in [
            ("meridional_difference", forcing.meridional_difference),
            ("vertical_difference", forcing.vertical_difference),
            ("warmest", forcing.warmest),
            ("coldest", forcing.coldest),
            ("kappa", forcing.kappa),
        ] {
            if !value.is_finite() {
                return refuse(name, value, "a finite number");
            }
        }
        if !(0.0..1.0).contains(&forcing.boundary_layer) {
            return refuse("boundary_layer", forcing.boundary_layer, "a number from 0 to below 1");
        }
        if !(forcing.reference_pressure > 0.0 && forcing.reference_pressure.is_finite()) {
            return refuse("reference_pressure", forcing.reference_pressure, "a pressure above 0 Pa");
        }
        let sines = grid.on_points(|ring| ring.sine_latitude);
        Ok(Self { forcing, sine_latitude: Buffer::from_slice(device, &rounded::<R>(&sines))? })
    }
}

impl<R: Real> ColumnPhysics<R> for HeldSuarez<R> {
    fn name(&self) -> &'static str {
        "Held-Suarez"
    }

    fn affects(&self) -> Affects {
        Affects { wind: true, temperature: true, tracers: false }
    }

    fn add_tendencies(
        &mut self,
        columns: &Columns<'_, R>,
        before: &Tendencies<R>,
        after: &mut Tendencies<R>,
    ) -> Result<()> {
        let points = columns.points as u32;
        let forcing = &self.forcing;
        held_suarez_forcing::launch(
            [columns.levels.count() as u32, points],
            points,
            R::from_f64(columns.interval),
            R::from_f64(forcing.boundary_layer),
            R::from_f64(forcing.friction),
            R::from_f64(forcing.relaxation),
            R::from_f64(forcing.surface_relaxation),
            R::from_f64(forcing.meridional_difference),
            R::from_f64(forcing.vertical_difference),
            R::from_f64(forcing.warmest),
            R::from_f64(forcing.coldest),
            R::from_f64(forcing.reference_pressure),
            R::from_f64(forcing.kappa),
            &columns.layers.a_sum,
            &columns.layers.b_sum,
            &self.sine_latitude,
            columns.surface_pressure,
            columns.u,
            columns.v,
            columns.temperature,
            columns.reference_temperature,
            &before.u,
            &before.v,
            &before.temperature,
            &mut after.u,
            &mut after.v,
            &mut after.temperature,
        )?;
        Ok(())
    }
}
