//! Pressure and geopotential of a hydrostatic column, dφ = −R·T_v·d(ln p), from one to the other.
//!
//! Between two nodes both are known; T_v changes linearly between them, which bends the line by
//! ½·y″·(ξ − ξ_1)·(ξ − ξ_2). Above the highest node the column is isothermal; below the lowest its virtual temperature
//! rises by [`LAPSE_RATE`], which has the closed form ln(p/p_1) = g/(RΓ)·ln(1 + Γ·(φ_1 − φ)/(g·T_1)).

use super::LAPSE_RATE;

/// A place in a column where pressure, geopotential and virtual temperature are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HydrostaticNode {
    /// ln of the pressure [Pa].
    pub log_pressure: f64,
    /// φ [m² s⁻²].
    pub geopotential: f64,
    /// T_v [K].
    pub virtual_temperature: f64,
}

/// ln p where the column reaches a geopotential [m² s⁻²].
///
/// `nodes` run from the top downwards, at least one; `gas_constant` R [J kg⁻¹ K⁻¹], `gravity` g [m s⁻²].
pub fn log_pressure_at(nodes: &[HydrostaticNode], geopotential: f64, gas_constant: f64, gravity: f64) -> f64 {
    let below = nodes.partition_point(|node| node.geopotential >= geopotential);
    if below == 0 {
        let top = nodes[0];
        return top.log_pressure
            - (geopotential - top.geopotential) / (gas_constant * top.virtual_temperature);
    }
    let upper = nodes[below - 1];
    if below == nodes.len() {
        let depth = (upper.geopotential - geopotential) / gravity;
        let warming = LAPSE_RATE * depth / upper.virtual_temperature;
        return upper.log_pressure + gravity / (gas_constant * LAPSE_RATE) * warming.ln_1p();
    }
    let lower = nodes[below];
    let thickness = upper.geopotential - lower.geopotential;
    let fraction = (geopotential - lower.geopotential) / thickness;
    let straight = lower.log_pressure + fraction * (upper.log_pressure - lower.log_pressure);
    // (ln p)″ = (1/(R·T²))·dT/dφ, and R·T is the thickness per ln p.
    let mean = thickness / (lower.log_pressure - upper.log_pressure);
    let bend =
        gas_constant * (upper.virtual_temperature - lower.virtual_temperature) / (thickness * mean * mean);
    straight - 0.5 * bend * (geopotential - lower.geopotential) * (upper.geopotential - geopotential)
}

/// φ [m² s⁻²] of the column at a pressure: the reverse of [`log_pressure_at`], to the order of their bend.
///
/// Arguments as there; `log_pressure` is ln of a pressure [Pa].
pub fn geopotential_at(nodes: &[HydrostaticNode], log_pressure: f64, gas_constant: f64, gravity: f64) -> f64 {
    let below = nodes.partition_point(|node| node.log_pressure <= log_pressure);
    if below == 0 {
        let top = nodes[0];
        return top.geopotential + gas_constant * top.virtual_temperature * (top.log_pressure - log_pressure);
    }
    let upper = nodes[below - 1];
    let depth = log_pressure - upper.log_pressure;
    if below == nodes.len() {
        let warming = (gas_constant * LAPSE_RATE / gravity * depth).exp_m1();
        return upper.geopotential - gravity * upper.virtual_temperature / LAPSE_RATE * warming;
    }
    let lower = nodes[below];
    let width = lower.log_pressure - upper.log_pressure;
    let straight = upper.geopotential + depth / width * (lower.geopotential - upper.geopotential);
    // φ″ = −R·dT/d(ln p).
    let bend = -gas_constant * (lower.virtual_temperature - upper.virtual_temperature) / width;
    straight - 0.5 * bend * depth * (lower.log_pressure - log_pressure)
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: f64 = 287.0;
    const G: f64 = 9.80665;

    /// T_v = 288 K − 0.0065 K/m·z, exactly.
    fn standard(heights: &[f64]) -> Vec<HydrostaticNode> {
        heights
            .iter()
            .map(|&height| {
                let temperature = 288.0 - LAPSE_RATE * height;
                HydrostaticNode {
                    log_pressure: 101_325.0_f64.ln() + G / (R * LAPSE_RATE) * (temperature / 288.0).ln(),
                    geopotential: G * height,
                    virtual_temperature: temperature,
                }
            })
            .collect()
    }

    #[test]
    fn an_atmosphere_of_constant_lapse_rate_is_met() {
        let nodes = standard(&[9000.0, 5500.0, 3000.0, 1500.0, 700.0]);
        for exact in standard(&[8000.0, 4000.0, 2999.0, 1000.0, 700.0, 300.0, 0.0, -400.0]) {
            let found = log_pressure_at(&nodes, exact.geopotential, R, G);
            // Within 30 Pa between nodes that are kilometres apart, exact below them.
            assert!((found - exact.log_pressure).abs() < 4e-4, "{exact:?}: {found}");
            let height = geopotential_at(&nodes, exact.log_pressure, R, G) / G;
            assert!((height - exact.geopotential / G).abs() < 3.0, "{exact:?}: {height}");
            if exact.geopotential <= 700.0 * G {
                assert!(
                    (found - exact.log_pressure).abs() < 1e-13
                        && (height - exact.geopotential / G).abs() < 1e-8
                );
            }
        }
    }

    #[test]
    fn the_top_is_isothermal() {
        let nodes = standard(&[9000.0, 5500.0]);
        let above = geopotential_at(&nodes, nodes[0].log_pressure - 1.0, R, G);
        assert!((above - nodes[0].geopotential - R * nodes[0].virtual_temperature).abs() < 1e-9);
        assert!((log_pressure_at(&nodes, above, R, G) - nodes[0].log_pressure + 1.0).abs() < 1e-13);
    }
}
