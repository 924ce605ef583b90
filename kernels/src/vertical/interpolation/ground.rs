//! What an atmosphere would be below the ground, for maps of pressure surfaces and of sea-level pressure.
//!
//! The formulas are those of ECMWF's post-processing as Trenberth, Berry & Buja (1993, "Vertical interpolation and
//! truncation of model-coordinate data", NCAR/TN-396+STR) document them. With Γ = 6.5 K/km, the temperature at the ground
//! is that of the lowest level carried down,
//!
//! T_* = T + (Γ·R/g)·T·(p_s/p − 1),  and at sea level T_0 = T_* + Γ·φ_s/g.
//!
//! Hot and cold ground would spoil the reduction over high terrain, so that α = Γ·R/g and T_* are changed: above 290.5 K
//! at sea level the lapse rate shrinks until it is 290.5 K there, below 255 K at the ground T_* is drawn halfway to it.

/// Γ = 6.5 K/km [K m⁻¹], the lapse rate of the standard atmosphere's troposphere.
pub const LAPSE_RATE: f64 = 0.0065;

/// Where reduction to sea level stops to follow a warm ground [K].
const WARM: f64 = 290.5;
/// Where it stops to follow a cold one [K].
const COLD: f64 = 255.0;
/// The warmest sea level to which temperatures below high ground lead [K].
const WARMEST_BELOW_PLATEAU: f64 = 298.0;

/// The ground below a column, from which it is continued downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// p_s [Pa].
    pub pressure: f64,
    /// φ_s [m² s⁻²].
    pub geopotential: f64,
    /// T_* [K].
    pub temperature: f64,
    gas_constant: f64,
    gravity: f64,
}

impl Ground {
    /// From the lowest level's pressure [Pa] and temperature [K].
    pub fn new(
        pressure: f64,
        geopotential: f64,
        lowest_pressure: f64,
        lowest_temperature: f64,
        gas_constant: f64,
        gravity: f64,
    ) -> Self {
        let alpha = LAPSE_RATE * gas_constant / gravity;
        let temperature = lowest_temperature * (1.0 + alpha * (pressure / lowest_pressure - 1.0));
        Self { pressure, geopotential, temperature, gas_constant, gravity }
    }

    fn alpha(&self) -> f64 {
        LAPSE_RATE * self.gas_constant / self.gravity
    }

    fn at_sea_level(&self) -> f64 {
        self.temperature + LAPSE_RATE * self.geopotential / self.gravity
    }

    /// Temperature at the ground and α for reductions of pressure.
    fn reduced(&self) -> (f64, f64) {
        let (temperature, sea_level) = (self.temperature, self.at_sea_level());
        if temperature < COLD {
            return (0.5 * (COLD + temperature), self.alpha());
        }
        match (sea_level > WARM, temperature > WARM) {
            (false, _) => (temperature, self.alpha()),
            (true, true) => (0.5 * (WARM + temperature), 0.0),
            (true, false) if self.geopotential.abs() < 1e-3 => (temperature, 0.0),
            (true, false) => (temperature, self.gas_constant * (WARM - temperature) / self.geopotential),
        }
    }

    /// Pressure at mean sea level [Pa]: p_s·exp(x·(1 − αx/2 + (αx)²/3)), x = φ_s/(R·T_*).
    pub fn sea_level_pressure(&self) -> f64 {
        let (temperature, alpha) = self.reduced();
        let x = self.geopotential / (self.gas_constant * temperature);
        let bend = alpha * x;
        self.pressure * (x * (1.0 - 0.5 * bend + bend * bend / 3.0)).exp()
    }

    /// Geopotential [m² s⁻²] at a pressure [Pa] below the ground: φ_s − R·T_*·y·(1 + αy/2 + (αy)²/6), y = ln(p/p_s).
    pub fn geopotential_below(&self, pressure: f64) -> f64 {
        let (temperature, alpha) = self.reduced();
        let y = (pressure / self.pressure).ln();
        let bend = alpha * y;
        self.geopotential - self.gas_constant * temperature * y * (1.0 + 0.5 * bend + bend * bend / 6.0)
    }

    /// Temperature [K] at a pressure [Pa] below the ground: T_*·(1 + αy + (αy)²/2 + (αy)³/6), their equation (16).
    ///
    /// Below ground of more than 2,000 m, α leads to at most 298 K at sea level, fully so above 2,500 m.
    pub fn temperature_below(&self, pressure: f64) -> f64 {
        let height = self.geopotential / self.gravity;
        let mut alpha = self.alpha();
        if height > 2000.0 {
            let plateau = self.at_sea_level().min(WARMEST_BELOW_PLATEAU);
            let weight = ((height - 2000.0) / 500.0).min(1.0);
            let sea_level = self.at_sea_level() + weight * (plateau - self.at_sea_level());
            alpha = (self.gas_constant * (sea_level - self.temperature) / self.geopotential).max(0.0);
        }
        let bend = alpha * (pressure / self.pressure).ln();
        self.temperature * (1.0 + bend * (1.0 + bend * (0.5 + bend / 6.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: f64 = 287.0;
    const G: f64 = 9.80665;

    fn standard_ground(height: f64, sea_level: f64) -> Ground {
        let temperature = sea_level - LAPSE_RATE * height;
        let pressure = 101_325.0 * (temperature / sea_level).powf(G / (R * LAPSE_RATE));
        Ground::new(pressure, G * height, pressure, temperature, R, G)
    }

    #[test]
    fn a_standard_atmosphere_has_its_own_sea_level_pressure() {
        for height in [0.0, 10.0, 500.0, 1500.0, 3000.0] {
            let ground = standard_ground(height, 288.15);
            assert!(
                (ground.sea_level_pressure() - 101_325.0).abs() < 0.3 + 4e-6 * height * height,
                "{height}"
            );
            assert!(ground.geopotential_below(101_325.0).abs() < 1.0 + 1e-5 * height * height, "{height}");
            assert!((ground.temperature_below(101_325.0) - 288.15).abs() < 0.2, "{height}");
        }
    }

    #[test]
    fn hot_and_cold_grounds_are_reduced_with_milder_temperatures() {
        let plain =
            |ground: &Ground| ground.pressure * (ground.geopotential / (R * ground.temperature)).exp();
        let hot = standard_ground(1500.0, 310.0);
        // Isothermal at the mean of 290.5 K and T_*.
        let expected = hot.pressure * (hot.geopotential / (R * 0.5 * (290.5 + hot.temperature))).exp();
        assert!((hot.sea_level_pressure() - expected).abs() < 1e-6);
        let cold = standard_ground(1500.0, 245.0);
        assert!(cold.sea_level_pressure() < plain(&cold));
        // 290.5 K at sea level from colder ground: the lapse rate that leads there.
        let warm = standard_ground(2000.0, 295.0);
        let (temperature, alpha) = warm.reduced();
        assert!((temperature + alpha * warm.geopotential / R - 290.5).abs() < 1e-9);
    }

    #[test]
    fn below_plateaus_temperature_stays_below_298() {
        let plateau = standard_ground(4500.0, 320.0);
        let bottom = plateau.temperature_below(plateau.sea_level_pressure());
        assert!(bottom < 299.0 && bottom > plateau.temperature, "{bottom}");
        assert!(
            plateau.temperature_below(101_325.0)
                < standard_ground(1900.0, 320.0).temperature_below(101_325.0)
        );
    }
}
