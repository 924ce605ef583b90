//! A state on pressure surfaces and at mean sea level.
//!
//! Between the model's levels wind and temperature are interpolated in ln p, cubic, and geopotential hydrostatically. Below
//! the lowest level wind keeps its value; below the ground temperature and geopotential are continued, and pressure is
//! reduced to sea level, by the formulas of [`Ground`] (Trenberth, Berry & Buja 1993, NCAR/TN-396+STR).

use rayon::prelude::*;
use terrella_kernels::Real;
use terrella_kernels::vertical::interpolation::{Ground, HydrostaticNode, cubic, geopotential_at};

use super::{Configuration, GridState};
use crate::{Error, Result};

/// Columns that are computed together.
const BLOCK: usize = 4096;

/// Fields on pressure surfaces, `[surface][point]`, and at sea level, `[point]`.
#[derive(Clone, Debug, PartialEq)]
pub struct IsobaricState {
    /// Eastward wind \[m s⁻¹\].
    pub u: Vec<f64>,
    /// Northward wind \[m s⁻¹\].
    pub v: Vec<f64>,
    /// ζ \[s⁻¹\].
    pub vorticity: Vec<f64>,
    /// Temperature \[K\].
    pub temperature: Vec<f64>,
    /// Geopotential \[m² s⁻²\].
    pub geopotential: Vec<f64>,
    /// Mean sea-level pressure \[Pa\].
    pub sea_level_pressure: Vec<f64>,
}

impl IsobaricState {
    /// The fields of `state` at these pressures \[Pa\]; an error unless they are positive and finite.
    pub fn new<R: Real>(
        state: &GridState<R>,
        configuration: &Configuration,
        pressures: &[f64],
    ) -> Result<Self> {
        if let Some(pressure) = pressures.iter().find(|pressure| !(**pressure > 0.0 && pressure.is_finite()))
        {
            return Err(Error::InvalidConfiguration {
                name: "pressures",
                got: format!("{pressure} Pa"),
                expected: "pressures above 0 Pa",
            });
        }
        let points = configuration.points();
        let field = || vec![0.0; pressures.len() * points];
        let mut result = Self {
            u: field(),
            v: field(),
            vorticity: field(),
            temperature: field(),
            geopotential: field(),
            sea_level_pressure: vec![0.0; points],
        };
        for first in (0..points).step_by(BLOCK) {
            let block: Vec<_> = (first..points.min(first + BLOCK))
                .into_par_iter()
                .map(|point| column(state, configuration, pressures, point))
                .collect();
            for (point, (surfaces, sea_level_pressure)) in (first..).zip(block) {
                result.sea_level_pressure[point] = sea_level_pressure;
                for (surface, [u, v, vorticity, temperature, geopotential]) in
                    surfaces.into_iter().enumerate()
                {
                    let here = surface * points + point;
                    (result.u[here], result.v[here], result.vorticity[here]) = (u, v, vorticity);
                    (result.temperature[here], result.geopotential[here]) = (temperature, geopotential);
                }
            }
        }
        Ok(result)
    }
}

/// u, v, ζ, T and φ of each surface, and the pressure at sea level.
fn column<R: Real>(
    state: &GridState<R>,
    configuration: &Configuration,
    pressures: &[f64],
    point: usize,
) -> (Vec<[f64; 5]>, f64) {
    let points = configuration.points();
    let (gas_constant, gravity) = (configuration.gas_constant, configuration.gravity);
    let column = |values: &[R]| -> Vec<f64> {
        values
            .iter()
            .skip(point)
            .step_by(points)
            .take(configuration.levels.count())
            .map(|value| value.to_f64())
            .collect()
    };
    let [u, v, vorticity, temperature, geopotential] =
        [&state.u, &state.v, &state.vorticity, &state.temperature, &state.geopotential]
            .map(|field| column(field));
    let humidity = if configuration.moist { column(&state.tracers) } else { vec![0.0; u.len()] };
    let surface_pressure = state.surface_pressure[point].to_f64();
    let full = configuration.levels.full_level_pressure(surface_pressure);
    let nodes: Vec<f64> = full.iter().map(|pressure| pressure.ln()).collect();
    let excess = configuration.vapour_gas_constant / gas_constant - 1.0;
    let last = nodes.len() - 1;
    let ground = Ground::new(
        surface_pressure,
        state.orography[point].to_f64(),
        full[last],
        temperature[last],
        gas_constant,
        gravity,
    );
    let mut hydrostatic: Vec<HydrostaticNode> = (0..nodes.len())
        .map(|level| HydrostaticNode {
            log_pressure: nodes[level],
            geopotential: geopotential[level],
            virtual_temperature: temperature[level] * (1.0 + excess * humidity[level]),
        })
        .collect();
    hydrostatic.push(HydrostaticNode {
        log_pressure: surface_pressure.ln(),
        geopotential: ground.geopotential,
        virtual_temperature: ground.temperature * (1.0 + excess * humidity[last]),
    });
    let surfaces = pressures
        .iter()
        .map(|&pressure| {
            let node = pressure.ln();
            let (temperature, geopotential) = if pressure > surface_pressure {
                (ground.temperature_below(pressure), ground.geopotential_below(pressure))
            } else {
                let height = geopotential_at(&hydrostatic, node, gas_constant, gravity);
                let here = if pressure > full[last] {
                    let share = (node - nodes[last]) / (surface_pressure.ln() - nodes[last]);
                    temperature[last] + share * (ground.temperature - temperature[last])
                } else {
                    cubic(&nodes, &temperature, node)
                };
                (here, height)
            };
            let [u, v, vorticity] = [&u, &v, &vorticity].map(|values| cubic(&nodes, values, node));
            [u, v, vorticity, temperature, geopotential]
        })
        .collect();
    (surfaces, ground.sea_level_pressure())
}
