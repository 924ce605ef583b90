//! Rings of the same length side by side, one latitude pair per lane.

use pulp::{Simd, WithSimd};

use super::pieces::PiecesOfLine;
use crate::spectral::coefficients::{GROUP, PARTS, PIECE};
use crate::spectral::lane_fourier::{LaneFourier, Spare};
use crate::spectral::lanes::{Lane, Line, get, per_line, put};
use crate::spectral::prefetch::Ahead;
use crate::spectral::transpose::transpose;
use crate::{Precision, Real};

/// First points of the rings of a line of pairs, north and south.
pub(super) type RingOffsets = [[Option<usize>; 16]; 2];

/// Transposes lanes into the points of rings, N = [`Lane::LANES`] at a time.
#[inline(always)]
fn store<S: Simd, W: Lane, R: Real, const N: usize>(
    simd: S,
    values: &[[Line; 2]],
    rings: &RingOffsets,
    outputs: [&mut [R]; 2],
) {
    let (tiles, rest) = values.as_chunks::<N>();
    for (which, (rings, output)) in rings.iter().zip(outputs).enumerate() {
        // Imaginary parts are the northern ones: see `SynthesizeLanes`.
        let part = 1 - which;
        for (t, values) in tiles.iter().enumerate() {
            let mut tile = [values[0][part]; N];
            for i in 1..N {
                tile[i] = values[i][part];
            }
            transpose::<S, W, N>(simd, &mut tile);
            for (line, offset) in tile.iter().zip(rings) {
                let target = offset.and_then(|offset| output[offset + t * N..].first_chunk_mut::<N>());
                let Some(target) = target else { continue };
                // In f64 quarters of a line are faster: most rows do not begin with a line of the cache.
                if R::PRECISION == W::PRECISION && W::PRECISION == Precision::F32 {
                    bytemuck::cast_slice_mut(target).copy_from_slice(&line.values::<W>()[..N]);
                    continue;
                }
                for i in 0..N {
                    target[i] = R::from_f64(line.values::<W>()[i].to_f64());
                }
            }
        }
        for (i, value) in rest.iter().enumerate() {
            for (lane, offset) in rings.iter().enumerate() {
                if let Some(offset) = offset {
                    output[offset + tiles.len() * N + i] =
                        R::from_f64(value[part].values::<W>()[lane].to_f64());
                }
            }
        }
    }
}

/// Transposes the points of northern and southern rings into real and imaginary parts.
#[inline(always)]
fn load<S: Simd, W: Lane, R: Real, const N: usize>(
    simd: S,
    input: &[R],
    rings: &RingOffsets,
    values: &mut [[Line; 2]],
) {
    let (tiles, rest) = values.as_chunks_mut::<N>();
    for (which, rings) in rings.iter().enumerate() {
        for (t, values) in tiles.iter_mut().enumerate() {
            let mut tile = [Line::default(); N];
            for (line, offset) in tile.iter_mut().zip(rings) {
                let source = offset.and_then(|offset| input[offset + t * N..].first_chunk::<N>());
                let Some(source) = source else { continue };
                for i in 0..N {
                    line.values_mut::<W>()[i] = W::of(source[i].to_f64());
                }
            }
            transpose::<S, W, N>(simd, &mut tile);
            for i in 0..N {
                values[i][which] = tile[i];
            }
        }
        for (i, value) in rest.iter_mut().enumerate() {
            for (lane, offset) in rings[..W::LANES].iter().enumerate() {
                let point =
                    offset.map_or(W::ZERO, |offset| W::of(input[offset + tiles.len() * N + i].to_f64()));
                value[which].values_mut::<W>()[lane] = point;
            }
        }
    }
}

/// Sums pairs of Fourier series. With Z_m = N_m + i S_m and Z_{−m} = N̄_m + i S̄_m the sum over e^{+imλ} is n + i s; as the
/// transform has e^{−imλ}, real and imaginary parts are exchanged on the way in and out: s comes out first, then n.
pub(super) struct SynthesizeLanes<'p, 's, W, R, G> {
    pub(super) plan: &'p LaneFourier<W>,
    pub(super) points: usize,
    pub(super) wavenumbers: usize,
    pub(super) factors: [Line; 2],
    pub(super) groups: G,
    pub(super) lanes: &'s mut [Vec<[Line; 2]>; 2],
    pub(super) rings: RingOffsets,
    /// Asked for during the transform.
    pub(super) ahead: &'s mut Ahead,
    pub(super) output: [&'s mut [R]; 2],
}

impl<'a, W: Lane, R: Real, G: Fn(usize) -> &'a [Line]> WithSimd for SynthesizeLanes<'_, '_, W, R, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, wavenumbers, factors, groups, lanes, rings, ahead, output } = self;
        let [values, scratch] = lanes;
        let zero = Line::default();
        values[wavenumbers..points - wavenumbers + 1].fill([zero; 2]);
        for first in (0..wavenumbers).step_by(GROUP) {
            let piece = groups(first / GROUP);
            for (j, wave) in piece.chunks_exact(PARTS).enumerate().take(wavenumbers - first) {
                let m = first + j;
                let factor = &factors[usize::from(m > 0)];
                for vector in 0..per_line::<S, W>() {
                    let factor = get::<S, W>(factor, vector);
                    let north_re = W::product(simd, get::<S, W>(&wave[0], vector), factor);
                    let north_im = W::product(simd, get::<S, W>(&wave[1], vector), factor);
                    let south_re = W::product(simd, get::<S, W>(&wave[2], vector), factor);
                    let south_im = W::product(simd, get::<S, W>(&wave[3], vector), factor);
                    let [re, im] = &mut values[m];
                    if m == 0 {
                        put::<S, W>(re, vector, south_re);
                        put::<S, W>(im, vector, north_re);
                        continue;
                    }
                    put::<S, W>(re, vector, W::sum(simd, north_im, south_re));
                    put::<S, W>(im, vector, W::difference(simd, north_re, south_im));
                    let [re, im] = &mut values[points - m];
                    put::<S, W>(re, vector, W::difference(simd, south_re, north_im));
                    put::<S, W>(im, vector, W::sum(simd, north_re, south_im));
                }
            }
        }
        let values = plan.transform(simd, values, scratch, &mut Spare::default(), ahead, points);
        match W::LANES {
            8 => store::<S, W, R, 8>(simd, values, &rings, output),
            _ => store::<S, W, R, 16>(simd, values, &rings, output),
        }
    }
}

/// The opposite: of n + i s, N_m = (Z_m + Z̄_{−m})/2 and S_m = (Z_m − Z̄_{−m})/2i.
pub(super) struct AnalyzeLanes<'a, W, R> {
    pub(super) plan: &'a LaneFourier<W>,
    pub(super) points: usize,
    pub(super) wavenumbers: usize,
    pub(super) factors: [Line; 2],
    pub(super) lanes: &'a mut [Vec<[Line; 2]>; 2],
    pub(super) rings: RingOffsets,
    /// Asked for during the transform.
    pub(super) ahead: &'a mut Ahead,
    pub(super) input: &'a [R],
    pub(super) output: PiecesOfLine<'a>,
}

impl<W: Lane, R: Real> WithSimd for AnalyzeLanes<'_, W, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, wavenumbers, factors, lanes, rings, ahead, input, output } = self;
        let [values, scratch] = lanes;
        match W::LANES {
            8 => load::<S, W, R, 8>(simd, input, &rings, &mut values[..points]),
            _ => load::<S, W, R, 16>(simd, input, &rings, &mut values[..points]),
        }
        let values = plan.transform(simd, values, scratch, &mut Spare::default(), ahead, points);
        let half = W::splat(simd, W::of(0.5));
        let PiecesOfLine { lines, columns, column } = output;
        for (group, piece) in lines.chunks_exact_mut(columns * PIECE).enumerate() {
            let piece = &mut piece[column * PIECE..(column + 1) * PIECE];
            for (j, output) in piece.as_chunks_mut::<PARTS>().0.iter_mut().enumerate() {
                let m = group * GROUP + j;
                if m >= wavenumbers {
                    *output = [Line::default(); PARTS];
                    continue;
                }
                let mirrored = if m == 0 { 0 } else { points - m };
                for vector in 0..per_line::<S, W>() {
                    let factor = W::product(simd, half, get::<S, W>(&factors[usize::from(m > 0)], vector));
                    let (a, b) = (get::<S, W>(&values[m][0], vector), get::<S, W>(&values[m][1], vector));
                    let (c, d) = (
                        get::<S, W>(&values[mirrored][0], vector),
                        get::<S, W>(&values[mirrored][1], vector),
                    );
                    let parts = [
                        W::sum(simd, a, c),
                        W::difference(simd, b, d),
                        W::sum(simd, b, d),
                        W::difference(simd, c, a),
                    ];
                    for (line, part) in output.iter_mut().zip(parts) {
                        put::<S, W>(line, vector, W::product(simd, part, factor));
                    }
                }
            }
        }
    }
}
