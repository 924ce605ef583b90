//! Pressure and height in the standard atmosphere (ICAO Doc 7488), to 20 km: 15 °C at 1013.25 hPa, 6.5 K/km up to 11 km,
//! 216.65 K above.

use terrella_kernels::constants::GRAVITY;

/// J kg⁻¹ K⁻¹, the standard's own.
const GAS_CONSTANT: f64 = 287.052_87;
/// K m⁻¹.
const LAPSE_RATE: f64 = 0.0065;
/// At the ground \[K].
const WARM: f64 = 288.15;
/// Above the tropopause \[K].
const COLD: f64 = 216.65;
/// m.
const TROPOPAUSE: f64 = 11_000.0;
/// Pa.
const SEA_LEVEL: f64 = 101_325.0;

/// Pressure \[Pa] at a height \[m].
pub(super) fn pressure_at(height: f64) -> f64 {
    let below = height.min(TROPOPAUSE);
    let ratio = 1.0 - LAPSE_RATE * below / WARM;
    let pressure = SEA_LEVEL * ratio.powf(GRAVITY / (GAS_CONSTANT * LAPSE_RATE));
    pressure * (-GRAVITY * (height - below) / (GAS_CONSTANT * COLD)).exp()
}

/// Height \[m] of a pressure \[Pa], the inverse.
pub(super) fn height_of(pressure: f64) -> f64 {
    let tropopause = pressure_at(TROPOPAUSE);
    let below = pressure.max(tropopause);
    let ratio = (below / SEA_LEVEL).powf(GAS_CONSTANT * LAPSE_RATE / GRAVITY);
    (1.0 - ratio) * WARM / LAPSE_RATE + (below / pressure).ln() * GAS_CONSTANT * COLD / GRAVITY
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ICAO Doc 7488: 226.32 hPa at 11 km, 54.749 hPa at 20 km.
    #[test]
    fn heights_have_their_pressures_and_back() {
        for (height, pressure) in [(0.0, 101_325.0), (11_000.0, 22_632.0), (20_000.0, 5_474.9)] {
            assert!((pressure_at(height) / pressure - 1.0).abs() < 2e-5, "{}", pressure_at(height));
        }
        for height in [-300.0, 0.0, 5_000.0, 10_999.0, 11_001.0, 19_000.0] {
            assert!((height_of(pressure_at(height)) - height).abs() < 1e-7, "{height}");
        }
    }
}
