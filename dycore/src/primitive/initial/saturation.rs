//! Saturation, for relative humidities of analyses.
//!
//! e_s = 611.21 Pa · exp(a·(T − 273.16 K)/(T − b)), with a = 17.502, b = 32.19 K over water (Buck 1981, J. Appl. Meteor. 20,
//! 1527–1532) and a = 22.587, b = −0.7 K over ice (Alduchov & Eskridge 1996, J. Appl. Meteor. 35, 601–609), the forms that
//! the IFS uses; between ice and water there e_s = e_i + (e_w − e_i)·((T − 250.16 K)/23 K)², from 250.16 to 273.16 K.

/// The phase to which relative humidities refer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Saturation {
    /// Water at all temperatures: observations, WMO's definition.
    Water,
    /// Ice below 250.16 K, water above 273.16 K, a mixture between: ECMWF's analyses, and nearly NCEP's, which mix between
    /// 253.16 and 273.16 K.
    #[default]
    Mixed,
}

impl Saturation {
    /// e_s \[Pa\] at a temperature \[K\].
    pub fn vapour_pressure(self, temperature: f64) -> f64 {
        let over = |a: f64, b: f64| 611.21 * (a * (temperature - 273.16) / (temperature - b)).exp();
        let water = || over(17.502, 32.19);
        let liquid = match self {
            Self::Water => 1.0,
            Self::Mixed => ((temperature - 250.16) / 23.0).clamp(0.0, 1.0).powi(2),
        };
        match liquid {
            1.0 => water(),
            0.0 => over(22.587, -0.7),
            _ => liquid * water() + (1.0 - liquid) * over(22.587, -0.7),
        }
    }

    /// q \[kg kg⁻¹\] of a relative humidity (1: saturated) at T \[K\] and p \[Pa\]; `ratio` is R_d/R_v.
    ///
    /// Where air of this vapour pressure would be vapour alone, high up, it is 1.
    pub fn specific_humidity(self, relative: f64, temperature: f64, pressure: f64, ratio: f64) -> f64 {
        let vapour = relative * self.vapour_pressure(temperature);
        if vapour >= pressure { 1.0 } else { ratio * vapour / (pressure - (1.0 - ratio) * vapour) }
    }

    /// Relative humidity (1: saturated) of q \[kg kg⁻¹\] at T \[K\] and p \[Pa\]: the reverse.
    pub fn relative_humidity(self, specific: f64, temperature: f64, pressure: f64, ratio: f64) -> f64 {
        specific * pressure / (ratio + (1.0 - ratio) * specific) / self.vapour_pressure(temperature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabulated_saturation_pressures_are_met() {
        // Smithsonian tables: 6.1078 hPa at 0 °C, 23.37 hPa at 20 °C; over ice 0.3798 hPa at −30 °C.
        assert!((Saturation::Water.vapour_pressure(273.15) - 610.78).abs() < 1.0);
        assert!((Saturation::Water.vapour_pressure(293.15) - 2337.0).abs() < 5.0);
        assert!((Saturation::Mixed.vapour_pressure(243.15) - 37.98).abs() < 0.3);
        assert_eq!(Saturation::Mixed.vapour_pressure(280.0), Saturation::Water.vapour_pressure(280.0));
    }

    #[test]
    fn humidities_go_there_and_back() {
        for (temperature, pressure) in [(300.0, 100_000.0), (255.0, 50_000.0), (210.0, 10_000.0)] {
            for relative in [0.0, 0.4, 1.0] {
                let q = Saturation::Mixed.specific_humidity(relative, temperature, pressure, 0.622);
                let back = Saturation::Mixed.relative_humidity(q, temperature, pressure, 0.622);
                assert!((back - relative).abs() < 1e-14);
            }
        }
        assert_eq!(Saturation::Water.specific_humidity(1.0, 300.0, 100.0, 0.622), 1.0);
    }
}
