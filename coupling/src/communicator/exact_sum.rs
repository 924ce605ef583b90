//! Sums of f64 without rounding before the end.
//!
//! Every finite f64 is an integer times 2⁻¹⁰⁷⁴ below 2²⁰⁹⁸. The sum is kept as such an integer in digits of 32 bits, each in
//! a 64-bit word that is normalised before it can overflow, so that additions are exact, commute and associate (the idea of
//! Kulisch's long accumulator: Kulisch and Snyder 2011, Computing 91, 307–313). The result is rounded once: it is the f64
//! nearest to the true sum, whatever the order of the terms and however they are spread over ranks and threads.

/// Digits of 32 bits: 2098 bits of one number, and carries of 2⁶³ of them.
const DIGITS: usize = 68;
/// Words that hold the kinds of terms that are no finite numbers: NaN, +∞, −∞.
const SPECIALS: usize = 3;
/// Terms until a digit could overflow: each adds less than 2³² to it.
const TERMS: u32 = 1 << 30;

/// A sum that is exact until it is asked for.
///
/// ```
/// use terrella_coupling::communicator::ExactSum;
///
/// let sum: ExactSum = [1e300, 1.0, -1e300].into_iter().collect();
/// assert_eq!(sum.value(), 1.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ExactSum {
    /// Digit i counts 2^(32 i − 1074); digits may be negative.
    digits: [i64; DIGITS],
    /// Terms since the digits were normalised.
    terms: u32,
    /// How many terms were NaN, +∞, −∞.
    specials: [u64; SPECIALS],
}

/// What a sum is sent as: its digits, then its specials.
pub(super) const WORDS: usize = DIGITS + SPECIALS;

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: [0; DIGITS], terms: 0, specials: [0; SPECIALS] }
    }
}

impl ExactSum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let bits = term.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        if exponent == 0x7ff {
            let kind = if term.is_nan() { 0 } else { 1 + usize::from(term < 0.0) };
            self.specials[kind] += 1;
            return;
        }
        let fraction = bits & ((1 << 52) - 1);
        // Subnormal numbers have the exponent of the smallest normal ones, without the leading bit.
        let (integer, shift) = if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let shifted = u128::from(integer) << (shift % 32);
        let sign = 1 - 2 * (bits >> 63) as i64;
        for (i, digit) in self.digits[shift / 32..][..3].iter_mut().enumerate() {
            *digit += sign * (shifted >> (32 * i) & 0xffff_ffff) as i64;
        }
        self.terms += 1;
        if self.terms == TERMS {
            self.normalise();
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        let mut other = *other;
        other.normalise();
        self.normalise();
        for (digit, other) in self.digits.iter_mut().zip(other.digits) {
            *digit += other;
        }
        for (count, other) in self.specials.iter_mut().zip(other.specials) {
            *count += other;
        }
        self.terms = 2;
    }

    /// The sum, rounded to the nearest f64, to even where two are equally near; NaN with a NaN among the terms or infinities of
    /// both signs. A sum beyond the range of f64 is infinite.
    pub fn value(&self) -> f64 {
        match self.specials {
            [0, 0, 0] => {}
            [0, _, 0] => return f64::INFINITY,
            [0, 0, _] => return f64::NEG_INFINITY,
            _ => return f64::NAN,
        }
        let mut sum = *self;
        sum.normalise();
        let is_negative = sum.digits[DIGITS - 1] < 0;
        if is_negative {
            sum.digits.iter_mut().for_each(|digit| *digit = -*digit);
            sum.normalise();
        }
        let magnitude = sum.magnitude();
        if is_negative { -magnitude } else { magnitude }
    }

    /// Brings all digits but the last into 0..2³²; the last has the sign.
    fn normalise(&mut self) {
        let mut carry = 0;
        for digit in &mut self.digits[..DIGITS - 1] {
            let value = *digit + carry;
            *digit = value & 0xffff_ffff;
            carry = value >> 32;
        }
        self.digits[DIGITS - 1] += carry;
        self.terms = 0;
    }

    /// The value of normalised digits, none of which is negative.
    fn magnitude(&self) -> f64 {
        let Some(top) = self.digits.iter().rposition(|&digit| digit != 0) else { return 0.0 };
        let leading = 64 - self.digits[top].leading_zeros() as usize;
        // The bits of the sum are numbered from 2^−1074; the last one of the result is never below bit 0.
        let highest = 32 * top + leading - 1;
        let lowest = highest.saturating_sub(52);
        let bit = |number: usize| self.digits[number / 32] >> (number % 32) & 1 == 1;
        let integer =
            (lowest..=highest).rev().fold(0, |integer, number| integer << 1 | u64::from(bit(number)));
        let below = lowest.checked_sub(1);
        let is_half = below.is_some_and(bit);
        let is_more = below.is_some_and(|below| {
            self.digits[..below / 32].iter().any(|&digit| digit != 0)
                || self.digits[below / 32] & ((1 << (below % 32)) - 1) != 0
        });
        let rounded = integer + u64::from(is_half && (is_more || integer & 1 == 1));
        // An f64's bits are its exponent above its fraction, into which a carry goes by itself.
        let bits = ((lowest as u64) << 52) + rounded;
        if bits < f64::INFINITY.to_bits() { f64::from_bits(bits) } else { f64::INFINITY }
    }

    /// What another rank needs of it.
    pub(super) fn to_words(self) -> [i64; WORDS] {
        let mut sum = self;
        sum.normalise();
        let mut words = [0; WORDS];
        words[..DIGITS].copy_from_slice(&sum.digits);
        for (word, count) in words[DIGITS..].iter_mut().zip(sum.specials) {
            *word = count as i64;
        }
        words
    }

    /// Adds a sum of another rank.
    pub(super) fn merge_words(&mut self, words: &[i64]) {
        let mut other = Self::default();
        other.digits.copy_from_slice(&words[..DIGITS]);
        for (count, word) in other.specials.iter_mut().zip(&words[DIGITS..]) {
            *count = *word as u64;
        }
        self.merge(&other);
    }
}

impl Extend<f64> for ExactSum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, terms: I) {
        terms.into_iter().for_each(|term| self.add(term));
    }
}

impl FromIterator<f64> for ExactSum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        sum.extend(terms);
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of all magnitudes and both signs.
    fn terms(count: u64) -> Vec<f64> {
        let bits = |i: u64| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left((i % 61) as u32);
        (0..count).map(|i| f64::from_bits(bits(i))).filter(|term| term.is_finite()).collect()
    }

    #[test]
    fn one_term_is_its_own_sum() {
        let edges = [0.0, 5e-324, f64::MIN_POSITIVE, 1.0, 0.1, f64::MAX, 2.0f64.powi(-1022) - 5e-324];
        for term in terms(1000).into_iter().chain(edges) {
            for term in [term, -term] {
                let sum: ExactSum = [term].into_iter().collect();
                assert_eq!(sum.value(), term, "{term:e}");
            }
        }
    }

    #[test]
    fn sums_are_the_nearest_numbers() {
        let sum = |terms: &[f64]| terms.iter().copied().collect::<ExactSum>().value();
        let half = f64::EPSILON / 2.0;
        assert_eq!(sum(&[1.0, half]), 1.0);
        assert_eq!(sum(&[1.0, half, 5e-324]), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[1.0 + f64::EPSILON, half]), 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(sum(&[1.0, -half / 2.0]), 1.0);
        assert_eq!(sum(&[2.0 - f64::EPSILON, half]), 2.0);
        assert_eq!(sum(&[f64::MAX, f64::MAX]), f64::INFINITY);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
        assert_eq!(sum(&[-1e300, 3e-320, 1e300]), 3e-320);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        // Two terms are what addition rounds.
        for pair in terms(1000).chunks_exact(2) {
            assert_eq!(sum(pair), pair[0] + pair[1], "{pair:?}");
        }
    }

    #[test]
    fn the_order_does_not_matter() {
        let mut terms = terms(3000);
        let whole: ExactSum = terms.iter().copied().collect();
        terms.reverse();
        let mut parts = ExactSum::default();
        for part in terms.chunks(71) {
            let part: ExactSum = part.iter().copied().collect();
            parts.merge_words(&part.to_words());
        }
        assert_eq!(parts.value().to_bits(), whole.value().to_bits());
        assert!(whole.value().is_finite() && whole.value() != 0.0);
    }

    #[test]
    fn terms_that_are_no_numbers_are_kept() {
        let sum = |terms: &[f64]| terms.iter().copied().collect::<ExactSum>().value();
        assert_eq!(sum(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert_eq!(sum(&[1.0, f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(sum(&[1.0, f64::NAN]).is_nan());
    }
}
