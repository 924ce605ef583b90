//! Measures the errors of the math functions: the tables of docs/math.md.
//!
//! `cargo run --release --example math_errors -- [samples=N] [exhaustive] [f32]`: f64 on N random arguments per row (default
//! 200,000) against 100-bit references; f32 against the standard library in f64, with `exhaustive` on every bit pattern, else on
//! every 1,009th (a 101st of that where the function is trivial, and for angles beyond 2¹⁷). `f32` leaves f64 out.

#[path = "../tests/math_reference/mod.rs"]
mod math_reference;

use math_reference::samples::Samples;
use math_reference::{Reference, functions, ulps_f32, ulps_f64};
use rayon::prelude::*;
use terrella_kernels::math::*;

/// Largest error, with the arguments where it occurs.
#[derive(Clone, Copy)]
struct Worst {
    ulps: f64,
    first: f64,
    second: f64,
}

impl Worst {
    const NONE: Worst = Worst { ulps: 0.0, first: 0.0, second: 0.0 };

    fn or(self, other: Worst) -> Worst {
        if other.ulps > self.ulps { other } else { self }
    }
}

/// Runs `measure` on `samples` arguments, spread over the threads.
fn worst(samples: usize, measure: impl Fn(&mut Samples) -> Worst + Sync) -> Worst {
    let chunks = 64;
    (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let mut random = Samples::new(chunk as u64 + 1);
            (0..samples.div_ceil(chunks)).fold(Worst::NONE, |worst, _| worst.or(measure(&mut random)))
        })
        .reduce(|| Worst::NONE, Worst::or)
}

fn row(name: &str, precision: &str, arguments: &str, worst: Worst, second: bool) {
    let place =
        if second { format!("{:e}, {:e}", worst.first, worst.second) } else { format!("{:e}", worst.first) };
    println!("| {name} | {precision} | {arguments} | {:.3} | {place} |", worst.ulps);
}

type Sampler<'a> = &'a (dyn Fn(&mut Samples) -> f64 + Sync);
type PairSampler<'a> = &'a (dyn Fn(&mut Samples) -> (f64, f64) + Sync);

fn one(
    name: &str,
    function: fn(f64) -> f64,
    reference: fn(f64) -> Reference,
    samples: usize,
    rows: &[(&str, Sampler)],
) {
    for (arguments, sample) in rows {
        let worst = worst(samples, |random| {
            let x = sample(random);
            Worst { ulps: ulps_f64(function(x), reference(x)), first: x, second: 0.0 }
        });
        row(name, "f64", arguments, worst, false);
    }
}

fn two(
    name: &str,
    function: fn(f64, f64) -> f64,
    reference: fn(f64, f64) -> Reference,
    samples: usize,
    rows: &[(&str, PairSampler)],
) {
    for (arguments, sample) in rows {
        let worst = worst(samples, |random| {
            let (a, b) = sample(random);
            Worst { ulps: ulps_f64(function(a, b), reference(a, b)), first: a, second: b }
        });
        row(name, "f64", arguments, worst, true);
    }
}

fn errors_f64(samples: usize) {
    one(
        "exp",
        exp_f64,
        functions::exp,
        samples,
        &[
            ("−746 ... 710", &|r| r.uniform(-746.0, 710.0)),
            ("−0.35 ... 0.35", &|r| r.uniform(-0.35, 0.35)),
            ("±2⁻¹⁰⁷⁴ ... 2⁶", &|r| r.any_exponent(-1074, 5)),
            ("subnormal results", &|r| r.uniform(-745.2, -708.3)),
        ],
    );
    one(
        "log",
        log_f64,
        functions::log,
        samples,
        &[
            ("all exponents", &|r| r.any_exponent(-1074, 1023).abs()),
            ("0.5 ... 2", &|r| r.uniform(0.5, 2.0)),
            ("1 ± 2⁻⁵² ... 2⁻³", &|r| 1.0 + r.any_exponent(-52, -3)),
        ],
    );
    let near = |r: &mut Samples| r.uniform(1.0, 5e6).floor() * std::f64::consts::FRAC_PI_2;
    for (name, function, reference) in [
        ("sin", sin_f64 as fn(f64) -> f64, functions::sin as fn(f64) -> Reference),
        ("cos", cos_f64, functions::cos),
        ("tan", tan_f64, functions::tan),
    ] {
        one(
            name,
            function,
            reference,
            samples / 2,
            &[
                ("−8 ... 8", &|r| r.uniform(-8.0, 8.0)),
                ("−10⁵ ... 10⁵", &|r| r.uniform(-1e5, 1e5)),
                ("−2²³ ... 2²³", &|r| r.uniform(-8388608.0, 8388608.0)),
                ("±2⁻¹⁰⁷⁴ ... 1", &|r| r.any_exponent(-1074, 0)),
                ("nearest to k π/2, k < 5·10⁶", &near),
            ],
        );
        one(name, function, reference, samples / 10, &[("±2²³ ... 2¹⁰²⁴", &|r| r.any_exponent(23, 1023))]);
    }
    two(
        "atan2",
        atan2_f64,
        functions::atan2,
        samples,
        &[
            ("−1 ... 1", &|r| (r.uniform(-1.0, 1.0), r.uniform(-1.0, 1.0))),
            ("all normal exponents", &|r| (r.any_exponent(-1022, 1023), r.any_exponent(-1022, 1023))),
            ("y/x = 0.3 ... 2, all exponents", &|r| {
                let x = r.any_exponent(-1020, 1022);
                (x * r.uniform(0.3, 2.0), x)
            }),
        ],
    );
    two(
        "pow",
        pow_f64,
        functions::pow,
        samples,
        &[
            ("x 0.1 ... 10, y −30 ... 30", &|r| (r.uniform(0.1, 10.0), r.uniform(-30.0, 30.0))),
            ("all exponents of x and of the result", &|r| {
                let x = r.any_exponent(-1074, 1023).abs();
                (x, r.uniform(-746.0, 710.0) / x.ln())
            }),
            ("x = 1 ± 2⁻⁵² ... 2⁻², all results", &|r| {
                let x = 1.0 + r.any_exponent(-52, -2);
                (x, r.uniform(-746.0, 710.0) / (x - 1.0).ln_1p())
            }),
        ],
    );
    one(
        "tanh",
        tanh_f64,
        functions::tanh,
        samples,
        &[
            ("−1 ... 1", &|r| r.uniform(-1.0, 1.0)),
            ("−25 ... 25", &|r| r.uniform(-25.0, 25.0)),
            ("all exponents", &|r| r.any_exponent(-1074, 1023)),
        ],
    );
}

/// Every `stride`th bit pattern from `first` up to `last`.
fn patterns(first: f32, last: f32, stride: usize, function: fn(f32) -> f32, exact: fn(f64) -> f64) -> Worst {
    let (start, end) = (u64::from(first.to_bits()), u64::from(last.to_bits()));
    let block = 1 << 20;
    (start / block..=end / block)
        .into_par_iter()
        .map(|number| {
            let first = (number * block).max(start).next_multiple_of(stride as u64);
            let last = ((number + 1) * block - 1).min(end);
            (first..=last).step_by(stride).fold(Worst::NONE, |worst, bits| {
                let x = f32::from_bits(bits as u32);
                worst.or(Worst { ulps: ulps_f32(function(x), exact(x as f64)), first: x as f64, second: 0.0 })
            })
        })
        .reduce(|| Worst::NONE, Worst::or)
}

fn errors_f32(stride: usize, samples: usize) {
    let every = |stride: usize| {
        if stride == 1 { "all patterns".to_owned() } else { format!("one pattern in {stride}") }
    };
    let (infinity, e26, e13, e17) = (f32::INFINITY, 2.0f32.powi(-26), 2.0f32.powi(-13), 131072.0);
    type Function = (&'static str, fn(f32) -> f32, fn(f64) -> f64);
    let exp: Function = ("exp", exp_f32, f64::exp);
    let log: Function = ("log", log_f32, f64::ln);
    let tanh: Function = ("tanh", tanh_f32, f64::tanh);
    // Every pattern where the function is more than 1, x or its limit. sin, cos, tan and tanh are odd or even to the bit.
    let mut rows: Vec<(Function, &str, f32, f32, usize)> = vec![
        (exp, "2⁻²⁶ ... 128", e26, 128.0, 1),
        (exp, "−2⁻²⁶ ... −128", -e26, -128.0, 1),
        (exp, "0 ... 2⁻²⁶", 0.0, e26, 101),
        (exp, "128 ... ∞", 128.0, infinity, 101),
        (exp, "−128 ... −∞", -128.0, -infinity, 101),
        (log, "0 ... ∞", 0.0, infinity, 1),
        (tanh, "2⁻¹³ ... 16", e13, 16.0, 1),
        (tanh, "0 ... 2⁻¹³", 0.0, e13, 101),
        (tanh, "16 ... ∞", 16.0, infinity, 101),
    ];
    let angles: [Function; 3] =
        [("sin", sin_f32, f64::sin), ("cos", cos_f32, f64::cos), ("tan", tan_f32, f64::tan)];
    for function in angles {
        rows.push((function, "2⁻¹³ ... 2¹⁷", e13, e17, 1));
        rows.push((function, "0 ... 2⁻¹³", 0.0, e13, 101));
        rows.push((function, "2¹⁷ ... 2¹²⁸", e17, f32::MAX, 101));
    }
    for ((name, function, exact), range, first, last, times) in rows {
        let worst = patterns(first, last, stride * times, function, exact);
        row(name, "f32", &format!("{range}, {}", every(stride * times)), worst, false);
    }
    let pair = |name: &str,
                arguments: &str,
                function: fn(f32, f32) -> f32,
                exact: fn(f64, f64) -> f64,
                sample: PairSampler| {
        let worst = worst(samples * 20, |random| {
            let (a, b) = sample(random);
            let (a, b) = (a as f32, b as f32);
            Worst {
                ulps: ulps_f32(function(a, b), exact(a as f64, b as f64)),
                first: a as f64,
                second: b as f64,
            }
        });
        row(name, "f32", arguments, worst, true);
    };
    let pattern = |r: &mut Samples| f32::from_bits(r.bits() as u32) as f64;
    pair("atan2", "any two patterns", atan2_f32, f64::atan2, &|r| (pattern(r), pattern(r)));
    pair("atan2", "−1 ... 1", atan2_f32, f64::atan2, &|r| (r.uniform(-1.0, 1.0), r.uniform(-1.0, 1.0)));
    pair("pow", "any two patterns", pow_f32, f64::powf, &|r| (pattern(r), pattern(r)));
    pair("pow", "all exponents of x and of the result", pow_f32, f64::powf, &|r| {
        let x = (r.any_exponent(-149, 127).abs() as f32) as f64;
        (x, r.uniform(-105.0, 90.0) / x.ln())
    });
    pair("pow", "x = 1 ± 2⁻²³ ... 2⁻², all results", pow_f32, f64::powf, &|r| {
        let x = ((1.0 + r.any_exponent(-23, -2)) as f32) as f64;
        (x, r.uniform(-105.0, 90.0) / x.ln())
    });
}

fn main() {
    let mut samples = 200_000;
    let mut stride = 1009;
    let mut with_f64 = true;
    for argument in std::env::args().skip(1) {
        if argument == "exhaustive" {
            stride = 1;
        } else if argument == "f32" {
            with_f64 = false;
        } else if let Some(count) = argument.strip_prefix("samples=").and_then(|count| count.parse().ok()) {
            samples = count;
        } else {
            eprintln!("Argument '{argument}' is unknown: expected samples=N, exhaustive or f32.");
            std::process::exit(2);
        }
    }
    println!("| function | precision | arguments | largest error [ulp] | at |");
    println!("| --- | --- | --- | --- | --- |");
    if with_f64 {
        errors_f64(samples);
    }
    errors_f32(stride, samples);
}
