//! Times scalar transforms on a full Gaussian linear grid, T+1 latitudes and 2(T+1) longitudes, or on any grid by name.
//!
//! `transform_speed T FIELDS [f32] [grid=O256]` prints set-up time, round-trip error and the median wall time per field of synthesis and
//! analysis. With `--serve` behind, it instead does one call for each line `synthesis` or `analysis` on standard input and
//! answers with its seconds, so that another program can interleave its own calls: `transform_speed.py` does so with ducc0.

use std::io::BufRead;
use std::time::Instant;

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};
use terrella_kernels::{Real, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| arguments.get(i).and_then(|text| text.parse().ok());
    let (Some(total), Some(fields)) = (number(0), number(1)) else {
        eprintln!("usage: transform_speed T FIELDS [f32] [--serve]");
        std::process::exit(2);
    };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let named = arguments.iter().find_map(|argument| argument.strip_prefix("grid="));
    match has("f32") {
        false => run::<f64>(total, fields, named, has("--serve")),
        true => run::<f32>(total, fields, named, has("--serve")),
    }
}

fn run<R: Real>(total: usize, fields: usize, named: Option<&str>, serve: bool) -> Result<()> {
    let truncation = Truncation::new(total);
    let started = Instant::now();
    let grid = match named {
        Some(name) => name.parse()?,
        None => Grid::full_with_longitudes((total + 2) / 2, 2 * (total + 1))?,
    };
    let grid_seconds = started.elapsed().as_secs_f64();
    let mut transform = Transform::<R>::new(&grid, truncation, Device::Cpu)?;
    let setup_seconds = started.elapsed().as_secs_f64();

    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut values: Vec<R> = (0..truncation.spectrum_len(fields)).map(|_| R::from_f64(next())).collect();
    for n in 0..=total {
        values[(2 * n + 1) * fields..(2 * n + 2) * fields].fill(R::ZERO);
    }
    let spectrum = Buffer::from_slice(Device::Cpu, &values)?;
    let mut back = Buffer::<R>::zeros(Device::Cpu, values.len())?;
    let mut points = Buffer::<R>::zeros(Device::Cpu, fields * grid.points())?;
    transform.synthesis(fields, &spectrum, &mut points)?;
    transform.analysis(fields, &points, &mut back)?;
    let differences = values.iter().zip(back.cpu_slice()?).map(|(a, b)| (a.to_f64() - b.to_f64()).abs());
    let error = differences.fold(0.0, f64::max);

    let mut call = |synthesis: bool| -> Result<f64> {
        let started = Instant::now();
        if synthesis {
            transform.synthesis(fields, &spectrum, &mut points)?;
        } else {
            transform.analysis(fields, &points, &mut back)?;
        }
        Ok(started.elapsed().as_secs_f64())
    };
    if serve {
        println!("ready {error:e}");
        for line in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            println!("{:e}", call(line == "synthesis")?);
        }
        return Ok(());
    }
    let calls = (2e9 / (total * total * total * fields).max(1) as f64).clamp(5.0, 400.0) as usize;
    let mut median = |synthesis: bool| -> Result<f64> {
        let mut times = (0..calls).map(|_| call(synthesis)).collect::<Result<Vec<_>>>()?;
        times.sort_by(f64::total_cmp);
        Ok(1e3 * times[times.len() / 2] / fields as f64)
    };
    let (synthesis, analysis) = (median(true)?, median(false)?);
    println!(
        "T{total} {} fields={fields} threads={} synthesis {synthesis:.3} ms analysis {analysis:.3} ms per field, error {error:.2e}, grid {:.3} s, plan {:.3} s",
        std::any::type_name::<R>(),
        rayon::current_num_threads(),
        grid_seconds,
        setup_seconds - grid_seconds,
    );
    Ok(())
}
