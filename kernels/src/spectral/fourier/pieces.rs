//! Between the lines of latitude pairs, in which coefficients are stored, and spectra ring by ring.

use pulp::{Simd, WithSimd};
use realfft::num_complex::Complex;

use crate::spectral::coefficients::{GROUP, PARTS, PIECE};
use crate::spectral::lanes::{Lane, Line};
use crate::spectral::transpose::transpose;

/// Numbers in a group's real and imaginary parts.
const PARTS_OF_GROUP: usize = 2 * GROUP;

/// Puts the coefficients of a line of pairs in order ring by ring: `spectra` is [north, south][lane][`length`].
pub(super) struct SpectraFromPieces<'s, W, G> {
    pub(super) groups: G,
    pub(super) wavenumbers: usize,
    pub(super) length: usize,
    pub(super) spectra: &'s mut [Complex<W>],
}

impl<'a, W: Lane, G: Fn(usize) -> &'a [Line]> WithSimd for SpectraFromPieces<'_, W, G> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match W::LANES {
            8 => self.run::<S, 8>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl<'a, W: Lane, G: Fn(usize) -> &'a [Line]> SpectraFromPieces<'_, W, G> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { groups, wavenumbers, length, spectra } = self;
        for group in 0..wavenumbers.div_ceil(GROUP) {
            let piece = groups(group);
            let first = group * GROUP;
            let count = GROUP.min(wavenumbers - first).min(length.saturating_sub(first));
            for which in 0..2 {
                let mut tile = [Line::default(); N];
                for i in 0..PARTS_OF_GROUP {
                    tile[i] = piece[i / 2 * PARTS + 2 * which + i % 2];
                }
                transpose::<S, W, N>(simd, &mut tile);
                for (lane, line) in tile.iter().enumerate() {
                    let target = &mut spectra[(which * N + lane) * length + first..][..count];
                    let parts = line.values::<W>();
                    for (j, target) in target.iter_mut().enumerate() {
                        *target = Complex::new(parts[2 * j], parts[2 * j + 1]);
                    }
                }
            }
        }
    }
}

/// The opposite; coefficients behind `wavenumbers` are 0.
pub(super) struct PiecesFromSpectra<'a, W> {
    pub(super) spectra: &'a [Complex<W>],
    pub(super) length: usize,
    pub(super) wavenumbers: usize,
    pub(super) output: PiecesOfLine<'a>,
}

impl<W: Lane> WithSimd for PiecesFromSpectra<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match W::LANES {
            8 => self.run::<S, 8>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl<W: Lane> PiecesFromSpectra<'_, W> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { spectra, length, wavenumbers, output } = self;
        let PiecesOfLine { lines, columns, column } = output;
        for (group, pieces) in lines.chunks_exact_mut(columns * PIECE).enumerate() {
            let piece = &mut pieces[column * PIECE..(column + 1) * PIECE];
            let first = group * GROUP;
            let count = GROUP.min(wavenumbers.min(length).saturating_sub(first));
            for which in 0..2 {
                let mut tile = [Line::default(); N];
                for (lane, line) in tile.iter_mut().enumerate() {
                    let source = &spectra[(which * N + lane) * length + first.min(length - count)..][..count];
                    let parts = line.values_mut::<W>();
                    for (j, source) in source.iter().enumerate() {
                        (parts[2 * j], parts[2 * j + 1]) = (source.re, source.im);
                    }
                }
                transpose::<S, W, N>(simd, &mut tile);
                for i in 0..PARTS_OF_GROUP {
                    piece[i / 2 * PARTS + 2 * which + i % 2] = tile[i];
                }
            }
        }
    }
}

/// The Fourier coefficients of one column among those of a line of pairs.
pub(super) struct PiecesOfLine<'a> {
    pub(super) lines: &'a mut [Line],
    pub(super) columns: usize,
    pub(super) column: usize,
}
