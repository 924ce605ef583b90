//! Bit rounding: fewer bits of the mantissa, so that what follows compresses well.
//!
//! A value is rounded to the nearest with n bits of the mantissa kept, ties to even; the others become zero. For normal
//! numbers |rounded − value| ≤ 2^−(n+1) · |value|; numbers below the least normal one move by no more than half of the last
//! kept bit. NaN and infinities stay, as do signs and zeros. A finite value that would round to infinity is cut instead.
//! Sources: C. S. Zender, Geosci. Model Dev. 9, 3199–3211 (2016), doi:10.5194/gmd-9-3199-2016 (bit grooming and shaving);
//! M. Klöwer et al., Nat. Comput. Sci. 1, 713–724 (2021), doi:10.1038/s43588-021-00156-2 (rounding to the nearest).

/// A float whose mantissa can be rounded.
pub(in crate::encode) trait Round: Copy {
    /// Bits of the mantissa.
    const MANTISSA: u32;

    /// The value with `kept` bits of the mantissa, at most [`Round::MANTISSA`].
    fn round_mantissa(self, kept: u32) -> Self;
}

macro_rules! round {
    ($float:ident, $mantissa:literal) => {
        impl Round for $float {
            const MANTISSA: u32 = $mantissa;

            fn round_mantissa(self, kept: u32) -> Self {
                let dropped = $mantissa - kept;
                if dropped == 0 || !self.is_finite() {
                    return self;
                }
                let bits = self.to_bits();
                // Adding half of the last kept bit carries into it; a little less where that bit is even.
                let half = (1 << (dropped - 1)) - 1 + ((bits >> dropped) & 1);
                let mask = !0 << dropped;
                let rounded = Self::from_bits((bits + half) & mask);
                if rounded.is_finite() { rounded } else { Self::from_bits(bits & mask) }
            }
        }
    };
}

round!(f32, 23);
round!(f64, 52);

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of all exponents and mantissas, by a linear congruential generator.
    fn patterns() -> impl Iterator<Item = u64> {
        let mut state = 1_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        })
    }

    #[test]
    fn errors_stay_in_bounds_and_a_second_rounding_changes_nothing() {
        for kept in [0, 1, 7, 10, 22, 23] {
            for bits in patterns().take(100_000) {
                let value = f32::from_bits((bits >> 32) as u32);
                let rounded = value.round_mantissa(kept);
                assert_eq!(rounded.to_bits(), rounded.round_mantissa(kept).to_bits(), "{value:e} {kept}");
                if value.is_nan() {
                    assert_eq!(rounded.to_bits(), value.to_bits());
                    continue;
                }
                assert_eq!(rounded.to_bits() & ((1 << (23 - kept)) - 1), 0, "{value:e} {kept}");
                // A value cut at the end of the range loses up to the whole last bit.
                let room = if value.abs() > f32::MAX / 2.0 { 2.0 } else { 1.0 };
                let bound =
                    room * 0.5_f64.powi(kept as i32 + 1) * f64::from(value.abs().max(f32::MIN_POSITIVE));
                let error = (f64::from(rounded) - f64::from(value)).abs();
                assert!(value.is_infinite() || error <= bound, "{value:e} {rounded:e} {kept}");
            }
        }
        for bits in patterns().take(100_000) {
            let value = f64::from_bits(bits);
            let rounded = value.round_mantissa(20);
            assert_eq!(rounded.to_bits(), rounded.round_mantissa(20).to_bits());
            if value.is_normal() && value.abs() < f64::MAX / 2.0 {
                assert!(((rounded - value) / value).abs() <= 0.5_f64.powi(21), "{value:e}");
            }
        }
    }

    #[test]
    fn ties_go_to_even_and_special_values_stay() {
        let one = 1.0_f32.to_bits();
        let with = |tail: u32| f32::from_bits(one | tail);
        // Two bits kept: steps of a quarter.
        assert_eq!(with(1 << 20).round_mantissa(2), 1.0);
        assert_eq!(with(3 << 20).round_mantissa(2), 1.5);
        assert_eq!(with((1 << 20) + 1).round_mantissa(2), 1.25);
        assert_eq!(1.99_f32.round_mantissa(2), 2.0);
        for value in [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            assert_eq!(value.round_mantissa(3).to_bits(), value.to_bits());
        }
        let denormal = f32::from_bits(0x0050_0000);
        assert_eq!(denormal.round_mantissa(3), denormal);
        assert_eq!(f32::from_bits(0x0051_2345).round_mantissa(3), denormal);
        let largest = f32::MAX.round_mantissa(3);
        assert!(largest.is_finite() && largest > 3e38);
        assert_eq!((-f64::MAX).round_mantissa(0), -(2.0_f64.powi(1023)));
    }
}
