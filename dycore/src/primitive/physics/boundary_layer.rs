//! Boundary-layer mixing as a scheme.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::boundary_layer::{
    heat_elimination, heat_substitution, humidity_elimination, humidity_substitution, mixing_strength,
    wind_elimination, wind_substitution,
};

use super::{ColumnScheme, ColumnState, Columns};
use crate::primitive::Configuration;
use crate::{Error, Result};

/// What mixing of heat conserves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// ΣΔp·T, and so the enthalpy of a column.
    #[default]
    Enthalpy,
    /// ΣΔp·θ, as in Reed & Jablonowski (2012); the enthalpy of a column changes.
    PotentialTemperature,
}

/// Implicit mixing with a prescribed profile of diffusivity: [`terrella_kernels::physics::boundary_layer`].
///
/// It needs the exchange velocities of a scheme of surface fluxes before it.
#[derive(Debug)]
pub struct BoundaryLayer<R: Real> {
    /// What mixing of heat conserves.
    pub mixing: Mixing,
    /// Pressure above which diffusivity decays \[Pa\].
    pub top: f64,
    /// Over which pressure difference it does \[Pa\].
    pub decay: f64,
    strength: Buffer<R>,
    exner: Buffer<R>,
    factor: Buffer<R>,
    /// `[points]`, what scans hand on.
    carried: [Buffer<R>; 3],
}

impl<R: Real> BoundaryLayer<R> {
    /// The paper's profile, up to 850 hPa and decaying over 100 hPa, for this model.
    pub fn new(mixing: Mixing, configuration: &Configuration, device: Device) -> Result<Self> {
        Self::with_profile(mixing, 85_000.0, 10_000.0, configuration, device)
    }

    /// With another profile.
    ///
    /// Errors: a pressure that is not finite, a decay that is not positive.
    pub fn with_profile(
        mixing: Mixing,
        top: f64,
        decay: f64,
        configuration: &Configuration,
        device: Device,
    ) -> Result<Self> {
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        if !top.is_finite() {
            return refuse("top", top, "a finite pressure in Pa");
        }
        if !(decay > 0.0 && decay.is_finite()) {
            return refuse("decay", decay, "a finite pressure difference above 0 Pa");
        }
        let points = configuration.points();
        let field = || Buffer::zeros(device, configuration.levels.count() * points);
        let column = || Buffer::zeros(device, points);
        Ok(Self {
            mixing,
            top,
            decay,
            strength: field()?,
            exner: field()?,
            factor: field()?,
            carried: [column()?, column()?, column()?],
        })
    }
}

impl<R: Real> ColumnScheme<R> for BoundaryLayer<R> {
    fn name(&self) -> &'static str {
        "boundary layer"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        let points = columns.points as u32;
        let levels = columns.levels.count() as u32;
        let extent = [levels, points];
        let air = state.air;
        let layers = columns.layers;
        mixing_strength::launch(
            extent,
            points,
            levels,
            R::from_f64(columns.interval),
            R::from_f64(self.top),
            R::from_f64(self.decay),
            R::from_f64(air.gas_constant),
            R::from_f64(air.virtual_factor()),
            R::from_f64(air.gravity),
            R::from_f64(air.kappa()),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            columns.reference_temperature,
            columns.surface_pressure,
            &state.now.temperature,
            &state.now.humidity,
            &mut self.strength,
            &mut self.exner,
        )?;
        let [first, second, third] = &mut self.carried;
        let (now, next, ground) = (&mut state.now, &mut state.next, &state.ground);
        wind_elimination::launch(
            extent,
            points,
            &layers.a_thickness,
            &layers.b_thickness,
            columns.surface_pressure,
            &ground.momentum_velocity,
            &ground.height,
            &self.strength,
            &now.u,
            &now.v,
            &mut self.factor,
            &mut next.u,
            &mut next.v,
            first,
            second,
            third,
        )?;
        wind_substitution::launch(
            extent,
            points,
            &self.factor,
            &next.u,
            &next.v,
            &mut now.u,
            &mut now.v,
            first,
            second,
        )?;
        humidity_elimination::launch(
            extent,
            points,
            &layers.a_thickness,
            &layers.b_thickness,
            columns.surface_pressure,
            &ground.scalar_velocity,
            &ground.height,
            &self.strength,
            &now.humidity,
            &mut self.factor,
            &mut next.humidity,
            first,
            second,
        )?;
        humidity_substitution::launch(
            extent,
            points,
            &self.factor,
            &next.humidity,
            &mut now.humidity,
            first,
        )?;
        // The humidity of `next` has served, so that it can hold θ.
        heat_elimination::launch(
            extent,
            points,
            levels,
            u32::from(self.mixing == Mixing::Enthalpy),
            &layers.a_thickness,
            &layers.b_thickness,
            columns.reference_temperature,
            columns.surface_pressure,
            &ground.scalar_velocity,
            &ground.height,
            &self.strength,
            &self.exner,
            &now.temperature,
            &mut self.factor,
            &mut next.humidity,
            first,
            second,
        )?;
        heat_substitution::launch(
            extent,
            points,
            columns.reference_temperature,
            &self.exner,
            &self.factor,
            &next.humidity,
            &now.temperature,
            &mut next.temperature,
            first,
        )?;
        state.swap_temperature();
        Ok(())
    }
}
