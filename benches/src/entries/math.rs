//! The functions of the `math` module, value by value, against the standard library's.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::{Precision, Real, kernel};

use super::data::scattered;
use super::kernel_case::{KernelCase, Loop};
use crate::{Case, Cases, Entry, Key, Request, Result, Work, peers};

pub(super) const ENTRY: Entry = Entry {
    name: "math",
    summary: "exp, log, sin, pow; peer: a loop with the standard library's",
    keys: &[
        Key { name: "function", default: "all", meaning: "exp, log, sin, pow" },
        Key { name: "points", default: "4194304", meaning: "number of values" },
    ],
    smallest: &[("points", "1003")],
    peers: &["loop"],
    cases,
};

/// Launches a kernel with one input.
type Launch<R> = fn([u32; 1], &Buffer<R>, &mut Buffer<R>) -> terrella_kernels::Result<()>;

/// A function's kernel and range.
struct Function<R: Real> {
    name: &'static str,
    range: [f64; 2],
    launch: Launch<R>,
    single: fn(f32) -> f32,
    double: fn(f64) -> f64,
}

/// The exponent that `pow` raises to: R_d / c_p of dry air, as in potential temperature.
const EXPONENT: f64 = 2.0 / 7.0;

#[kernel]
fn exponential<R: Real>(point: u32, x: &[R]) -> R {
    x[point].exp()
}

#[kernel]
fn logarithm<R: Real>(point: u32, x: &[R]) -> R {
    x[point].log()
}

#[kernel]
fn sine<R: Real>(point: u32, x: &[R]) -> R {
    x[point].sin()
}

#[kernel]
fn power<R: Real>(point: u32, exponent: R, x: &[R]) -> R {
    x[point].pow(exponent)
}

fn functions<R: Real>() -> [Function<R>; 4] {
    [
        Function {
            name: "exp",
            range: [-40.0, 40.0],
            launch: exponential::launch,
            single: f32::exp,
            double: f64::exp,
        },
        Function {
            name: "log",
            range: [1e-3, 1e3],
            launch: logarithm::launch,
            single: f32::ln,
            double: f64::ln,
        },
        Function {
            name: "sin",
            range: [-7.0, 7.0],
            launch: sine::launch,
            single: f32::sin,
            double: f64::sin,
        },
        Function {
            name: "pow",
            range: [0.001, 1.1],
            launch: |extent, x, output| power::launch(extent, R::from_f64(EXPONENT), x, output),
            single: |x| x.powf(EXPONENT as f32),
            double: |x| x.powf(EXPONENT),
        },
    ]
}

fn cases(request: &Request) -> Result<Cases> {
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let all = functions::<R>();
    let chosen = request.choices("function", &all.each_ref().map(|function| function.name))?;
    let functions = all.into_iter().filter(|function| chosen.contains(&function.name));
    functions.map(|function| -> Result<Box<dyn Case>> { Ok(Box::new(case(request, function)?)) }).collect()
}

fn case<R: Real>(request: &Request, function: Function<R>) -> Result<KernelCase<R>> {
    let points = request.number("points")?;
    let [low, high] = function.range;
    let values: Vec<R> = scattered(points, low, high, 1);
    let there = Buffer::from_slice(request.device, &values)?;
    let Function { name, launch, single, double, .. } = function;
    let peer = if request.loop_beside() {
        let input = Buffer::from_slice(Device::Cpu, &values)?;
        Some(Loop {
            name: "loop with std's",
            output: Buffer::zeros(Device::Cpu, points)?,
            run: Box::new(move |output: &mut [R]| {
                let input = input.cpu_slice().expect("the peer's input is on the CPU");
                let of = |x: R| match R::PRECISION {
                    Precision::F32 => R::from_f64(f64::from(single(x.to_f64() as f32))),
                    Precision::F64 => R::from_f64(double(x.to_f64())),
                };
                peers::elementwise(of, input, output);
            }),
        })
    } else {
        None
    };
    Ok(KernelCase {
        name,
        size: points.to_string(),
        work: Work { bytes: (2 * points * size_of::<R>()) as f64, flops: points as f64 },
        output: Buffer::zeros(request.device, points)?,
        run: Box::new(move |output| launch([points as u32], &there, output)),
        reference: Box::new(move |index| {
            let exponent = R::from_f64(EXPONENT).to_f64();
            let x = values[index].to_f64();
            if name == "pow" { x.powf(exponent) } else { double(x) }
        }),
        peer,
    })
}
