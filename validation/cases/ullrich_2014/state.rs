//! The analytic state of Ullrich, Melvin, Jablonowski & Staniforth (2014) in a shallow atmosphere, with the moisture of
//! DCMIP 2016.
//!
//! *Quart. J. Roy. Meteor. Soc.* 140, 1590–1602, doi:10.1002/qj.2241. A thermal wind over flat ground and a surface pressure
//! of p₀ everywhere, given on heights; what is called T there is virtual temperature in moist air.

use std::f64::consts::PI;

/// Radius of the sphere \[m\].
pub const RADIUS: f64 = 6.371_22e6;
/// Rotation Ω \[s⁻¹\].
pub const ROTATION: f64 = 7.292_12e-5;
/// Acceleration of gravity \[m s⁻²\].
pub const GRAVITY: f64 = 9.806_16;
/// R_d \[J kg⁻¹ K⁻¹\].
pub const GAS_CONSTANT: f64 = 287.0;
/// R_v \[J kg⁻¹ K⁻¹\].
pub const VAPOUR_GAS_CONSTANT: f64 = 461.5;
/// c_p \[J kg⁻¹ K⁻¹\].
pub const HEAT_CAPACITY: f64 = 1004.5;
/// p₀ = p_s \[Pa\].
pub const SURFACE_PRESSURE: f64 = 100_000.0;

/// Temperature at the ground on the equator and at the poles \[K\].
const EQUATOR: f64 = 310.0;
const POLE: f64 = 240.0;
/// Half-width b and exponent K of the jet.
const HALF_WIDTH: f64 = 2.0;
const EXPONENT: f64 = 3.0;
/// Γ \[K m⁻¹\].
const LAPSE_RATE: f64 = 0.005;
/// u_p \[m s⁻¹\], its radius over that of the sphere, its centre \[radians\], and the height where it ends \[m\].
const PERTURBATION: f64 = 1.0;
const PERTURBATION_RADIUS: f64 = 0.1;
const CENTRE: [f64; 2] = [PI / 9.0, 2.0 * PI / 9.0];
const PERTURBATION_TOP: f64 = 15_000.0;
/// q_0 \[kg kg⁻¹\], its widths in latitude \[radians\] and pressure \[Pa\]; p/p₀ of its upper end, and q above.
const HUMIDITY: f64 = 0.018;
const HUMIDITY_LATITUDE: f64 = 2.0 * PI / 9.0;
const HUMIDITY_PRESSURE: f64 = 34_000.0;
const HUMIDITY_TOP: f64 = 0.1;
const HUMIDITY_ABOVE: f64 = 1e-12;

/// The integrals of τ₁ and τ₂ over height up to z \[m K⁻¹\], and τ₁ and τ₂ \[K⁻¹\].
fn profiles(height: f64) -> [f64; 4] {
    let mean = 0.5 * (EQUATOR + POLE);
    let scaled = height * GRAVITY / (HALF_WIDTH * GAS_CONSTANT * mean);
    let bump = (-scaled * scaled).exp();
    let slope = (1.0 - 2.0 * scaled * scaled) * bump;
    let growth = (LAPSE_RATE * height / mean).exp();
    let of_pole = (mean - POLE) / (mean * POLE);
    let of_difference = 0.5 * (EXPONENT + 2.0) * (EQUATOR - POLE) / (EQUATOR * POLE);
    [
        (growth - 1.0) / LAPSE_RATE + of_pole * height * bump,
        of_difference * height * bump,
        growth / mean + of_pole * slope,
        of_difference * slope,
    ]
}

/// What latitude does to temperature: cos^K φ − K/(K + 2)·cos^{K+2} φ.
fn meridional(latitude: f64) -> f64 {
    let cosine = latitude.cos();
    cosine.powf(EXPONENT) - EXPONENT / (EXPONENT + 2.0) * cosine.powf(EXPONENT + 2.0)
}

/// Virtual temperature \[K\] and ln(p/p₀) at a height \[m\].
fn at_height(height: f64, latitude: f64) -> [f64; 2] {
    let [first_integral, second_integral, first, second] = profiles(height);
    let shape = meridional(latitude);
    [1.0 / (first - second * shape), -GRAVITY / GAS_CONSTANT * (first_integral - second_integral * shape)]
}

/// Height \[m\] and virtual temperature \[K\] at a pressure \[Pa\], by Newton's method.
pub fn height_and_temperature(pressure: f64, latitude: f64) -> [f64; 2] {
    let wanted = (pressure / SURFACE_PRESSURE).ln();
    let mut height = -wanted * 7_000.0;
    for _ in 0..30 {
        let [temperature, logarithm] = at_height(height, latitude);
        let step = GAS_CONSTANT * temperature / GRAVITY * (logarithm - wanted);
        height += step;
        if step.abs() < 1e-8 {
            break;
        }
    }
    [height, at_height(height, latitude)[0]]
}

/// Zonal wind of the steady state \[m s⁻¹\] where virtual temperature and height are these.
pub fn zonal_wind(height: f64, temperature: f64, latitude: f64) -> f64 {
    let cosine = latitude.cos();
    let shape = cosine.powf(EXPONENT - 1.0) - cosine.powf(EXPONENT + 1.0);
    let thermal = GRAVITY * EXPONENT / RADIUS * profiles(height)[1] * shape * temperature;
    let solid = ROTATION * RADIUS * cosine;
    -solid + (solid * solid + RADIUS * cosine * thermal).sqrt()
}

/// The perturbation of zonal wind \[m s⁻¹\], which ends with a step of 0.37 m/s at its radius.
pub fn perturbation(height: f64, longitude: f64, latitude: f64) -> f64 {
    let [east, north] = CENTRE;
    let cosine = north.sin() * latitude.sin() + north.cos() * latitude.cos() * (longitude - east).cos();
    let distance = cosine.clamp(-1.0, 1.0).acos() / PERTURBATION_RADIUS;
    if distance >= 1.0 || height >= PERTURBATION_TOP {
        return 0.0;
    }
    let level = height / PERTURBATION_TOP;
    PERTURBATION * (1.0 - 3.0 * level * level + 2.0 * level.powi(3)) * (-distance * distance).exp()
}

/// Specific humidity \[kg kg⁻¹\].
pub fn humidity(pressure: f64, latitude: f64) -> f64 {
    if pressure <= HUMIDITY_TOP * SURFACE_PRESSURE {
        return HUMIDITY_ABOVE;
    }
    let depth = (pressure - SURFACE_PRESSURE) / HUMIDITY_PRESSURE;
    HUMIDITY * (-(latitude / HUMIDITY_LATITUDE).powi(4) - depth * depth).exp()
}
