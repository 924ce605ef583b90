//! Exchange over the sea as in Reed & Jablonowski's simple physics.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Exchange velocities C_d·|V| and C·|V| \[m s⁻¹\], the height z_a of the lowest layer \[m\], and the depth that takes up
/// the fluxes \[m\], at a point.
///
/// - C_d = 0.0007 + 0.000065·|V| (m s⁻¹)⁻¹ below 20 m s⁻¹, else 0.002; C = 0.0011
/// - z_a = (R_d·T_v/g)·ln(p_s/p_{L−½})/2
///
/// Reed & Jablonowski divide the fluxes by z_a, the height of the layer's middle, though the layer reaches to about 2·z_a: it
/// receives twice what the bulk formula says. `depth_factor` 1 is the paper's, 2 is the bulk formula.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `lowest`                     | index of the lowest layer  | –     |
/// | `gas_constant`, `virtual_factor` | R_d, R_v/R_d − 1       | J kg⁻¹ K⁻¹, – |
/// | `gravity`                    | g                          | m s⁻² |
/// | `a_thickness`, `b_thickness` | [levels], of `LayerTables` | Pa, – |
/// | `reference_temperature`      | [levels], T_r              | K     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `u`, `v`                     | [levels, points]           | m s⁻¹ |
/// | `temperature`                | [levels, points], T − T_r  | K     |
/// | `humidity`                   | [levels, points]           | kg kg⁻¹ |
#[kernel]
pub fn simple_exchange<R: Real>(
    point: u32,
    points: u32,
    lowest: u32,
    depth_factor: R,
    gas_constant: R,
    virtual_factor: R,
    gravity: R,
    a_thickness: &[R],
    b_thickness: &[R],
    reference_temperature: &[R],
    surface_pressure: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    humidity: &[R],
) -> (R, R, R, R) {
    let here = lowest * points + point;
    let wind = (u[here] * u[here] + v[here] * v[here]).sqrt();
    let mut drag = 0.002;
    if wind < 20.0 {
        drag = 0.0007 + 0.000065 * wind;
    }
    let pressure = surface_pressure[point];
    let thickness = a_thickness[lowest] + b_thickness[lowest] * pressure;
    let logarithm = -(1.0 - thickness / pressure).log();
    let virtual_temperature =
        (reference_temperature[lowest] + temperature[here]) * (1.0 + virtual_factor * humidity[here]);
    let height = gas_constant / gravity * virtual_temperature * 0.5 * logarithm;
    (drag * wind, 0.0011 * wind, height, depth_factor * height)
}
