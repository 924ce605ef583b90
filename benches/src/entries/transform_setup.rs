//! What a transform's plan costs before and besides its runs: the time to make it, and memory.

use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};
use terrella_kernels::{Precision, Real};

use super::grids;
use super::transform::spectrum;
use crate::resident::ResidentGrowth;
use crate::{Case, Cases, Entry, Key, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "transform_setup",
    summary: "making a plan on the CPU; memory of plan, input and output of a synthesis and an analysis",
    keys: &[
        Key { name: "truncation", default: "255", meaning: "truncations T, separated by commas" },
        grids::KEY,
        Key {
            name: "fields",
            default: "16",
            meaning: "numbers of fields for the memory, separated by commas",
        },
    ],
    smallest: &[("truncation", "31"), ("fields", "2")],
    peers: &[],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu {
        eprintln!("transform_setup is for the CPU only: not measured on {}.", request.device);
        return Ok(cases);
    }
    for truncation in request.numbers("truncation")? {
        for grid in grids::grids(request, truncation)? {
            for fields in request.numbers("fields")? {
                let (grid, truncation) = (grid.clone(), Truncation::new(truncation));
                cases.push(match request.precision {
                    Precision::F32 => Box::new(Setup::<f32>::new(grid, truncation, fields)?),
                    Precision::F64 => Box::new(Setup::<f64>::new(grid, truncation, fields)?),
                });
            }
        }
    }
    Ok(cases)
}

struct Setup<R: Real> {
    grid: Grid,
    truncation: Truncation,
    fields: usize,
    plan: HostTransform<R>,
    resident_ratio: Option<f64>,
    error: f64,
}

impl<R: Real> Setup<R> {
    /// Runs a synthesis and an analysis back into the same spectrum, and looks at the memory and the error.
    fn new(grid: Grid, truncation: Truncation, fields: usize) -> Result<Self> {
        let growth = ResidentGrowth::start();
        let mut coefficients: Vec<R> = spectrum(truncation, fields, false, 1);
        let mut values = vec![R::ZERO; fields * grid.points()];
        let mut plan = HostTransform::new(&grid, truncation)?;
        plan.synthesis(fields, &coefficients, &mut values)?;
        plan.analysis(fields, &values, &mut coefficients)?;
        let grown = growth.and_then(|growth| growth.largest());
        let bytes = size_of_val(&coefficients[..]) + size_of_val(&values[..]);
        let start: Vec<R> = spectrum(truncation, fields, false, 1);
        let changes = coefficients.iter().zip(&start).map(|(a, b)| (a.to_f64() - b.to_f64()).abs());
        let error = changes.fold(0.0, |largest, x| if x.is_nan() { f64::INFINITY } else { largest.max(x) });
        let resident_ratio = grown.map(|grown| grown / bytes as f64);
        Ok(Self { grid, truncation, fields, plan, resident_ratio, error })
    }
}

impl<R: Real> Case for Setup<R> {
    fn name(&self) -> &str {
        "plan"
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.truncation.total(), self.grid.name(), self.fields)
    }

    /// No floor: what a plan must hold is its own choice.
    fn work(&self) -> Work {
        Work::default()
    }

    fn resident_ratio(&self) -> Option<f64> {
        self.resident_ratio
    }

    fn run(&mut self) -> Result<()> {
        self.plan = HostTransform::new(&self.grid, self.truncation)?;
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        Ok(self.error)
    }
}
