//! The two stages of the spherical harmonic transform on the CPU, each timed by itself within whole transforms.
//!
//! The Legendre sums are measured against the rate of fused multiply-adds, the Fourier transforms beside `realfft` alone on
//! the same rings.

use std::time::Instant;

use realfft::FftNum;
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, Truncation};
use terrella_kernels::{Precision, Real};

use super::grids::{self, fourier_flops};
use super::ring_fourier::RingFourier;
use super::transform::{legendre_flops, spectrum};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "transform_stages",
    summary: "Legendre and Fourier stage of synthesis and analysis on the CPU; peer of the latter: realfft alone",
    keys: &[
        Key { name: "truncation", default: "255", meaning: "truncations T, separated by commas" },
        grids::KEY,
        Key { name: "fields", default: "16", meaning: "numbers of fields, separated by commas" },
    ],
    smallest: &[("truncation", "31"), ("fields", "2"), ("grid", "full,octahedral")],
    peers: &["realfft"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu {
        eprintln!("transform_stages is for the CPU only: not measured on {}.", request.device);
        return Ok(cases);
    }
    for truncation in request.numbers("truncation")? {
        for grid in grids::grids(request, truncation)? {
            for fields in request.numbers("fields")? {
                for stage in Stage::ALL {
                    cases.push(match request.precision {
                        Precision::F32 => {
                            Box::new(StageCase::<f32>::new(request, stage, truncation, &grid, fields)?)
                        }
                        Precision::F64 => {
                            Box::new(StageCase::<f64>::new(request, stage, truncation, &grid, fields)?)
                        }
                    });
                }
            }
        }
    }
    Ok(cases)
}

/// One stage of one direction.
#[derive(Clone, Copy)]
struct Stage {
    name: &'static str,
    is_analysis: bool,
    is_fourier: bool,
}

impl Stage {
    const ALL: [Self; 4] = [
        Self { name: "legendre_synthesis", is_analysis: false, is_fourier: false },
        Self { name: "legendre_analysis", is_analysis: true, is_fourier: false },
        Self { name: "fourier_synthesis", is_analysis: false, is_fourier: true },
        Self { name: "fourier_analysis", is_analysis: true, is_fourier: true },
    ];
}

struct StageCase<R: Real + FftNum> {
    stage: Stage,
    grid: Grid,
    fields: usize,
    plan: HostTransform<R>,
    start: Vec<R>,
    spectrum: Vec<R>,
    values: Vec<R>,
    peer: Option<RealFft<R>>,
}

impl<R: Real + FftNum> StageCase<R> {
    fn new(request: &Request, stage: Stage, truncation: usize, grid: &Grid, fields: usize) -> Result<Self> {
        let truncation = Truncation::new(truncation);
        let mut plan = HostTransform::new(grid, truncation)?;
        let start = spectrum(truncation, fields, false, 1);
        let mut values = vec![R::ZERO; fields * grid.points()];
        plan.synthesis(fields, &start, &mut values)?;
        let peer = (stage.is_fourier && request.peers.contains(&"realfft"))
            .then(|| RealFft(RingFourier::new(grid, truncation, fields, stage.is_analysis)));
        let spectrum = start.clone();
        Ok(Self { stage, grid: grid.clone(), fields, plan, start, spectrum, values, peer })
    }
}

impl<R: Real + FftNum> Case for StageCase<R> {
    fn name(&self) -> &str {
        self.stage.name
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.plan.truncation().total(), self.grid.name(), self.fields)
    }

    fn work(&self) -> Work {
        let truncation = self.plan.truncation();
        let rings = self.grid.rings().iter();
        let coefficients: usize = rings.map(|ring| 2 * (truncation.largest_zonal_on(ring) + 1)).sum();
        let (flops, other) = match self.stage.is_fourier {
            true => (fourier_flops(&self.grid), self.grid.points()),
            false => (legendre_flops(&self.grid, truncation), truncation.spectrum_len(1)),
        };
        let bytes = (self.fields * (coefficients + other) * size_of::<R>()) as f64;
        Work { bytes, flops: self.fields as f64 * flops }
    }

    fn points(&self) -> Option<usize> {
        Some(self.fields * self.grid.points())
    }

    fn clock(&self) -> Option<f64> {
        let seconds = self.plan.stage_seconds();
        Some(if self.stage.is_fourier { seconds.fourier } else { seconds.legendre })
    }

    fn run(&mut self) -> Result<()> {
        match self.stage.is_analysis {
            true => self.plan.analysis(self.fields, &self.values, &mut self.spectrum)?,
            false => self.plan.synthesis(self.fields, &self.spectrum, &mut self.values)?,
        }
        Ok(())
    }

    /// Of a synthesis and an analysis, in coefficients of order 1.
    fn error(&mut self) -> Result<f64> {
        self.plan.synthesis(self.fields, &self.start, &mut self.values)?;
        self.plan.analysis(self.fields, &self.values, &mut self.spectrum)?;
        let differences = self
            .spectrum
            .iter()
            .zip(&self.start)
            .map(|(after, before)| (after.to_f64() - before.to_f64()).abs());
        Ok(differences
            .fold(0.0, |largest, it| if it.is_nan() { f64::INFINITY } else { f64::max(largest, it) }))
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peer.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

/// `realfft` over the same rings of as many fields.
struct RealFft<R: Real + FftNum>(RingFourier<R>);

impl<R: Real + FftNum> Peer for RealFft<R> {
    fn name(&self) -> &str {
        "realfft"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.0.run()?;
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
