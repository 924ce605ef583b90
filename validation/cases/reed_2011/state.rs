//! The analytic vortex of Reed & Jablonowski (2011), in the tropical air of their aqua planet, in balance.
//!
//! *Mon. Wea. Rev.* 139, 689–710, doi:10.1175/2010MWR3488.1. Surface pressure falls by Δp towards the centre, and with it
//! pressure at heights of up to about z_p; virtual temperature and wind follow from hydrostatic and gradient-wind balance.

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
/// Temperature of the sea, and of the air on it \[K\].
pub const SEA_TEMPERATURE: f64 = 302.15;
/// Surface pressure far from the vortex \[Pa\].
pub const SURFACE_PRESSURE: f64 = 101_500.0;
/// R_v/R_d − 1, as the paper rounds it.
const VIRTUAL_FACTOR: f64 = 0.608;

/// Γ of virtual temperature \[K m⁻¹\], up to the tropopause \[m\].
const LAPSE_RATE: f64 = 0.007;
const TROPOPAUSE: f64 = 15_000.0;
/// q at the ground and above the tropopause \[kg kg⁻¹\], and the heights over which it falls \[m\].
const HUMIDITY: f64 = 0.021;
const HUMIDITY_ABOVE: f64 = 1e-11;
const HUMIDITY_HEIGHTS: [f64; 2] = [3_000.0, 8_000.0];
/// Δp \[Pa\], r_p and z_p \[m\].
const DEPTH: f64 = 1_115.0;
const WIDTH: f64 = 282_000.0;
const HEIGHT: f64 = 7_000.0;
/// Longitude and latitude of the centre \[°\].
pub const CENTRE: [f64; 2] = [180.0, 10.0];

/// T_v at the ground \[K\].
fn surface_virtual_temperature() -> f64 {
    SEA_TEMPERATURE * (1.0 + VIRTUAL_FACTOR * HUMIDITY)
}

/// Distance from the centre along the great circle \[m\].
pub fn radius(longitude: f64, latitude: f64) -> f64 {
    let [east, north] = CENTRE.map(f64::to_radians);
    let cosine = north.sin() * latitude.sin() + north.cos() * latitude.cos() * (longitude - east).cos();
    RADIUS * cosine.clamp(-1.0, 1.0).acos()
}

/// p_s \[Pa\].
pub fn surface_pressure(radius: f64) -> f64 {
    SURFACE_PRESSURE - DEPTH * (-(radius / WIDTH).powf(1.5)).exp()
}

/// (p_b/Δp)·exp((r/r_p)^{3/2})·exp((z/z_p)²): background over perturbation of pressure.
fn background_over_vortex(radius: f64, height: f64) -> f64 {
    SURFACE_PRESSURE / DEPTH * ((radius / WIDTH).powf(1.5) + (height / HEIGHT).powi(2)).exp()
}

/// 2·R_d·(T_v0 − Γz)·z/(g·z_p²), the share of the vortex in the hydrostatic equation.
fn stretching(height: f64) -> f64 {
    2.0 * GAS_CONSTANT * (surface_virtual_temperature() - LAPSE_RATE * height) * height
        / (GRAVITY * HEIGHT * HEIGHT)
}

/// Virtual temperature \[K\] and pressure \[Pa\] at a height \[m\].
fn at_height(radius: f64, height: f64) -> [f64; 2] {
    let ground = surface_virtual_temperature();
    let exponent = GRAVITY / (GAS_CONSTANT * LAPSE_RATE);
    if height > TROPOPAUSE {
        let top = ground - LAPSE_RATE * TROPOPAUSE;
        let pressure = SURFACE_PRESSURE * (top / ground).powf(exponent);
        return [top, pressure * (-GRAVITY * (height - TROPOPAUSE) / (GAS_CONSTANT * top)).exp()];
    }
    let background = ground - LAPSE_RATE * height;
    let vortex = DEPTH * (-(radius / WIDTH).powf(1.5) - (height / HEIGHT).powi(2)).exp();
    [
        background / (1.0 + stretching(height) / (1.0 - background_over_vortex(radius, height))),
        (SURFACE_PRESSURE - vortex) * (background / ground).powf(exponent),
    ]
}

/// Height \[m\] and virtual temperature \[K\] at a pressure \[Pa\], by Newton's method.
pub fn height_and_temperature(radius: f64, pressure: f64) -> [f64; 2] {
    let mut height = 7_500.0 * (SURFACE_PRESSURE / pressure).ln();
    for _ in 0..50 {
        let [temperature, found] = at_height(radius, height);
        let step = GAS_CONSTANT * temperature / GRAVITY * (found / pressure).ln();
        height += step;
        if step.abs() < 1e-7 {
            break;
        }
    }
    [height, at_height(radius, height)[0]]
}

/// q at a height \[kg kg⁻¹\].
pub fn humidity(height: f64) -> f64 {
    if height > TROPOPAUSE {
        return HUMIDITY_ABOVE;
    }
    HUMIDITY * (-height / HUMIDITY_HEIGHTS[0] - (height / HUMIDITY_HEIGHTS[1]).powi(2)).exp()
}

/// Temperature of air of this virtual temperature \[K\].
pub fn temperature(virtual_temperature: f64, humidity: f64) -> f64 {
    virtual_temperature / (1.0 + VIRTUAL_FACTOR * humidity)
}

/// Wind around the vortex \[m s⁻¹\], in gradient-wind balance with f at its centre.
pub fn tangential_wind(radius: f64, height: f64) -> f64 {
    if height > TROPOPAUSE {
        return 0.0;
    }
    let solid = ROTATION * CENTRE[1].to_radians().sin() * radius;
    let background = GAS_CONSTANT * (surface_virtual_temperature() - LAPSE_RATE * height);
    let force = 1.5 * (radius / WIDTH).powf(1.5) * background
        / (1.0 + stretching(height) - background_over_vortex(radius, height));
    -solid + (solid * solid - force).sqrt()
}

/// u and v of a wind of 1 m/s around the vortex, anticlockwise; 0 at its centre.
pub fn direction(longitude: f64, latitude: f64) -> [f64; 2] {
    let [east, north] = CENTRE.map(f64::to_radians);
    let along = north.sin() * latitude.cos() - north.cos() * latitude.sin() * (longitude - east).cos();
    let across = north.cos() * (longitude - east).sin();
    let length = along.hypot(across).max(1e-25);
    [along / length, across / length]
}
