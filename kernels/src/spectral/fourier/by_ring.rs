//! Rings one after another: where they cannot be transformed side by side, and where a hook sees their coefficients.

use realfft::num_complex::Complex;

use super::pieces::{PiecesFromSpectra, PiecesOfLine, SpectraFromPieces};
use super::{Factor, RingHook, RingPlan, RingTransforms, Scratch};
use crate::Real;
use crate::spectral::lanes::{Lane, Line};

/// Makes room for a number of values.
fn reserve<W: Lane>(values: &mut Vec<Complex<W>>, length: usize) {
    if values.len() < length {
        values.resize(length, Complex::new(W::ZERO, W::ZERO));
    }
}

impl<W: Lane> RingTransforms<W> {
    pub(super) fn synthesize_by_ring<'a, R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        hook: Option<RingHook<'_>>,
        groups: impl Fn(usize) -> &'a [Line],
        scratch: &mut Scratch<W>,
        parts: [&mut [R]; 2],
    ) {
        let Scratch { spectra, values, fft, row, .. } = scratch;
        let length = self.longest / 2 + 1;
        if hook.is_some() {
            spectra.resize(2 * W::LANES * length, Complex::new(W::ZERO, W::ZERO));
            row.resize(length, [0.0; 2]);
        }
        self.arch.dispatch(SpectraFromPieces { groups, wavenumbers, length, spectra: &mut *spectra });
        let first = [self.north[line], self.south[line + 1]];
        for lane in 0..W::LANES {
            for (which, plan) in self.pair(line, lane).into_iter().enumerate() {
                let Some(RingPlan { ring, wavenumbers: carried, turn, plans }) = plan else { continue };
                let inverse = plans.inverse.get_or_init(|| self.planner().plan_fft_inverse(ring.points));
                reserve(fft, inverse.get_scratch_len());
                let spectrum = &mut spectra[(which * W::LANES + lane) * length..][..ring.points / 2 + 1];
                let [zonal, other] = factor.on(ring).map(W::of);
                let (carried, above) = spectrum.split_at_mut(wavenumbers.min(*carried));
                above.fill(Complex::new(W::ZERO, W::ZERO));
                let (zeroth, others) = carried.split_first_mut().expect("a ring carries m = 0");
                *zeroth = Complex::new(zeroth.re * zonal, W::ZERO);
                for value in others {
                    *value = Complex::new(value.re * other, value.im * other);
                }
                if let Some(turn) = turn {
                    for (value, turn) in carried.iter_mut().zip(turn.iter()) {
                        *value = *value * turn;
                    }
                }
                if let Some(hook) = hook {
                    let row = &mut row[..carried.len()];
                    for (row, value) in row.iter_mut().zip(&*carried) {
                        *row = [value.re.to_f64(), value.im.to_f64()];
                    }
                    hook(self.ring_number(line, lane, which), row);
                    for (row, value) in row.iter().zip(carried) {
                        *value = Complex::new(W::of(row[0]), W::of(row[1]));
                    }
                    spectrum[0].im = W::ZERO;
                }
                let values = &mut values[..ring.points];
                inverse
                    .process_with_scratch(spectrum, values, &mut fft[..inverse.get_scratch_len()])
                    .expect("lengths that were planned and a real zonal mean");
                let points = &mut parts[which][ring.offset - first[which]..][..ring.points];
                for (point, value) in points.iter_mut().zip(values) {
                    *point = R::from_f64(value.to_f64());
                }
            }
        }
    }

    pub(super) fn analyze_by_ring<R: Real>(
        &self,
        line: usize,
        wavenumbers: usize,
        factor: Factor,
        input: &[R],
        scratch: &mut Scratch<W>,
        output: PiecesOfLine<'_>,
    ) {
        let Scratch { spectra, values, fft, .. } = scratch;
        let length = self.longest / 2 + 1;
        for lane in 0..W::LANES {
            for (which, plan) in self.pair(line, lane).into_iter().enumerate() {
                let spectrum = &mut spectra[(which * W::LANES + lane) * length..][..length];
                let Some(RingPlan { ring, wavenumbers: carried, turn, plans }) = plan else {
                    spectrum.fill(Complex::new(W::ZERO, W::ZERO));
                    continue;
                };
                let values = &mut values[..ring.points];
                for (value, point) in values.iter_mut().zip(&input[ring.offset..]) {
                    *value = W::of(point.to_f64());
                }
                let forward = plans.forward.get_or_init(|| self.planner().plan_fft_forward(ring.points));
                reserve(fft, forward.get_scratch_len());
                let (spectrum, behind) = spectrum.split_at_mut(ring.points / 2 + 1);
                behind.fill(Complex::new(W::ZERO, W::ZERO));
                forward
                    .process_with_scratch(values, spectrum, &mut fft[..forward.get_scratch_len()])
                    .expect("lengths that were planned");
                let [zonal, other] = factor.on(ring).map(W::of);
                let (carried, above) = spectrum.split_at_mut(*carried);
                above.fill(Complex::new(W::ZERO, W::ZERO));
                for (m, value) in carried.iter_mut().enumerate() {
                    let factor = if m == 0 { zonal } else { other };
                    *value = Complex::new(value.re * factor, value.im * factor);
                }
                if let Some(turn) = turn {
                    for (value, turn) in carried.iter_mut().zip(turn.iter()) {
                        *value = *value * turn.conj();
                    }
                }
            }
        }
        self.arch.dispatch(PiecesFromSpectra { spectra: &*spectra, length, wavenumbers, output });
    }
}
