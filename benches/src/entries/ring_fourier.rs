//! The real Fourier transforms of a grid's rings by `realfft`, one ring of one field after the other: what the Fourier
//! stage of a spherical harmonic transform costs without any thought given to it.
//!
//! `inverse` takes the coefficients m ≤ T that the ring carries, puts zeros behind them in a row that stays in cache, and
//! transforms this row to the ring's values; `forward` copies the values to such a row, transforms it, and keeps m ≤ T.
//! `realfft` overwrites its input, which is why there is a row between.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use super::grids::{self, fourier_flops};
use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "ring_fourier",
    summary: "realfft alone over a grid's rings on the CPU, to compare the transforms' Fourier stage with",
    keys: &[
        Key { name: "truncation", default: "255", meaning: "truncations T, separated by commas" },
        grids::KEY,
        Key { name: "fields", default: "16", meaning: "numbers of fields, separated by commas" },
    ],
    smallest: &[("truncation", "31"), ("fields", "2"), ("grid", "full,octahedral")],
    peers: &[],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu {
        eprintln!("ring_fourier is for the CPU only: not measured on {}.", request.device);
        return Ok(cases);
    }
    for truncation in request.numbers("truncation")? {
        for grid in grids::grids(request, truncation)? {
            for fields in request.numbers("fields")? {
                for forward in [false, true] {
                    let truncation = Truncation::new(truncation);
                    cases.push(match request.precision {
                        Precision::F32 => {
                            Box::new(RingFourier::<f32>::new(&grid, truncation, fields, forward))
                        }
                        Precision::F64 => {
                            Box::new(RingFourier::<f64>::new(&grid, truncation, fields, forward))
                        }
                    });
                }
            }
        }
    }
    Ok(cases)
}

pub(super) struct RingFourier<R: Real + FftNum> {
    grid: Grid,
    truncation: Truncation,
    fields: usize,
    forward: bool,
    /// Rings of the first field north to south, then of the second, ...
    rows: Vec<Row<R>>,
}

/// One ring of one field.
struct Row<R: Real + FftNum> {
    to_values: Arc<dyn ComplexToReal<R>>,
    to_coefficients: Arc<dyn RealToComplex<R>>,
    coefficients: Vec<Complex<R>>,
    values: Vec<R>,
}

/// Rows for the longest ring and `realfft`'s scratch space.
struct Scratch<R> {
    coefficients: Vec<Complex<R>>,
    values: Vec<R>,
    inner: Vec<Complex<R>>,
}

impl<R: Real + FftNum> RingFourier<R> {
    pub(super) fn new(grid: &Grid, truncation: Truncation, fields: usize, forward: bool) -> Self {
        let mut planner = RealFftPlanner::new();
        let mut row = |number: usize| {
            let ring = &grid.rings()[number % grid.rings().len()];
            Row {
                to_values: planner.plan_fft_inverse(ring.points),
                to_coefficients: planner.plan_fft_forward(ring.points),
                coefficients: start(number, truncation.largest_zonal_on(ring)),
                values: vec![R::ZERO; ring.points],
            }
        };
        let rows = (0..fields * grid.rings().len()).map(&mut row).collect();
        let mut case = Self { grid: grid.clone(), truncation, fields, forward, rows };
        // The first inverse gives the forward case its values.
        case.transform(false);
        case
    }

    fn transform(&mut self, forward: bool) {
        let longest = self.grid.longest_ring();
        let inner = self
            .rows
            .iter()
            .map(|row| row.to_values.get_scratch_len().max(row.to_coefficients.get_scratch_len()));
        let inner = inner.max().unwrap_or(0);
        let zero = Complex::new(R::ZERO, R::ZERO);
        let scratch = || Scratch {
            coefficients: vec![zero; longest / 2 + 1],
            values: vec![R::ZERO; longest],
            inner: vec![zero; inner],
        };
        self.rows.par_iter_mut().for_each_init(scratch, |scratch, row| {
            if forward { row.forward(scratch) } else { row.inverse(scratch) }
        });
    }
}

impl<R: Real + FftNum> Row<R> {
    fn inverse(&mut self, scratch: &mut Scratch<R>) {
        let input = &mut scratch.coefficients[..self.values.len() / 2 + 1];
        let (carried, rest) = input.split_at_mut(self.coefficients.len());
        carried.copy_from_slice(&self.coefficients);
        rest.fill(Complex::new(R::ZERO, R::ZERO));
        let inner = &mut scratch.inner[..self.to_values.get_scratch_len()];
        let done = self.to_values.process_with_scratch(input, &mut self.values, inner);
        done.expect("rows of the plan's length with a real mean");
    }

    fn forward(&mut self, scratch: &mut Scratch<R>) {
        let input = &mut scratch.values[..self.values.len()];
        input.copy_from_slice(&self.values);
        let output = &mut scratch.coefficients[..self.values.len() / 2 + 1];
        let inner = &mut scratch.inner[..self.to_coefficients.get_scratch_len()];
        self.to_coefficients.process_with_scratch(input, output, inner).expect("rows of the plan's length");
        let carried = self.coefficients.len();
        self.coefficients.copy_from_slice(&output[..carried]);
    }
}

/// The coefficients m = 0..=largest that a row starts from.
fn start<R: Real>(row: usize, largest: usize) -> Vec<Complex<R>> {
    let parts: Vec<R> = scattered(2 * (largest + 1), -1.0, 1.0, row as u64);
    let mut coefficients: Vec<_> = parts.chunks(2).map(|part| Complex::new(part[0], part[1])).collect();
    coefficients[0].im = R::ZERO;
    coefficients
}

impl<R: Real + FftNum> Case for RingFourier<R> {
    fn name(&self) -> &str {
        if self.forward { "forward" } else { "inverse" }
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.truncation.total(), self.grid.name(), self.fields)
    }

    fn work(&self) -> Work {
        let numbers: usize = self.rows.iter().map(|row| 2 * row.coefficients.len() + row.values.len()).sum();
        let flops = self.fields as f64 * fourier_flops(&self.grid);
        Work { bytes: (numbers * size_of::<R>()) as f64, flops }
    }

    fn points(&self) -> Option<usize> {
        Some(self.fields * self.grid.points())
    }

    fn run(&mut self) -> Result<()> {
        self.transform(self.forward);
        Ok(())
    }

    /// The largest change of a coefficient of order 1 by `inverse` and `forward`.
    fn error(&mut self) -> Result<f64> {
        self.transform(true);
        let mut largest = 0.0_f64;
        for (number, row) in self.rows.iter_mut().enumerate() {
            let start = start::<R>(number, row.coefficients.len() - 1);
            let points = row.values.len() as f64;
            for (after, before) in row.coefficients.iter().zip(&start) {
                let real = after.re.to_f64() / points - before.re.to_f64();
                let imaginary = after.im.to_f64() / points - before.im.to_f64();
                let change = real.hypot(imaginary);
                largest = if change.is_nan() { f64::INFINITY } else { largest.max(change) };
            }
            row.coefficients = start;
        }
        Ok(largest)
    }
}
