//! Moist processes that follow each other.

use std::mem::swap;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::MoistAir;
use terrella_kernels::{Real, kernel};

use super::diagnostics::memory_of;
use super::{
    Affects, BoundaryLayer, ColumnPhysics, Columns, Diagnostic, Ground, LargeScaleCondensation, Mixing,
    SimpleSurfaceFluxes,
};
use crate::primitive::{Configuration, Tendencies};
use crate::shallow_water::expect_length;
use crate::{Error, Result};

/// Columns as the schemes before left them, `[levels, points]` each.
#[derive(Debug)]
pub struct ProvisionalFields<R: Real> {
    /// Eastward wind \[m s⁻¹\].
    pub u: Buffer<R>,
    /// Northward wind \[m s⁻¹\].
    pub v: Buffer<R>,
    /// T − T_r \[K\].
    pub temperature: Buffer<R>,
    /// q \[kg kg⁻¹\].
    pub humidity: Buffer<R>,
}

impl<R: Real> ProvisionalFields<R> {
    fn zeros(device: Device, length: usize) -> Result<Self> {
        let field = || Buffer::zeros(device, length);
        Ok(Self { u: field()?, v: field()?, temperature: field()?, humidity: field()? })
    }
}

/// What schemes work on.
#[derive(Debug)]
pub struct ColumnState<R: Real> {
    /// The state so far. A scheme changes it by [`Self::swap_wind`] and its like.
    pub now: ProvisionalFields<R>,
    /// Where a scheme writes; what is in it before is nothing.
    pub next: ProvisionalFields<R>,
    /// What the columns stand on.
    pub ground: Ground<R>,
    /// A field `[points]` for what is of no use.
    pub scratch: Buffer<R>,
    /// Constants, the same for all schemes.
    pub air: MoistAir,
}

impl<R: Real> ColumnState<R> {
    /// Makes the wind of `next` that of `now`.
    pub fn swap_wind(&mut self) {
        swap(&mut self.now.u, &mut self.next.u);
        swap(&mut self.now.v, &mut self.next.v);
    }

    /// Makes the temperature of `next` that of `now`.
    pub fn swap_temperature(&mut self) {
        swap(&mut self.now.temperature, &mut self.next.temperature);
    }

    /// Makes the humidity of `next` that of `now`.
    pub fn swap_humidity(&mut self) {
        swap(&mut self.now.humidity, &mut self.next.humidity);
    }
}

/// A moist process: it brings columns over an interval.
pub trait ColumnScheme<R: Real>: Send {
    /// Its name, as in an error message.
    fn name(&self) -> &'static str;

    /// Advances `state` by `columns.interval`, without allocating and without copies to the host.
    ///
    /// Of `columns` it reads grid, levels, times and surface pressure; wind, temperature and humidity are in `state`.
    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()>;

    /// As of [`ColumnPhysics::diagnostics`].
    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        Vec::new()
    }

    /// As of [`ColumnPhysics::memory`].
    fn memory(&self) -> Vec<(&'static str, &Buffer<R>)> {
        Vec::new()
    }

    /// The fields of [`memory`](Self::memory), in the same order.
    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        Vec::new()
    }
}

/// Moist column physics: schemes of which each starts from where the one before ended.
///
/// The state starts from [`Columns`]; over the interval I the model sees the tendency (state at the end − [`Columns`])/I.
/// Schemes leave humidity that is not negative so, and what they do together is applied at once: q + I·∂q/∂t of the physics is
/// not negative either. The model's first tracer must be specific humidity.
///
/// | diagnostic                        | unit       | meaning |
/// |-----------------------------------|------------|---------|
/// | `surface_temperature`             | K          | T_s     |
/// | `surface_upward_eastward_stress`, `surface_upward_northward_stress` | N m-2 | momentum that the air receives |
/// | `surface_upward_sensible_heat_flux` | W m-2    |         |
/// | `water_evapotranspiration_flux`   | kg m-2 s-1 | times L, the latent heat flux |
/// | `accumulated_evapotranspiration`  | kg m-2     | summed over the steps since the start |
/// | `atmosphere_mass_content_of_water_vapor` | kg m-2 | after the last call |
///
/// and those of the schemes. Sums over time add rate·Δt in each step.
pub struct MoistPhysics<R: Real> {
    schemes: Vec<Box<dyn ColumnScheme<R>>>,
    state: ColumnState<R>,
    evaporated: Buffer<R>,
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
        let points = configuration.grid.points();
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
            total_column_water: Buffer::zeros(device, points)?,
            levels,
        })
    }

    /// The simple physics of Reed & Jablonowski (2012) in the order of the paper: large-scale condensation, surface fluxes,
    /// boundary-layer mixing, all as published, over a sea of this temperature \[K\], `[points]`.
    pub fn simple(configuration: &Configuration, surface_temperature: &[R], device: Device) -> Result<Self> {
        Ok(Self::new(configuration, 2.5e6, surface_temperature, device)?
            .with(LargeScaleCondensation::new(1, &configuration.grid, device)?)
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
        let points = columns.grid.points() as u32;
        let levels = self.levels as u32;
        let fields = self.levels * columns.grid.points();
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
        let rows = (before.tracers.len() / columns.grid.points()) as u32;
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
        ];
        all.extend(memory_of(&self.schemes));
        all
    }

    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        let ground = &mut self.state.ground;
        let mut all =
            vec![&mut ground.temperature, &mut ground.wetness, &mut ground.radiation, &mut self.evaporated];
        all.extend(self.schemes.iter_mut().flat_map(|scheme| scheme.memory_mut()));
        all
    }
}

/// Tendencies of u, v \[m s⁻²\] and T \[K s⁻¹\] with (after − before)/I added, in one layer at a point.
///
/// All fields are \[levels, points\]: those at the interval's beginning, at its end, and the tendencies so far.
#[kernel(indices = 2)]
pub fn suite_tendencies<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    interval: R,
    u_before: &[R],
    v_before: &[R],
    temperature_before: &[R],
    u_after: &[R],
    v_after: &[R],
    temperature_after: &[R],
    u_tendency: &[R],
    v_tendency: &[R],
    temperature_tendency: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    (
        u_tendency[here] + (u_after[here] - u_before[here]) / interval,
        v_tendency[here] + (v_after[here] - v_before[here]) / interval,
        temperature_tendency[here] + (temperature_after[here] - temperature_before[here]) / interval,
    )
}

/// Tendencies of tracers \[s⁻¹\], that of humidity, the first, with (after − before)/I added.
///
/// `row` runs over the levels of the first tracer, then of the second, …; `humidity_after` is \[levels, points\].
#[kernel(indices = 2)]
pub fn suite_tracer_tendencies<R: Real>(
    row: u32,
    point: u32,
    points: u32,
    levels: u32,
    interval: R,
    tracers_before: &[R],
    humidity_after: &[R],
    tendency: &[R],
) -> R {
    let here = row * points + point;
    if row >= levels {
        return tendency[here];
    }
    tendency[here] + (humidity_after[here] - tracers_before[here]) / interval
}

/// A sum over time with Δt·rate added, at a point.
#[kernel]
pub fn accumulated<R: Real>(point: u32, time_step: R, sum: &[R], rate: &[R]) -> R {
    sum[point] + time_step * rate[point]
}

/// Σ q·Δp/g, carried down a column \[kg m⁻²\].
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `gravity`                    | g                          | m s⁻² |
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn total_column_water<R: Real>(
    level: u32,
    point: u32,
    above: R,
    points: u32,
    gravity: R,
    a_thickness: &[R],
    b_thickness: &[R],
    surface_pressure: &[R],
    humidity: &[R],
) -> R {
    let thickness = a_thickness[level] + b_thickness[level] * surface_pressure[point];
    above + humidity[level * points + point] * thickness / gravity
}
