//! The forcing of Held & Suarez (1994, *Bull. Amer. Meteor. Soc.* 75, 1825–1830,
//! doi:10.1175/1520-0477(1994)075<1825:APFTIO>2.0.CO;2).
//!
//! With σ = p/p_s and the height factor h = max(0, (σ − σ_b)/(1 − σ_b)):
//!
//! - ∂V/∂t = … − k_v·V,  k_v = k_f·h
//! - ∂T/∂t = … − k_T·(T − T_eq),  k_T = k_a + (k_s − k_a)·h·cos⁴φ
//! - T_eq = max(200 K, (315 K − ΔT_y·sin²φ − Δθ_z·ln(p/p₀)·cos²φ)·(p/p₀)^κ)
//!
//! The damping is implicit over the interval I of the caller's scheme: −k/(1 + I·k) in place of −k, times the value at the
//! interval's beginning.

mod linear;

pub use linear::{held_suarez_adjoint, held_suarez_coefficients, held_suarez_tangent};

use terrella_kernels_macros::kernel;

use crate::Real;

/// Parameters of the forcing; [`Forcing::default`] is the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forcing {
    /// σ_b, the top of the boundary layer.
    pub boundary_layer: f64,
    /// k_f [s⁻¹].
    pub friction: f64,
    /// k_a [s⁻¹].
    pub relaxation: f64,
    /// k_s [s⁻¹].
    pub surface_relaxation: f64,
    /// ΔT_y [K], equator less pole.
    pub meridional_difference: f64,
    /// Δθ_z [K].
    pub vertical_difference: f64,
    /// The largest equilibrium temperature [K].
    pub warmest: f64,
    /// The smallest equilibrium temperature [K].
    pub coldest: f64,
    /// p₀ [Pa].
    pub reference_pressure: f64,
    /// κ.
    pub kappa: f64,
}

impl Default for Forcing {
    fn default() -> Self {
        const DAY: f64 = 86_400.0;
        Self {
            boundary_layer: 0.7,
            friction: 1.0 / DAY,
            relaxation: 1.0 / (40.0 * DAY),
            surface_relaxation: 1.0 / (4.0 * DAY),
            meridional_difference: 60.0,
            vertical_difference: 10.0,
            warmest: 315.0,
            coldest: 200.0,
            reference_pressure: 100_000.0,
            kappa: 2.0 / 7.0,
        }
    }
}

/// Tendencies of u, v [m s⁻²] and T [K s⁻¹] with the forcing's added, in one layer at a point.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `interval`                   | I                          | s     |
/// | `boundary_layer` … `kappa`   | of [`Forcing`]             | –, s⁻¹, K, Pa |
/// | `a_sum`, `b_sum`             | [levels], A and B of both half levels added | Pa, – |
/// | `sine_latitude`              | [points]                   | –     |
/// | `surface_pressure`           | [points]                   | Pa    |
/// | `u`, `v`                     | [levels, points]           | m s⁻¹ |
/// | `temperature`                | [levels, points], departure from the reference | K |
/// | `reference_temperature`      | [levels]                   | K     |
/// | `*_tendency`                 | [levels, points], so far   | m s⁻², K s⁻¹ |
#[kernel(indices = 2)]
pub fn held_suarez_forcing<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    interval: R,
    boundary_layer: R,
    friction: R,
    relaxation: R,
    surface_relaxation: R,
    meridional_difference: R,
    vertical_difference: R,
    warmest: R,
    coldest: R,
    reference_pressure: R,
    kappa: R,
    a_sum: &[R],
    b_sum: &[R],
    sine_latitude: &[R],
    surface_pressure: &[R],
    u: &[R],
    v: &[R],
    temperature: &[R],
    reference_temperature: &[R],
    u_tendency: &[R],
    v_tendency: &[R],
    temperature_tendency: &[R],
) -> (R, R, R) {
    let here = level * points + point;
    let pressure = 0.5 * (a_sum[level] + b_sum[level] * surface_pressure[point]);
    let sigma = pressure / surface_pressure[point];
    let height = ((sigma - boundary_layer) / (1.0 - boundary_layer)).max(0.0);
    let drag = friction * height;
    let drag = drag / (1.0 + interval * drag);

    let sine_squared = sine_latitude[point] * sine_latitude[point];
    let cosine_squared = 1.0 - sine_squared;
    let logarithm = (pressure / reference_pressure).log();
    let potential =
        warmest - meridional_difference * sine_squared - vertical_difference * logarithm * cosine_squared;
    let equilibrium = (potential * (kappa * logarithm).exp()).max(coldest);
    let rate = relaxation + (surface_relaxation - relaxation) * height * cosine_squared * cosine_squared;
    let rate = rate / (1.0 + interval * rate);
    (
        u_tendency[here] - drag * u[here],
        v_tendency[here] - drag * v[here],
        temperature_tendency[here] - rate * (reference_temperature[level] + temperature[here] - equilibrium),
    )
}
