//! Runs of the shallow-water model for a case, and the comparison of runs at different truncations.

use terrella_dycore::shallow_water::{Configuration, Diagnostics, ShallowWater, quadratic_grid};
use terrella_dycore::time_stepping::{Diffusion, Filter};
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};

use crate::cases::williamson_1992::{GRAVITY, RADIUS, ROTATION};
use crate::fields::on_grid;
use crate::{Measurement, Result};

/// A function of longitude and latitude \[radians\].
pub type Function<'a> = &'a dyn Fn(f64, f64) -> f64;

/// Analytic initial state and surroundings.
pub struct Scenario<'a> {
    /// Eastward wind \[m s⁻¹\].
    pub u: Function<'a>,
    /// Northward wind \[m s⁻¹\].
    pub v: Function<'a>,
    /// Height of the free surface \[m\].
    pub surface: Function<'a>,
    /// Height of the ground \[m\].
    pub ground: Option<Function<'a>>,
    /// Coriolis parameter \[s⁻¹\], if not 2Ω·sin φ.
    pub coriolis: Option<Function<'a>>,
    /// H of the implicit terms \[m\].
    pub mean_depth: f64,
}

/// How to integrate it.
#[derive(Clone, Copy, Debug)]
pub struct Integration {
    /// T.
    pub truncation: usize,
    /// Δt \[s\].
    pub time_step: f64,
    /// Leapfrog filter.
    pub filter: Filter,
    /// Diffusion.
    pub diffusion: Option<Diffusion>,
    /// Where.
    pub device: Device,
}

/// The settings of an integration with the constants of Williamson et al. (1992).
pub fn configuration(integration: &Integration, mean_depth: f64) -> Result<Configuration> {
    Ok(Configuration {
        grid: quadratic_grid(integration.truncation)?,
        radius: RADIUS,
        rotation: ROTATION,
        gravity: GRAVITY,
        mean_geopotential: mean_depth * GRAVITY,
        time_step: integration.time_step,
        filter: integration.filter,
        diffusion: integration.diffusion,
        ..Configuration::new(integration.truncation)?
    })
}

/// A model in its initial state.
pub fn start<R: Real>(scenario: &Scenario, integration: &Integration) -> Result<ShallowWater<R>> {
    let configuration = configuration(integration, scenario.mean_depth)?;
    let grid = configuration.grid.clone();
    let device = integration.device;
    let mut model = ShallowWater::<R>::new(configuration, device)?;
    if let Some(coriolis) = scenario.coriolis {
        model.set_coriolis_parameter(&on_grid(&grid, coriolis))?;
    }
    let mut depth = on_grid::<f64>(&grid, scenario.surface);
    if let Some(ground) = scenario.ground {
        let ground = on_grid::<f64>(&grid, ground);
        for (depth, ground) in depth.iter_mut().zip(&ground) {
            *depth -= ground;
        }
        let geopotential: Vec<R> = ground.iter().map(|height| R::from_f64(GRAVITY * height)).collect();
        model.set_orography(&Buffer::from_slice(device, &geopotential)?)?;
    }
    let depth: Vec<R> = depth.iter().map(|depth| R::from_f64(GRAVITY * depth)).collect();
    model.set_from_wind_and_geopotential(
        &Buffer::from_slice(device, &on_grid(&grid, scenario.u))?,
        &Buffer::from_slice(device, &on_grid(&grid, scenario.v))?,
        &Buffer::from_slice(device, &depth)?,
    )?;
    Ok(model)
}

/// Number of steps of `time_step` in `duration` \[s\], which it must divide.
pub fn steps(duration: f64, time_step: f64) -> u64 {
    let steps = (duration / time_step).round();
    assert!((steps * time_step - duration).abs() < 1e-6, "{time_step} s does not divide {duration} s");
    steps as u64
}

/// Height of the free surface \[m\] on the model's grid.
pub fn surface_height<R: Real>(model: &mut ShallowWater<R>) -> Result<Vec<R>> {
    let gravity = R::from_f64(model.configuration().gravity);
    let state = model.grid_state()?;
    Ok(state
        .geopotential
        .iter()
        .zip(&state.orography)
        .map(|(&depth, &ground)| (depth + ground) / gravity)
        .collect())
}

/// Spectrum of the free surface's geopotential without Φ̄, with its truncation.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// T.
    pub truncation: usize,
    /// `[coefficients, 2]`.
    pub values: Vec<f64>,
}

/// The free surface of a model: Φ′ + Φ_s.
pub fn surface_spectrum<R: Real>(model: &ShallowWater<R>) -> Result<Spectrum> {
    let depth = model.spectral_state().geopotential.to_vec()?;
    let ground = model.orography().to_vec()?;
    Ok(Spectrum {
        truncation: model.configuration().truncation,
        values: depth.iter().zip(&ground).map(|(depth, ground)| depth.to_f64() + ground.to_f64()).collect(),
    })
}

impl Spectrum {
    /// A copy of a spectrum in device memory.
    pub fn of<R: Real>(truncation: usize, values: &Buffer<R>) -> Result<Self> {
        Ok(Self { truncation, values: values.to_vec()?.iter().map(|value| value.to_f64()).collect() })
    }

    /// On a grid, in f64 on the CPU; `grid` must carry the truncation.
    pub fn on_grid(&self, grid: &Grid) -> Result<Vec<f64>> {
        let mut transform = Transform::<f64>::new(grid, Truncation::new(self.truncation), Device::Cpu)?;
        let spectrum = Buffer::from_slice(Device::Cpu, &self.values)?;
        let mut values = Buffer::zeros(Device::Cpu, grid.points())?;
        transform.synthesis(1, &spectrum, &mut values)?;
        Ok(values.to_vec()?)
    }
}

/// Relative changes of conserved quantities between two states, as measurements for information or with limits.
pub fn budgets(setting: &str, start: &Diagnostics, end: &Diagnostics, limits: Budgets) -> Vec<Measurement> {
    let change =
        |quantity: fn(&Diagnostics) -> f64| ((quantity(end) - quantity(start)) / quantity(start)).abs();
    vec![
        Measurement::at_most(
            "relative change of mass",
            setting,
            change(|d| d.mass),
            limits.mass,
            limits.basis,
        ),
        Measurement::at_most(
            "relative change of total energy",
            setting,
            change(|d| d.total_energy),
            limits.total_energy,
            limits.basis,
        ),
        Measurement::at_most(
            "relative change of potential enstrophy",
            setting,
            change(|d| d.potential_enstrophy),
            limits.potential_enstrophy,
            limits.basis,
        ),
    ]
}

/// Limits of [`budgets`].
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Of mass.
    pub mass: f64,
    /// Of total energy.
    pub total_energy: f64,
    /// Of potential enstrophy.
    pub potential_enstrophy: f64,
    /// Where they come from.
    pub basis: &'static str,
}
