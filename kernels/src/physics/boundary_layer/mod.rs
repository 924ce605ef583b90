//! Mixing of wind, heat and water in the boundary layer, implicit, as in Reed & Jablonowski (2012, *J. Adv. Model. Earth
//! Syst.* 4, M04001, doi:10.1029/2011MS000099).
//!
//! ∂X/∂t = g·∂/∂p(g·ρ²·K·∂X/∂p) for X = u, v with K_m, and X = θ, q with K_h, where
//!
//! - K = w·z_a·d(p): exchange velocity of the ground (C_d·|V| or C·|V|) times height of the lowest layer,
//! - d = 1 below 850 hPa, exp(−((850 hPa − p)/100 hPa)²) above.
//!
//! Nothing passes through ground and top here: that is the part of [`surface_exchange`](super::surface_exchange). Fluxes
//! between layers are D_{k+½}·(X_{k+1} − X_k) with D = I·g²·ρ²·K/(p_{k+1} − p_k) \[Pa\]; the backward Euler step
//!
//! (1 + a + c)·X_k − a·X_{k+1} − c·X_{k−1} = X_k(before),  a = D_{k+½}/Δp_k,  c = D_{k−½}/Δp_k
//!
//! is solved by an elimination upwards and a substitution downwards, both scans. Pivots are 1 + c + a·(1 − E) with E from 0
//! to 1: no subtraction loses digits, and positive humidity stays positive.
//!
//! **Heat.** In the paper θ = T/Π, Π = (p/p_0)^κ, is what is conserved: ΣΔp·θ. With `conserving` 1 the flux of θ between two
//! layers warms the lower one and cools the upper one with the same Π, the mean of theirs, so that ΣΔp·T stays: enthalpy is
//! conserved, and what rests is still uniform in θ.

mod elimination;
mod substitution;

pub use elimination::{heat_elimination, humidity_elimination, wind_elimination};
pub use substitution::{heat_substitution, humidity_substitution, wind_substitution};

use terrella_kernels_macros::kernel;

use crate::Real;

/// D/(w·z_a) at the half level below a layer \[Pa s m⁻²\], 0 below the lowest, and Π of the layer.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `levels`                     | number of layers           | –     |
/// | `interval`                   | I                          | s     |
/// | `top`, `decay`               | 850 hPa, 100 hPa in the paper | Pa |
/// | `gas_constant`, `virtual_factor` | R_d, R_v/R_d − 1       | J kg⁻¹ K⁻¹, – |
/// | `gravity`, `kappa`           | g, κ                       | m s⁻², – |
/// | `a_thickness` … `b_sum`      | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel(indices = 2)]
pub fn mixing_strength<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    levels: u32,
    interval: R,
    top: R,
    decay: R,
    gas_constant: R,
    virtual_factor: R,
    gravity: R,
    kappa: R,
    a_thickness: &[R],
    b_thickness: &[R],
    a_sum: &[R],
    b_sum: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R) {
    let here = level * points + point;
    let surface = surface_pressure[point];
    let pressure = 0.5 * (a_sum[level] + b_sum[level] * surface);
    let exner = (pressure / 100000.0).pow(kappa);
    if level + 1 == levels {
        return (0.0, exner);
    }
    let below = here + points;
    let pressure_below = 0.5 * (a_sum[level + 1] + b_sum[level + 1] * surface);
    let half = pressure + 0.5 * (a_thickness[level] + b_thickness[level] * surface);
    let virtual_here =
        (reference_temperature[level] + temperature[here]) * (1.0 + virtual_factor * humidity[here]);
    let virtual_below =
        (reference_temperature[level + 1] + temperature[below]) * (1.0 + virtual_factor * humidity[below]);
    let density = half / (gas_constant * 0.5 * (virtual_here + virtual_below));
    let distance = (top - half).max(0.0) / decay;
    let weight = gravity * density;
    let strength =
        interval * (weight * weight) * (-(distance * distance)).exp() / (pressure_below - pressure);
    (strength, exner)
}
