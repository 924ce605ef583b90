//! States that the equations leave alone: rest over hills, solid-body rotation.

use crate::common::{Fields, hills, model};
use terrella_dycore::primitive::{Configuration, Primitive};
use terrella_kernels::device::Device;

const TEMPERATURE: f64 = 290.0;

/// An isothermal atmosphere at rest over the hills after 5 days without diffusion.
fn at_rest(truncation: usize, levels: &str) -> Primitive<f64> {
    let mut configuration = Configuration::new(truncation, levels.parse().unwrap()).unwrap();
    configuration.diffusion = None;
    configuration.time_step = 1_800.0;
    let gas_constant = configuration.gas_constant;
    let fields = Fields {
        u: &|_, _, _| 0.0,
        v: &|_, _, _| 0.0,
        temperature: &|_, _, _| TEMPERATURE,
        surface_pressure: &|longitude, latitude| {
            100_000.0 * (-hills(longitude, latitude) / (gas_constant * TEMPERATURE)).exp()
        },
        ground: &hills,
        tracers: &[],
    };
    let mut model = model::<f64>(Device::Cpu, configuration, &fields);
    model.run::<terrella_dycore::Error>(240, |_| Ok(())).unwrap();
    model
}

/// Simmons & Burridge's pressure force on an isothermal atmosphere is −R·T·∇ln p_s exactly on any levels. On sigma levels
/// it is linear in ln p_s, and cancels the ground's slope in spectral space.
#[test]
fn isothermal_air_rests_over_hills_on_sigma_levels_to_round_off() {
    let wind = at_rest(21, "sigma10").diagnostics().unwrap().maximum_wind;
    println!("sigma: {wind:.1e} m/s");
    assert!(wind < 1e-8, "{wind:e} m/s");
}

/// On hybrid levels the force on a layer is a product of more than two fields, which the grid's truncation leaves
/// incomplete: the spurious wind falls with resolution.
#[test]
fn isothermal_air_rests_over_hills_on_hybrid_levels_to_truncation() {
    let [coarse, fine] =
        [10, 21].map(|truncation| at_rest(truncation, "L19").diagnostics().unwrap().maximum_wind);
    println!("hybrid: {coarse:.1e} m/s at T10, {fine:.1e} m/s at T21");
    assert!(fine < 0.02 && fine < 0.1 * coarse, "{coarse:e} m/s at T10, {fine:e} m/s at T21");
}

/// u = U·cos φ over flat ground, isothermal, ln p_s = ln p_0 − U·(Ωa + U/2)/(RT)·sin²φ, on sigma levels: every term is a
/// polynomial that the grid integrates exactly.
#[test]
fn solid_body_rotation_is_steady() {
    let mut configuration = Configuration::new(21, "sigma10".parse().unwrap()).unwrap();
    configuration.diffusion = None;
    configuration.time_step = 1_800.0;
    let speed = 40.0;
    let exponent = speed * (configuration.rotation * configuration.radius + 0.5 * speed)
        / (configuration.gas_constant * TEMPERATURE);
    let fields = Fields {
        u: &|_, _, latitude| speed * latitude.cos(),
        v: &|_, _, _| 0.0,
        temperature: &|_, _, _| TEMPERATURE,
        surface_pressure: &|_, latitude| 100_000.0 * (-exponent * latitude.sin().powi(2)).exp(),
        ground: &|_, _| 0.0,
        tracers: &[],
    };
    let mut model = model::<f64>(Device::Cpu, configuration, &fields);
    let before = model.grid_state().unwrap();
    model.run::<terrella_dycore::Error>(240, |_| Ok(())).unwrap();
    let after = model.grid_state().unwrap();
    for (name, before, after, limit) in [
        ("u", &before.u, &after.u, 1e-7),
        ("v", &before.v, &after.v, 1e-7),
        ("temperature", &before.temperature, &after.temperature, 1e-7),
        ("surface pressure", &before.surface_pressure, &after.surface_pressure, 1e-4),
    ] {
        let change = before.iter().zip(after).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        println!("{name}: {change:.1e}");
        assert!(change < limit, "{name} changed by {change:e} in 5 days");
    }
}
