//! Fourier transforms of all rings together, pass by pass.
//!
//! The two rings of a latitude pair, which have the same length N, are the real and the imaginary part of one complex line.
//! A line of length L = r_1 r_2 ... is transformed in one pass per factor (Stockham's order, which needs no bit reversal): with
//! l = r_1 ... r_{s−1} and M = L/(l r_s), element k' M + b of the next line is
//!
//! Σ_{c<r_s} e^{±2πi c k'/(l r_s)} line[(k' mod l) r_s M + c M + b].
//!
//! Lines whose length has a large prime factor are convolved instead (Bluestein 1970, doi:10.1109/TAU.1970.1162132): from
//! jm = (j² + m² − (m−j)²)/2 the transform is chirp · ((chirp · line) ∗ conjugate chirp), at a length L ≥ 2N − 1 that factors.
//!
//! | table        | shape          | holds                                                                              |
//! |--------------|----------------|------------------------------------------------------------------------------------|
//! | `pairs`      | [pair][8]      | N; first point of the northern and of the southern ring (of none: 2³²−1); number of wavenumbers; 1 if convolved; first element, length L and first root of its line |
//! | `pair_of`    | [element]      | pair of each element of the lines                                                   |
//! | `roots`      | [root][2]      | cos, sin of 2πj/L from a line's first root on                                       |
//! | `chirps`     | [element][2]   | cos, sin of πj²/N by element of the convolved lines                                 |
//! | `convolvers` | [element][2]   | transform of the conjugate chirp, over L, by element of the convolved lines         |

use crate::{Real, kernel};

/// One pass over all lines of one set; `stage` [pair][2] holds the factor and the product of the factors before it.
///
/// `direction` is the sign in the exponent.
#[kernel(indices = 2)]
pub fn fourier_pass<R: Real>(
    column: u32,
    element: u32,
    elements: u32,
    direction: R,
    pair_of: &[u32],
    pairs: &[u32],
    stage: &[u32],
    roots: &[R],
    re: &[R],
    im: &[R],
) -> (R, R) {
    let pair = pair_of[element];
    let first = pairs[8 * pair + 5];
    let length = pairs[8 * pair + 6];
    let root = pairs[8 * pair + 7];
    let radix = stage[2 * pair];
    let done = stage[2 * pair + 1];
    let stride = length / (done * radix);
    let at = element - first;
    let k = at / stride;
    let turn = k * stride;
    let mut from = column * elements + first + k % done * radix * stride + at - turn;
    let mut phase = 0;
    let mut sum_re = 0.0;
    let mut sum_im = 0.0;
    for _c in 0..radix {
        let cosine = roots[2 * (root + phase)];
        let sine = direction * roots[2 * (root + phase) + 1];
        sum_re += re[from] * cosine - im[from] * sine;
        sum_im += re[from] * sine + im[from] * cosine;
        from += stride;
        phase += turn;
        if phase >= length {
            phase -= length;
        }
    }
    (sum_re, sum_im)
}

/// Waves to lines before the transform of a synthesis: north + i south of each pair, m and −m; `factor` [pair][2] at m = 0
/// and m > 0.
#[kernel(indices = 2)]
pub fn lines_from_waves<R: Real>(
    column: u32,
    element: u32,
    columns: u32,
    pair_count: u32,
    pair_of: &[u32],
    pairs: &[u32],
    chirps: &[R],
    factor: &[R],
    waves: &[R],
) -> (R, R) {
    let pair = pair_of[element];
    let points = pairs[8 * pair];
    let j = element - pairs[8 * pair + 5];
    let mut m = j;
    let mut sign = 1.0;
    if 2 * j > points && j < points {
        m = points - j;
        sign = -1.0;
    }
    let mut line_re = 0.0;
    let mut line_im = 0.0;
    if m < pairs[8 * pair + 3] {
        let at = ((m * columns + column) * pair_count + pair) * 4;
        let north_re = waves[at] + waves[at + 2];
        let north_im = sign * (waves[at + 1] + waves[at + 3]);
        let south_re = waves[at] - waves[at + 2];
        let south_im = sign * (waves[at + 1] - waves[at + 3]);
        if m == 0 {
            line_re = factor[2 * pair] * north_re;
            line_im = factor[2 * pair] * south_re;
        } else {
            line_re = factor[2 * pair + 1] * (north_re - south_im);
            line_im = factor[2 * pair + 1] * (north_im + south_re);
        }
        if pairs[8 * pair + 4] == 1 {
            let cosine = chirps[2 * element];
            let sine = chirps[2 * element + 1];
            let turned = line_re * cosine - line_im * sine;
            line_im = line_re * sine + line_im * cosine;
            line_re = turned;
        }
    }
    (line_re, line_im)
}

/// Grid fields to lines before the transform of an analysis. Columns below `fields` are those of `first`, the others of
/// `second`.
#[kernel(indices = 2)]
pub fn lines_from_grid<R: Real>(
    column: u32,
    element: u32,
    fields: u32,
    grid_points: u32,
    pair_of: &[u32],
    pairs: &[u32],
    chirps: &[R],
    first: &[R],
    second: &[R],
) -> (R, R) {
    let pair = pair_of[element];
    let j = element - pairs[8 * pair + 5];
    let north = pairs[8 * pair + 1] + j;
    let south = pairs[8 * pair + 2];
    let mut re = 0.0;
    let mut im = 0.0;
    if j < pairs[8 * pair] {
        if column < fields {
            re = first[column * grid_points + north];
            if south < grid_points {
                im = first[column * grid_points + south + j];
            }
        } else {
            re = second[(column - fields) * grid_points + north];
            if south < grid_points {
                im = second[(column - fields) * grid_points + south + j];
            }
        }
        if pairs[8 * pair + 4] == 1 {
            let cosine = chirps[2 * element];
            let sine = -chirps[2 * element + 1];
            let turned = re * cosine - im * sine;
            im = re * sine + im * cosine;
            re = turned;
        }
    }
    (re, im)
}

/// Transformed lines times transformed conjugate chirps, whose imaginary parts take the sign `direction`.
#[kernel(indices = 2)]
pub fn convolve<R: Real>(
    column: u32,
    element: u32,
    elements: u32,
    direction: R,
    convolvers: &[R],
    re: &[R],
    im: &[R],
) -> (R, R) {
    let at = column * elements + element;
    let cosine = convolvers[2 * element];
    let sine = direction * convolvers[2 * element + 1];
    (re[at] * cosine - im[at] * sine, re[at] * sine + im[at] * cosine)
}

/// Lines to one component's grid fields after the transform of a synthesis; `smooth` lines are those that factor, of
/// `smooth_elements` a column, `convolved` the others.
#[kernel(indices = 2)]
pub fn grid_from_lines<R: Real>(
    field: u32,
    point: u32,
    first_column: u32,
    smooth_elements: u32,
    convolved_elements: u32,
    pair_of_point: &[u32],
    pairs: &[u32],
    chirps: &[R],
    smooth_re: &[R],
    smooth_im: &[R],
    convolved_re: &[R],
    convolved_im: &[R],
) -> R {
    let pair = pair_of_point[point];
    let south = pairs[8 * pair + 2];
    let mut j = point - pairs[8 * pair + 1];
    if point >= south {
        j = point - south;
    }
    let element = pairs[8 * pair + 5] + j;
    let mut value = 0.0;
    if pairs[8 * pair + 4] == 1 {
        let at = (first_column + field) * convolved_elements + element;
        let cosine = chirps[2 * element];
        let sine = chirps[2 * element + 1];
        if point >= south {
            value += convolved_re[at] * sine + convolved_im[at] * cosine;
        } else {
            value += convolved_re[at] * cosine - convolved_im[at] * sine;
        }
    } else {
        let at = (first_column + field) * smooth_elements + element;
        if point >= south {
            value += smooth_im[at];
        } else {
            value += smooth_re[at];
        }
    }
    value
}

/// Lines to waves after the transform of an analysis: one part of one wavenumber, times `factor` [pair][2] at m = 0 and
/// m > 0; 0 where the rings do not carry the wavenumber.
#[kernel(indices = 4, cuda = "waves_from_lines.cu", wgsl = "waves_from_lines.wgsl")]
pub fn waves_from_lines<R: Real>(
    m: u32,
    column: u32,
    pair: u32,
    part: u32,
    smooth_elements: u32,
    convolved_elements: u32,
    pairs: &[u32],
    chirps: &[R],
    factor: &[R],
    smooth_re: &[R],
    smooth_im: &[R],
    convolved_re: &[R],
    convolved_im: &[R],
) -> R {
    let mut value = 0.0;
    if m < pairs[8 * pair + 3] {
        let points = pairs[8 * pair];
        let first = pairs[8 * pair + 5];
        let mut opposite = 0;
        if m > 0 {
            opposite = points - m;
        }
        let mut here_re = 0.0;
        let mut here_im = 0.0;
        let mut there_re = 0.0;
        let mut there_im = 0.0;
        if pairs[8 * pair + 4] == 1 {
            let at = column * convolved_elements + first + m;
            let cosine = chirps[2 * (first + m)];
            let sine = -chirps[2 * (first + m) + 1];
            here_re += convolved_re[at] * cosine - convolved_im[at] * sine;
            here_im += convolved_re[at] * sine + convolved_im[at] * cosine;
            let at = column * convolved_elements + first + opposite;
            let cosine = chirps[2 * (first + opposite)];
            let sine = -chirps[2 * (first + opposite) + 1];
            there_re += convolved_re[at] * cosine - convolved_im[at] * sine;
            there_im += convolved_re[at] * sine + convolved_im[at] * cosine;
        } else {
            let at = column * smooth_elements + first + m;
            here_re += smooth_re[at];
            here_im += smooth_im[at];
            let at = column * smooth_elements + first + opposite;
            there_re += smooth_re[at];
            there_im += smooth_im[at];
        }
        // The line is north + i south, so that twice north is here + conjugate there.
        let mut north = here_re + there_re;
        let mut south = here_im + there_im;
        if part % 2 == 1 {
            north = here_im - there_im;
            south = there_re - here_re;
        }
        if part < 2 {
            value = north + south;
        } else {
            value = north - south;
        }
        if m == 0 {
            value *= 0.5 * factor[2 * pair];
        } else {
            value *= 0.5 * factor[2 * pair + 1];
        }
    }
    value
}
