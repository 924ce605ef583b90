//! Where the recurrence of a block of latitudes starts, and with which values.
//!
//! P̄_m ∝ cos^m φ underflows towards the poles long before it matters. As with the extended exponents of Fukushima (2012,
//! doi:10.1007/s00190-011-0519-2) mantissa and exponent are kept apart, but only once, when the plan is made: the march
//! stops at the first step at which a latitude of the block reaches a size that matters in the precision of the fields, and
//! q there and one step before are kept. The transforms start from them in plain f64; everything skipped is below 2⁻⁵⁴ of
//! the functions' O(1) for f64 and below 2⁻³⁴ for f32.
//!
//! Neighbouring latitudes of a block that still matter differ by a factor of about e^(−πΔ) over Δ rows of a linear grid,
//! 2⁻⁷³ over a block; those below 2⁻⁹⁰⁰ never matter and are set to 0, so that no denormal is ever computed with.

use pulp::{Simd, WithSimd};

use super::lanes::{BLOCK, BLOCK_LINES, LANES, Line};
use super::recurrence::{Recurrence, steps};
use crate::grid::DoubleDouble;

/// log2 of the size below which it is 0.
const VANISHES: i32 = -900;
/// log2 of the step by which mantissas are rescaled.
const RESCALE: i32 = 300;

/// Latitude pairs that are transformed together, and their starting values for every wavenumber of a list.
#[derive(Debug)]
pub(super) struct LatitudeBlock {
    /// μ² of each pair, or cos²φ if `polar`; 0 behind the last pair.
    pub(super) argument: [Line; BLOCK_LINES],
    /// μ of the northern latitude.
    pub(super) sine: [Line; BLOCK_LINES],
    /// Which form of the recurrence the argument belongs to.
    pub(super) polar: bool,
    /// First step that matters, by place in the list.
    first: Vec<u32>,
    /// Where the values are, by place in the list; `NEVER` if no step matters.
    place: Vec<u32>,
    /// q_{k−1} and q_k at the first step k.
    values: Vec<[[Line; BLOCK_LINES]; 2]>,
}

const NEVER: u32 = u32::MAX;

/// q_{k−1} and q_k of a block at its first step k.
pub(super) struct Start<'a> {
    pub(super) step: usize,
    pub(super) previous: &'a [Line; BLOCK_LINES],
    pub(super) current: &'a [Line; BLOCK_LINES],
}

impl LatitudeBlock {
    /// The block of at most [`BLOCK`] latitudes with these sines and cosines, for degrees up to `last` of each
    /// wavenumber's recurrence; functions below 2^`matters` are not summed. The wavenumbers ascend.
    pub(super) fn new(
        sines: &[f64],
        cosines: &[f64],
        wavenumbers: &[usize],
        recurrences: &[Recurrence],
        last: usize,
        matters: i32,
    ) -> Self {
        let mut block = Self {
            argument: Default::default(),
            sine: Default::default(),
            polar: cosines[cosines.len() / 2] < std::f64::consts::FRAC_1_SQRT_2,
            first: Vec::with_capacity(recurrences.len()),
            place: Vec::with_capacity(recurrences.len()),
            values: Vec::new(),
        };
        for (lane, (&sine, &cosine)) in sines.iter().zip(cosines).enumerate() {
            let argument = if block.polar { cosine } else { sine };
            block.argument[lane / LANES].0[lane % LANES] = argument * argument;
            block.sine[lane / LANES].0[lane % LANES] = sine;
        }
        pulp::Arch::new().dispatch(March {
            block: &mut block,
            cosines,
            wavenumbers,
            recurrences,
            last,
            matters,
        });
        block
    }

    /// Where number m of the list starts; `None` if its functions vanish on the whole block.
    #[inline(always)]
    pub(super) fn start(&self, m: usize) -> Option<Start<'_>> {
        let [previous, current] = self.values.get(*self.place.get(m)? as usize)?;
        Some(Start { step: self.first[m] as usize, previous, current })
    }
}

struct March<'a> {
    block: &'a mut LatitudeBlock,
    cosines: &'a [f64],
    wavenumbers: &'a [usize],
    recurrences: &'a [Recurrence],
    last: usize,
    matters: i32,
}

impl WithSimd for March<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, cosines, wavenumbers, recurrences, last, matters } = self;
        let argument: [f64; BLOCK] = bytemuck::cast(block.argument);
        let mut cosine = [0.0; BLOCK];
        cosine[..cosines.len()].copy_from_slice(cosines);
        let mut power = Power { high: [1.0; BLOCK], low: [0.0; BLOCK], exponent: [0; BLOCK] };
        // P̄_m = cos^m φ √(Π_{j≤m} (2j+1)/(2j))
        let mut squared_norm = DoubleDouble::<pulp::Scalar>::splat(pulp::Scalar, 1.0, 0.0);
        let mut reached = 0;
        for (&m, recurrence) in wavenumbers.iter().zip(recurrences) {
            while reached < m {
                reached += 1;
                power.multiply(simd, &cosine);
                squared_norm = squared_norm.add(pulp::Scalar, quotient(squared_norm, 2.0 * reached as f64));
            }
            let norm = squared_norm.high.sqrt();
            let mut march =
                Position { previous: [0.0; BLOCK], current: power.high, exponent: power.exponent };
            for value in &mut march.current[..cosines.len()] {
                *value *= norm;
            }
            march.current[cosines.len()..].fill(0.0);
            let factors = &recurrence.factors(block.polar)[..steps(m, last)];
            match march.run(&argument, factors, matters) {
                Some(step) => {
                    block.first.push(step as u32);
                    block.place.push(block.values.len() as u32);
                    block.values.push(march.values());
                }
                None => {
                    block.first.push(0);
                    block.place.push(NEVER);
                }
            }
        }
    }
}

/// a / b to double-double accuracy of the sum it goes into.
fn quotient(a: DoubleDouble<pulp::Scalar>, b: f64) -> DoubleDouble<pulp::Scalar> {
    let high = a.high / b;
    let remainder = (-high).mul_add(b, a.high) + a.low;
    DoubleDouble::sum(pulp::Scalar, high, remainder / b)
}

/// cos^m φ as a double-double mantissa and a power of two.
struct Power {
    high: [f64; BLOCK],
    low: [f64; BLOCK],
    exponent: [i32; BLOCK],
}

impl Power {
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S, cosine: &[f64; BLOCK]) {
        for first in (0..BLOCK).step_by(S::F64_LANES) {
            let lanes = first..first + S::F64_LANES;
            let load = |values: &[f64; BLOCK]| simd.partial_load_f64s(&values[lanes.clone()]);
            let factor = DoubleDouble { high: load(cosine), low: simd.splat_f64s(0.0) };
            let product = DoubleDouble { high: load(&self.high), low: load(&self.low) }.mul(simd, factor);
            simd.partial_store_f64s(&mut self.high[lanes.clone()], product.high);
            simd.partial_store_f64s(&mut self.low[lanes.clone()], product.low);
        }
        for lane in 0..BLOCK {
            if self.high[lane] < power_of_two(-RESCALE) {
                self.high[lane] *= power_of_two(RESCALE);
                self.low[lane] *= power_of_two(RESCALE);
                self.exponent[lane] -= RESCALE;
            }
        }
    }
}

/// Two successive q of every latitude, times 2^−exponent.
struct Position {
    previous: [f64; BLOCK],
    current: [f64; BLOCK],
    exponent: [i32; BLOCK],
}

impl Position {
    /// Marches until a latitude matters and returns that step, or `None` if none does.
    #[inline(always)]
    fn run(&mut self, argument: &[f64; BLOCK], factors: &[[f64; 2]], matters: i32) -> Option<usize> {
        let mut threshold = [0.0; BLOCK];
        for lane in 0..BLOCK {
            threshold[lane] = threshold_at(matters, self.exponent[lane]);
        }
        let large = power_of_two(RESCALE);
        for (step, &[a, b]) in factors.iter().enumerate() {
            let mut reached = false;
            for lane in 0..BLOCK {
                reached |= self.current[lane].abs() >= threshold[lane];
            }
            if reached {
                return Some(step);
            }
            let mut overflows = false;
            for lane in 0..BLOCK {
                let next = (a * argument[lane] + b) * self.current[lane] - self.previous[lane];
                self.previous[lane] = self.current[lane];
                self.current[lane] = next;
                overflows |= next.abs() > large;
            }
            if overflows {
                for lane in 0..BLOCK {
                    if self.current[lane].abs() > large {
                        self.previous[lane] *= power_of_two(-RESCALE);
                        self.current[lane] *= power_of_two(-RESCALE);
                        self.exponent[lane] += RESCALE;
                        threshold[lane] = threshold_at(matters, self.exponent[lane]);
                    }
                }
            }
        }
        None
    }

    fn values(&self) -> [[Line; BLOCK_LINES]; 2] {
        let mut values = [[Line::default(); BLOCK_LINES]; 2];
        for lane in 0..BLOCK {
            let factor = if self.exponent[lane] <= -1000 { 0.0 } else { power_of_two(self.exponent[lane]) };
            let current = self.current[lane] * factor;
            if current.abs() >= power_of_two(VANISHES) {
                let previous = self.previous[lane] * factor;
                values[1][lane / LANES].0[lane % LANES] = current;
                values[0][lane / LANES].0[lane % LANES] =
                    if previous.abs() >= f64::MIN_POSITIVE { previous } else { 0.0 };
            }
        }
        values
    }
}

/// The mantissa from which a value with this exponent matters.
#[inline(always)]
fn threshold_at(matters: i32, exponent: i32) -> f64 {
    if exponent < matters - 1000 { f64::INFINITY } else { power_of_two(matters - exponent) }
}

/// 2^exponent for exponents of normal numbers.
#[inline(always)]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}
