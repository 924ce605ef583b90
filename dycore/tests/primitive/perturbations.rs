//! Balanced random perturbations: their size, correlation, reproducibility and balance.

use terrella_dycore::primitive::initial::{
    Analysis, AnalysisLevels, Height, Humidity, InitialState, LevelField, Noise, Perturbations, Settings,
};
use terrella_dycore::primitive::{Configuration, Primitive};
use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;

const LAPSE: f64 = 0.0065;

fn temperature(pressure: f64) -> f64 {
    (288.0 * (pressure / 101_325.0_f64).powf(DRY_AIR_GAS_CONSTANT * LAPSE / GRAVITY)).max(210.0)
}

/// An atmosphere at rest over flat ground: nothing in it moves but the perturbation.
fn at_rest(configuration: &Configuration) -> InitialState {
    let grid: Grid = "r72x37".parse().unwrap();
    let pressures: Vec<f64> = [
        1.0, 3.0, 10.0, 30.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 850.0, 925.0,
        1000.0,
    ]
    .map(|pressure| 100.0 * pressure)
    .to_vec();
    let field = |value: &dyn Fn(f64) -> f64| LevelField {
        levels: AnalysisLevels::Pressure(pressures.clone()),
        values: pressures
            .iter()
            .flat_map(|&pressure| vec![value(pressure); grid.points()])
            .collect::<Vec<f64>>(),
    };
    let analysis = Analysis {
        u: field(&|_| 0.0),
        v: field(&|_| 0.0),
        temperature: field(&temperature),
        humidity: Some((Humidity::Specific, field(&|_| 0.0))),
        geopotential: None,
        surface_pressure: Some(vec![100_000.0; grid.points()]),
        sea_level_pressure: None,
        orography: Some((Height::Height, vec![0.0; grid.points()])),
        land_fraction: None,
        grid,
    };
    InitialState::from_analysis(&analysis, configuration, &Settings::default()).unwrap()
}

fn configuration() -> Configuration {
    Configuration {
        moist: true,
        time_step: 1_200.0,
        ..Configuration::new(31, "L19".parse().unwrap()).unwrap()
    }
}

fn perturbations() -> Perturbations {
    Perturbations { seed: 20, wind: 2.0, length: 700_000.0, depth: 0.8 }
}

/// Mean over the sphere of a product of fields `[point]`.
fn mean_product(grid: &Grid, one: &[f64], other: &[f64]) -> f64 {
    grid.rings()
        .iter()
        .map(|ring| {
            let sum: f64 = (ring.offset..ring.offset + ring.points).map(|i| one[i] * other[i]).sum();
            ring.weight * sum / ring.points as f64
        })
        .sum()
}

#[test]
fn wind_has_the_given_size_and_vertical_correlation() {
    let (configuration, settings) = (configuration(), perturbations());
    let grid = &configuration.grid;
    let (points, levels) = (grid.points(), configuration.levels.count());
    let pressures = configuration.levels.full_level_pressure(100_000.0);
    let base = at_rest(&configuration);
    // ⟨V_j·V_k⟩ over the sphere and ten independent members, against level 12.
    let chosen = 12;
    let mut covariance = vec![0.0; levels];
    let mut variance = vec![0.0; levels];
    for member in (1..20).step_by(2) {
        let mut state = base.clone();
        settings.apply(&mut state, &configuration, member).unwrap();
        let level = |field: &[f64], level: usize| field[level * points..(level + 1) * points].to_vec();
        for k in 0..levels {
            for field in [&state.u, &state.v] {
                covariance[k] += mean_product(grid, &level(field, chosen), &level(field, k)) / 10.0;
                variance[k] += mean_product(grid, &level(field, k), &level(field, k)) / 10.0;
            }
        }
    }
    for k in 0..levels {
        // About 500 independent places per member and level.
        assert!((variance[k].sqrt() / settings.wind - 1.0).abs() < 0.08, "{k}: {}", variance[k].sqrt());
        let distance = (pressures[k] / pressures[chosen]).ln() / settings.depth;
        let correlation = covariance[k] / (variance[k] * variance[chosen]).sqrt();
        let expected = (-0.5 * distance * distance).exp();
        assert!((correlation - expected).abs() < 0.08, "{k}: {correlation} {expected}");
    }
}

#[test]
fn members_are_reproducible_and_pairs_are_opposite() {
    let (configuration, settings) = (configuration(), perturbations());
    let base = at_rest(&configuration);
    let member = |settings: &Perturbations, number: u32| {
        let mut state = base.clone();
        settings.apply(&mut state, &configuration, number).unwrap();
        state
    };
    assert_eq!(member(&settings, 0), base);
    let [one, two, three] = [1, 2, 3].map(|number| member(&settings, number));
    assert_eq!(one, member(&settings, 1));
    assert_ne!(one.u, three.u);
    assert_ne!(one.u, member(&Perturbations { seed: 21, ..settings }, 1).u);
    let fields = |state: &InitialState| {
        [&state.u, &state.v, &state.temperature, &state.surface_pressure].map(Clone::clone)
    };
    for (((name, size), base), (one, two)) in
        [("u", 1.0), ("v", 1.0), ("temperature", 300.0), ("pressure", 1e5)]
            .into_iter()
            .zip(fields(&base))
            .zip(fields(&one).into_iter().zip(fields(&two)))
    {
        for i in 0..base.len() {
            let mean = 0.5 * (one[i] + two[i]);
            assert!((mean - base[i]).abs() < 1e-13 * size, "{name}: {mean} {}", base[i]);
        }
    }
    // Temperature and surface pressure are perturbed as geostrophic scales demand: f·V·L/R and f·V·L·ρ.
    let largest =
        |one: &[f64], base: &[f64]| one.iter().zip(base).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let kelvin = largest(&one.temperature, &base.temperature);
    let pascal = largest(&one.surface_pressure, &base.surface_pressure);
    assert!((0.5..10.0).contains(&kelvin) && (100.0..1_000.0).contains(&pascal), "{kelvin} K, {pascal} Pa");
}

/// Mean |∂p_s/∂t| \[Pa/s\] over the first three hours.
fn noise(state: &InitialState, configuration: &Configuration) -> f64 {
    let mut model = Primitive::<f64>::new(configuration.clone(), Device::Cpu).unwrap();
    state.set_on(&mut model).unwrap();
    let mut noise = Noise::new(configuration).unwrap();
    noise.observe(&model).unwrap();
    let steps = 9;
    let sum: f64 = (0..steps)
        .map(|_| {
            model.step().unwrap();
            noise.observe(&model).unwrap().unwrap()
        })
        .sum();
    sum / f64::from(steps)
}

#[test]
fn balance_keeps_gravity_waves_small() {
    let (configuration, settings) = (configuration(), perturbations());
    let base = at_rest(&configuration);
    let mut balanced = base.clone();
    settings.apply(&mut balanced, &configuration, 1).unwrap();
    let wind_alone = InitialState { u: balanced.u.clone(), v: balanced.v.clone(), ..base.clone() };
    let mass_alone = InitialState {
        temperature: balanced.temperature.clone(),
        surface_pressure: balanced.surface_pressure.clone(),
        ..base.clone()
    };
    let [rest, balanced, wind_alone, mass_alone] =
        [&base, &balanced, &wind_alone, &mass_alone].map(|state| noise(state, &configuration));
    println!(
        "{rest:.2e} at rest, {balanced:.2e} balanced, {wind_alone:.2e} wind alone, {mass_alone:.2e} mass alone"
    );
    assert!(rest < 1e-6, "{rest}");
    assert!(balanced < 0.25 * wind_alone && balanced < 0.25 * mass_alone);
}

#[test]
fn wrong_settings_are_named() {
    let configuration = configuration();
    let mut state = at_rest(&configuration);
    let message = |settings: Perturbations, state: &mut InitialState| {
        settings.apply(state, &configuration, 1).unwrap_err().to_string()
    };
    let settings = Perturbations { wind: -1.0, ..Perturbations::default() };
    assert!(message(settings, &mut state).contains("'perturbations.wind' is -1: expected an rms wind"));
    let settings = Perturbations { depth: f64::NAN, ..Perturbations::default() };
    assert!(message(settings, &mut state).contains("'perturbations.depth' is NaN"));
    state.u.pop();
    assert!(message(Perturbations::default(), &mut state).contains("'u'"));
}
