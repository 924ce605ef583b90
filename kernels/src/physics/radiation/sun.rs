//! Where the sun stands.

use std::f64::consts::TAU;

/// Declination, distance and equation of time by Spencer's (1971, *Search* 2, 172) Fourier series.
///
/// Within about 0.04° in declination and 0.5 minutes in the equation of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// δ \[radians\].
    pub declination: f64,
    /// (mean distance/distance)², by which the solar constant is multiplied.
    pub distance_factor: f64,
    /// Apparent less mean solar time \[radians of hour angle\].
    pub equation_of_time: f64,
}

impl Sun {
    /// At a day of the year, 0 at the beginning of January 1, with fractions.
    pub fn on_day(day: f64) -> Self {
        let angle = TAU * day / 365.0;
        let (s1, c1) = angle.sin_cos();
        let (s2, c2) = (2.0 * angle).sin_cos();
        let (s3, c3) = (3.0 * angle).sin_cos();
        Self {
            declination: 0.006918 - 0.399912 * c1 + 0.070257 * s1 - 0.006758 * c2 + 0.000907 * s2
                - 0.002697 * c3
                + 0.00148 * s3,
            distance_factor: 1.000110 + 0.034221 * c1 + 0.001280 * s1 + 0.000719 * c2 + 0.000077 * s2,
            equation_of_time: 0.000075 + 0.001868 * c1 - 0.032077 * s1 - 0.014615 * c2 - 0.04089 * s2,
        }
    }

    /// Hour angle of the prime meridian \[radians\] at a time of day \[fraction since midnight UTC\]; 0 at noon.
    pub fn hour_angle(&self, fraction: f64) -> f64 {
        TAU * (fraction - 0.5) + self.equation_of_time
    }
}
