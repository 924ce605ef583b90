//! Waves whose frequency is known.

use crate::common;
use terrella_dycore::shallow_water::{Configuration, ShallowWater, SpectralState};
use terrella_dycore::time_stepping::Filter;
use terrella_kernels::device::Device;
use terrella_kernels::spectral::Truncation;

/// A small standing wave on a fluid at rest without rotation: Φ ∝ cos(ωt), ω² = Φ̄·n(n+1)/a².
///
/// With centred implicit weights a step of length I is a rotation of (Φ, D) by 2·atan(ωI/2): the first has I = Δt, all
/// others start two levels earlier and have I = 2Δt. So even levels lie at multiples of θ = 2·atan(ωΔt), odd levels at
/// multiples of θ after 2·atan(ωΔt/2). Nothing is approximate, though ωΔt = 0.2 is far from small.
#[test]
fn gravity_waves_have_the_frequency_of_the_scheme() {
    let configuration = Configuration {
        rotation: 0.0,
        mean_geopotential: 5.0e4,
        diffusion: None,
        filter: Filter::NONE,
        ..Configuration::new(21).unwrap()
    };
    let (order, degree) = (3, 7);
    let frequency = (configuration.mean_geopotential * 56.0).sqrt() / configuration.radius;
    let time_step = 0.2 / frequency;
    let mut model =
        ShallowWater::<f64>::new(Configuration { time_step, ..configuration }, Device::Cpu).unwrap();
    let index = 2 * Truncation::new(21).index(order, degree);
    let mut initial = SpectralState::zeros(Device::Cpu, 2 * model.coefficients()).unwrap();
    let mut spectrum = initial.geopotential.to_vec().unwrap();
    // So small beside Φ̄ that quadratic terms are nothing.
    let amplitude = 1.0e-6;
    spectrum[index] = amplitude;
    initial.geopotential.copy_from_host(&spectrum).unwrap();
    model.set_state(&initial.vorticity, &initial.divergence, &initial.geopotential).unwrap();

    for step in 1..=200 {
        model.step().unwrap();
        let value = model.spectral_state().geopotential.to_vec().unwrap()[index];
        let first = if step % 2 == 1 { 2.0 * 0.1_f64.atan() } else { 0.0 };
        let expected = amplitude * (first + f64::from(step / 2) * 2.0 * 0.2_f64.atan()).cos();
        assert!((value - expected).abs() < 1e-8 * amplitude, "step {step}: {value:e}, expected {expected:e}");
    }
}

/// A Rossby-Haurwitz wave on a very deep fluid, where the flow is non-divergent, moves with
/// Haurwitz' angular velocity (R(3 + R)ω − 2Ω)/((1 + R)(2 + R)) and keeps its shape.
#[test]
fn rossby_haurwitz_waves_travel_with_their_angular_velocity() {
    let (wavenumber, rate) = (4.0_f64, 7.848e-6);
    let mut configuration = Configuration {
        // (2Ωa)²/Φ̄ is 9e-5 here: divergence is that small a correction.
        mean_geopotential: 1.0e10,
        diffusion: None,
        time_step: 300.0,
        filter: Filter { strength: 0.02, centring: 0.53 },
        ..Configuration::new(21).unwrap()
    };
    configuration.watch_interval = 1;
    let (radius, rotation) = (configuration.radius, configuration.rotation);
    let mut model = common::model::<f64>(
        configuration,
        |longitude, latitude| {
            let (sine, cosine) = latitude.sin_cos();
            let wave = rate * cosine.powi(3);
            let phase = wavenumber * longitude;
            (
                radius * (rate * cosine + wave * (wavenumber * sine * sine - cosine * cosine) * phase.cos()),
                -radius * wave * wavenumber * sine * phase.sin(),
            )
        },
        |_, _| 1.0e10 / Configuration::STANDARD_GRAVITY,
    );
    let index = 2 * Truncation::new(21).index(4, 5);
    let wave = |model: &ShallowWater<f64>| {
        let spectrum = model.spectral_state().vorticity.to_vec().unwrap();
        (spectrum[index].hypot(spectrum[index + 1]), spectrum[index + 1].atan2(spectrum[index]))
    };
    let (initial_amplitude, initial_phase) = wave(&model);
    let days = 2.0;
    for _ in 0..(days * 288.0) as u32 {
        model.step().unwrap();
    }
    let (amplitude, phase) = wave(&model);
    let angular_velocity =
        (wavenumber * (3.0 + wavenumber) * rate - 2.0 * rotation) / ((1.0 + wavenumber) * (2.0 + wavenumber));
    // A coefficient of e^{imλ} turns by −m times the longitude travelled.
    let expected = -wavenumber * angular_velocity * days * 86_400.0;
    let turned = (phase - initial_phase - expected).rem_euclid(std::f64::consts::TAU);
    let error = turned.min(std::f64::consts::TAU - turned);
    assert!(error < 2e-3 * expected.abs(), "phase {error:e} rad off after {expected} rad");
    assert!(
        (amplitude / initial_amplitude - 1.0).abs() < 2e-3,
        "amplitude {amplitude:e}, was {initial_amplitude:e}"
    );
}
