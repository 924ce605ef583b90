//! From the coefficients of the functions to those of the recurrence's q_k and back, one column at a time.

use pulp::Simd;

use super::super::recurrence::Recurrence;

impl Recurrence {
    /// Coefficients of the q_k that sum to the same even and odd parts as one column of `rows`.
    ///
    /// Even: α_k (ε_{m+2k+1} c_{m+2k} + ε_{m+2k+2} c_{m+2k+2}); odd: α_k c_{m+2k+1}. Order: even re, even im, odd re, odd im.
    /// `rows` is [n − m][2][columns]; degrees behind its end count as 0.
    #[inline(always)]
    pub(super) fn to_steps<S: Simd>(
        &self,
        simd: S,
        rows: &[f64],
        columns: usize,
        column: usize,
        steps: &mut [[f64; 4]],
    ) {
        let done = if columns == 1 { most_to_steps(simd, &self.amplitudes, rows, steps) } else { 0 };
        let row = |j: usize| match rows.get(2 * j * columns..2 * (j + 1) * columns) {
            Some(row) => [row[column], row[columns + column]],
            None => [0.0; 2],
        };
        let mut even = row(2 * done);
        let steps = steps.iter_mut().zip(&self.amplitudes).enumerate().skip(done);
        for (k, (step, [first, second, alpha])) in steps {
            let (odd, next) = (row(2 * k + 1), row(2 * k + 2));
            *step = [
                first * even[0] + second * next[0],
                first * even[1] + second * next[1],
                alpha * odd[0],
                alpha * odd[1],
            ];
            even = next;
        }
    }

    /// The transpose: sums against q_k become sums against P̄_n.
    #[inline(always)]
    pub(super) fn to_rows<S: Simd>(
        &self,
        simd: S,
        steps: &[[f64; 4]],
        columns: usize,
        column: usize,
        rows: &mut [f64],
    ) {
        let done = if columns == 1 { most_to_rows(simd, &self.amplitudes, steps, rows) } else { 0 };
        let mut before = match done.checked_sub(1) {
            Some(k) => [0, 1].map(|part| self.amplitudes[k][1] * steps[k][part]),
            None => [0.0; 2],
        };
        let mut pairs = rows.chunks_mut(4 * columns).skip(done);
        for (step, [first, second, alpha]) in steps.iter().zip(&self.amplitudes).skip(done) {
            let Some(pair) = pairs.next() else { return };
            pair[column] = first * step[0] + before[0];
            pair[columns + column] = first * step[1] + before[1];
            if pair.len() > 2 * columns {
                pair[2 * columns + column] = alpha * step[2];
                pair[3 * columns + column] = alpha * step[3];
            }
            before = [second * step[0], second * step[1]];
        }
    }
}

/// Does all but the last few steps of a single column, and says how many, if this machine has a faster way.
#[inline(always)]
fn most_to_steps<S: Simd>(simd: S, amplitudes: &[[f64; 3]], rows: &[f64], steps: &mut [[f64; 4]]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = avx2::of(simd) {
        return avx2::to_steps(simd, amplitudes, rows, steps);
    }
    let _ = (simd, amplitudes, rows, steps);
    0
}

/// The same of the transpose.
#[inline(always)]
fn most_to_rows<S: Simd>(simd: S, amplitudes: &[[f64; 3]], steps: &[[f64; 4]], rows: &mut [f64]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = avx2::of(simd) {
        return avx2::to_rows(simd, amplitudes, steps, rows);
    }
    let _ = (simd, amplitudes, steps, rows);
    0
}

/// A step at a time, as its two degrees stand side by side. Compilers take several steps instead and sort their numbers.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::__m256d;

    use pulp::Simd;
    use pulp::x86::{V3, V4};

    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S) -> Option<V3> {
        let simd = &simd as &dyn std::any::Any;
        simd.downcast_ref::<V4>().map(|simd| **simd).or_else(|| simd.downcast_ref::<V3>().copied())
    }

    /// The amplitudes of a step and the first one of the next.
    #[inline(always)]
    fn load(amplitudes: &[[f64; 3]]) -> Option<__m256d> {
        amplitudes.as_flattened().first_chunk::<4>().map(|amplitudes| bytemuck::cast(*amplitudes))
    }

    /// What even degrees and odd ones are multiplied with.
    #[inline(always)]
    fn own(simd: V3, amplitudes: __m256d) -> __m256d {
        simd.avx2._mm256_permute4x64_pd::<0b10_10_00_00>(amplitudes)
    }

    /// What the even degrees of `values` yield for the function two degrees before or behind.
    #[inline(always)]
    fn other(simd: V3, amplitudes: __m256d, values: [f64; 4]) -> __m256d {
        let even = simd.avx._mm256_blend_pd::<0b1100>(bytemuck::cast(values), simd.avx._mm256_setzero_pd());
        simd.avx._mm256_mul_pd(simd.avx2._mm256_permute4x64_pd::<0b01_01_01_01>(amplitudes), even)
    }

    #[inline(always)]
    pub(super) fn to_steps(simd: V3, amplitudes: &[[f64; 3]], rows: &[f64], steps: &mut [[f64; 4]]) -> usize {
        let (pairs, _) = rows.as_chunks::<4>();
        let Some((_, next)) = pairs.split_first() else { return 0 };
        let mut done = 0;
        for (((step, pair), next), amplitudes) in
            steps.iter_mut().zip(pairs).zip(next).zip(amplitudes.windows(2))
        {
            let Some(amplitudes) = load(amplitudes) else { break };
            let other = other(simd, amplitudes, *next);
            let own = own(simd, amplitudes);
            *step = bytemuck::cast(simd.fma._mm256_fmadd_pd(own, bytemuck::cast(*pair), other));
            done += 1;
        }
        done
    }

    #[inline(always)]
    pub(super) fn to_rows(simd: V3, amplitudes: &[[f64; 3]], steps: &[[f64; 4]], rows: &mut [f64]) -> usize {
        let (pairs, _) = rows.as_chunks_mut::<4>();
        let mut before = simd.avx._mm256_setzero_pd();
        let mut done = 0;
        for ((step, pair), amplitudes) in steps.iter().zip(pairs).zip(amplitudes.windows(2)) {
            let Some(amplitudes) = load(amplitudes) else { break };
            let own = own(simd, amplitudes);
            *pair = bytemuck::cast(simd.fma._mm256_fmadd_pd(own, bytemuck::cast(*step), before));
            before = other(simd, amplitudes, *step);
            done += 1;
        }
        done
    }
}
