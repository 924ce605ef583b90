//! States of the primitive-equation model from analyses: what is known exactly comes out, what cannot be used is named.

mod exact;
mod filter;
mod humidity;
mod on_ranks;
mod refusals;

use terrella_dycore::primitive::Configuration;
use terrella_dycore::primitive::initial::{
    Analysis, AnalysisLevels, Height, Humidity, InitialState, LevelField, Settings,
};
use terrella_kernels::grid::Grid;

const R: f64 = terrella_kernels::constants::DRY_AIR_GAS_CONSTANT;
const G: f64 = 9.80665;
const LAPSE: f64 = 0.0065;
/// Sea-level temperature \[K\] and pressure \[Pa\] of the test's atmosphere, whose temperature falls by 6.5 K/km throughout.
const SURFACE: [f64; 2] = [288.0, 101_325.0];

fn temperature(pressure: f64) -> f64 {
    SURFACE[0] * (pressure / SURFACE[1]).powf(R * LAPSE / G)
}

fn height(pressure: f64) -> f64 {
    (SURFACE[0] - temperature(pressure)) / LAPSE
}

fn pressure_at(height: f64) -> f64 {
    SURFACE[1] * (1.0 - LAPSE * height / SURFACE[0]).powf(G / (R * LAPSE))
}

/// A broad mountain of 3 km \[m\], which T21 resolves.
fn mountain(latitude: f64, longitude: f64) -> f64 {
    let sine = latitude.to_radians().cos() * longitude.to_radians().cos();
    3000.0 * (0.5 * (1.0 + sine)).powi(6)
}

fn levels() -> Vec<f64> {
    [
        10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0,
        850.0, 900.0, 950.0, 1000.0,
    ]
    .map(|pressure| 100.0 * pressure)
    .to_vec()
}

fn on_levels(grid: &Grid, value: impl Fn(f64, f64, f64) -> f64) -> LevelField {
    let pressures = levels();
    let values = pressures
        .iter()
        .flat_map(|&pressure| (0..grid.points()).map(move |point| (pressure, point)))
        .map(|(pressure, point)| {
            let (latitude, longitude) = grid.coordinates(point);
            value(pressure, latitude, longitude)
        })
        .collect();
    LevelField { levels: AnalysisLevels::Pressure(pressures), values }
}

fn on_points(grid: &Grid, value: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    (0..grid.points())
        .map(|point| {
            let (latitude, longitude) = grid.coordinates(point);
            value(latitude, longitude)
        })
        .collect()
}

/// Solid-body rotation, stronger upwards, in the atmosphere above; a fifth saturated.
fn analysis() -> Analysis {
    let grid: Grid = "r72x37".parse().unwrap();
    Analysis {
        u: on_levels(&grid, |pressure, latitude, _| {
            10.0 * (SURFACE[1] / pressure).ln() * latitude.to_radians().cos()
        }),
        v: on_levels(&grid, |_, _, _| 0.0),
        temperature: on_levels(&grid, |pressure, _, _| temperature(pressure)),
        humidity: Some((Humidity::Relative, on_levels(&grid, |_, _, _| 20.0))),
        geopotential: Some((Height::Height, on_levels(&grid, |pressure, _, _| height(pressure)))),
        surface_pressure: Some(on_points(&grid, |latitude, longitude| {
            pressure_at(mountain(latitude, longitude))
        })),
        sea_level_pressure: Some(vec![SURFACE[1]; grid.points()]),
        orography: Some((Height::Height, on_points(&grid, mountain))),
        land_fraction: None,
        grid,
    }
}

fn configuration() -> Configuration {
    Configuration { moist: true, ..Configuration::new(21, "L19".parse().unwrap()).unwrap() }
}

fn state(analysis: &Analysis) -> InitialState {
    InitialState::from_analysis(analysis, &configuration(), &Settings::default()).unwrap()
}

fn message(analysis: &Analysis) -> String {
    InitialState::from_analysis(analysis, &configuration(), &Settings::default()).unwrap_err().to_string()
}

fn dry(mut analysis: Analysis) -> Analysis {
    analysis.humidity = Some((Humidity::Specific, on_levels(&analysis.grid, |_, _, _| 0.0)));
    analysis
}
