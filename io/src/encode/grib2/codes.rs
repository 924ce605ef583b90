//! Values to codes, and codes to big-endian bit strings, some thousand values at a time in the first-level cache.

use pulp::{Arch, Simd, WithSimd};
use terrella_kernels::Real;

use super::scaling::Scaling;

/// Values in a piece: a multiple of 8, so that a full piece ends with a byte, and a reference sample interval of CCSDS.
pub(super) const PIECE: usize = 4096;

/// Least and largest value; None where one is NaN or infinite, or there is none.
pub(in crate::encode) fn range<R: Real>(values: &[R]) -> Option<(f64, f64)> {
    // NaN and infinities are ranked at the ends, so that one comparison finds them too.
    let (least, largest) = Arch::new().dispatch(
        #[inline(always)]
        || {
            values.iter().fold((i64::MAX, i64::MIN), |(least, largest), value| {
                let rank = rank(value.to_f64().to_bits() as i64);
                (least.min(rank), largest.max(rank))
            })
        },
    );
    let value = |place: i64| f64::from_bits(rank(place) as u64);
    let finite = !values.is_empty() && value(least).is_finite() && value(largest).is_finite();
    finite.then(|| (value(least), value(largest)))
}

/// An integer that orders as the number whose bits are given (IEEE 754's total order); of that integer, the bits.
#[inline(always)]
fn rank(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// Turns pieces of a field into bytes.
pub(super) struct Packer {
    arch: Arch,
    decimal: f64,
    reference: f64,
    divisor: f64,
    bits: u32,
    codes: [u32; PIECE],
    bytes: [u8; 4 * PIECE],
}

impl Packer {
    /// `bits`: of each code in the result, at least those of `scaling`.
    pub(super) fn new(scaling: &Scaling, bits: u32) -> Self {
        let (decimal, reference, divisor) = scaling.factors();
        Self {
            arch: Arch::new(),
            decimal,
            reference,
            divisor,
            bits,
            codes: [0; PIECE],
            bytes: [0; 4 * PIECE],
        }
    }

    /// The bytes of the next values, at most [`PIECE`]; the last byte of a field is filled with zeros.
    pub(super) fn pack<R: Real>(&mut self, values: &[R]) -> &[u8] {
        let Self { arch, decimal, reference, divisor, bits, codes, bytes } = self;
        let codes = &mut codes[..values.len()];
        let length = (values.len() * *bits as usize).div_ceil(8);
        let bytes = &mut bytes[..length];
        let (decimal, reference, divisor, bits) = (*decimal, *reference, *divisor, *bits);
        arch.dispatch(Piece { values, codes, bytes, decimal, reference, divisor, bits });
        bytes
    }
}

/// The loops over a piece. No closure: one that writes is called through a function that may not be compiled with the
/// processor's instructions.
struct Piece<'a, R> {
    values: &'a [R],
    codes: &'a mut [u32],
    bytes: &'a mut [u8],
    decimal: f64,
    reference: f64,
    divisor: f64,
    bits: u32,
}

impl<R: Real> WithSimd for Piece<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { values, codes, bytes, decimal, reference, divisor, bits } = self;
        quantise(values, codes, decimal, reference, divisor);
        match bits {
            8 => store::<1>(codes, bytes),
            16 => store::<2>(codes, bytes),
            24 => store::<3>(codes, bytes),
            32 => store::<4>(codes, bytes),
            bits => store_bits(codes, bits, bytes),
        }
    }
}

/// A function of its own, so that the compiler knows the factors not to change while codes are written.
#[inline(always)]
fn quantise<R: Real>(values: &[R], codes: &mut [u32], decimal: f64, reference: f64, divisor: f64) {
    for (code, value) in codes.iter_mut().zip(values) {
        let scaled = (value.to_f64() * decimal - reference) * divisor + 0.5;
        // Adding 2^52 moves the integer into the lowest bits: a conversion that every instruction set has.
        *code = (scaled.floor() + 4_503_599_627_370_496.0).to_bits() as u32;
    }
}

/// The lowest `BYTES` bytes of each code.
#[inline(always)]
fn store<const BYTES: usize>(codes: &[u32], bytes: &mut [u8]) {
    for (code, bytes) in codes.iter().zip(bytes.as_chunks_mut::<BYTES>().0) {
        bytes.copy_from_slice(&code.to_be_bytes()[4 - BYTES..]);
    }
}

/// The lowest `bits` bits of each code, one code after the other.
#[inline(always)]
fn store_bits(codes: &[u32], bits: u32, bytes: &mut [u8]) {
    let (mut held, mut count, mut next) = (0_u64, 0, 0);
    for &code in codes {
        held = held << bits | u64::from(code);
        count += bits;
        if count >= 32 {
            count -= 32;
            bytes[next..next + 4].copy_from_slice(&((held >> count) as u32).to_be_bytes());
            next += 4;
        }
    }
    let last = ((held << (32 - count)) as u32).to_be_bytes();
    let rest = bytes.len() - next;
    bytes[next..].copy_from_slice(&last[..rest]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_any_width_come_back_from_the_bits() {
        for bits in 1..=32_u32 {
            let mask = (1_u64 << bits) - 1;
            let codes: Vec<u32> =
                (0..77_u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20 & mask) as u32).collect();
            let scaling = Scaling { reference: 0.0, binary: 0, decimal: 0, bits };
            let values: Vec<f64> = codes.iter().map(|&code| f64::from(code)).collect();
            let mut packer = Packer::new(&scaling, bits);
            let bytes = packer.pack(&values);
            assert_eq!(bytes.len(), (77 * bits as usize).div_ceil(8));
            let bit = |at: usize| u32::from(bytes[at / 8] >> (7 - at % 8) & 1);
            for (number, &code) in codes.iter().enumerate() {
                let from = number * bits as usize;
                let back = (from..from + bits as usize).fold(0, |back, at| back << 1 | bit(at));
                assert_eq!(back, code, "{bits} bits, code {number}");
            }
            assert!((77 * bits as usize..8 * bytes.len()).all(|at| bit(at) == 0));
        }
    }

    #[test]
    fn the_range_is_of_all_values_and_none_with_a_gap() {
        for length in [1, 2, 15, 16, 17, 100] {
            let values: Vec<f64> = (0..length).map(|i| ((i * 37) % 101) as f64 - 50.0).collect();
            let least = values.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(range(&values), Some((least, largest)));
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                for index in 0..length {
                    let mut values = values.clone();
                    values[index] = wrong;
                    assert_eq!(range(&values), None, "{wrong} at {index} of {length}");
                }
            }
        }
        assert_eq!(range::<f32>(&[]), None);
        assert_eq!(range(&[1.5_f32, -2.0]), Some((-2.0, 1.5)));
    }
}
