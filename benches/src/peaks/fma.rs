//! Rate of multiply-adds from registers.

use std::hint::black_box;

use pulp::{Arch, Simd, WithSimd};
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Precision, Real, kernel};

use crate::{Case, Result, Work};

/// Independent accumulators of a CPU thread: latency times units of today's cores, within sixteen registers.
const ACCUMULATORS: usize = 12;

/// Multiply-adds of each accumulator of a CPU thread.
const STEPS: usize = 1 << 21;

/// Points of the kernel on a GPU.
const POINTS_ON_GPU: u32 = 1 << 19;

/// Multiply-adds of each of the eight chains of a point.
const STEPS_ON_GPU: u32 = 1 << 10;

/// x ← 0.999 x + 0.001, which leaves 1 as it is, in many independent chains.
pub(crate) struct MultiplyAdds<R: Real> {
    device: Device,
    /// Result of each CPU thread or of each point on a GPU.
    result: Buffer<R>,
}

impl<R: Real> MultiplyAdds<R> {
    pub(crate) fn new(device: Device) -> Result<Self> {
        let points = match device {
            Device::Cpu => rayon::current_num_threads(),
            _ => POINTS_ON_GPU as usize,
        };
        Ok(Self { device, result: Buffer::zeros(device, points)? })
    }
}

impl<R: Real> Case for MultiplyAdds<R> {
    fn name(&self) -> &str {
        "multiply_add"
    }

    fn size(&self) -> String {
        match self.device {
            Device::Cpu => format!("{}x{ACCUMULATORS}x{STEPS}", self.result.len()),
            _ => format!("{POINTS_ON_GPU}x8x{STEPS_ON_GPU}"),
        }
    }

    fn work(&self) -> Work {
        let operations = match self.device {
            Device::Cpu => (2 * ACCUMULATORS * STEPS * lanes::<R>()) as f64,
            // A multiplication and an addition, never fused in kernels.
            _ => 2.0 * 8.0 * f64::from(STEPS_ON_GPU),
        };
        Work { bytes: 0.0, flops: operations * self.result.len() as f64 }
    }

    fn run(&mut self) -> Result<()> {
        let (factor, addend) = (R::from_f64(0.999), R::from_f64(0.001));
        if self.device == Device::Cpu {
            let arch = Arch::new();
            let results = rayon::broadcast(|_| match R::PRECISION {
                Precision::F32 => f64::from(arch.dispatch(Chains(0.999_f32, 0.001))),
                Precision::F64 => arch.dispatch(Chains(0.999_f64, 0.001)),
            });
            let results: Vec<R> = results.into_iter().map(R::from_f64).collect();
            return Ok(self.result.copy_from_host(&results)?);
        }
        Ok(multiply_add_chains::launch([POINTS_ON_GPU], STEPS_ON_GPU, factor, addend, &mut self.result)?)
    }

    fn error(&mut self) -> Result<f64> {
        let expected = if self.device == Device::Cpu { 1.0 } else { 8.0 };
        let largest = |largest: f64, value: R| largest.max((value.to_f64() / expected - 1.0).abs());
        Ok(self.result.to_vec()?.into_iter().fold(0.0, largest))
    }
}

/// Values in a register of the instruction set that the dispatch chooses.
fn lanes<R: Real>() -> usize {
    struct RegisterBytes;
    impl WithSimd for RegisterBytes {
        type Output = usize;
        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            size_of::<S::f64s>()
        }
    }
    Arch::new().dispatch(RegisterBytes) / size_of::<R>()
}

/// Factor and addend.
struct Chains<T>(T, T);

macro_rules! chains {
    ($type:ident, $splat:ident, $multiply_add:ident, $sum:ident) => {
        impl WithSimd for Chains<$type> {
            type Output = $type;

            /// The mean of the accumulators.
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> $type {
                let factor = simd.$splat(black_box(self.0));
                let addend = simd.$splat(black_box(self.1));
                let mut accumulators = [simd.$splat(black_box(1.0)); ACCUMULATORS];
                for _ in 0..STEPS {
                    for accumulator in &mut accumulators {
                        *accumulator = simd.$multiply_add(*accumulator, factor, addend);
                    }
                }
                let sum: $type = accumulators.into_iter().map(|accumulator| simd.$sum(accumulator)).sum();
                let lanes = size_of_val(&factor) / size_of::<$type>();
                sum / (ACCUMULATORS * lanes) as $type
            }
        }
    };
}

chains!(f32, splat_f32s, mul_add_f32s, reduce_sum_f32s);
chains!(f64, splat_f64s, mul_add_f64s, reduce_sum_f64s);

/// Eight chains of multiplications and additions from 1.
#[kernel]
fn multiply_add_chains<R: Real>(index: u32, steps: u32, factor: R, addend: R) -> R {
    // Zero, but not for the compiler: chains that begin alike would be computed once.
    let zero = (index / 4000000000) as R;
    let mut a = 1.0 + zero;
    let mut b = a + zero;
    let mut c = b + zero;
    let mut d = c + zero;
    let mut e = d + zero;
    let mut f = e + zero;
    let mut g = f + zero;
    let mut h = g + zero;
    for _step in 0..steps {
        a = a * factor + addend;
        b = b * factor + addend;
        c = c * factor + addend;
        d = d * factor + addend;
        e = e * factor + addend;
        f = f * factor + addend;
        g = g * factor + addend;
        h = h * factor + addend;
    }
    a + b + c + d + e + f + g + h
}
