//! Moist processes that follow each other.

use std::mem::swap;

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::MoistAir;

use super::diagnostics::memory_of;
use super::kernels::{accumulated, suite_tendencies, suite_tracer_tendencies, total_column_water};
use super::{
    Affects, BoundaryLayer, ColumnPhysics, ColumnScheme, ColumnState, Columns, Diagnostic, Ground,
    LargeScaleCondensation, Mixing, ProvisionalFields, SimpleSurfaceFluxes,
};
use crate::primitive::{Configuration, Tendencies};
use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// Moist column physics: schemes of which each starts from where the one before ended.
///
/// The state starts from [`Columns`]; over the interval I the model sees the tendency (state at the end − [`Columns`])/I.
/// Schemes leave humidity that is not negative so, and what they do together is applied at once: q + I·∂q/∂t of the physics is
/// not negative either. The model's first tracer must be specific humidity.
///
/// ```
/// use terrella_dycore::primitive::{
///     BoundaryLayer, Configuration, Convection, LargeScaleCondensation, Mixing, MoistPhysics, Primitive,
///     SimpleSurfaceFluxes,
/// };
/// use terrella_kernels::device::Device;
///
/// let mut configuration = Configuration::new(10, "sigma10".parse()?)?;
/// configuration.moist = true;
/// let (grid, device) = (configuration.grid.clone(), Device::Cpu);
/// let sea = vec![300.0_f64; grid.points()];
/// let physics = MoistPhysics::new(&configuration, 2.5e6, &sea, device)?
///     .with(Convection::new(&grid, device)?)
///     .with(LargeScaleCondensation::new(1, &grid, device)?)
///     .with(SimpleSurfaceFluxes::default())
///     .with(BoundaryLayer::new(Mixing::Enthalpy, &configuration, device)?);
/// let mut model = Primitive::new(configuration, device)?;
/// model.add_physics(Box::new(physics))?;
/// model.step()?;
/// let rain = model.physics_diagnostic("convective_precipitation_amount").expect("of the convection");
/// assert_eq!((rain.unit, rain.values.len()), ("kg m-2", grid.points()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | diagnostic                        | unit       | meaning |
/// |-----------------------------------|------------|---------|
/// | `surface_temperature`             | K          | T_s     |
/// | `surface_upward_eastward_stress`, `surface_upward_northward_stress` | N m-2 | momentum that the air receives |
/// | `surface_upward_sensible_heat_flux` | W m-2    |         |
/// | `water_evapotranspiration_flux`   | kg m-2 s-1 | times L, the latent heat flux |
/// | `accumulated_evapotranspiration`  | kg m-2     | summed over the steps since the start |
/// | `accumulated_surface_upward_energy` | J m-2   | sensible heat less radiation into the ground, summed likewise |
/// | `atmosphere_mass_content_of_water_vapor` | kg m-2 | after the last call |
///
/// and those of the schemes. Sums over time add rate·Δt in each step.
pub struct MoistPhysics<R: Real> {
    schemes: Vec<Box<dyn ColumnScheme<R>>>,
    state: ColumnState<R>,
    evaporated: Buffer<R>,
    /// Energy that the air has got from below, without latent heat.
    warmed: Buffer<R>,
    total_column_water: Buffer<R>,
    levels: usize,
}

impl<R: Real> MoistPhysics<R> {
    /// No scheme yet, over a wet ground of this temperature \[K\], `[points]`.
    ///
    /// `latent_heat` is L \[J kg⁻¹\]; the other constants are the configuration's.
    ///
    /// Errors: a model that is not moist, a temperature of another length or not finite, an L that is not positive.
    pub fn new(
        configuration: &Configuration,
        latent_heat: f64,
        surface_temperature: &[R],
        device: Device,
    ) -> Result<Self> {
        if !configuration.moist {
            return Err(Error::InvalidConfiguration {
                name: "moist",
                got: "false".to_owned(),
                expected: "true: moist physics changes specific humidity",
            });
        }
        if !(latent_heat > 0.0 && latent_heat.is_finite()) {
            return Err(Error::InvalidConfiguration {
                name: "latent_heat",
                got: latent_heat.to_string(),
                expected: "a finite number above 0 J/kg",
            });
        }
        let points = configuration.points();
        let levels = configuration.levels.count();
        expect_length("surface_temperature", points, surface_temperature.len())?;
        Ok(Self {
            schemes: Vec::new(),
            state: ColumnState {
                now: ProvisionalFields::zeros(device, levels * points)?,
                next: ProvisionalFields::zeros(device, levels * points)?,
                ground: Ground::new(surface_temperature, device)?,
                scratch: Buffer::zeros(device, points)?,
                air: MoistAir {
                    gravity: configuration.gravity,
                    gas_constant: configuration.gas_constant,
                    vapour_gas_constant: configuration.vapour_gas_constant,
                    heat_capacity: configuration.heat_capacity,
                    latent_heat,
                },
            },
            evaporated: Buffer::zeros(device, points)?,
            warmed: Buffer::zeros(device, points)?,
            total_column_water: Buffer::zeros(device, points)?,
            levels,
        })
    }

    /// The simple physics of Reed & Jablonowski (2012) in the order of the paper: large-scale condensation, surface fluxes,
    /// boundary-layer mixing, all as published, over a sea of this temperature \[K\], `[points]`.
    pub fn simple(configuration: &Configuration, surface_temperature: &[R], device: Device) -> Result<Self> {
        Ok(Self::new(configuration, 2.5e6, surface_temperature, device)?
            .with(LargeScaleCondensation::new(1, configuration, device)?)
            .with(SimpleSurfaceFluxes::default())
            .with(BoundaryLayer::new(Mixing::PotentialTemperature, configuration, device)?))
    }

    /// Appends a scheme.
    #[must_use]
    pub fn with(mut self, scheme: impl ColumnScheme<R> + 'static) -> Self {
        self.schemes.push(Box::new(scheme));
        self
    }

    /// What the columns stand on.
    pub fn ground(&self) -> &Ground<R> {
        &self.state.ground
    }

    /// What the columns stand on, to set it.
    pub fn ground_mut(&mut self) -> &mut Ground<R> {
        &mut self.state.ground
    }
}

impl<R: Real> ColumnPhysics<R> for MoistPhysics<R> {
    fn name(&self) -> &'static str {
        "moist physics"
    }

    fn affects(&self) -> Affects {
        Affects { wind: true, temperature: true, tracers: true }
    }

    fn add_tendencies(
        &mut self,
        columns: &Columns<'_, R>,
        before: &Tendencies<R>,
        after: &mut Tendencies<R>,
    ) -> Result<()> {
        let points = columns.points as u32;
        let levels = self.levels as u32;
        let fields = self.levels * columns.points;
        let state = &mut self.state;
        state.now.u.copy_from(columns.u)?;
        state.now.v.copy_from(columns.v)?;
        state.now.temperature.copy_from(columns.temperature)?;
        state.now.humidity.copy_range(0, columns.tracers, 0..fields)?;
        for scheme in &mut self.schemes {
            scheme.advance(columns, state)?;
        }
        let interval = R::from_f64(columns.interval);
        suite_tendencies::launch(
            [levels, points],
            points,
            interval,
            columns.u,
            columns.v,
            columns.temperature,
            &state.now.u,
            &state.now.v,
            &state.now.temperature,
            &before.u,
            &before.v,
            &before.temperature,
            &mut after.u,
            &mut after.v,
            &mut after.temperature,
        )?;
        let rows = (before.tracers.len() / columns.points) as u32;
        suite_tracer_tendencies::launch(
            [rows, points],
            points,
            levels,
            interval,
            columns.tracers,
            &state.now.humidity,
            &before.tracers,
            &mut after.tracers,
        )?;
        accumulated::launch(
            [points],
            R::from_f64(columns.time_step),
            &self.evaporated,
            &state.ground.evaporation,
            &mut state.scratch,
        )?;
        swap(&mut self.evaporated, &mut state.scratch);
        for (direction, flux) in [(1.0, &state.ground.sensible_heat), (-1.0, &state.ground.radiation)] {
            let step = R::from_f64(direction * columns.time_step);
            accumulated::launch([points], step, &self.warmed, flux, &mut state.scratch)?;
            swap(&mut self.warmed, &mut state.scratch);
        }
        total_column_water::launch(
            [levels, points],
            points,
            R::from_f64(state.air.gravity),
            &columns.layers.a_thickness,
            &columns.layers.b_thickness,
            columns.surface_pressure,
            &state.now.humidity,
            &mut self.total_column_water,
        )?;
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        let ground = &self.state.ground;
        let mut all: Vec<Diagnostic<'_, R>> = [
            ("surface_temperature", "K", &ground.temperature),
            ("surface_upward_eastward_stress", "N m-2", &ground.eastward_stress),
            ("surface_upward_northward_stress", "N m-2", &ground.northward_stress),
            ("surface_upward_sensible_heat_flux", "W m-2", &ground.sensible_heat),
            ("water_evapotranspiration_flux", "kg m-2 s-1", &ground.evaporation),
            ("accumulated_evapotranspiration", "kg m-2", &self.evaporated),
            ("accumulated_surface_upward_energy", "J m-2", &self.warmed),
            ("atmosphere_mass_content_of_water_vapor", "kg m-2", &self.total_column_water),
        ]
        .map(|(name, unit, values)| Diagnostic { name, unit, values })
        .into();
        all.extend(self.schemes.iter().flat_map(|scheme| scheme.diagnostics()));
        all
    }

    fn memory(&self) -> Vec<(String, &Buffer<R>)> {
        let ground = &self.state.ground;
        let mut all = vec![
            ("surface_temperature".to_owned(), &ground.temperature),
            ("wetness".to_owned(), &ground.wetness),
            ("surface_radiation".to_owned(), &ground.radiation),
            ("accumulated_evapotranspiration".to_owned(), &self.evaporated),
            ("accumulated_surface_upward_energy".to_owned(), &self.warmed),
        ];
        all.extend(memory_of(&self.schemes));
        all
    }

    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        let ground = &mut self.state.ground;
        let mut all = vec![
            &mut ground.temperature,
            &mut ground.wetness,
            &mut ground.radiation,
            &mut self.evaporated,
            &mut self.warmed,
        ];
        all.extend(self.schemes.iter_mut().flat_map(|scheme| scheme.memory_mut()));
        all
    }
}
