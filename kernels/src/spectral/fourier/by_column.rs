//! Rings of different lengths, one after another, as many columns side by side as a line has lanes.

use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};
use realfft::num_complex::Complex;

use super::pieces::PiecesOfLine;
use super::{Factor, RingPlan, RingTransforms};
use crate::Real;
use crate::spectral::coefficients::{GROUP, PARTS, PIECE};
use crate::spectral::lane_fourier::{LaneFourier, Spare};
use crate::spectral::lanes::{Lane, Line, get, per_line, put};
use crate::spectral::prefetch::{Ahead, prefetch, prefetch_far};
use crate::spectral::transpose::transpose;

/// What one thread needs for the columns of a line of pairs.
#[derive(Debug, Default)]
pub(super) struct ColumnScratch {
    /// [latitude pair][m][part], columns side by side.
    spectra: Vec<Line>,
    /// The two arrays of a transform.
    arrays: [Vec<[Line; 2]>; 2],
    spare: Spare,
    /// What the next transform needs.
    ahead: Ahead,
}

impl ColumnScratch {
    /// For some pairs with some wavenumbers each.
    fn reserve_spectra(&mut self, pairs: usize, wavenumbers: usize) {
        let lines = pairs * pitch(wavenumbers);
        if self.spectra.len() < lines {
            self.spectra.resize(lines, Line::default());
        }
    }

    fn reserve_transform<W: Lane>(&mut self, plan: &LaneFourier<W>) {
        for (arrays, room) in [(&mut self.arrays[..], plan.room()), (&mut self.spare[..], plan.spare())] {
            for array in arrays {
                if array.len() < room {
                    array.resize(room, [Line::default(); 2]);
                }
            }
        }
    }
}

/// How many columns of a line there are: those that are none have nothing and stand behind.
fn present<T: AsRef<[R]>, R>(columns: &[T]) -> usize {
    columns.iter().take_while(|column| !column.as_ref().is_empty()).count()
}

/// One of so many shares of a number of things.
fn share(count: usize, share: usize, shares: usize) -> Range<usize> {
    let length = count.div_ceil(shares);
    count.min(share * length)..count.min((share + 1) * length)
}

/// Lines from one latitude pair to the next: odd, for the sake of the caches.
fn pitch(wavenumbers: usize) -> usize {
    wavenumbers.next_multiple_of(GROUP) * PARTS + 1
}

impl<W: Lane> RingTransforms<W> {
    /// Synthesises the rings of a line of pairs for N = [`Lane::LANES`] columns; empty outputs are of none. `groups` has the coefficients of a group of
    /// wavenumbers and a column.
    pub(super) fn synthesize_by_column<'a, R: Real, const N: usize>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        groups: impl Fn(usize, usize) -> &'a [Line],
        scratch: &mut ColumnScratch,
        outputs: [&mut [&mut [R]; N]; 2],
    ) {
        let [north_outputs, south_outputs] = outputs;
        scratch.reserve_spectra(N, wavenumbers);
        let pitch = pitch(wavenumbers);
        let spectra = &mut scratch.spectra[..N * pitch];
        self.arch.dispatch(SpectraFromColumns::<_, W, N> {
            groups,
            wavenumbers,
            spectra,
            precision: PhantomData,
        });
        let first = [self.north[line], self.south[line + 1]];
        for lane in 0..N {
            let [Some(north), south] = self.pair(line, lane) else { continue };
            let plan = north.by_column();
            scratch.reserve_transform(plan);
            let ColumnScratch { spectra, arrays, spare, ahead } = &mut *scratch;
            let offsets =
                [Some(north.ring.offset - first[0]), south.map(|south| south.ring.offset - first[1])];
            ahead.clear();
            for (outputs, offset) in [&*north_outputs, &*south_outputs].into_iter().zip(offsets) {
                for (output, offset) in
                    outputs.iter().flat_map(|output| offset.map(|offset| (output, offset)))
                {
                    ahead.add(output.get(offset..offset + north.ring.points).unwrap_or_default());
                }
            }
            self.arch.dispatch(SynthesizeColumns {
                plan,
                points: north.ring.points,
                wavenumbers: wavenumbers.min(north.wavenumbers),
                factors: factor.on(&north.ring).map(W::of),
                turn: north.turn.as_deref(),
                spectra: &spectra[lane * pitch..(lane + 1) * pitch],
                arrays,
                spare,
                ahead,
                offsets,
                outputs: [&mut *north_outputs, &mut *south_outputs],
            });
        }
    }

    /// Analyses the rings of a line of pairs of N = [`Lane::LANES`] columns, from the first one of `output` on; empty inputs are of none.
    pub(super) fn analyze_by_column<R: Real, const N: usize>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        inputs: &[&[R]; N],
        is_much: bool,
        scratch: &mut ColumnScratch,
        output: PiecesOfLine<'_>,
    ) {
        scratch.reserve_spectra(N, wavenumbers);
        let groups = output.lines.len() / (output.columns * PIECE);
        let pitch = pitch(wavenumbers);
        for lane in 0..N {
            let [Some(north), south] = self.pair(line, lane) else {
                scratch.spectra[lane * pitch..(lane + 1) * pitch].fill(Line::default());
                continue;
            };
            let plan = north.by_column();
            scratch.reserve_transform(plan);
            let ColumnScratch { spectra, arrays, spare, ahead } = &mut *scratch;
            ahead.clear();
            let next = if lane + 1 < N { self.pair(line, lane + 1) } else { [None; 2] };
            for RingPlan { ring, .. } in next.into_iter().flatten() {
                for input in inputs {
                    ahead.add(input.get(ring.offset..ring.offset + ring.points).unwrap_or_default());
                }
            }
            if is_much {
                // What all of them become.
                for group in share(groups, lane, N) {
                    let first = (group * output.columns + output.column) * PIECE;
                    ahead.add(&output.lines[first..first + N.min(output.columns - output.column) * PIECE]);
                }
            }
            self.arch.dispatch(AnalyzeColumns {
                plan,
                points: north.ring.points,
                wavenumbers: wavenumbers.min(north.wavenumbers),
                factors: factor.on(&north.ring).map(W::of),
                turn: north.turn.as_deref(),
                spectra: &mut spectra[lane * pitch..(lane + 1) * pitch],
                arrays,
                spare,
                ahead,
                offsets: [Some(north.ring.offset), south.map(|south| south.ring.offset)],
                inputs,
            });
        }
        let spectra = &scratch.spectra[..N * pitch];
        self.arch.dispatch(ColumnsFromSpectra::<W, N> {
            spectra,
            wavenumbers,
            output,
            precision: PhantomData,
        });
    }
}

/// Puts the coefficients of a line of pairs in order pair by pair, columns side by side.
struct SpectraFromColumns<'s, G, W, const N: usize> {
    groups: G,
    wavenumbers: usize,
    spectra: &'s mut [Line],
    precision: PhantomData<W>,
}

impl<'a, G: Fn(usize, usize) -> &'a [Line], W: Lane, const N: usize> WithSimd
    for SpectraFromColumns<'_, G, W, N>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { groups, wavenumbers, spectra, .. } = self;
        let pitch = pitch(wavenumbers);
        for group in 0..wavenumbers.div_ceil(GROUP) {
            let mut pieces: [&[Line]; N] = [&[]; N];
            for column in 0..N {
                if group + 2 < wavenumbers.div_ceil(GROUP) {
                    prefetch_far(&groups(group + 2, column)[..PIECE]);
                }
                pieces[column] = &groups(group, column)[..PIECE];
            }
            for i in 0..PIECE {
                let mut tile = [Line::default(); N];
                for column in 0..N {
                    tile[column] = pieces[column][i];
                }
                transpose::<S, W, N>(simd, &mut tile);
                for pair in 0..N {
                    spectra[pair * pitch + group * PIECE + i] = tile[pair];
                }
            }
        }
    }
}

/// The opposite; there are coefficients of more wavenumbers in the output, which become 0.
struct ColumnsFromSpectra<'a, W, const N: usize> {
    spectra: &'a [Line],
    wavenumbers: usize,
    output: PiecesOfLine<'a>,
    precision: PhantomData<W>,
}

impl<W: Lane, const N: usize> WithSimd for ColumnsFromSpectra<'_, W, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { spectra, wavenumbers, output, .. } = self;
        let PiecesOfLine { lines, columns, column } = output;
        let (pitch, count) = (pitch(wavenumbers), N.min(columns - column));
        for group in 0..lines.len() / (columns * PIECE) {
            let first = (group * columns + column) * PIECE;
            if let Some(next) = lines.get(first + columns * PIECE..first + (columns + count) * PIECE) {
                prefetch(next);
            }
            let pieces = &mut lines[first..first + count * PIECE];
            if group * GROUP >= wavenumbers {
                pieces.fill(Line::default());
                continue;
            }
            for i in 0..PIECE {
                let mut tile = [Line::default(); N];
                for pair in 0..N {
                    tile[pair] = spectra[pair * pitch + group * PIECE + i];
                }
                transpose::<S, W, N>(simd, &mut tile);
                if count == N {
                    for column in 0..N {
                        pieces[column * PIECE + i] = tile[column];
                    }
                } else {
                    for column in 0..count {
                        pieces[column * PIECE + i] = tile[column];
                    }
                }
            }
        }
    }
}

/// [re, im] of one part of a hemisphere's coefficient, turned by e^{±imλ₀} if the ring does not begin at 0.
#[inline(always)]
fn turned<S: Simd, W: Lane>(
    simd: S,
    [re, im]: [W::Vector<S>; 2],
    turn: Option<Complex<W>>,
) -> [W::Vector<S>; 2] {
    let Some(turn) = turn else { return [re, im] };
    let (cosine, sine) = (W::splat(simd, turn.re), W::splat(simd, turn.im));
    let minus = W::negative(simd, W::product(simd, im, sine));
    [W::product_sum(simd, re, cosine, minus), W::product_sum(simd, re, sine, W::product(simd, im, cosine))]
}

/// Writes a line of points at the beginning of `target`.
#[inline(always)]
fn write_points<W: Lane, R: Real, const N: usize>(target: &mut [R], line: &Line) {
    for (target, value) in target[..N].iter_mut().zip(line.values::<W>()) {
        *target = R::from_f64(value.to_f64());
    }
}

/// Reads a line of points from the beginning of `source`.
#[inline(always)]
fn read_points<W: Lane, R: Real, const N: usize>(source: &[R], line: &mut Line) {
    for (value, source) in line.values_mut::<W>().iter_mut().zip(&source[..N]) {
        *value = W::of(source.to_f64());
    }
}

/// The sums over one pair of rings, as [`super::in_lanes::SynthesizeLanes`] forms them.
struct SynthesizeColumns<'a, 'o, W, R, const N: usize> {
    plan: &'a LaneFourier<W>,
    points: usize,
    wavenumbers: usize,
    /// At m = 0 and m > 0.
    factors: [W; 2],
    turn: Option<&'a [Complex<W>]>,
    /// [m][part].
    spectra: &'a [Line],
    arrays: &'a mut [Vec<[Line; 2]>; 2],
    spare: &'a mut Spare,
    /// Asked for during the transform.
    ahead: &'a mut Ahead,
    /// Of the rings' first points, north and south.
    offsets: [Option<usize>; 2],
    outputs: [&'a mut [&'o mut [R]; N]; 2],
}

impl<W: Lane, R: Real, const N: usize> WithSimd for SynthesizeColumns<'_, '_, W, R, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            plan,
            points,
            wavenumbers,
            factors,
            turn,
            spectra,
            arrays,
            spare,
            ahead,
            offsets,
            outputs,
        } = self;
        let [values, scratch] = arrays;
        values[wavenumbers..points - wavenumbers + 1].fill([Line::default(); 2]);
        for (m, wave) in spectra.chunks_exact(PARTS).enumerate().take(wavenumbers) {
            let factor = W::splat(simd, factors[usize::from(m > 0)]);
            let turn = turn.map(|turn| turn[m]);
            for vector in 0..per_line::<S, W>() {
                let mut parts = [W::splat(simd, W::ZERO); PARTS];
                for part in 0..PARTS {
                    parts[part] = W::product(simd, get::<S, W>(&wave[part], vector), factor);
                }
                let [re, im] = &mut values[m];
                if m == 0 {
                    put::<S, W>(re, vector, parts[2]);
                    put::<S, W>(im, vector, parts[0]);
                    continue;
                }
                let [north_re, north_im] = turned::<S, W>(simd, [parts[0], parts[1]], turn);
                let [south_re, south_im] = turned::<S, W>(simd, [parts[2], parts[3]], turn);
                put::<S, W>(re, vector, W::sum(simd, north_im, south_re));
                put::<S, W>(im, vector, W::difference(simd, north_re, south_im));
                let [re, im] = &mut values[points - m];
                put::<S, W>(re, vector, W::difference(simd, south_re, north_im));
                put::<S, W>(im, vector, W::sum(simd, north_re, south_im));
            }
        }
        let values = plan.transform(simd, values, scratch, spare, ahead, points);
        let (tiles, rest) = values.as_chunks::<N>();
        for (which, (output, offset)) in outputs.into_iter().zip(offsets).enumerate() {
            let Some(offset) = offset else { continue };
            let part = 1 - which;
            let columns = present(&*output);
            for (t, values) in tiles.iter().enumerate() {
                let mut tile = [values[0][part]; N];
                for i in 1..N {
                    tile[i] = values[i][part];
                }
                transpose::<S, W, N>(simd, &mut tile);
                let at = offset + t * N;
                if columns == N {
                    for column in 0..N {
                        write_points::<W, R, N>(&mut output[column][at..], &tile[column]);
                    }
                } else {
                    for column in 0..columns {
                        write_points::<W, R, N>(&mut output[column][at..], &tile[column]);
                    }
                }
            }
            for (i, value) in rest.iter().enumerate() {
                for (value, output) in value[part].values::<W>().iter().zip(&mut output[..columns]) {
                    output[offset + tiles.len() * N + i] = R::from_f64(value.to_f64());
                }
            }
        }
    }
}

/// The opposite, as in [`super::in_lanes::AnalyzeLanes`].
struct AnalyzeColumns<'a, 'i, W, R, const N: usize> {
    plan: &'a LaneFourier<W>,
    points: usize,
    wavenumbers: usize,
    factors: [W; 2],
    turn: Option<&'a [Complex<W>]>,
    spectra: &'a mut [Line],
    arrays: &'a mut [Vec<[Line; 2]>; 2],
    spare: &'a mut Spare,
    /// Asked for during the transform.
    ahead: &'a mut Ahead,
    offsets: [Option<usize>; 2],
    inputs: &'a [&'i [R]; N],
}

impl<W: Lane, R: Real, const N: usize> WithSimd for AnalyzeColumns<'_, '_, W, R, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { plan, points, wavenumbers, factors, turn, spectra, arrays, spare, ahead, offsets, inputs } =
            self;
        let columns = present(inputs);
        let [values, scratch] = arrays;
        let (tiles, rest) = values[..points].as_chunks_mut::<N>();
        for (which, offset) in offsets.into_iter().enumerate() {
            for (t, values) in tiles.iter_mut().enumerate() {
                let mut tile = [Line::default(); N];
                if let Some(offset) = offset {
                    let at = offset + t * N;
                    if columns == N {
                        for column in 0..N {
                            read_points::<W, R, N>(&inputs[column][at..], &mut tile[column]);
                        }
                    } else {
                        for column in 0..columns {
                            read_points::<W, R, N>(&inputs[column][at..], &mut tile[column]);
                        }
                    }
                    transpose::<S, W, N>(simd, &mut tile);
                }
                for i in 0..N {
                    values[i][which] = tile[i];
                }
            }
            for (i, value) in rest.iter_mut().enumerate() {
                value[which] = Line::default();
                let Some(offset) = offset else { continue };
                for (value, input) in value[which].values_mut::<W>().iter_mut().zip(&inputs[..columns]) {
                    *value = W::of(input[offset + tiles.len() * N + i].to_f64());
                }
            }
        }
        let values = plan.transform(simd, values, scratch, spare, ahead, wavenumbers);
        let half = W::splat(simd, W::of(0.5));
        let (waves, _) = spectra.as_chunks_mut::<PARTS>();
        let (waves, others) = waves.split_at_mut(wavenumbers);
        others.fill([Line::default(); PARTS]);
        for (m, wave) in waves.iter_mut().enumerate() {
            let mirrored = if m == 0 { 0 } else { points - m };
            let factor = W::product(simd, half, W::splat(simd, factors[usize::from(m > 0)]));
            let turn = turn.map(|turn| turn[m].conj());
            for vector in 0..per_line::<S, W>() {
                let (a, b) = (get::<S, W>(&values[m][0], vector), get::<S, W>(&values[m][1], vector));
                let (c, d) =
                    (get::<S, W>(&values[mirrored][0], vector), get::<S, W>(&values[mirrored][1], vector));
                let north = [W::sum(simd, a, c), W::difference(simd, b, d)];
                let south = [W::sum(simd, b, d), W::difference(simd, c, a)];
                let north = turned::<S, W>(simd, north, turn);
                let south = turned::<S, W>(simd, south, turn);
                for (line, part) in wave.iter_mut().zip([north[0], north[1], south[0], south[1]]) {
                    put::<S, W>(line, vector, W::product(simd, part, factor));
                }
            }
        }
    }
}
