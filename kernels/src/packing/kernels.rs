//! The kernels: the range of a field, and its codes as words of a bit string.
//!
//! `range_of_lane`, `range_of_ranges`: launch with `[segments, LANES]`, `rows` = ROWS, `lanes` = LANES, as the kernels of
//! [`reduction`](crate::operators::reduction) are. Launch `range_of_lanes` with `[2]`, packing kernels with one index for
//! each word.

use terrella_kernels_macros::kernel;

use crate::Real;
use crate::math::rounding::sum_error_f32;
use crate::operators::reduction::rows_of_segment;

/// Least and largest value over the rows of a segment, for one lane; −`limit` and `limit` where one is beyond these or NaN.
#[kernel(indices = 2)]
pub fn range_of_lane<R: Real>(
    segment: u32,
    lane: u32,
    rows: u32,
    lanes: u32,
    length: u32,
    limit: R,
    values: &[R],
) -> (R, R) {
    let start = segment * rows * lanes;
    let count: u32 = rows_of_segment(segment, rows, lanes, length);
    let mut least = limit;
    let mut largest = -limit;
    for row in 0..count {
        let value = values[start + row * lanes + lane];
        let within = value.abs() <= limit;
        least = if within { least.min(value) } else { -limit };
        largest = if within { largest.max(value) } else { limit };
    }
    (least, largest)
}

/// Least of the least and largest of the largest over the rows of a segment, for one lane.
#[kernel(indices = 2)]
pub fn range_of_ranges<R: Real>(
    segment: u32,
    lane: u32,
    rows: u32,
    lanes: u32,
    length: u32,
    leasts: &[R],
    largests: &[R],
) -> (R, R) {
    let start = segment * rows * lanes;
    let count: u32 = rows_of_segment(segment, rows, lanes, length);
    let mut least = leasts[start + lane];
    let mut largest = largests[start + lane];
    for row in 1..count {
        least = least.min(leasts[start + row * lanes + lane]);
        largest = largest.max(largests[start + row * lanes + lane]);
    }
    (least, largest)
}

/// The least value (index 0) or the largest (1) of the last segment's lanes and of the values behind whole rows.
#[kernel]
pub fn range_of_lanes<R: Real>(
    end: u32,
    lanes: u32,
    tail: u32,
    length: u32,
    limit: R,
    leasts: &[R],
    largests: &[R],
    values: &[R],
) -> R {
    let mut least = limit;
    let mut largest = -limit;
    for lane in 0..lanes {
        least = least.min(leasts[lane]);
        largest = largest.max(largests[lane]);
    }
    for i in tail..length {
        let within = values[i].abs() <= limit;
        least = if within { least.min(values[i]) } else { -limit };
        largest = if within { largest.max(values[i]) } else { limit };
    }
    if end == 0 { least } else { largest }
}

/// The bytes of a word in the order in which a little-endian machine writes those of its mirror image.
#[kernel(function)]
pub fn most_significant_first(word: u32) -> u32 {
    (word << 24) | ((word & 65280) << 8) | ((word >> 8) & 65280) | (word >> 24)
}

/// The bits of a code in a word: `end` is the code's last bit and one, `word_end` the word's, within one string.
#[kernel(function)]
pub fn bits_in_word(code: u32, end: u32, word_end: u32) -> u32 {
    if end > word_end {
        return code >> (end - word_end);
    }
    code << (word_end - end)
}

/// One word of the bit string of a field's codes ⌊(value · `decimal` − `reference`) · `scale` + 1/2⌋, computed in f64.
///
/// | argument                         | shape    | unit          |
/// |----------------------------------|----------|---------------|
/// | `length`                         | number of values | –     |
/// | `width`                          | bits of a code in the string, 1 to 32 | – |
/// | `decimal`, `reference`, `scale`  | 10^D, R and 2^−E | –     |
/// | `values`                         | [length] | any           |
///
/// The most significant bit comes first, and so does, on a little-endian machine, the byte that holds it. Bits behind the last
/// code are 0.
#[kernel]
pub fn packed_words<R: Real>(
    word: u32,
    length: u32,
    width: u32,
    decimal: f64,
    reference: f64,
    scale: f64,
    values: &[R],
) -> u32 {
    // `width` words hold 32 codes: places are counted within such a group, so that no number of bits is beyond 32 bits.
    let group = word / width * 32;
    let from = word % width * 32;
    let mut bits = 0u32;
    for place in from / width..(from + 31) / width + 1 {
        if group + place < length {
            let value = values[group + place] as f64;
            let code = ((value * decimal - reference) * scale + 0.5).floor() as u32;
            let part: u32 = bits_in_word(code, (place + 1) * width, from + 32);
            bits |= part;
        }
    }
    let bytes: u32 = most_significant_first(bits);
    bytes
}

/// ⌊(value − reference) · scale + 1/2⌋ with the roundings of double precision, in single precision.
///
/// `scale` is a power of two; the result is below 2²⁴.
#[kernel(function)]
pub fn code_in_single(value: f32, reference: f32, scale: f32) -> u32 {
    // Their sum is exact.
    let difference = value - reference;
    let error = sum_error_f32(value, -reference, difference);
    let scaled = difference * scale;
    let rest = error * scale;
    let whole = scaled.floor();
    // Exact wherever it is near 0.
    let excess = (scaled - whole) - 0.5;
    let mut up = excess >= -rest;
    if excess == 0.0 && rest < 0.0 {
        // The sum is a little below a half. Double precision takes it for the half where it has no place for the rest:
        // up to half of its last place, which is 2^-53 of the largest power of two in the sum.
        let mut power = 1.0;
        for doubling in 0..24 {
            if power * 2.0 <= scaled && doubling < 24 {
                power *= 2.0;
            }
        }
        up = -rest <= power * 1.1102230246251565e-16;
        if scaled < 1.0 {
            // Adding 1/2 to the number next below 1/2 gives 1, too: up to 3/2 of its last place, 2^-54.
            up = -rest < 8.326672684688674e-17;
        }
    }
    let mut code = whole as u32;
    if up {
        code += 1;
    }
    code
}

/// As [`packed_words`] of single-precision values with `decimal` 1, without f64.
///
/// | argument    | shape    | unit                               |
/// |-------------|----------|------------------------------------|
/// | `length`    | number of values | –                          |
/// | `width`     | bits of a code in the string, 1 to 32 | –     |
/// | `reference` | R        | that of the values                 |
/// | `scale`     | 2^−E between 2^−100 and 2^64 | –              |
/// | `values`    | [length], with codes below 2²⁴ | any          |
#[kernel]
pub fn packed_words_in_single(
    word: u32,
    length: u32,
    width: u32,
    reference: f32,
    scale: f32,
    values: &[f32],
) -> u32 {
    let group = word / width * 32;
    let from = word % width * 32;
    let mut bits = 0u32;
    for place in from / width..(from + 31) / width + 1 {
        if group + place < length {
            let code: u32 = code_in_single(values[group + place], reference, scale);
            let part: u32 = bits_in_word(code, (place + 1) * width, from + 32);
            bits |= part;
        }
    }
    let bytes: u32 = most_significant_first(bits);
    bytes
}
