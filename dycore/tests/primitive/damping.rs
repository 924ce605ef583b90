//! Diffusion, divergence damping, sponge, and the dry forcing: each does what its formula says, and nothing else.

use crate::common::{Fields, model, on_grid};
use terrella_dycore::primitive::{Configuration, HeldSuarez, Primitive, SpectralState, Sponge};
use terrella_dycore::time_stepping::{Diffusion, DiffusionStrength, Filter};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::held_suarez::Forcing;
use terrella_kernels::spectral::Truncation;

const LEVELS: usize = 6;

fn base() -> Configuration {
    let mut configuration = Configuration::new(10, "sigma6".parse().unwrap()).unwrap();
    configuration.rotation = 0.0;
    configuration.diffusion = None;
    configuration.filter = Filter::NONE;
    configuration.time_step = 1_000.0;
    configuration
}

/// Spectra of vorticity and divergence after one step from tiny waves of all wavenumbers at all levels.
fn after_a_step(configuration: Configuration) -> [Vec<f64>; 2] {
    let rows = Truncation::new(10).spectrum_len(1);
    let mut model = Primitive::<f64>::new(configuration, Device::Cpu).unwrap();
    let mut state = SpectralState::zeros(Device::Cpu, rows, LEVELS, 0).unwrap();
    let mut wave = vec![1e-13; rows * LEVELS];
    wave[..2 * LEVELS].fill(0.0);
    for zonal in 0..=10 {
        // Imaginary parts of m = 0.
        wave[(2 * zonal + 1) * LEVELS..][..LEVELS].fill(0.0);
    }
    state.vorticity = Buffer::from_slice(Device::Cpu, &wave).unwrap();
    state.divergence = Buffer::from_slice(Device::Cpu, &wave).unwrap();
    model.set_state(&state).unwrap();
    model.step().unwrap();
    let present = model.spectral_state();
    [present.vorticity.to_vec().unwrap(), present.divergence.to_vec().unwrap()]
}

/// Each coefficient with the setting is that without it over 1 + Δt·κ(m, n, level), for vorticity and divergence.
fn check(change: impl Fn(&mut Configuration), rates: impl Fn(usize, usize, usize) -> [f64; 2]) {
    let mut configuration = base();
    change(&mut configuration);
    let (with, without) = (after_a_step(configuration), after_a_step(base()));
    for (coefficient, (m, n)) in Truncation::new(10).wavenumbers().enumerate() {
        for part in 0..2 {
            for level in 0..LEVELS {
                let at = (2 * coefficient + part) * LEVELS + level;
                for (variable, rate) in rates(m, n, level).into_iter().enumerate() {
                    let expected = without[variable][at] / (1.0 + 1_000.0 * rate);
                    let difference = (with[variable][at] - expected).abs();
                    assert!(
                        difference < 1e-19,
                        "m {m}, n {n}, level {level}, variable {variable}: {difference:e}"
                    );
                }
            }
        }
    }
}

const fn diffusion() -> Diffusion {
    Diffusion { order: 2, strength: DiffusionStrength::SmallestScaleTime(3_600.0) }
}

fn rate(n: usize) -> f64 {
    ((n * (n + 1)) as f64 / 110.0).powi(2) / 3_600.0
}

#[test]
fn diffusion_damps_all_waves_by_their_wavenumber() {
    check(|c| c.diffusion = Some(diffusion()), |_, n, _| [rate(n); 2]);
}

#[test]
fn divergence_damping_spares_vorticity() {
    check(|c| c.divergence_damping = Some(diffusion()), |_, n, _| [0.0, rate(n)]);
    let both = |c: &mut Configuration| {
        c.diffusion = Some(diffusion());
        c.divergence_damping = Some(diffusion());
    };
    check(both, |_, n, _| [rate(n), 2.0 * rate(n)]);
}

#[test]
fn the_sponge_damps_eddies_at_the_top() {
    let sponge = Sponge { time: 7_200.0, depth: 4.0 };
    let pressures = base().levels.full_level_pressure(100_000.0);
    let rates = sponge.rates(&pressures);
    assert!((rates[0] - 1.0 / 7_200.0).abs() < 1e-18);
    assert!(rates[1] > 0.0 && rates[1] < rates[0] && rates[2..].iter().all(|&rate| rate == 0.0), "{rates:?}");
    check(|c| c.sponge = Some(sponge), |m, _, level| [if m > 0 { rates[level] } else { 0.0 }, rates[level]]);
}

/// Where T_eq does not depend on the place, a first step moves T by −Δt·k/(1 + Δt·k)·(T − T_eq) and nothing moves; friction
/// slows the wind of the layers below σ_b alone.
#[test]
fn the_forcing_relaxes_temperature_and_slows_the_lowest_wind() {
    let day = 86_400.0;
    let forcing = Forcing {
        meridional_difference: 0.0,
        vertical_difference: 0.0,
        surface_relaxation: 1.0 / (40.0 * day),
        ..Forcing::default()
    };
    let configuration = base();
    let (grid, step) = (configuration.grid.clone(), configuration.time_step);
    let pressures = configuration.levels.full_level_pressure(100_000.0);
    let wind = |_: f64, latitude: f64| 1e-3 * latitude.cos();
    let fields = Fields {
        u: &|_, longitude, latitude| wind(longitude, latitude),
        v: &|_, _, _| 0.0,
        temperature: &|_, _, _| 250.0,
        surface_pressure: &|_, _| 100_000.0,
        ground: &|_, _| 0.0,
        tracers: &[],
    };
    let mut model = model::<f64>(Device::Cpu, configuration, &fields);
    model.add_physics(Box::new(HeldSuarez::new(forcing, &grid, Device::Cpu).unwrap())).unwrap();
    model.step().unwrap();
    let state = model.grid_state().unwrap();
    let points = grid.points();
    let initial: Vec<f64> = on_grid(&grid, &wind);
    for (level, pressure) in pressures.iter().enumerate() {
        let sigma = pressure / 100_000.0;
        let equilibrium = (315.0 * sigma.powf(2.0 / 7.0)).max(200.0);
        let rate = 1.0 / (40.0 * day);
        let expected = 250.0 - step * rate / (1.0 + step * rate) * (250.0 - equilibrium);
        let drag = ((sigma - 0.7) / 0.3).max(0.0) / day;
        for point in 0..points {
            let (temperature, u) =
                (state.temperature[level * points + point], state.u[level * points + point]);
            assert!(
                (temperature - expected).abs() < 1e-8,
                "level {level}: {temperature} K, expected {expected} K"
            );
            let slowed = initial[point] / (1.0 + step * drag);
            assert!((u - slowed).abs() < 1e-9, "level {level}: {u} m/s, expected {slowed} m/s");
        }
    }
}
