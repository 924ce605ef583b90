//! The analytic state and perturbation of Jablonowski & Williamson (2006).
//!
//! *Quart. J. Roy. Meteor. Soc.* 132, 2943–2975, doi:10.1256/qj.06.12. On levels η = p/p₀, where surface pressure is p₀
//! everywhere, a zonal flow in balance over the ground φ_s.

use std::f64::consts::PI;

/// Radius of the sphere \[m\].
pub const RADIUS: f64 = 6.371_229e6;
/// Rotation Ω \[s⁻¹\].
pub const ROTATION: f64 = 7.292_12e-5;
/// Acceleration of gravity \[m s⁻²\].
pub const GRAVITY: f64 = 9.806_16;
/// R_d \[J kg⁻¹ K⁻¹\].
pub const GAS_CONSTANT: f64 = 287.0;
/// c_p \[J kg⁻¹ K⁻¹\], so that R_d/c_p = 2/7.
pub const HEAT_CAPACITY: f64 = 1004.5;
/// p₀ = p_s \[Pa\].
pub const SURFACE_PRESSURE: f64 = 100_000.0;

/// u₀ \[m s⁻¹\].
const JET: f64 = 35.0;
/// η₀, the level of the jet.
const JET_LEVEL: f64 = 0.252;
/// T₀ \[K\].
const SURFACE_TEMPERATURE: f64 = 288.0;
/// Γ \[K m⁻¹\].
const LAPSE_RATE: f64 = 0.005;
/// η_t, the tropopause.
const TROPOPAUSE: f64 = 0.2;
/// ΔT \[K\].
const STRATOSPHERIC_DIFFERENCE: f64 = 4.8e5;
/// u_p \[m s⁻¹\], the perturbation's amplitude.
const PERTURBATION: f64 = 1.0;
/// λ_c and φ_c, its centre.
const CENTRE: [f64; 2] = [PI / 9.0, 2.0 * PI / 9.0];

/// η_v.
fn phase(eta: f64) -> f64 {
    (eta - JET_LEVEL) * PI / 2.0
}

/// The two brackets of the latitude φ that temperature and φ_s share: of u₀, and of aΩ.
fn brackets(latitude: f64) -> [f64; 2] {
    let (sine, cosine) = latitude.sin_cos();
    [
        -2.0 * sine.powi(6) * (cosine * cosine + 1.0 / 3.0) + 10.0 / 63.0,
        8.0 / 5.0 * cosine.powi(3) * (sine * sine + 2.0 / 3.0) - PI / 4.0,
    ]
}

/// Zonal wind of the steady state \[m s⁻¹\].
pub fn zonal_wind(eta: f64, latitude: f64) -> f64 {
    JET * phase(eta).cos().powf(1.5) * (2.0 * latitude).sin().powi(2)
}

/// The perturbation of zonal wind \[m s⁻¹\], the same at all levels.
pub fn perturbation(longitude: f64, latitude: f64) -> f64 {
    let [longitude_centre, latitude_centre] = CENTRE;
    let cosine = latitude_centre.sin() * latitude.sin()
        + latitude_centre.cos() * latitude.cos() * (longitude - longitude_centre).cos();
    let distance = cosine.clamp(-1.0, 1.0).acos();
    PERTURBATION * (-(10.0 * distance).powi(2)).exp()
}

/// Temperature \[K\].
pub fn temperature(eta: f64, latitude: f64) -> f64 {
    let mut mean = SURFACE_TEMPERATURE * eta.powf(GAS_CONSTANT * LAPSE_RATE / GRAVITY);
    if eta < TROPOPAUSE {
        mean += STRATOSPHERIC_DIFFERENCE * (TROPOPAUSE - eta).powi(5);
    }
    let (sine, cosine) = phase(eta).sin_cos();
    let [of_wind, of_rotation] = brackets(latitude);
    mean + 0.75 * eta * PI * JET / GAS_CONSTANT
        * sine
        * cosine.sqrt()
        * (of_wind * 2.0 * JET * cosine.powf(1.5) + of_rotation * RADIUS * ROTATION)
}

/// φ_s \[m² s⁻²\].
pub fn surface_geopotential(latitude: f64) -> f64 {
    let amplitude = JET * phase(1.0).cos().powf(1.5);
    let [of_wind, of_rotation] = brackets(latitude);
    amplitude * (of_wind * amplitude + of_rotation * RADIUS * ROTATION)
}
