//! [`Huber`]: Gaussian in the middle, exponential in the tails.

use crate::{Error, Result};

/// The Huber norm with its own point of transition on either side, as in variational quality control: observations with large departures keep some
/// influence but lose weight.
///
/// With the departure z = (H(x) − y)/σ over its standard deviation the cost of an observation is, for a < 0 < b (Huber 1964, *Ann. Math. Statist.* 35,
/// 73–101; with two sides Tavolato & Isaksen 2015, *Q. J. R. Meteorol. Soc.* 141, 1514–1527),
///
/// | z         | cost ρ(z)  | weight ρ′(z)/z |
/// |-----------|------------|----------------|
/// | a ≤ z ≤ b | ½ z²       | 1              |
/// | z < a     | a z − ½ a² | a/z            |
/// | z > b     | b z − ½ b² | b/z            |
///
/// It is convex and has a continuous derivative, so that it may be used from the first iteration on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    left: f64,
    right: f64,
}

impl Huber {
    /// The square alone.
    pub const GAUSSIAN: Self = Self { left: f64::NEG_INFINITY, right: f64::INFINITY };

    /// With transitions at a = `left` and b = `right` standard deviations; infinite for a side without.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] unless `left` is below 0 and `right` above.
    pub fn new(left: f64, right: f64) -> Result<Self> {
        let refuse = |name, got: f64, expected: &str| {
            Err(Error::InvalidValue { name, got: got.to_string(), expected: expected.to_owned() })
        };
        if left.is_nan() || left >= 0.0 {
            return refuse("left", left, "a number below 0");
        }
        if right.is_nan() || right <= 0.0 {
            return refuse("right", right, "a number above 0");
        }
        Ok(Self { left, right })
    }

    /// ρ(z).
    pub fn cost(&self, z: f64) -> f64 {
        let bounded = z.clamp(self.left, self.right);
        bounded * (z - 0.5 * bounded)
    }

    /// ρ′(z).
    pub fn derivative(&self, z: f64) -> f64 {
        z.clamp(self.left, self.right)
    }

    /// ρ′(z)/z, from 1 in the middle towards 0: what R⁻¹ is multiplied by where the cost is made quadratic about z.
    pub fn weight(&self, z: f64) -> f64 {
        if z < self.left {
            self.left / z
        } else if z > self.right {
            self.right / z
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_smooth_and_its_weight_is_that_of_its_derivative() {
        let norm = Huber::new(-1.0, 2.0).expect("transitions");
        assert_eq!([norm.cost(-3.0), norm.cost(-1.0), norm.cost(2.0), norm.cost(5.0)], [2.5, 0.5, 2.0, 8.0]);
        for z in [-4.0, -1.0 - 1e-7, -0.3, 1.9, 2.0 + 1e-7, 9.0] {
            let difference = (norm.cost(z + 1e-6) - norm.cost(z - 1e-6)) / 2e-6;
            assert!((difference - norm.derivative(z)).abs() < 1e-6, "{z}");
            assert!((norm.weight(z) * z - norm.derivative(z)).abs() < 1e-15, "{z}");
        }
        assert_eq!((Huber::GAUSSIAN.cost(100.0), Huber::GAUSSIAN.weight(-1e9)), (5000.0, 1.0));
    }

    #[test]
    fn transitions_on_the_wrong_side_are_refused() {
        let message = |left, right| Huber::new(left, right).expect_err("refused").to_string();
        assert_eq!(message(0.0, 1.0), "'left' is 0: expected a number below 0.");
        assert_eq!(message(-1.0, f64::NAN), "'right' is NaN: expected a number above 0.");
    }
}
