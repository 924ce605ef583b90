//! Arguments: a fixed sequence of random numbers, uniform in value or in exponent.

/// xorshift64* (S. Vigna 2016, doi:10.1145/2845077).
pub struct Samples(u64);

impl Samples {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Samples(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Uniform in value.
    pub fn uniform(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * ((self.bits() >> 11) as f64 / (1u64 << 53) as f64)
    }

    /// ±m · 2^e with e uniform in `from..=to`, of either sign.
    pub fn any_exponent(&mut self, from: i32, to: i32) -> f64 {
        let exponent = from + (self.bits() % (to - from + 1) as u64) as i32;
        let mantissa = f64::from_bits((self.bits() >> 12) | (1023 << 52));
        let value = super::scale(mantissa, exponent);
        if self.bits() & 1 == 0 { value } else { -value }
    }
}
