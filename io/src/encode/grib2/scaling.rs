//! Reference value and scale factors of simple packing, chosen as ecCodes chooses them.
//!
//! A code X stands for the value Y with Y · 10^D = R + X · 2^E: reference value R, binary scale factor E, decimal scale
//! factor D. R is the largest single-precision number not above the least value, E the smallest with which the range
//! fits into the bits, and D is 0 unless E would leave ±127.
//! Source: WMO Manual on Codes, FM 92 GRIB edition 2, regulation 92.9.4; the choice of R, E and D is that of ecCodes
//! 2.28, found by comparison with it.

use crate::error::{Error, Result};

/// Largest magnitude of a binary scale factor.
const LARGEST_BINARY: i32 = 127;

/// How values become codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scaling {
    /// R.
    pub(super) reference: f32,
    /// E.
    pub(super) binary: i32,
    /// D.
    pub(super) decimal: i32,
    /// Bits per value; 0 for a constant field, which is R alone.
    pub(super) bits: u32,
}

impl Scaling {
    /// For values between `least` and `largest`, both finite, of the field `name`. Errors: out of single precision's range.
    pub(super) fn new(name: &str, least: f64, largest: f64, bits: u32) -> Result<Self> {
        let refuse = || Error::InvalidValue {
            name: name.into(),
            got: format!("between {least:e} and {largest:e}"),
            expected: format!("a reference value in single precision and a range that fits into {bits} bits"),
        };
        if least == largest {
            let reference = single_not_above(least).ok_or_else(refuse)?;
            return Ok(Self { reference, binary: 0, decimal: 0, bits: 0 });
        }
        let largest_code = 2_f64.powi(bits as i32) - 1.0;
        let smallest_range = 2_f64.powi(-LARGEST_BINARY) * largest_code;
        let largest_range = 2_f64.powi(LARGEST_BINARY) * largest_code;
        let mut decimal = 0;
        let scaled = |decimal: i32| (least * power(10.0, decimal), largest * power(10.0, decimal));
        let range = |decimal: i32| scaled(decimal).1 - scaled(decimal).0;
        while range(decimal) < smallest_range {
            decimal += 1;
        }
        while range(decimal) > largest_range {
            decimal -= 1;
        }
        let (least, largest) = scaled(decimal);
        let reference = single_not_above(least).ok_or_else(refuse)?;
        let binary = binary_scale(largest - f64::from(reference), largest_code);
        if binary.abs() > LARGEST_BINARY {
            return Err(refuse());
        }
        Ok(Self { reference, binary, decimal, bits })
    }

    /// 10^D, R and 2^−E: X = ⌊(Y · 10^D − R) · 2^−E + 1/2⌋.
    pub(super) fn factors(&self) -> (f64, f64, f64) {
        (power(10.0, self.decimal), f64::from(self.reference), 2_f64.powi(-self.binary))
    }
}

/// The smallest E with which range / 2^E, rounded, is at most `largest_code`.
fn binary_scale(range: f64, largest_code: f64) -> i32 {
    let fits = |binary: i32| (range * 2_f64.powi(-binary) + 0.5).floor() <= largest_code;
    // From the exponents this is off by one or two at most.
    let mut binary = (range / largest_code).log2().ceil() as i32;
    while !fits(binary) {
        binary += 1;
    }
    while binary > -LARGEST_BINARY - 1 && fits(binary - 1) {
        binary -= 1;
    }
    binary
}

/// base^exponent by repeated multiplication or division, whose rounding errors are part of the result.
fn power(base: f64, exponent: i32) -> f64 {
    let step = |result: f64, _| if exponent < 0 { result / base } else { result * base };
    (0..exponent.unsigned_abs()).fold(1.0, step)
}

/// The largest normal single-precision number, or 0, not above `value`; None beyond single precision's range.
fn single_not_above(value: f64) -> Option<f32> {
    if value.abs() > f64::from(f32::MAX) {
        return None;
    }
    let nearest = value as f32;
    let below = if f64::from(nearest) > value { nearest.next_down() } else { nearest };
    Some(match below {
        _ if below.is_normal() => below,
        _ if below < 0.0 => -f32::MIN_POSITIVE,
        // Also for −0.
        _ => 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_below_is_the_nearest_normal_number_below() {
        for value in [1.0, 1.0 + 1e-9, -1.0, -1.0 - 1e-9, 273.15, -273.15, 1e-30, 3.4e38, f64::from(f32::MAX)]
        {
            let below = single_not_above(value).unwrap();
            assert!(f64::from(below) <= value && f64::from(below.next_up()) > value, "{value}");
        }
        let smallest = f64::from(f32::MIN_POSITIVE);
        for (value, below) in [
            (0.0, 0.0),
            (-0.0, 0.0),
            (1e-310, 0.0),
            (smallest * 0.999, 0.0),
            (smallest, f32::MIN_POSITIVE),
            (-1e-310, -f32::MIN_POSITIVE),
            (-smallest, -f32::MIN_POSITIVE),
            (-smallest * 1.000_000_001, (-f32::MIN_POSITIVE).next_down()),
        ] {
            assert_eq!(single_not_above(value).unwrap().to_bits(), f32::to_bits(below), "{value:e}");
        }
        assert_eq!(single_not_above(3.5e38), None);
        assert_eq!(single_not_above(-3.5e38), None);
    }

    #[test]
    fn the_range_fits_and_would_not_with_half_the_step() {
        for bits in 1..=32 {
            for range in [1e-30, 3.7e-5, 1.0, 65_535.0, 65_535.4, 65_535.6, 1e7, 1e30] {
                let scaling = Scaling::new("t", 0.0, range, bits).unwrap();
                let (decimal, reference, divisor) = scaling.factors();
                let largest_code = 2_f64.powi(bits as i32) - 1.0;
                let code = (range * decimal - reference) * divisor;
                assert!((code + 0.5).floor() <= largest_code, "{bits} {range}");
                assert!((2.0 * code + 0.5).floor() > largest_code, "{bits} {range}");
            }
        }
    }

    #[test]
    fn what_no_reference_value_reaches_is_refused() {
        for (least, largest) in [(-1e300, 1e300), (-1e39, 0.0), (1e39, 1e39)] {
            let error = Scaling::new("t", least, largest, 16).unwrap_err().to_string();
            assert!(error.contains("'t' is between") && error.contains("single precision"), "{error}");
        }
    }
}
