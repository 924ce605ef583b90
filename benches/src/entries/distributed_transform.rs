//! Spherical harmonic transforms that ranks share, one thread each, beside the transform in one piece on as many threads.

use std::time::Instant;

use rayon::ThreadPool;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::spectral::{
    DistributedTransform, Part as Share, distributed_transform, transform_shares,
};
use terrella_coupling::transposition::{WaveTransposition, Wire};
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{HostTransform, PartialTransform, Truncation};
use terrella_kernels::{Precision, Real};

use super::grids::{self, fourier_flops};
use super::transform::{legendre_flops, spectrum};
use crate::ranks::{Part, Ranks, in_words, pool_in_one_piece};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "distributed_transform",
    summary: "a transform that ranks share, a thread each (threads, or what mpirun launched); peer: in one piece, as many threads",
    keys: &[
        Key { name: "direction", default: "all", meaning: "synthesis, analysis" },
        Key { name: "truncation", default: "255", meaning: "truncations T, separated by commas" },
        grids::KEY,
        Key { name: "fields", default: "64", meaning: "numbers of fields, separated by commas" },
        Key { name: "ranks", default: "2", meaning: "numbers of ranks, separated by commas" },
        Key { name: "wire", default: "same", meaning: "same, f32: as what Fourier coefficients are sent" },
        Key {
            name: "way",
            default: "memory",
            meaning: "memory, parcels: whether ranks of a node read each other's coefficients, or are sent them as between nodes",
        },
    ],
    smallest: &[("truncation", "31"), ("fields", "2"), ("ranks", "1,3"), ("wire", "all"), ("way", "all")],
    peers: &["whole"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    if request.device != terrella_kernels::device::Device::Cpu {
        eprintln!("distributed_transform is for the CPU only: not measured on {}.", request.device);
        return Ok(Cases::new());
    }
    match request.precision {
        Precision::F32 => of_precision::<f32>(request),
        Precision::F64 => of_precision::<f64>(request),
    }
}

fn of_precision<R: Real>(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for grid in grids::grids(request, truncation)? {
            for fields in request.numbers("fields")? {
                for name in request.choices("direction", &["synthesis", "analysis"])? {
                    for ranks in request.numbers("ranks")? {
                        for wire in request.choices("wire", &["same", "f32"])? {
                            for way in request.choices("way", &["memory", "parcels"])? {
                                // Numbers of 32 bits are sent as they are, and what is rounded is always sent.
                                let is_twice = R::PRECISION == Precision::F32 || way == "memory";
                                if wire == "f32" && is_twice {
                                    continue;
                                }
                                let task = Task {
                                    to_grid: name == "synthesis",
                                    grid: grid.clone(),
                                    truncation: Truncation::new(truncation),
                                    fields,
                                    wire: if wire == "f32" { Wire::F32 } else { Wire::Same },
                                    is_sent: way == "parcels",
                                };
                                if let Some(case) = RanksCase::<R>::new(request, name, task, ranks)? {
                                    cases.push(Box::new(case));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(cases)
}

/// What is transformed.
#[derive(Clone)]
struct Task {
    to_grid: bool,
    grid: Grid,
    truncation: Truncation,
    fields: usize,
    wire: Wire,
    /// Whether ranks of a node are sent what they could read in place.
    is_sent: bool,
}

impl Task {
    /// Input and output in one piece.
    fn reference<R: Real>(&self) -> Result<[Vec<R>; 2]> {
        let spectrum: Vec<R> = spectrum(self.truncation, self.fields, false, 1);
        let mut values = vec![R::ZERO; self.fields * self.grid.points()];
        let mut transform = HostTransform::<R>::new(&self.grid, self.truncation)?;
        transform.synthesis(self.fields, &spectrum, &mut values)?;
        if self.to_grid {
            return Ok([spectrum, values]);
        }
        let mut output = vec![R::ZERO; spectrum.len()];
        transform.analysis(self.fields, &values, &mut output)?;
        Ok([values, output])
    }
}

/// Ranks and the transform in one piece.
struct RanksCase<R: Real> {
    name: String,
    task: Task,
    ranks: Ranks,
    whole: Option<Whole<R>>,
}

impl<R: Real> RanksCase<R> {
    fn new(request: &Request, direction: &str, task: Task, count: usize) -> Result<Option<Self>> {
        let of_rank = task.clone();
        let Some(ranks) = Ranks::new(&request.job, count, move |communicator| {
            RankPart::<R>::new(of_rank.clone(), communicator)
        })?
        else {
            return Ok(None);
        };
        let way = match (task.wire, task.is_sent) {
            (Wire::F32, _) => ", sent as f32",
            (Wire::Same, true) => ", sent",
            (Wire::Same, false) => "",
        };
        let name = format!("{direction}, {}{way}", in_words(count));
        let whole = if request.peers.contains(&"whole") { Some(Whole::new(&task, count)?) } else { None };
        Ok(Some(Self { name, task, ranks, whole }))
    }
}

impl<R: Real> Case for RanksCase<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.task.truncation.total(), self.task.grid.name(), self.task.fields)
    }

    fn work(&self) -> Work {
        let Task { grid, truncation, fields, .. } = &self.task;
        Work {
            bytes: ((truncation.spectrum_len(*fields) + fields * grid.points()) * size_of::<R>()) as f64,
            flops: *fields as f64 * (legendre_flops(grid, *truncation) + fourier_flops(grid)),
        }
    }

    fn points(&self) -> Option<usize> {
        Some(self.task.fields * self.task.grid.points())
    }

    fn clock(&self) -> Option<f64> {
        Some(self.ranks.seconds())
    }

    fn run(&mut self) -> Result<()> {
        self.ranks.run()
    }

    fn error(&mut self) -> Result<f64> {
        self.ranks.error()
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.whole.iter_mut().map(|whole| whole as &mut dyn Peer).collect()
    }
}

/// One rank's part.
struct RankPart<R: Real> {
    transform: DistributedTransform<R>,
    task: Task,
    input: Vec<R>,
    output: Vec<R>,
    expected: Vec<R>,
    largest: f64,
}

impl<R: Real> RankPart<R> {
    fn new(task: Task, communicator: &Communicator) -> Result<Self> {
        let transform = if task.is_sent {
            let shares = transform_shares(&task.grid, task.truncation, communicator.size())?;
            let transposition = WaveTransposition::by_parcels(communicator, &shares, task.wire)?;
            PartialTransform::new(&shares, communicator.rank(), transposition)
        } else {
            distributed_transform(communicator, &task.grid, task.truncation, task.wire)?
        };
        let [input, expected] = task.reference::<R>()?;
        let largest = expected.iter().fold(0.0, |largest: f64, value| largest.max(value.to_f64().abs()));
        let own = Share::of_rank(transform.shares(), communicator.rank());
        let part = |is_grid, all: &[R]| -> Result<Vec<R>> {
            let part =
                if is_grid { own.own_fields(task.fields, all) } else { own.own_spectra(task.fields, all) };
            Ok(part?.into_owned())
        };
        let (input, expected) = (part(!task.to_grid, &input)?, part(task.to_grid, &expected)?);
        let output = vec![R::ZERO; expected.len()];
        Ok(Self { transform, task, input, output, expected, largest })
    }
}

impl<R: Real> Part for RankPart<R> {
    fn run(&mut self) -> Result<()> {
        let fields = self.task.fields;
        if self.task.to_grid {
            self.transform.synthesis(fields, &self.input, &mut self.output)?;
        } else {
            self.transform.analysis(fields, &self.input, &mut self.output)?;
        }
        Ok(())
    }

    fn error(&mut self) -> Result<f64> {
        let distance = |(got, expected): (&R, &R)| (got.to_f64() - expected.to_f64()).abs();
        Ok(self.output.iter().zip(&self.expected).map(distance).fold(0.0, f64::max) / self.largest)
    }
}

/// The transform in one piece.
struct Whole<R: Real> {
    name: String,
    pool: ThreadPool,
    transform: HostTransform<R>,
    task: Task,
    input: Vec<R>,
    output: Vec<R>,
}

impl<R: Real> Whole<R> {
    fn new(task: &Task, threads: usize) -> Result<Self> {
        let (name, pool) = pool_in_one_piece(threads)?;
        let [input, output] = task.reference::<R>()?;
        let transform = HostTransform::new(&task.grid, task.truncation)?;
        Ok(Self { name, pool, transform, task: task.clone(), input, output })
    }
}

impl<R: Real> Peer for Whole<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let Self { pool, transform, task, input, output, .. } = self;
        pool.install(|| {
            let start = Instant::now();
            for _ in 0..repeats {
                if task.to_grid {
                    transform.synthesis(task.fields, input, output)?;
                } else {
                    transform.analysis(task.fields, input, output)?;
                }
            }
            Ok(start.elapsed().as_secs_f64() / repeats as f64)
        })
    }
}
