//! Legendre functions of one zonal wavenumber at a block of points.
//!
//! Away from the poles by P̄_{n+1} = (μ P̄_n − ε_n P̄_{n−1}) / ε_{n+1}. There that loses n² ε, because rounding acts as a shift
//! of μ = 1 − h. Poleward of 45° the recurrence is written for the deviation e_n = P̄_n − r_{n−1} P̄_{n−1} from the behaviour
//! on the pole, as Reinsch did for Clenshaw's sum:
//!
//! e_{n+1} = (c_n e_n − h P̄_n) / ε_{n+1},  P̄_{n+1} = r_n P̄_n + e_{n+1},
//! c_n = (n−m)/(2n+1),  r_n = √((2n+3)(n+1+m) / ((2n+1)(n+1−m))),  h = 1 − |μ| = 2 sin² of half the distance from the pole.
//!
//! Southern points have the northern functions, with the sign (−1)^{n−m}.

use crate::grid::DoubleDouble;
use crate::spectral::recurrence::epsilon;

/// Points whose functions are computed together.
pub(super) const BLOCK: usize = 16;

/// One value for each point of a block.
pub(super) type Lanes = [f64; BLOCK];

/// log2 of the step by which small values are kept apart from their size.
const RESCALE: i32 = 300;

/// Where the points of a block lie; the last point is repeated in a block that is not full.
#[derive(Clone, Debug)]
pub(super) struct BlockOfPoints {
    /// 1 poleward of 45°, else 0.
    polar: Lanes,
    /// −h poleward of 45°, else |μ|.
    argument: Lanes,
    /// −1 south of the equator, else 1.
    hemisphere: Lanes,
    /// cos φ = mantissa · 2^exponent, the mantissa in [½, 1) or 0.
    cosine: Lanes,
    cosine_exponent: [i32; BLOCK],
    /// Longitude [°], below 360 in magnitude.
    longitude: Lanes,
}

impl BlockOfPoints {
    /// At most [`BLOCK`] and at least one point [°].
    pub(super) fn new(latitudes: &[f64], longitudes: &[f64]) -> Self {
        let mut block = Self {
            polar: [0.0; BLOCK],
            argument: [0.0; BLOCK],
            hemisphere: [1.0; BLOCK],
            cosine: [0.0; BLOCK],
            cosine_exponent: [0; BLOCK],
            longitude: [0.0; BLOCK],
        };
        for lane in 0..BLOCK {
            let point = lane.min(latitudes.len() - 1);
            let latitude = latitudes[point].abs();
            let cosine = if latitude > 45.0 {
                let from_pole = (90.0 - latitude).to_radians();
                (block.polar[lane], block.argument[lane]) = (1.0, -2.0 * (0.5 * from_pole).sin().powi(2));
                from_pole.sin()
            } else {
                let (sine, cosine) = latitude.to_radians().sin_cos();
                block.argument[lane] = sine;
                cosine
            };
            block.hemisphere[lane] = 1f64.copysign(latitudes[point]);
            (block.cosine[lane], block.cosine_exponent[lane]) = mantissa_and_exponent(cosine);
            block.longitude[lane] = longitudes[point] % 360.0;
        }
        block
    }

    /// cos mλ and sin mλ.
    pub(super) fn phases(&self, m: usize) -> [Lanes; 2] {
        let mut phases = [[0.0; BLOCK]; 2];
        let m = m as f64;
        for lane in 0..BLOCK {
            // m λ exactly, as a sum, before whole circles are taken off.
            let product = m * self.longitude[lane];
            let error = m.mul_add(self.longitude[lane], -product);
            let circles = (product / 360.0).round();
            let angle = (-360.0f64).mul_add(circles, product) + error;
            (phases[1][lane], phases[0][lane]) = angle.to_radians().sin_cos();
        }
        phases
    }

    /// Writes norm · cos^power φ · (P̄_nm of `recurrence` over P̄_mm) for n = m, m+1, ..., one row each.
    #[inline(always)]
    pub(super) fn functions(&self, recurrence: &Steps, power: usize, rows: &mut [Lanes]) {
        let (mut current, mut scale) = self.starts(recurrence.norm, power);
        let mut state = [0.0; BLOCK];
        let large = power_of_two(RESCALE);
        let mut row = 0;
        // While a point's value is too small for its format, with its exponent beside.
        let mut factor = scale.map(factor_of);
        while row < rows.len() && factor != [1.0; BLOCK] {
            for lane in 0..BLOCK {
                rows[row][lane] = current[lane] * factor[lane];
            }
            self.step(&recurrence.factors[row], &mut state, &mut current);
            row += 1;
            let mut outgrown = 0;
            for lane in 0..BLOCK {
                outgrown += u32::from(current[lane].abs() > large);
            }
            if outgrown > 0 {
                for lane in 0..BLOCK {
                    if scale[lane] < 0 && current[lane].abs() > large {
                        state[lane] *= power_of_two(-RESCALE);
                        current[lane] *= power_of_two(-RESCALE);
                        scale[lane] += 1;
                    }
                }
                factor = scale.map(factor_of);
            }
        }
        for (row, factors) in rows.iter_mut().zip(&recurrence.factors).skip(row) {
            *row = current;
            self.step(factors, &mut state, &mut current);
        }
        for row in rows.iter_mut().skip(1).step_by(2) {
            for lane in 0..BLOCK {
                row[lane] *= self.hemisphere[lane];
            }
        }
    }

    /// One degree on; `state` is e_n poleward of 45°, else P̄_{n−1}.
    #[inline(always)]
    fn step(&self, factors: &Factors, state: &mut Lanes, current: &mut Lanes) {
        for lane in 0..BLOCK {
            let polar = self.polar[lane];
            let weight = polar * factors.deviation + (polar - 1.0) * factors.below;
            let sum = self.argument[lane] * factors.inverse * current[lane] + weight * state[lane];
            state[lane] = polar * sum + (1.0 - polar) * current[lane];
            current[lane] = sum + polar * factors.growth * current[lane];
        }
    }

    /// norm · cos^power φ, divided by 2^(RESCALE · scale).
    #[inline(always)]
    fn starts(&self, norm: f64, power: usize) -> (Lanes, [i32; BLOCK]) {
        let (mut values, mut scales) = ([0.0; BLOCK], [0; BLOCK]);
        for lane in 0..BLOCK {
            let (mantissa, exponent) = integer_power(self.cosine[lane], self.cosine_exponent[lane], power);
            let value = mantissa * norm;
            // A pole's 0 is no small number.
            let scale = if value == 0.0 { 0 } else { -(-exponent / RESCALE) };
            scales[lane] = scale;
            values[lane] = if value == 0.0 { 0.0 } else { value * power_of_two(exponent - RESCALE * scale) };
        }
        (values, scales)
    }
}

/// 2^(RESCALE · scale), or 0 where values cannot be larger than 2^−RESCALE.
#[inline(always)]
fn factor_of(scale: i32) -> f64 {
    match scale {
        0 => 1.0,
        -1 => power_of_two(-RESCALE),
        _ => 0.0,
    }
}

/// The recurrence of one zonal wavenumber.
pub(super) struct Steps {
    /// P̄_mm / cos^m φ.
    norm: f64,
    /// Of n = m, m+1, ...
    factors: Vec<Factors>,
}

struct Factors {
    /// ε_n / ε_{n+1}.
    below: f64,
    /// c_n / ε_{n+1}.
    deviation: f64,
    /// r_n.
    growth: f64,
    /// 1/ε_{n+1}.
    inverse: f64,
}

impl Steps {
    /// For functions of n = m ..= `last`; `norm` is that of m in [`norms`].
    pub(super) fn new(m: usize, last: usize, norm: f64) -> Self {
        let factors = |n: usize| {
            let odd = (2 * n + 1) as f64;
            let above = epsilon(m, n + 1);
            Factors {
                below: if n == 0 { 0.0 } else { epsilon(m, n) / above },
                deviation: (n - m) as f64 / (odd * above),
                growth: ((odd + 2.0) * (n + 1 + m) as f64 / (odd * (n + 1 - m) as f64)).sqrt(),
                inverse: 1.0 / above,
            }
        };
        Self { norm, factors: (m..=last).map(factors).collect() }
    }
}

/// P̄_mm / cos^m φ = √(Π_{j≤m} (2j+1)/(2j)) of m = 0 ..= `last`.
pub(super) fn norms(last: usize) -> Vec<f64> {
    let mut square = DoubleDouble::<pulp::Scalar>::splat(pulp::Scalar, 1.0, 0.0);
    let mut norms = vec![1.0];
    for m in 1..=last {
        let divisor = 2.0 * m as f64;
        let high = square.high / divisor;
        let low = ((-high).mul_add(divisor, square.high) + square.low) / divisor;
        square = square.add(pulp::Scalar, DoubleDouble { high, low });
        norms.push(square.high.sqrt());
    }
    norms
}

/// x = mantissa · 2^exponent with ½ ≤ mantissa < 1, for 0 ≤ x ≤ 1.
fn mantissa_and_exponent(x: f64) -> (f64, i32) {
    if x == 0.0 {
        return (0.0, 0);
    }
    // Numbers without an exponent of their own are lifted into the range first.
    let (x, lift) = if x < f64::MIN_POSITIVE { (x * power_of_two(RESCALE), RESCALE) } else { (x, 0) };
    let exponent = (x.to_bits() >> 52) as i32 - 1022;
    (x * power_of_two(-exponent.max(-1000)) * power_of_two(-(exponent + 1000).min(0)), exponent - lift)
}

/// (mantissa · 2^exponent)^power by repeated squaring, to full precision, in the same form but for the mantissa's range.
#[inline(always)]
fn integer_power(mantissa: f64, exponent: i32, power: usize) -> (f64, i32) {
    let one = DoubleDouble::<pulp::Scalar>::splat(pulp::Scalar, 1.0, 0.0);
    let mut result = (one, 0);
    let mut factor = (DoubleDouble::<pulp::Scalar>::splat(pulp::Scalar, mantissa, 0.0), exponent);
    let mut rest = power;
    while rest > 0 {
        if rest % 2 == 1 {
            result = product(result, factor);
        }
        rest /= 2;
        if rest > 0 {
            factor = product(factor, factor);
        }
    }
    (result.0.high, result.1)
}

/// Mantissas between ½ and 1 have products above ¼, which are doubled where they fall below ½.
#[inline(always)]
fn product(
    (a, a_exponent): (DoubleDouble<pulp::Scalar>, i32),
    (b, b_exponent): (DoubleDouble<pulp::Scalar>, i32),
) -> (DoubleDouble<pulp::Scalar>, i32) {
    let product = a.mul(pulp::Scalar, b);
    let exponent = a_exponent + b_exponent;
    if product.high.abs() < 0.5 {
        return (DoubleDouble { high: 2.0 * product.high, low: 2.0 * product.low }, exponent - 1);
    }
    (product, exponent)
}

/// 2^exponent for exponents of normal numbers.
#[inline(always)]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_keep_their_digits_and_their_size() {
        for x in [1.0, 0.75, 0.1, 1e-5, 1e-300, 5e-324, 0.0] {
            let (mantissa, exponent) = mantissa_and_exponent(x);
            assert!(x == 0.0 || (0.5..1.0).contains(&mantissa), "{x}: {mantissa}");
            for power in [0, 1, 2, 3, 7] {
                let (mantissa, exponent) = integer_power(mantissa, exponent, power);
                let expected = x.powi(power as i32);
                // Both factors within the format, where the result is.
                let got = mantissa * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2);
                assert!(
                    (got - expected).abs() <= 4e-16 * expected,
                    "{x}^{power}: {got}, expected {expected}"
                );
            }
        }
        // ln(0.1^5000) = 5000 ln 0.1
        let (mantissa, exponent) = mantissa_and_exponent(0.1);
        let (mantissa, exponent) = integer_power(mantissa, exponent, 5000);
        let logarithm = mantissa.ln() + f64::from(exponent) * 2f64.ln();
        assert!((logarithm - 5000.0 * 0.1f64.ln()).abs() < 1e-11);
    }

    #[test]
    fn functions_beside_a_pole_grow_out_of_what_f64_can_hold() {
        // cos^m φ is 2^−2100 at 60° and 10^−9975 at 89.999°. Addition theorem: Σ P̄_nm² over all m, twice for m > 0, is 2n+1.
        let block = BlockOfPoints::new(&[60.0, 89.0, -89.999, 90.0, 0.0, -45.0], &[0.0; 6]);
        let last = 2100;
        let norms = norms(last);
        let mut sums = [0.0; BLOCK];
        for m in 0..=last {
            let mut rows = vec![[0.0; BLOCK]; last - m + 1];
            block.functions(&Steps::new(m, last, norms[m]), m, &mut rows);
            for lane in 0..6 {
                sums[lane] += if m == 0 { 1.0 } else { 2.0 } * rows[last - m][lane].powi(2);
            }
        }
        for (lane, sum) in sums[..6].iter().enumerate() {
            let error = sum / (2 * last + 1) as f64 - 1.0;
            eprintln!("point {lane}: {error:e}");
            assert!(error.abs() < 1e-12, "point {lane}: {error:e}");
        }
    }
}
