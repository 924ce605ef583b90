//! Measures the math functions on one core: the speed table of docs/math.md.
//!
//! `cargo run --release --example math_speed`: nanoseconds per value over 16,384 values in cache, best of 200, in packs of 64 bytes
//! under the widest instructions of the machine (as kernels run), and the standard library's in the same loop.

use std::hint::black_box;
use std::time::Instant;
use terrella_kernels::math::lanes::*;

const VALUES: usize = 16_384;

/// Nanoseconds per value of the best of 200 runs.
fn time(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best / VALUES as f64 * 1e9
}

/// A function of arrays, run inside the SIMD dispatch.
struct Sweep<'a, T, F> {
    a: &'a [T],
    b: &'a [T],
    out: &'a mut [T],
    function: F,
}

/// The values of one pack.
#[inline(always)]
fn pack<T: Copy + Default, const N: usize>(slice: &[T]) -> [T; N] {
    let mut pack = [T::default(); N];
    pack.copy_from_slice(slice);
    pack
}

macro_rules! measure {
    ($type:ident, $width:literal, $unit:ident; $($name:literal, |$a:ident, $b:ident| $ours:expr, $standard:expr;)*) => {$(
        {
            struct $unit;
            impl pulp::WithSimd for Sweep<'_, $type, $unit> {
                type Output = ();
                #[inline(always)]
                fn with_simd<S: pulp::Simd>(self, _simd: S) {
                    let _ = self.function;
                    let chunks = self.a.chunks_exact($width).zip(self.b.chunks_exact($width)).zip(self.out.chunks_exact_mut($width));
                    for ((a, b), out) in chunks {
                        let ($a, $b): ([$type; $width], [$type; $width]) = (pack(a), pack(b));
                        let _ = (&$a, &$b);
                        out.copy_from_slice(&$ours);
                    }
                }
            }
            let positive: Vec<$type> = (0..VALUES).map(|i| 0.01 + 50.0 * ((i * 7919) % VALUES) as $type / VALUES as $type).collect();
            let signed: Vec<$type> = (0..VALUES).map(|i| -10.0 + 20.0 * ((i * 6101) % VALUES) as $type / VALUES as $type).collect();
            let mut out = vec![0.0; VALUES];
            let arch = pulp::Arch::new();
            // Logarithm and power need a positive first argument.
            let first = if matches!($name, "log" | "pow") { &positive } else { &signed };
            let ours = time(|| {
                arch.dispatch(Sweep { a: black_box(first), b: black_box(&signed), out: &mut out, function: $unit });
                black_box(&out);
            });
            let standard: fn($type, $type) -> $type = $standard;
            let theirs = time(|| {
                let standard = black_box(standard);
                for ((a, b), out) in black_box(first).iter().zip(black_box(&signed)).zip(&mut out) {
                    *out = standard(*a, *b);
                }
                black_box(&out);
            });
            println!("| {} | {} | {ours:.2} | {theirs:.2} | {:.1} |", $name, stringify!($type), theirs / ours);
        }
    )*};
}

fn main() {
    println!("Vector instructions: {:?}", pulp::Arch::new());
    println!("| function | precision | here [ns] | standard library [ns] | ratio |");
    println!("| --- | --- | --- | --- | --- |");
    measure! { f64, 8, Sweep64;
        "exp", |a, _b| exp_lanes_f64(a), |a, _| a.exp();
        "log", |a, _b| log_lanes_f64(a), |a, _| a.ln();
        "sin", |a, _b| sin_lanes_f64(a), |a, _| a.sin();
        "cos", |a, _b| cos_lanes_f64(a), |a, _| a.cos();
        "tan", |a, _b| tan_lanes_f64(a), |a, _| a.tan();
        "atan2", |a, b| atan2_lanes_f64(a, b), f64::atan2;
        "pow", |a, b| pow_lanes_f64(a, b), f64::powf;
        "tanh", |a, _b| tanh_lanes_f64(a), |a, _| a.tanh();
    }
    measure! { f32, 16, Sweep32;
        "exp", |a, _b| exp_lanes_f32(a), |a, _| a.exp();
        "log", |a, _b| log_lanes_f32(a), |a, _| a.ln();
        "sin", |a, _b| sin_lanes_f32(a), |a, _| a.sin();
        "cos", |a, _b| cos_lanes_f32(a), |a, _| a.cos();
        "tan", |a, _b| tan_lanes_f32(a), |a, _| a.tan();
        "atan2", |a, b| atan2_lanes_f32(a, b), f32::atan2;
        "pow", |a, b| pow_lanes_f32(a, b), f32::powf;
        "tanh", |a, _b| tanh_lanes_f32(a), |a, _| a.tanh();
    }
}
