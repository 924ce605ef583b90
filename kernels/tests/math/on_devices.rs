//! The math functions give the CPU's bits everywhere: on each device of this machine, and from the CUDA text compiled for the host.

use std::io::Write;
use std::process::{Command, Stdio};

use terrella_kernels::device::{Buffer, Device, KernelText};
use terrella_kernels::math::{
    atan2_f32, atan2_f64, cos_f32, cos_f64, exp_f32, exp_f64, log_f32, log_f64, pow_f32, pow_f64, sin_f32,
    sin_f64, tan_f32, tan_f64, tanh_f32, tanh_f64,
};
use terrella_kernels::{Error, Precision, kernel};

use crate::devices::gpus;
use crate::math_reference::samples::Samples;

/// e^a, log a, tanh a and the angle of (b, a).
#[kernel]
pub fn exponentials_f64(i: u32, a: &[f64], b: &[f64]) -> (f64, f64, f64, f64) {
    (exp_f64(a[i]), log_f64(a[i]), tanh_f64(a[i]), atan2_f64(a[i], b[i]))
}

/// sin a, cos a, tan a and a^b.
#[kernel]
pub fn circulars_f64(i: u32, a: &[f64], b: &[f64]) -> (f64, f64, f64, f64) {
    (sin_f64(a[i]), cos_f64(a[i]), tan_f64(a[i]), pow_f64(a[i], b[i]))
}

/// As `exponentials_f64`.
#[kernel]
pub fn exponentials_f32(i: u32, a: &[f32], b: &[f32]) -> (f32, f32, f32, f32) {
    (exp_f32(a[i]), log_f32(a[i]), tanh_f32(a[i]), atan2_f32(a[i], b[i]))
}

/// As `circulars_f64`.
#[kernel]
pub fn circulars_f32(i: u32, a: &[f32], b: &[f32]) -> (f32, f32, f32, f32) {
    (sin_f32(a[i]), cos_f32(a[i]), tan_f32(a[i]), pow_f32(a[i], b[i]))
}

const COUNT: usize = 6_000;

/// A third each of moderate numbers, of all normal exponents, and of pairs whose power is a number.
fn arguments(lowest: i32, highest: i32) -> (Vec<f64>, Vec<f64>) {
    let mut random = Samples::new(11);
    (0..COUNT)
        .map(|i| match i % 3 {
            0 => (random.uniform(-20.0, 20.0), random.uniform(-20.0, 20.0)),
            1 => (random.any_exponent(lowest, highest), random.any_exponent(lowest, highest)),
            _ => {
                let a = random.any_exponent(-20, 20).abs();
                (a, random.uniform(-80.0, 80.0) / a.ln())
            }
        })
        .unzip()
}

macro_rules! suite {
    ($name:ident, $float:ident, $exponents:expr, $exponentials:ident, $circulars:ident) => {
        mod $name {
            use super::*;

            fn arguments() -> (Vec<$float>, Vec<$float>) {
                let (a, b) = super::arguments($exponents.0, $exponents.1);
                let narrow = |values: Vec<f64>| values.into_iter().map(|value| value as $float).collect();
                (narrow(a), narrow(b))
            }

            /// exp, log, tanh, atan2, sin, cos, tan, pow.
            fn expected(a: &[$float], b: &[$float]) -> [Vec<$float>; 8] {
                let mut all: [Vec<$float>; 8] = std::array::from_fn(|_| Vec::new());
                for i in 0..a.len() as u32 {
                    let (first, second) = ($exponentials(i, a, b), $circulars(i, a, b));
                    let values = [first.0, first.1, first.2, first.3, second.0, second.1, second.2, second.3];
                    for (list, value) in all.iter_mut().zip(values) {
                        list.push(value);
                    }
                }
                all
            }

            fn compare(place: &str, flushes: bool, a: &[$float], b: &[$float], got: &[Vec<$float>]) {
                let names = ["exp", "log", "tanh", "atan2", "sin", "cos", "tan", "pow"];
                for ((name, expected), got) in names.iter().zip(expected(a, b)).zip(got) {
                    for i in 0..a.len() {
                        let (expected, got) = (expected[i], got[i]);
                        let flushed = flushes && expected.abs() < $float::MIN_POSITIVE && got.abs() < $float::MIN_POSITIVE;
                        assert!(
                            got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan()) || flushed,
                            "{name} of {:e}, {:e} on {place}: {got:e} ({:#x}), on the CPU {expected:e} ({:#x})",
                            a[i], b[i], got.to_bits(), expected.to_bits(),
                        );
                    }
                }
            }

            fn on(device: Device, a: &[$float], b: &[$float]) -> Result<Vec<Vec<$float>>, Error> {
                let (a, b) = (Buffer::from_slice(device, a)?, Buffer::from_slice(device, b)?);
                let mut outputs = Vec::new();
                for half in 0..2 {
                    let zeros = || Buffer::<$float>::zeros(device, COUNT);
                    let [mut w, mut x, mut y, mut z] = [zeros()?, zeros()?, zeros()?, zeros()?];
                    let extent = [COUNT as u32];
                    match half {
                        0 => $exponentials::launch(extent, &a, &b, &mut w, &mut x, &mut y, &mut z)?,
                        _ => $circulars::launch(extent, &a, &b, &mut w, &mut x, &mut y, &mut z)?,
                    }
                    for buffer in [w, x, y, z] {
                        outputs.push(buffer.to_vec()?);
                    }
                }
                Ok(outputs)
            }

            #[test]
            fn on_the_devices() {
                let (a, b) = arguments();
                compare("cpu", false, &a, &b, &on(Device::Cpu, &a, &b).unwrap());
                for device in gpus() {
                    // Shaders may flush subnormal f32 results to zero.
                    let flushes = matches!(device, Device::Wgpu(_)) && size_of::<$float>() == 4;
                    match on(device, &a, &b) {
                        Err(Error::DeviceUnavailable { reason, .. }) => eprintln!("not run on {device}: {reason}"),
                        other => compare(&device.to_string(), flushes, &a, &b, &other.unwrap()),
                    }
                }
            }

            #[test]
            fn from_the_cuda_text_on_the_host() {
                let (a, b) = arguments();
                let bytes: Vec<u8> = a.iter().chain(&b).flat_map(|value| value.to_le_bytes()).collect();
                let mut outputs = Vec::new();
                for text in [&$exponentials::TEXT, &$circulars::TEXT] {
                    let Some(result) = run_on_host(text, stringify!($float), &bytes) else { return };
                    let values: Vec<$float> = result
                        .chunks_exact(size_of::<$float>())
                        .map(|bytes| $float::from_le_bytes(bytes.try_into().unwrap()))
                        .collect();
                    outputs.extend(values.chunks_exact(COUNT).map(<[$float]>::to_vec));
                }
                assert_eq!(outputs.len(), 8);
                compare("the host's C++ compiler", false, &a, &b, &outputs);
            }
        }
    };
}

suite!(in_f64, f64, (-1022, 1023), exponentials_f64, circulars_f64);
suite!(in_f32, f32, (-126, 127), exponentials_f32, circulars_f32);

/// Runs the CUDA text of a kernel with two inputs and four outputs, compiled by the system's C++ compiler; `None` where there is none.
fn run_on_host(text: &KernelText, float: &str, input: &[u8]) -> Option<Vec<u8>> {
    let precision = if float == "f64" { Precision::F64 } else { Precision::F32 };
    let name = text.name;
    let source = format!(
        "#include <cmath>\n#include <cstdio>\n#include <vector>\n\
         #define __global__\n#define __device__\n#define __forceinline__ inline\n#define __noinline__\n\
         #define __launch_bounds__(n)\nusing namespace std;\n\
         static struct {{ unsigned x = 0, y = 0, z = 0; }} blockIdx, threadIdx;\n\
         static struct {{ unsigned x = 1, y = 1, z = 1; }} blockDim, gridDim;\n{}\n\
         int main() {{\n  unsigned n = {COUNT};\n  vector<{float}> in(2 * n), out(4 * n);\n\
         \x20 if (fread(in.data(), sizeof({float}), 2 * n, stdin) != 2 * n) return 1;\n\
         \x20 for (unsigned i = 0; i < n; ++i) {{\n    blockIdx.x = i;\n\
         \x20   {name}_entry(n, &in[0], &in[n], &out[0], &out[n], &out[2 * n], &out[3 * n]);\n  }}\n\
         \x20 return fwrite(out.data(), sizeof({float}), 4 * n, stdout) != 4 * n;\n}}\n",
        text.cuda_source(precision)
    );
    let folder = tempfile::tempdir().unwrap();
    let (file, program) = (folder.path().join("kernel.cpp"), folder.path().join("kernel"));
    std::fs::write(&file, &source).unwrap();
    let compiled =
        Command::new("c++").args(["-O2", "-ffp-contract=off", "-o"]).arg(&program).arg(&file).output();
    let compiled = match compiled {
        Ok(compiled) => compiled,
        Err(error) => {
            let required = std::env::var("TERRELLA_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name.trim() == "c++"), "required: c++: {error}");
            eprintln!("not run: c++: {error}");
            return None;
        }
    };
    assert!(compiled.status.success(), "{}\n{source}", String::from_utf8_lossy(&compiled.stderr));
    let mut child = Command::new(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    Some(output.stdout)
}
