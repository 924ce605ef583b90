//! Cache lines of latitudes: the unit in which the engine stores what it computes with in SIMD, and its operations.

use bytemuck::Pod;
use pulp::Simd;
use rustfft::FftNum;

use super::parcels::{Came, Deliver, WaveSide};
use crate::Real;

/// Latitude pairs per block: the unit of starting values and of register blocking.
pub(super) const BLOCK: usize = 16;
/// f64 latitudes per line.
pub(super) const LANES: usize = 8;
/// f64 lines per block of latitudes.
pub(super) const BLOCK_LINES: usize = BLOCK / LANES;

/// One cache line of f64 or f32 values.
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [f64; LANES]);

impl Line {
    /// The values in the precision in which they were written.
    #[inline(always)]
    pub(super) fn values<W: Lane>(&self) -> &[W] {
        bytemuck::cast_slice(&self.0)
    }

    /// The values in the precision in which they were written, for writing.
    #[inline(always)]
    pub(super) fn values_mut<W: Lane>(&mut self) -> &mut [W] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// The precision in which sums are formed, with its SIMD operations.
pub(super) trait Lane: Real + FftNum {
    /// A vector of the machine in use.
    type Vector<S: Simd>: Pod;
    /// Values per line.
    const LANES: usize = size_of::<Line>() / size_of::<Self>();
    /// Lines per block of latitudes.
    const BLOCK_LINES: usize = BLOCK / Self::LANES;
    /// Below two to this power, some bits under the machine epsilon, a Legendre function counts as 0 beside others of order 1.
    const MATTERS: i32;
    /// Numbers smaller than this, unless they are 0, may be too small for fast arithmetic.
    const SLOW: f64;
    /// Whether sums over even degrees are formed against q_k. The function P̄_{m+2k} is the difference of two of them, n times as
    /// large near the equator: f64 has digits enough for that.
    const SUMS_STEPS: bool;

    /// The nearest number.
    fn of(value: f64) -> Self;
    /// All lanes the same.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// a + b.
    fn sum<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a − b.
    fn difference<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b.
    fn product<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b + c.
    fn product_sum<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// −a.
    fn negative<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// Has numbers of this precision written to the memory of those who deliver them; whether there was room.
    fn write(by: &mut dyn Deliver, length: usize, sum: &mut dyn FnMut(&mut [Self])) -> bool;
    /// Hands parcels of them over, made of what was written; whether they could be sent.
    fn start(
        by: &mut dyn Deliver,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(&[Self], &mut [Self]),
    ) -> bool;
    /// Takes what others handed over; whether it came.
    fn finish(by: &mut dyn Deliver, to: WaveSide, take: &mut dyn FnMut(Came<'_, Self>)) -> bool;
    /// Writes a vector of f64 to the places `at`... of a row; if some may be SMALL, those below [`Self::SLOW`] become 0.
    fn store<S: Simd, const SMALL: bool>(simd: S, row: &mut [Line], at: usize, values: S::f64s);
}

impl Lane for f64 {
    type Vector<S: Simd> = S::f64s;
    const MATTERS: i32 = -54;
    // Starting values are far above what is denormal.
    const SLOW: f64 = 0.0;
    const SUMS_STEPS: bool = true;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f64s {
        simd.splat_f64s(value)
    }

    #[inline(always)]
    fn sum<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.add_f64s(a, b)
    }

    #[inline(always)]
    fn difference<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.sub_f64s(a, b)
    }

    #[inline(always)]
    fn product<S: Simd>(simd: S, a: S::f64s, b: S::f64s) -> S::f64s {
        simd.mul_f64s(a, b)
    }

    #[inline(always)]
    fn product_sum<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    #[inline(always)]
    fn negative<S: Simd>(simd: S, a: S::f64s) -> S::f64s {
        simd.neg_f64s(a)
    }

    fn write(by: &mut dyn Deliver, length: usize, sum: &mut dyn FnMut(&mut [f64])) -> bool {
        by.write_f64(length, sum)
    }

    fn start(
        by: &mut dyn Deliver,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(&[f64], &mut [f64]),
    ) -> bool {
        by.start_f64(to, columns, fill)
    }

    fn finish(by: &mut dyn Deliver, to: WaveSide, take: &mut dyn FnMut(Came<'_, f64>)) -> bool {
        by.finish_f64(to, take)
    }

    #[inline(always)]
    fn store<S: Simd, const SMALL: bool>(_: S, row: &mut [Line], at: usize, values: S::f64s) {
        bytemuck::cast_slice_mut::<Line, S::f64s>(row)[at / S::F64_LANES] = values;
    }
}

impl Lane for f32 {
    type Vector<S: Simd> = S::f32s;
    const MATTERS: i32 = -34;
    // Far above what is denormal, so that products are not either.
    const SLOW: f64 = 1e-30;
    const SUMS_STEPS: bool = false;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, value: Self) -> S::f32s {
        simd.splat_f32s(value)
    }

    #[inline(always)]
    fn sum<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.add_f32s(a, b)
    }

    #[inline(always)]
    fn difference<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.sub_f32s(a, b)
    }

    #[inline(always)]
    fn product<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.mul_f32s(a, b)
    }

    #[inline(always)]
    fn product_sum<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    #[inline(always)]
    fn negative<S: Simd>(simd: S, a: S::f32s) -> S::f32s {
        simd.neg_f32s(a)
    }

    fn write(by: &mut dyn Deliver, length: usize, sum: &mut dyn FnMut(&mut [f32])) -> bool {
        by.write_f32(length, sum)
    }

    fn start(
        by: &mut dyn Deliver,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(&[f32], &mut [f32]),
    ) -> bool {
        by.start_f32(to, columns, fill)
    }

    fn finish(by: &mut dyn Deliver, to: WaveSide, take: &mut dyn FnMut(Came<'_, f32>)) -> bool {
        by.finish_f32(to, take)
    }

    #[inline(always)]
    fn store<S: Simd, const SMALL: bool>(_: S, row: &mut [Line], at: usize, values: S::f64s) {
        let row: &mut [f32] = bytemuck::cast_slice_mut(row);
        let values: &[f64] = bytemuck::cast_slice(std::slice::from_ref(&values));
        for (target, &value) in row[at..at + S::F64_LANES].iter_mut().zip(values) {
            *target = if SMALL && value.abs() < Self::SLOW { 0.0 } else { value as f32 };
        }
    }
}

/// Lines as vectors of the machine in use.
#[inline(always)]
pub(super) fn vectors<S: Simd, W: Lane>(lines: &[Line]) -> &[W::Vector<S>] {
    bytemuck::cast_slice(lines)
}

/// Lines as vectors of the machine in use, for writing.
#[inline(always)]
pub(super) fn vectors_mut<S: Simd, W: Lane>(lines: &mut [Line]) -> &mut [W::Vector<S>] {
    bytemuck::cast_slice_mut(lines)
}

/// Vectors of the machine in use per line.
#[inline(always)]
pub(super) fn per_line<S: Simd, W: Lane>() -> usize {
    size_of::<Line>() / size_of::<W::Vector<S>>()
}

/// Vector number `index` of a line.
#[inline(always)]
pub(super) fn get<S: Simd, W: Lane>(line: &Line, index: usize) -> W::Vector<S> {
    vectors::<S, W>(std::slice::from_ref(line))[index]
}

/// Sets vector number `index` of a line.
#[inline(always)]
pub(super) fn put<S: Simd, W: Lane>(line: &mut Line, index: usize, value: W::Vector<S>) {
    vectors_mut::<S, W>(std::slice::from_mut(line))[index] = value;
}

/// WIDTH neighbouring vectors.
#[inline(always)]
pub(super) fn take<V: Copy, const WIDTH: usize>(values: &[V], first: usize) -> [V; WIDTH] {
    let mut taken = [values[first]; WIDTH];
    taken.copy_from_slice(&values[first..first + WIDTH]);
    taken
}
