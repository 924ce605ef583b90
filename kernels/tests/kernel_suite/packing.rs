//! The kernels of `packing`, each with the same bits on every device.

use terrella_kernels::Real;
use terrella_kernels::packing::{
    packed_words, packed_words_in_single, range_of_lane, range_of_lanes, range_of_ranges,
};

use crate::fixture::{field, positive, special};

/// 3 rows of 8 lanes for each segment but the last.
const LENGTH: usize = 61;
const LANES: usize = 8;
const ROWS: usize = 3;

/// Least and largest of values; the limits where one is not within them.
fn range<R: Real>(values: impl Iterator<Item = R>) -> (R, R) {
    let limit = R::from_f64(1e30);
    let within = |value: &R| *value >= -limit && *value <= limit;
    let values: Vec<R> = values.collect();
    let least = values.iter().copied().fold(limit, |least, value| if value < least { value } else { least });
    let largest =
        values.iter().copied().fold(-limit, |largest, value| if value > largest { value } else { largest });
    if values.iter().all(within) { (least, largest) } else { (-limit, limit) }
}

/// Those of one lane of a segment.
fn lane<R: Real>(values: &[R], segment: usize, lane: usize) -> impl Iterator<Item = R> {
    let rows = (segment * ROWS..(segment + 1) * ROWS).take_while(|row| (row + 1) * LANES <= LENGTH);
    rows.map(move |row| values[row * LANES + lane])
}

/// Values of which one lane's is NaN and one infinite.
fn spoilt<R: Real>() -> Vec<R> {
    let mut values = field::<R>(1, LENGTH);
    values[9] = R::from_f64(f64::NAN);
    values[34] = R::from_f64(f64::NEG_INFINITY);
    values
}

stamp! {
    range_of_a_lane: range_of_lane<R>,
    extent [3, 8],
    arguments {
        value(3u32), value(8u32), value(61u32), value(R::from_f64(1e30)), slice(spoilt::<R>()),
    },
    outputs { least: R, largest: R },
    reference {
        let values = spoilt::<R>();
        move |[segment, of]: [usize; 2]| range(lane(&values, segment, of))
    }
}

stamp! {
    range_of_the_ranges: range_of_ranges<R>,
    extent [3, 8],
    arguments {
        value(3u32), value(8u32), value(61u32), slice(field::<R>(1, LENGTH)), slice(field::<R>(2, LENGTH)),
    },
    outputs { least: R, largest: R },
    reference {
        let [leasts, largests] = [1, 2].map(|seed| field::<R>(seed, LENGTH));
        move |[segment, of]: [usize; 2]| {
            (range(lane(&leasts, segment, of)).0, range(lane(&largests, segment, of)).1)
        }
    }
}

stamp! {
    range_of_all_lanes: range_of_lanes<R>,
    extent [2],
    arguments {
        value(8u32), value(56u32), value(61u32), value(R::from_f64(1e30)), slice(field::<R>(1, 8)),
        slice(field::<R>(2, 8)), slice(field::<R>(3, LENGTH)),
    },
    outputs { end: R },
    reference {
        let [leasts, largests] = [1, 2].map(|seed| field::<R>(seed, 8));
        let tail = field::<R>(3, LENGTH)[56..].to_vec();
        move |[end]: [usize; 1]| {
            let ends = if end == 0 { &leasts } else { &largests };
            let (least, largest) = range(ends.iter().chain(&tail).copied());
            (if end == 0 { least } else { largest },)
        }
    }
}

/// A word of the bit string, one bit after the other.
fn word(codes: &[u32], width: usize, word: usize) -> u32 {
    let bit = |at: usize| {
        let code = codes.get(at / width).copied().unwrap_or(0);
        code >> (width - 1 - at % width) & 1
    };
    (32 * word..32 * word + 32).fold(0, |bits, at| bits << 1 | bit(at)).swap_bytes()
}

/// Values, and their codes by one expression.
fn coded<R: Real>(seed: u32, reference: f64, scale: f64) -> (Vec<R>, Vec<u32>) {
    let values = positive::<R>(seed, LENGTH);
    let codes = values
        .iter()
        .map(|value| ((value.to_f64() * 10.0 - reference) * scale + 0.5).floor() as u32)
        .collect();
    (values, codes)
}

/// 40 times 2^(bits − 6) is below 2^bits.
macro_rules! widths {
    ($($test:ident: $width:literal, $words:literal;)*) => {$(
        stamp! {
            $test: packed_words<R>,
            extent [$words],
            arguments {
                value(61u32), value($width as u32), value(10.0f64), value(0.05f64),
                value(2f64.powi($width - 6)), slice(coded::<R>(1, 0.05, 1.0).0),
            },
            outputs { word: u32 },
            reference {
                let codes = coded::<R>(1, 0.05, 2f64.powi($width - 6)).1;
                move |[at]: [usize; 1]| (word(&codes, $width, at),)
            }
        }
    )*};
}

widths! {
    words_of_7_bits: 7, 14;
    words_of_8_bits: 8, 16;
    words_of_16_bits: 16, 31;
    words_of_24_bits: 24, 46;
    words_of_32_bits: 32, 61;
}

/// Values around every half between 0 and 40, and what single precision loses of a small one beside a large reference.
fn halves() -> Vec<f32> {
    let small = [0.0_f32, 1e-30, 1e-18, 2.0_f32.powi(-53), 2.0_f32.powi(-54), 2.0_f32.powi(-55), 1e-7, 3e-8];
    let around = (0..80).flat_map(|half| {
        let at = half as f32 / 2.0 - 0.5;
        [at.next_down(), at, at.next_up()]
    });
    let differences = small.into_iter().flat_map(|size| {
        [1.0, 1.25, 1.5, 1.75].into_iter().flat_map(move |factor| [size * factor, -size * factor])
    });
    let special = special::<f32>(1, 40).into_iter().filter(|value| *value < 40.0);
    around.chain(differences).chain(special).filter(|value| *value >= -0.5).collect()
}

stamp! {
    words_in_single: packed_words_in_single<f32>,
    extent [290],
    arguments { value(halves().len() as u32), value(24u32), value(-0.5f32), value(1.0f32), slice(halves()) },
    outputs { word: u32 },
    reference {
        let code = |value: &f32| ((f64::from(*value) + 0.5) + 0.5).floor() as u32;
        let codes: Vec<u32> = halves().iter().map(code).collect();
        move |[at]: [usize; 1]| (word(&codes, 24, at),)
    }
}
