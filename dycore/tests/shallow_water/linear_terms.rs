//! Damping, relaxation and orography: what is linear and known.

use crate::common;
use terrella_dycore::shallow_water::{Configuration, RelaxationTimes, ShallowWater, SpectralState};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::Truncation;

fn zonal(model: &ShallowWater<f64>, degree: usize, value: f64) -> SpectralState<f64> {
    let mut state = SpectralState::zeros(Device::Cpu, 2 * model.coefficients()).unwrap();
    let mut spectrum = state.vorticity.to_vec().unwrap();
    spectrum[2 * Truncation::new(21).index(0, degree)] = value;
    state.vorticity.copy_from_host(&spectrum).unwrap();
    state
}

fn without_rotation() -> ShallowWater<f64> {
    let configuration = Configuration {
        rotation: 0.0,
        time_step: 600.0,
        diffusion: Some(Diffusion { order: 2, strength: DiffusionStrength::SmallestScaleTime(6.0 * 3600.0) }),
        filter: Filter { strength: 0.02, centring: 0.53 },
        ..Configuration::new(21).unwrap()
    };
    ShallowWater::new(configuration, Device::Cpu).unwrap()
}

/// The smallest scale decays with its e-folding time (to the scheme's first order in Δt/τ = 1/36).
#[test]
fn diffusion_has_its_e_folding_time() {
    let mut model = without_rotation();
    let amplitude = 1.0e-10;
    let state = zonal(&model, 21, amplitude);
    model.set_state(&state.vorticity, &state.divergence, &state.geopotential).unwrap();
    for _ in 0..36 {
        model.step().unwrap();
    }
    let index = 2 * Truncation::new(21).index(0, 21);
    let ratio = model.spectral_state().vorticity.to_vec().unwrap()[index] / amplitude;
    assert!((ratio / (-1.0_f64).exp() - 1.0).abs() < 0.03, "{ratio}");
}

/// Relaxation from rest follows 1 − exp(−t/τ).
#[test]
fn relaxation_follows_its_time_scale() {
    let mut model = without_rotation();
    let reference = zonal(&model, 3, 1.0e-10);
    let times = RelaxationTimes { vorticity: Some(6.0 * 3600.0), ..RelaxationTimes::default() };
    model.set_relaxation(reference, times).unwrap();
    for _ in 0..36 {
        model.step().unwrap();
    }
    let index = 2 * Truncation::new(21).index(0, 3);
    let value = model.spectral_state().vorticity.to_vec().unwrap()[index] / 1.0e-10;
    assert!((value - (1.0 - (-1.0_f64).exp())).abs() < 0.02, "{value}");
}

/// A lake with a flat surface over a mountain stays at rest, with diffusion on.
#[test]
fn a_lake_over_a_mountain_stays_at_rest() {
    let configuration = Configuration::new(21).unwrap();
    let grid = configuration.grid.clone();
    let gravity = configuration.gravity;
    let mut model = ShallowWater::<f64>::new(configuration, Device::Cpu).unwrap();
    let ground = common::on_grid(&grid, |longitude, latitude| {
        gravity * 2_000.0 * (latitude.cos() * longitude.cos()).max(0.0).powi(3)
    });
    model.set_orography(&Buffer::from_slice(Device::Cpu, &ground).unwrap()).unwrap();
    let depth: Vec<f64> = ground.iter().map(|ground| 5_500.0 * gravity - ground).collect();
    let rest = Buffer::zeros(Device::Cpu, grid.points()).unwrap();
    model
        .set_from_wind_and_geopotential(&rest, &rest, &Buffer::from_slice(Device::Cpu, &depth).unwrap())
        .unwrap();
    for _ in 0..100 {
        model.step().unwrap();
    }
    let wind = model.diagnostics().unwrap().maximum_wind;
    assert!(wind < 1e-9, "{wind:e} m/s");
}
