//! Random numbers that are a function of their place: the same whatever is drawn before, in any order, on any machine.
//!
//! Philox4x32-10 of Salmon, Moraes, Dror & Shaw (2011, "Parallel random numbers: as easy as 1, 2, 3", SC '11,
//! doi:10.1145/2063384.2063405); normal deviates √(−2 ln a) (cos 2πb, sin 2πb) of Box & Muller (1958, *Ann. Math. Statist.* 29,
//! 610–611), with logarithm, sine and cosine of [`crate::math`].
//!
//! A *seed* names an experiment; a *place* says what a number is for, such as `[member, cycle, variable]`.

use pulp::{Simd, WithSimd};

use crate::Real;
use crate::math::logarithm::log_of_parts_f64;
use crate::math::trigonometric::{cos_moderate_f64, sin_moderate_f64};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Counters whose first deviates follow each other, before their second ones.
const LANES: usize = 8;
/// Normal deviates of that many counters.
const BLOCK: usize = 2 * LANES;
/// Blocks that are computed together.
const TOGETHER: usize = 2;

/// Four random words for each lane's counter, under one key; what they have above 32 bits is to be ignored.
///
/// Words are in numbers twice as long, so that a product is one instruction for all lanes of a vector.
#[inline(always)]
fn philox<const N: usize>(counter: [[u32; N]; 4], mut key: [u32; 2]) -> [[u64; N]; 4] {
    let mut words = [[0; N]; 4];
    for word in 0..4 {
        for lane in 0..N {
            words[word][lane] = u64::from(counter[word][lane]);
        }
    }
    for _ in 0..10 {
        let before = words;
        for lane in 0..N {
            let first = u64::from(MULTIPLIERS[0]) * (before[0][lane] & LOW);
            let second = u64::from(MULTIPLIERS[1]) * (before[2][lane] & LOW);
            words[0][lane] = (second >> 32) ^ before[1][lane] ^ u64::from(key[0]);
            words[1][lane] = second;
            words[2][lane] = (first >> 32) ^ before[3][lane] ^ u64::from(key[1]);
            words[3][lane] = first;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    words
}

/// The lower word of a number.
const LOW: u64 = 0xFFFF_FFFF;

/// The bits of 2⁵² and 2⁸⁴: a word in the lowest of them is added 1 and 2³² times.
const LOW_PART: u64 = 0x4330_0000_0000_0000;
const HIGH_PART: u64 = 0x4530_0000_0000_0000;

/// An even number in (0, 1] of 53 bits of two words; exact at each step.
#[inline(always)]
fn uniform_of(high: u64, low: u64) -> f64 {
    let bits = (high << 32 | low & LOW) >> 11;
    // Without conversions of long integers, which AVX2 has not.
    let high = f64::from_bits(HIGH_PART | bits >> 32) - f64::from_bits(HIGH_PART);
    let low = f64::from_bits(LOW_PART | bits & LOW) - f64::from_bits(LOW_PART);
    (high + low + 1.0) / (1_u64 << 53) as f64
}

/// [`Real::log`] of an even number in (0, 1], which has its fraction and exponent in its bits.
#[inline(always)]
fn log_of_uniform(x: f64) -> f64 {
    /// Above all exponents that such numbers have, so that no difference is negative.
    const EXPONENTS: u64 = 64;
    let lowest = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    let exponent = (x.to_bits() - (lowest - (EXPONENTS << 52))) >> 52;
    let fraction = f64::from_bits(x.to_bits() + (EXPONENTS << 52) - (exponent << 52));
    let offset = f64::from_bits(LOW_PART | EXPONENTS);
    log_of_parts_f64(fraction, f64::from_bits(LOW_PART | exponent) - offset)
}

/// Two independent normal deviates for each lane's counter.
#[inline(always)]
fn normal_pairs<const N: usize>(seed: u64, counter: [[u32; N]; 4]) -> [[f64; N]; 2] {
    let words = philox(counter, [seed as u32, (seed >> 32) as u32]);
    let (mut radius, mut angle, mut pairs) = ([0.0; N], [0.0; N], [[0.0; N]; 2]);
    // Short loops, of which several turns are under way at once.
    for lane in 0..N {
        radius[lane] = (-2.0 * log_of_uniform(uniform_of(words[0][lane], words[1][lane]))).sqrt();
        angle[lane] = std::f64::consts::TAU * uniform_of(words[2][lane], words[3][lane]);
    }
    for lane in 0..N {
        pairs[0][lane] = radius[lane] * cos_moderate_f64(angle[lane]);
        pairs[1][lane] = radius[lane] * sin_moderate_f64(angle[lane]);
    }
    pairs
}

/// Four random words of a seed and a place.
pub fn words(seed: u64, place: [u32; 4]) -> [u32; 4] {
    philox(place.map(|word| [word]), [seed as u32, (seed >> 32) as u32]).map(|[word]| word as u32)
}

/// A number of 0 to 1, without 1, evenly distributed: 53 bits of a seed and a place.
pub fn uniform(seed: u64, place: [u32; 4]) -> f64 {
    let [high, low, ..] = words(seed, place);
    ((u64::from(high) << 32 | u64::from(low)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Two independent normal deviates, mean 0 and variance 1, of a seed and a place.
pub fn normal_pair(seed: u64, place: [u32; 4]) -> [f64; 2] {
    normal_pairs(seed, place.map(|word| [word])).map(|[deviate]| deviate)
}

/// Independent normal deviates, mean 0 and variance 1, of a seed and a place: as many as `deviates` holds, of which
/// the first ones do not depend on how many there are. f32 has the f64 numbers, rounded.
pub fn normals<R: Real>(seed: u64, place: [u32; 3], deviates: &mut [R]) {
    pulp::Arch::new().dispatch(Normals { seed, place, deviates });
}

struct Normals<'a, R> {
    seed: u64,
    place: [u32; 3],
    deviates: &'a mut [R],
}

impl<R: Real> WithSimd for Normals<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [first, second, third] = self.place.map(|word| [word; TOGETHER * LANES]);
        for (number, deviates) in self.deviates.chunks_mut(TOGETHER * BLOCK).enumerate() {
            let mut counter = [0; TOGETHER * LANES];
            for (lane, counter) in counter.iter_mut().enumerate() {
                *counter = (number * TOGETHER * LANES + lane) as u32;
            }
            let pairs = normal_pairs(self.seed, [counter, first, second, third]);
            for (number, block) in deviates.chunks_mut(BLOCK).enumerate() {
                for (part, deviates) in block.chunks_mut(LANES).enumerate() {
                    for (deviate, value) in deviates.iter_mut().zip(&pairs[part][number * LANES..]) {
                        *deviate = R::from_f64(*value);
                    }
                }
            }
        }
    }
}

/// The numbers 0 to `count` − 1 in random order: the shuffle of Fisher and Yates.
pub fn permutation(seed: u64, place: [u32; 3], count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let [first, second, third] = place;
    for last in (1..count).rev() {
        let [high, low, ..] = words(seed, [last as u32, first, second, third]);
        let random = u64::from(high) << 32 | u64::from(low);
        // The product's upper half is uniform below last + 1 to one part in 2⁶⁴/(last + 1).
        let chosen = (u128::from(random) * (last as u128 + 1)) >> 64;
        order.swap(last, chosen as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_words() {
        // Known answers that the authors distribute with Random123.
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(words(0, [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(words(u64::MAX, [u32::MAX; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(words(0x299f_31d0_a409_3822, pi), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn deviates_are_normal_and_do_not_depend_on_their_number() {
        let mut draws = vec![0.0_f64; 100_000];
        normals(7, [1, 2, 3], &mut draws);
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / draws.len() as f64;
        // Five standard errors of each moment of 100,000 draws.
        assert!(moment(1).abs() < 0.016, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.023, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.16, "{}", moment(4));
        let lagged = draws.iter().zip(&draws[LANES..]).map(|(a, b)| a * b).sum::<f64>() / draws.len() as f64;
        assert!(lagged.abs() < 0.016, "{lagged}");
        let mut few = [0.0_f32; 21];
        normals(7, [1, 2, 3], &mut few);
        assert!(few.iter().zip(&draws).all(|(few, draw)| *few == *draw as f32));
        let pair = normal_pair(7, [3, 1, 2, 3]);
        assert_eq!([draws[3], draws[LANES + 3]], pair);
    }

    #[test]
    fn uniform_numbers_are_even() {
        let draws: Vec<f64> = (0..10_000).map(|draw| uniform(3, [draw, 0, 0, 1])).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / 1e4;
        // Five standard errors of 10,000 draws: variances 1/12 and 4/45.
        assert!((moment(1) - 0.5).abs() < 0.0145 && (moment(2) - 1.0 / 3.0).abs() < 0.015);
    }

    #[test]
    fn logarithms_of_uniform_numbers_are_those_of_all() {
        let least = 1.0 / (1_u64 << 53) as f64;
        let near = [f64::MIN_POSITIVE, 1.0, 2.0, 3.0].map(|x| (x * least).max(least));
        let root = std::f64::consts::FRAC_1_SQRT_2;
        let powers = (0..53).map(|power| 0.5_f64.powi(power));
        let drawn = (0..10_000).map(|draw| uniform_of(draw * 0x9E37_79B9, draw * 0x85EB_CA6B));
        let edges = [root, root.next_down(), root.next_up(), 1.0_f64.next_down()];
        for x in near.into_iter().chain(edges).chain(powers).chain(drawn) {
            assert_eq!(log_of_uniform(x).to_bits(), crate::math::log_f64(x).to_bits(), "{x}");
        }
        assert_eq!([uniform_of(0, 0), uniform_of(LOW, LOW)], [least, 1.0]);
    }

    #[test]
    fn permutations_are_fair() {
        let mut first = [0_u32; 5];
        for draw in 0..10_000 {
            let mut order = permutation(1, [draw, 0, 0], 5);
            first[order[0] as usize] += 1;
            order.sort_unstable();
            assert_eq!(order, [0, 1, 2, 3, 4]);
        }
        // Five standard errors of 10,000 draws of probability 1/5.
        assert!(first.iter().all(|&count| count.abs_diff(2000) < 200), "{first:?}");
    }
}
