//! How much an observation counts at a distance.

use crate::{Error, Result};

/// A function of distance that falls from 1 at 0 to 0 at its [`Taper::reach`]. Distances are in the unit of its parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Taper {
    /// The fifth-order piecewise rational function of Gaspari & Cohn (1999, *Q. J. R. Meteorol. Soc.* 125, 723–757, equation 4.10), with this
    /// half-width c: 0 from 2c on.
    GaspariCohn(f64),
    /// 1 up to this distance, 0 beyond.
    Step(f64),
    /// exp(−½ (distance/L)²) with this L, 0 from 3.5 L on.
    Gauss(f64),
}

impl Taper {
    /// Refuses a width that is not finite and positive.
    ///
    /// # Errors
    /// [`Error::InvalidValue`].
    pub fn validate(self) -> Result<Self> {
        let (Self::GaspariCohn(width) | Self::Step(width) | Self::Gauss(width)) = self;
        if width > 0.0 && width.is_finite() {
            return Ok(self);
        }
        Err(Error::InvalidValue {
            name: "taper",
            got: width.to_string(),
            expected: "a finite width above 0".to_owned(),
        })
    }

    /// The distance from which on the taper is 0; at the end of a step it is still 1.
    pub fn reach(self) -> f64 {
        match self {
            Self::GaspariCohn(width) => 2.0 * width,
            Self::Step(width) => width,
            Self::Gauss(width) => 3.5 * width,
        }
    }

    /// The taper at a distance ≥ 0.
    #[inline]
    pub fn at(self, distance: f64) -> f64 {
        match self {
            Self::GaspariCohn(width) => gaspari_cohn(distance / width),
            Self::Step(width) => f64::from(distance <= width),
            Self::Gauss(width) if distance < 3.5 * width => (-0.5 * (distance / width).powi(2)).exp(),
            Self::Gauss(_) => 0.0,
        }
    }
}

/// Gaspari and Cohn's function of distance over half-width.
#[inline]
fn gaspari_cohn(z: f64) -> f64 {
    if z <= 1.0 {
        // 1 − 5/3 z² + 5/8 z³ + 1/2 z⁴ − 1/4 z⁵
        1.0 + z * z * (-5.0 / 3.0 + z * (0.625 + z * (0.5 - 0.25 * z)))
    } else if z < 2.0 {
        // 4 − 5z + 5/3 z² + 5/8 z³ − 1/2 z⁴ + 1/12 z⁵ − 2/(3z); rounding must not make it negative
        (4.0 - 2.0 / (3.0 * z) + z * (-5.0 + z * (5.0 / 3.0 + z * (0.625 + z * (-0.5 + z / 12.0))))).max(0.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaspari_cohn_is_a_smooth_correlation() {
        let taper = Taper::GaspariCohn(3.0);
        assert_eq!(taper.at(0.0), 1.0);
        assert_eq!((taper.at(6.0), taper.at(60.0)), (0.0, 0.0));
        // 5/24 at the half-width, by either piece.
        assert!((taper.at(3.0) - 5.0 / 24.0).abs() < 1e-15);
        assert!((taper.at(3.0 + 1e-9) - 5.0 / 24.0).abs() < 1e-9);
        let values: Vec<f64> = (0..=600).map(|i| taper.at(0.01 * f64::from(i))).collect();
        assert!(values.is_sorted_by(|a, b| a >= b));
        // A correlation on the line: all sums Σ cos(k x) C(x) are positive.
        for wave in 0..40 {
            let sum: f64 = (-600..=600)
                .map(|i: i32| values[i.unsigned_abs() as usize] * (f64::from(wave * i) * 0.01).cos())
                .sum();
            assert!(sum > -1e-9, "wave {wave}: {sum}");
        }
    }

    #[test]
    fn others_end_at_their_reach() {
        assert_eq!((Taper::Step(2.0).at(2.0), Taper::Step(2.0).at(2.1)), (1.0, 0.0));
        assert!((Taper::Gauss(2.0).at(2.0) - (-0.5_f64).exp()).abs() < 1e-15);
        assert_eq!(Taper::Gauss(2.0).at(Taper::Gauss(2.0).reach()), 0.0);
    }

    #[test]
    fn impossible_widths_are_refused() {
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Taper::GaspariCohn(width).validate().expect_err("refused").to_string();
            assert_eq!(error, format!("'taper' is {width}: expected a finite width above 0."));
        }
    }
}
