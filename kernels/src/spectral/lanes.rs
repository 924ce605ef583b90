//! Cache lines of eight f64: the unit in which the engine stores latitudes.

use pulp::Simd;

/// Latitudes per line.
pub(super) const LANES: usize = 8;
/// Lines per block of latitudes.
pub(super) const BLOCK_LINES: usize = 4;
/// Latitude pairs per block: the unit of starting values and of register blocking.
pub(super) const BLOCK: usize = LANES * BLOCK_LINES;

/// Eight values in one cache line.
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [f64; LANES]);

/// Lines as vectors of the machine in use.
#[inline(always)]
pub(super) fn vectors<S: Simd>(lines: &[Line]) -> &[S::f64s] {
    bytemuck::cast_slice(lines)
}

/// Lines as vectors of the machine in use, for writing.
#[inline(always)]
pub(super) fn vectors_mut<S: Simd>(lines: &mut [Line]) -> &mut [S::f64s] {
    bytemuck::cast_slice_mut(lines)
}

/// Vector number `index` of a line.
#[inline(always)]
pub(super) fn get<S: Simd>(line: &Line, index: usize) -> S::f64s {
    vectors::<S>(std::slice::from_ref(line))[index]
}

/// Sets vector number `index` of a line.
#[inline(always)]
pub(super) fn put<S: Simd>(line: &mut Line, index: usize, value: S::f64s) {
    vectors_mut::<S>(std::slice::from_mut(line))[index] = value;
}
