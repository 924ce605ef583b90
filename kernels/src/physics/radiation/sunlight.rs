//! Sunlight at the top of the atmosphere.

use terrella_kernels_macros::kernel;

use crate::Real;

/// Sunlight on a horizontal plane at an instant \[W m⁻²\]: S_0·max(0, cos ζ).
///
/// cos ζ = sin φ·sin δ + cos φ·cos δ·cos h, with the declination δ of the sun and the hour angle h = λ + h_0, h_0 that of
/// the prime meridian.
///
/// | argument                     | shape                      | unit  |
/// |------------------------------|----------------------------|-------|
/// | `solar_constant`             | S_0 at the sun's distance  | W m⁻² |
/// | `sine_declination`, `cosine_declination` | sin δ, cos δ   | –     |
/// | `sine_hour`, `cosine_hour`   | sin h_0, cos h_0           | –     |
/// | `sine_latitude`              | [points], sin φ            | –     |
/// | `sine_longitude`, `cosine_longitude` | [points], sin λ, cos λ | –  |
#[kernel]
pub fn insolation<R: Real>(
    point: u32,
    solar_constant: R,
    sine_declination: R,
    cosine_declination: R,
    sine_hour: R,
    cosine_hour: R,
    sine_latitude: &[R],
    sine_longitude: &[R],
    cosine_longitude: &[R],
) -> R {
    let sine = sine_latitude[point];
    let cosine = (1.0 - sine * sine).max(0.0).sqrt();
    let hour = cosine_longitude[point] * cosine_hour - sine_longitude[point] * sine_hour;
    let height = sine * sine_declination + cosine * cosine_declination * hour;
    solar_constant * height.max(0.0)
}

/// The mean of [`insolation`] over a day \[W m⁻²\]: (S_0/π)·(h·sin φ·sin δ + cos φ·cos δ·sin h), where the sun sets at the hour
/// angle h: cos h = −tan φ·tan δ, from 0 (polar night) to π (polar day).
#[kernel]
pub fn daily_insolation<R: Real>(
    point: u32,
    solar_constant: R,
    sine_declination: R,
    cosine_declination: R,
    sine_latitude: &[R],
) -> R {
    let sine = sine_latitude[point];
    let cosine = (1.0 - sine * sine).max(0.0).sqrt();
    let level = sine * sine_declination;
    let swing = cosine * cosine_declination;
    // The cosine of h and the sine, without dividing by what may be zero at the poles.
    let across = (swing * swing - level * level).max(0.0).sqrt();
    let mut sunset = across.atan2(-level);
    if swing <= level {
        sunset = 3.141592653589793;
    }
    if swing <= -level {
        sunset = 0.0;
    }
    solar_constant / 3.141592653589793 * (sunset * level + across).max(0.0)
}

/// Annual-mean sunlight of Frierson, Held & Zurita-Gotor (2006) \[W m⁻²\]: (S_0/4)·(1 + Δ_S·(1 − 3·sin²φ)/4).
#[kernel]
pub fn annual_insolation<R: Real>(point: u32, solar_constant: R, contrast: R, sine_latitude: &[R]) -> R {
    let sine = sine_latitude[point];
    0.25 * solar_constant * (1.0 + contrast * (0.25 * (1.0 - 3.0 * sine * sine)))
}
