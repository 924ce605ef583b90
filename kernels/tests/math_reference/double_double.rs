//! Unevaluated sums of two f64: 106 bits (T. J. Dekker 1971, doi:10.1007/BF01397083).

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `high` + `low`, |low| at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleDouble {
    /// The sum, rounded.
    pub high: f64,
    /// What rounding left.
    pub low: f64,
}

impl DoubleDouble {
    /// a + b, exactly.
    pub fn sum(a: f64, b: f64) -> Self {
        let high = a + b;
        let seen = high - a;
        DoubleDouble { high, low: (a - (high - seen)) + (b - seen) }
    }

    /// a · b, exactly but for underflow.
    pub fn product(a: f64, b: f64) -> Self {
        let high = a * b;
        DoubleDouble { high, low: a.mul_add(b, -high) }
    }

    /// −x where `negative`, else x.
    pub fn signed(self, negative: bool) -> Self {
        if negative { -self } else { self }
    }
}

impl From<f64> for DoubleDouble {
    fn from(high: f64) -> Self {
        DoubleDouble { high, low: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let high = DoubleDouble::sum(self.high, other.high);
        let low = DoubleDouble::sum(self.low, other.low);
        let first = DoubleDouble::sum(high.high, high.low + low.high);
        DoubleDouble::sum(first.high, first.low + low.low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = DoubleDouble::product(self.high, other.high);
        DoubleDouble::sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        let third = rest.high / other.high;
        let leading = DoubleDouble::sum(first, second);
        leading + third.into()
    }
}
