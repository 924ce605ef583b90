//! Between the lowest level and the ground, and the water above it.
//!
//! Profiles are neutral: with z_0 the roughness and s the dry static temperature T + (g/c_p)·z,
//!
//! - V(10 m) = V·ln(10 m/z_0)/ln(z/z_0),
//! - s(2 m) = T_s + (s − T_s)·ln(2 m/z_0)/ln(z/z_0)
//!
//! with V and s those of the lowest level at its height z, and the same roughness for momentum and heat.

use terrella_dycore::primitive::{Configuration, GridState};
use terrella_kernels::Real;

/// \[m\].
const WIND: f64 = 10.0;
const TEMPERATURE: f64 = 2.0;

/// Height of the lowest level above the ground \[m\], `[point]`.
fn lowest_heights<R: Real>(state: &GridState<R>, gravity: f64) -> impl Iterator<Item = f64> {
    let lowest = &state.geopotential[state.geopotential.len() - state.orography.len()..];
    let above = lowest.iter().zip(&state.orography).map(|(level, ground)| level.to_f64() - ground.to_f64());
    above.map(move |geopotential| (geopotential / gravity).max(WIND))
}

/// u and v at 10 m \[m s⁻¹\].
pub(super) fn wind_at_10_m<R: Real>(state: &GridState<R>, roughness: &[f64], gravity: f64) -> [Vec<f64>; 2] {
    let lowest = state.u.len() - state.orography.len();
    let factors: Vec<f64> = lowest_heights(state, gravity)
        .zip(roughness)
        .map(|(height, roughness)| (WIND / roughness).ln() / (height / roughness).ln())
        .collect();
    [&state.u, &state.v].map(|wind| {
        wind[lowest..].iter().zip(&factors).map(|(wind, factor)| factor * wind.to_f64()).collect()
    })
}

/// Temperature at 2 m \[K\] above a ground of this temperature.
pub(super) fn temperature_at_2_m<R: Real>(
    state: &GridState<R>,
    ground: &[f64],
    roughness: &[f64],
    configuration: &Configuration,
) -> Vec<f64> {
    let lowest = state.temperature.len() - ground.len();
    let lapse = configuration.gravity / configuration.heat_capacity;
    lowest_heights(state, configuration.gravity)
        .zip(&state.temperature[lowest..])
        .zip(ground.iter().zip(roughness))
        .map(|((height, air), (ground, roughness))| {
            let share = (TEMPERATURE / roughness).ln() / (height / roughness).ln();
            ground + share * (air.to_f64() + lapse * height - ground) - lapse * TEMPERATURE
        })
        .collect()
}

/// Mass of water vapour of the columns \[kg m⁻²\] of a moist state.
pub(super) fn water_vapour<R: Real>(state: &GridState<R>, configuration: &Configuration) -> Vec<f64> {
    let points = state.surface_pressure.len();
    let (a, b) = (configuration.levels.a(), configuration.levels.b());
    (0..points)
        .map(|point| {
            let pressure = state.surface_pressure[point].to_f64();
            let layer = |level: usize| {
                let thickness = a[level + 1] - a[level] + (b[level + 1] - b[level]) * pressure;
                thickness * state.tracers[level * points + point].to_f64()
            };
            (0..configuration.levels.count()).map(layer).sum::<f64>() / configuration.gravity
        })
        .collect()
}
