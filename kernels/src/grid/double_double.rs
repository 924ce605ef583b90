//! Unevaluated sums of two f64, about 32 digits, in SIMD lanes: what Gaussian nodes and starting values need.
//!
//! Error-free sum (Knuth 1969) and product (through a fused multiply-add); the sums of pairs are the sloppy ones, good to
//! a few 2⁻¹⁰⁵ relative to the larger operand.

use pulp::Simd;

/// `high + low`, |low| ≤ ulp(high)/2, in every lane.
#[derive(Clone, Copy)]
pub(crate) struct DoubleDouble<S: Simd> {
    pub(crate) high: S::f64s,
    pub(crate) low: S::f64s,
}

impl<S: Simd> DoubleDouble<S> {
    /// The same number in every lane.
    #[inline(always)]
    pub(crate) fn splat(simd: S, high: f64, low: f64) -> Self {
        Self { high: simd.splat_f64s(high), low: simd.splat_f64s(low) }
    }

    /// The exact sum of two f64.
    #[inline(always)]
    pub(crate) fn sum(simd: S, a: S::f64s, b: S::f64s) -> Self {
        let high = simd.add_f64s(a, b);
        let part = simd.sub_f64s(high, a);
        let low = simd.add_f64s(simd.sub_f64s(a, simd.sub_f64s(high, part)), simd.sub_f64s(b, part));
        Self { high, low }
    }

    /// The exact sum of two f64 with |a| ≥ |b|.
    #[inline(always)]
    fn ordered_sum(simd: S, a: S::f64s, b: S::f64s) -> Self {
        let high = simd.add_f64s(a, b);
        Self { high, low: simd.sub_f64s(b, simd.sub_f64s(high, a)) }
    }

    /// The exact product of two f64.
    #[inline(always)]
    pub(crate) fn product(simd: S, a: S::f64s, b: S::f64s) -> Self {
        let high = simd.mul_f64s(a, b);
        Self { high, low: simd.mul_add_f64s(a, b, simd.neg_f64s(high)) }
    }

    /// a + b.
    #[inline(always)]
    pub(crate) fn add(self, simd: S, other: Self) -> Self {
        let sum = Self::sum(simd, self.high, other.high);
        let low = simd.add_f64s(sum.low, simd.add_f64s(self.low, other.low));
        Self::ordered_sum(simd, sum.high, low)
    }

    /// −a.
    #[inline(always)]
    pub(crate) fn neg(self, simd: S) -> Self {
        Self { high: simd.neg_f64s(self.high), low: simd.neg_f64s(self.low) }
    }

    /// a · b.
    #[inline(always)]
    pub(crate) fn mul(self, simd: S, other: Self) -> Self {
        let product = Self::product(simd, self.high, other.high);
        let cross = simd.mul_add_e_f64s(self.high, other.low, simd.mul_f64s(self.low, other.high));
        Self::ordered_sum(simd, product.high, simd.add_f64s(product.low, cross))
    }
}
