//! [`Observations`]: what was measured, and how well.

use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Observations y with independent errors of variance r.
#[derive(Clone, Copy, Debug)]
pub struct Observations<'a, R> {
    values: &'a [R],
    variances: &'a [R],
}

impl<'a, R: Real> Observations<'a, R> {
    /// Observations \[observation] \[any unit] and the variances of their errors \[unit²].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where the two differ in length, [`Error::InvalidValue`] for an observation that is not finite and a variance
    /// that is not finite and positive.
    pub fn new(values: &'a [R], variances: &'a [R]) -> Result<Self> {
        expect_len("variances", values.len(), variances.len())?;
        let refuse = |name, number: usize, value: R, expected: &str| {
            let got = format!("{value} at observation {number}");
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        for (number, (value, variance)) in values.iter().zip(variances).enumerate() {
            if !value.to_f64().is_finite() {
                return refuse("values", number, *value, "finite numbers");
            }
            // Also refuses NaN.
            if !(*variance > R::ZERO && variance.to_f64().is_finite()) {
                return refuse("variances", number, *variance, "finite numbers above 0");
            }
        }
        Ok(Self { values, variances })
    }

    /// y, \[observation].
    pub fn values(&self) -> &'a [R] {
        self.values
    }

    /// r, \[observation].
    pub fn variances(&self) -> &'a [R] {
        self.variances
    }

    /// Number of observations.
    pub fn count(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cannot_be_are_refused_by_place() {
        let message = |values: &[f64], variances: &[f64]| {
            Observations::new(values, variances).expect_err("refused").to_string()
        };
        assert_eq!(message(&[1.0, 2.0], &[1.0]), "'variances': expected 2 values, got 1.");
        assert_eq!(
            message(&[1.0, f64::NAN], &[1.0, 1.0]),
            "'values' is NaN at observation 1: expected finite numbers."
        );
        for (variance, text) in [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
            assert_eq!(
                message(&[1.0, 2.0], &[1.0, variance]),
                format!("'variances' is {text} at observation 1: expected finite numbers above 0.")
            );
        }
        assert_eq!(Observations::<f32>::new(&[], &[]).expect("none is fine").count(), 0);
    }
}
