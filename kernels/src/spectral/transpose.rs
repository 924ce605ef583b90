//! Transposition of square tiles of values, 8 lines of f64 or 16 lines of f32, and what is made of it: sums over lanes.

use pulp::Simd;

use super::lanes::{Lane, Line};

/// Exchanges the values' place in their line with the line's place in the tile, which has N = [`Lane::LANES`] lines.
#[inline(always)]
pub(super) fn transpose<S: Simd, W: Lane, const N: usize>(simd: S, tile: &mut [Line; N]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = (&simd as &dyn std::any::Any).downcast_ref::<pulp::x86::V4>() {
        if N == 8 {
            avx512::transpose_f64(*simd, tile);
        } else {
            avx512::transpose_f32(*simd, tile);
        }
        return;
    } else if let Some(simd) = (&simd as &dyn std::any::Any).downcast_ref::<pulp::x86::V3>() {
        if N == 8 {
            avx2::transpose_f64(*simd, tile);
        } else {
            avx2::transpose_f32(*simd, tile);
        }
        return;
    }
    let _ = simd;
    for i in 0..N {
        for j in i + 1..N {
            let (a, b) = (tile[i].values::<W>()[j], tile[j].values::<W>()[i]);
            tile[i].values_mut::<W>()[j] = b;
            tile[j].values_mut::<W>()[i] = a;
        }
    }
}

/// The sums over the lanes of eight vectors.
#[inline(always)]
pub(super) fn sum_lanes<S: Simd>(simd: S, values: &[S::f64s; 8]) -> [f64; 8] {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = (&simd as &dyn std::any::Any).downcast_ref::<pulp::x86::V4>() {
        return avx512::sum_lanes(*simd, bytemuck::cast_slice(values));
    } else if let Some(simd) = (&simd as &dyn std::any::Any).downcast_ref::<pulp::x86::V3>() {
        return avx2::sum_lanes(*simd, bytemuck::cast_slice(values));
    }
    let mut sums = [0.0; 8];
    for i in 0..8 {
        sums[i] = simd.reduce_sum_f64s(values[i]);
    }
    sums
}

/// In registers: pairs of values, pairs of pairs, then quarters of vectors.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{__m512, __m512d};

    use pulp::x86::V4;

    use super::Line;

    #[inline(always)]
    pub(super) fn transpose_f64<const N: usize>(simd: V4, tile: &mut [Line; N]) {
        let simd = simd.avx512f;
        let mut x: [__m512d; 8] = [bytemuck::cast(tile[0]); 8];
        for i in 1..8 {
            x[i] = bytemuck::cast(tile[i]);
        }
        let mut y = x;
        for i in [0, 2, 4, 6] {
            y[i] = simd._mm512_unpacklo_pd(x[i], x[i + 1]);
            y[i + 1] = simd._mm512_unpackhi_pd(x[i], x[i + 1]);
        }
        // Quarters 0 and 2 of two vectors, or 1 and 3.
        for i in [0, 1, 4, 5] {
            x[i] = simd._mm512_shuffle_f64x2::<0x88>(y[i], y[i + 2]);
            x[i + 2] = simd._mm512_shuffle_f64x2::<0xdd>(y[i], y[i + 2]);
        }
        for i in 0..4 {
            y[i] = simd._mm512_shuffle_f64x2::<0x88>(x[i], x[i + 4]);
            y[i + 4] = simd._mm512_shuffle_f64x2::<0xdd>(x[i], x[i + 4]);
        }
        for i in 0..8 {
            tile[i] = bytemuck::cast(y[i]);
        }
    }

    /// Of two vectors, a blend takes half of the values where they are and a shuffle the others, so that one addition
    /// yields the sums of neighbouring halves of both: halves of vectors, of halves, and of pairs.
    #[inline(always)]
    pub(super) fn sum_lanes(simd: V4, values: &[Line]) -> [f64; 8] {
        let simd = simd.avx512f;
        let mut x: [__m512d; 8] = [bytemuck::cast(values[0]); 8];
        for i in 1..8 {
            x[i] = bytemuck::cast(values[i]);
        }
        // Lanes 0 to 3 are of the first vector, 4 to 7 of the second.
        for i in 0..4 {
            let (a, b) = (x[i], x[i + 4]);
            let kept = simd._mm512_mask_blend_pd(0b1111_0000, a, b);
            x[i] = simd._mm512_add_pd(kept, simd._mm512_shuffle_f64x2::<0b0100_1110>(a, b));
        }
        let pairs = simd._mm512_set_epi64(13, 12, 7, 6, 9, 8, 3, 2);
        for i in 0..2 {
            let (a, b) = (x[i], x[i + 2]);
            let kept = simd._mm512_mask_blend_pd(0b1100_1100, a, b);
            x[i] = simd._mm512_add_pd(kept, simd._mm512_permutex2var_pd(a, pairs, b));
        }
        let (a, b) = (x[0], x[1]);
        let kept = simd._mm512_mask_blend_pd(0b1010_1010, a, b);
        bytemuck::cast(simd._mm512_add_pd(kept, simd._mm512_shuffle_pd::<0b0101_0101>(a, b)))
    }

    #[inline(always)]
    pub(super) fn transpose_f32<const N: usize>(simd: V4, tile: &mut [Line; N]) {
        let simd = simd.avx512f;
        let mut x: [__m512; 16] = [bytemuck::cast(tile[0]); 16];
        for i in 1..16 {
            x[i] = bytemuck::cast(tile[i]);
        }
        let mut y = x;
        for i in (0..16).step_by(2) {
            y[i] = simd._mm512_unpacklo_ps(x[i], x[i + 1]);
            y[i + 1] = simd._mm512_unpackhi_ps(x[i], x[i + 1]);
        }
        // Of four lines: values 0, 1, 2 and 3 of each quarter.
        for i in (0..16).step_by(4) {
            for half in 0..2 {
                let (a, b): (__m512d, __m512d) =
                    (bytemuck::cast(y[i + half]), bytemuck::cast(y[i + 2 + half]));
                x[i + 2 * half] = bytemuck::cast(simd._mm512_unpacklo_pd(a, b));
                x[i + 2 * half + 1] = bytemuck::cast(simd._mm512_unpackhi_pd(a, b));
            }
        }
        for i in [0, 1, 2, 3, 8, 9, 10, 11] {
            y[i] = simd._mm512_shuffle_f32x4::<0x88>(x[i], x[i + 4]);
            y[i + 4] = simd._mm512_shuffle_f32x4::<0xdd>(x[i], x[i + 4]);
        }
        for i in 0..8 {
            x[i] = simd._mm512_shuffle_f32x4::<0x88>(y[i], y[i + 8]);
            x[i + 8] = simd._mm512_shuffle_f32x4::<0xdd>(y[i], y[i + 8]);
        }
        for i in 0..16 {
            tile[i] = bytemuck::cast(x[i]);
        }
    }
}

/// The same by squares of four and of eight values, since two vectors make a line.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{__m256, __m256d};

    use pulp::x86::V3;

    use super::Line;

    #[inline(always)]
    pub(super) fn transpose_f64<const N: usize>(simd: V3, tile: &mut [Line; N]) {
        let lines: &mut [[__m256d; 2]] = bytemuck::cast_slice_mut(tile);
        for half in 0..2 {
            for other in half..2 {
                let mut above = [lines[0][0]; 4];
                let mut below = above;
                for i in 0..4 {
                    above[i] = lines[4 * half + i][other];
                    below[i] = lines[4 * other + i][half];
                }
                (above, below) = (transpose_four(simd, above), transpose_four(simd, below));
                for i in 0..4 {
                    lines[4 * half + i][other] = below[i];
                    lines[4 * other + i][half] = above[i];
                }
            }
        }
    }

    #[inline(always)]
    fn transpose_four(simd: V3, x: [__m256d; 4]) -> [__m256d; 4] {
        let simd = simd.avx;
        let (a, b) = (simd._mm256_unpacklo_pd(x[0], x[1]), simd._mm256_unpackhi_pd(x[0], x[1]));
        let (c, d) = (simd._mm256_unpacklo_pd(x[2], x[3]), simd._mm256_unpackhi_pd(x[2], x[3]));
        [
            simd._mm256_permute2f128_pd::<0x20>(a, c),
            simd._mm256_permute2f128_pd::<0x20>(b, d),
            simd._mm256_permute2f128_pd::<0x31>(a, c),
            simd._mm256_permute2f128_pd::<0x31>(b, d),
        ]
    }

    #[inline(always)]
    pub(super) fn sum_lanes(simd: V3, values: &[__m256d]) -> [f64; 8] {
        bytemuck::cast([sum_four(simd, &values[..4]), sum_four(simd, &values[4..8])])
    }

    /// Values of neighbouring vectors, then halves of vectors.
    #[inline(always)]
    fn sum_four(simd: V3, x: &[__m256d]) -> __m256d {
        let simd = simd.avx;
        let a = simd._mm256_add_pd(simd._mm256_unpacklo_pd(x[0], x[1]), simd._mm256_unpackhi_pd(x[0], x[1]));
        let b = simd._mm256_add_pd(simd._mm256_unpacklo_pd(x[2], x[3]), simd._mm256_unpackhi_pd(x[2], x[3]));
        let low = simd._mm256_permute2f128_pd::<0x20>(a, b);
        simd._mm256_add_pd(low, simd._mm256_permute2f128_pd::<0x31>(a, b))
    }

    #[inline(always)]
    pub(super) fn transpose_f32<const N: usize>(simd: V3, tile: &mut [Line; N]) {
        let lines: &mut [[__m256; 2]] = bytemuck::cast_slice_mut(tile);
        for half in 0..2 {
            for other in half..2 {
                let mut above = [lines[0][0]; 8];
                let mut below = above;
                for i in 0..8 {
                    above[i] = lines[8 * half + i][other];
                    below[i] = lines[8 * other + i][half];
                }
                (above, below) = (transpose_eight(simd, above), transpose_eight(simd, below));
                for i in 0..8 {
                    lines[8 * half + i][other] = below[i];
                    lines[8 * other + i][half] = above[i];
                }
            }
        }
    }

    #[inline(always)]
    fn transpose_eight(simd: V3, mut x: [__m256; 8]) -> [__m256; 8] {
        let simd = simd.avx;
        let mut y = x;
        for i in [0, 2, 4, 6] {
            y[i] = simd._mm256_unpacklo_ps(x[i], x[i + 1]);
            y[i + 1] = simd._mm256_unpackhi_ps(x[i], x[i + 1]);
        }
        // Of four lines: values 0, 1, 2 and 3 of each half.
        for i in [0, 4] {
            for half in 0..2 {
                let (a, b): (__m256d, __m256d) =
                    (bytemuck::cast(y[i + half]), bytemuck::cast(y[i + 2 + half]));
                x[i + 2 * half] = bytemuck::cast(simd._mm256_unpacklo_pd(a, b));
                x[i + 2 * half + 1] = bytemuck::cast(simd._mm256_unpackhi_pd(a, b));
            }
        }
        for i in 0..4 {
            y[i] = simd._mm256_permute2f128_ps::<0x20>(x[i], x[i + 4]);
            y[i + 4] = simd._mm256_permute2f128_ps::<0x31>(x[i], x[i + 4]);
        }
        y
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;

    struct Transpose<'a, W, const N: usize>(&'a mut [Line; N], std::marker::PhantomData<W>);

    impl<W: Lane, const N: usize> WithSimd for Transpose<'_, W, N> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            transpose::<S, W, N>(simd, self.0);
        }
    }

    fn columns_become_lines<W: Lane, const N: usize>() {
        let mut tile = [Line::default(); N];
        for i in 0..W::LANES {
            for j in 0..W::LANES {
                tile[i].values_mut::<W>()[j] = W::of((100 * i + j) as f64);
            }
        }
        pulp::Arch::new().dispatch(Transpose::<W, N>(&mut tile, std::marker::PhantomData));
        for i in 0..W::LANES {
            for j in 0..W::LANES {
                assert!(tile[i].values::<W>()[j] == W::of((100 * j + i) as f64), "{i} {j}");
            }
        }
    }

    struct Sum<'a>(&'a [Line; 8]);

    impl WithSimd for Sum<'_> {
        type Output = [f64; 8];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f64; 8] {
            let vectors: &[S::f64s] = bytemuck::cast_slice(self.0);
            sum_lanes(simd, vectors.first_chunk().expect("at least eight vectors"))
        }
    }

    #[test]
    fn lanes_are_summed() {
        let mut lines = [Line::default(); 8];
        for (i, value) in bytemuck::cast_slice_mut::<Line, f64>(&mut lines).iter_mut().enumerate() {
            *value = (i * i) as f64;
        }
        let got = pulp::Arch::new().dispatch(Sum(&lines));
        let lanes = pulp::Arch::new().dispatch(Lanes);
        let values: &[f64] = bytemuck::cast_slice(&lines);
        for (got, values) in got.iter().zip(values.chunks(lanes)) {
            assert_eq!(*got, values.iter().sum::<f64>());
        }
    }

    struct Lanes;

    impl WithSimd for Lanes {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F64_LANES
        }
    }

    #[test]
    fn tiles_of_both_precisions_are_transposed() {
        columns_become_lines::<f64, 8>();
        columns_become_lines::<f32, 16>();
    }
}
