//! Lines in pieces that fit into a group's shared memory, which then transforms them in one launch.
//!
//! After the first pass of [`super::fourier`], with factor r, what remains of a line of length L are r separate pieces of
//! length M = L/r: element k' of the transform is Σ_{b<M} e^{±2πi b k'/L} line[(k' mod r) M + b]. r = 1, and no first pass, where
//! the line fits as it is.

use super::rings::Factors;
use crate::device::{Buffer, Device};
use crate::{Real, Result, kernel};

/// Elements that a group of 256 threads holds, 4 a thread.
const ELEMENTS: usize = 1024;
/// Passes in shared memory at most, whose factors share a u32.
const MOST_PASSES: usize = 4;
/// The largest factor of a pass.
pub(super) const LARGEST_FACTOR: usize = 255;

/// One element of the transformed lines, see above; in the texts, `group` threads share one piece and make `passes` passes.
///
/// | argument   | shape      | holds                                                                |
/// |------------|------------|----------------------------------------------------------------------|
/// | `split`    | [pair][2]  | r; the factors of M, the first in the lowest 8 bits                   |
/// | `pieces`   | [piece][2] | pair and k' mod r                                                     |
///
/// and the tables of [`super::fourier`].
#[kernel(indices = 2, cuda = "sublines.cu", wgsl = "sublines.wgsl")]
#[allow(unused_variables, reason = "how the texts divide the work does not matter here")]
pub fn subline_transform<R: Real>(
    column: u32,
    element: u32,
    elements: u32,
    piece_count: u32,
    group: u32,
    passes: u32,
    direction: R,
    pair_of: &[u32],
    pairs: &[u32],
    split: &[u32],
    pieces: &[u32],
    roots: &[R],
    re: &[R],
    im: &[R],
) -> (R, R) {
    let pair = pair_of[element];
    let first = pairs[8 * pair + 5];
    let length = pairs[8 * pair + 6];
    let root = pairs[8 * pair + 7];
    let parts = split[2 * pair];
    let turn = element - first;
    let count = length / parts;
    let from = column * elements + first + turn % parts * count;
    let mut phase = 0;
    let mut sum_re = 0.0;
    let mut sum_im = 0.0;
    for b in 0..count {
        let cosine = roots[2 * (root + phase)];
        let sine = direction * roots[2 * (root + phase) + 1];
        sum_re += re[from + b] * cosine - im[from + b] * sine;
        sum_im += re[from + b] * sine + im[from + b] * cosine;
        phase += turn;
        if phase >= length {
            phase -= length;
        }
    }
    (sum_re, sum_im)
}

/// The pieces of all lines of a set.
pub(super) struct Sublines {
    /// [pair][2] of the first pass, where there is one: its factor, and 1.
    pub(super) stage: Option<Buffer<u32>>,
    pub(super) split: Buffer<u32>,
    pub(super) pieces: Buffer<u32>,
    pub(super) piece_count: u32,
    /// Threads per piece.
    pub(super) group: u32,
    pub(super) passes: u32,
}

impl Sublines {
    /// For lines of (pair, length), whose prime factors are at most [`LARGEST_FACTOR`], among lines of `all` lengths, on which the number of
    /// passes depends.
    pub(super) fn new(
        lines: &[(usize, usize)],
        all: &[usize],
        pair_count: usize,
        factors: &mut Factors,
        device: Device,
    ) -> Result<Self> {
        let parts_of = |length: usize| {
            (1..=length).find(|&r| length.is_multiple_of(r) && length / r <= ELEMENTS).unwrap_or(length)
        };
        let all_parts: Vec<usize> = all.iter().map(|&length| parts_of(length)).collect();
        let counts: Vec<usize> = all.iter().zip(&all_parts).map(|(length, parts)| length / parts).collect();
        let passes = factors.passes(&counts, MOST_PASSES, LARGEST_FACTOR);
        let (mut stage, mut split, mut pieces) =
            (vec![0; 2 * pair_count], vec![0; 2 * pair_count], Vec::new());
        for &(pair, length) in lines {
            let parts = parts_of(length);
            let radices = factors.best(length / parts, passes).1;
            let packed = radices.iter().rev().fold(0, |packed, &radix| packed << 8 | radix as u32);
            stage[2 * pair..2 * pair + 2].copy_from_slice(&[parts as u32, 1]);
            split[2 * pair..2 * pair + 2].copy_from_slice(&[parts as u32, packed]);
            pieces.extend((0..parts as u32).flat_map(|part| [pair as u32, part]));
        }
        let longest = counts.iter().copied().max().unwrap_or(1);
        let in_one = all_parts.iter().all(|&parts| parts == 1);
        Ok(Self {
            stage: if in_one { None } else { Some(Buffer::from_slice(device, &stage)?) },
            split: Buffer::from_slice(device, &split)?,
            piece_count: pieces.len() as u32 / 2,
            pieces: Buffer::from_slice(device, &pieces)?,
            group: longest.div_ceil(4).next_power_of_two().clamp(16, 256) as u32,
            passes: passes as u32,
        })
    }
}
