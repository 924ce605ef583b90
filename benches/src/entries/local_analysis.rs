//! The local analysis of a field on a plane: every point is a domain, every eighth point in either direction is observed.

use std::time::Instant;

use terrella_kernels::assimilation::localization::{Cells, Near, Taper};
use terrella_kernels::assimilation::{Ensemble, Observations, Scheme, analyse_locally};
use terrella_kernels::device::Device;
use terrella_kernels::{Precision, Real, random};

use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "local_analysis",
    summary: "LETKF of a field on a plane; peer: the same with a search that compares with every observation",
    keys: &[
        Key { name: "grid", default: "512x256", meaning: "points of planes, separated by commas" },
        Key { name: "members", default: "8", meaning: "sizes of the ensemble, separated by commas" },
        Key { name: "radius", default: "20", meaning: "distance within which observations count [points]" },
        Key { name: "spacing", default: "8", meaning: "distance of observations [points]" },
    ],
    smallest: &[("grid", "40x24")],
    peers: &["brute_force"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    if request.device != Device::Cpu {
        eprintln!("local_analysis is for the CPU only: not measured on {}.", request.device);
        return Ok(cases);
    }
    for grid in request.text("grid").split(',') {
        let grid = size_of(grid.trim())?;
        for members in request.numbers("members")? {
            cases.push(match request.precision {
                Precision::F32 => Box::new(LocalAnalysis::<f32>::new(request, grid, members)?),
                Precision::F64 => Box::new(LocalAnalysis::<f64>::new(request, grid, members)?),
            });
        }
    }
    Ok(cases)
}

/// Columns and rows, written as `512x256`.
fn size_of(grid: &str) -> Result<[usize; 2]> {
    let sides =
        grid.split_once('x').and_then(|(columns, rows)| Some([columns.parse().ok()?, rows.parse().ok()?]));
    sides.filter(|sides| !sides.contains(&0)).ok_or_else(|| crate::Error::Unknown {
        kind: "grid".to_owned(),
        got: grid.to_owned(),
        nearest: "512x256".to_owned(),
    })
}

#[derive(Clone)]
struct Problem<R> {
    columns: usize,
    rows: usize,
    forecast: Ensemble<R>,
    analysis: Ensemble<R>,
    equivalents: Ensemble<R>,
    observed: Vec<R>,
    variances: Vec<R>,
    places: Vec<[f64; 2]>,
    taper: Taper,
}

struct LocalAnalysis<R> {
    problem: Problem<R>,
    peers: Vec<BruteForce<R>>,
}

/// Compares every domain with every observation.
struct BruteForce<R>(Problem<R>);

impl<R: Real> Problem<R> {
    fn new(request: &Request, [columns, rows]: [usize; 2], members: usize) -> Result<Self> {
        let spacing = request.number("spacing")?;
        // Waves of random phase for each member, so that neighbours are alike.
        let mut phases = vec![0.0; 2 * members];
        random::normals(2, [0; 3], &mut phases);
        let mut values = Vec::with_capacity(columns * rows * members);
        for point in 0..columns * rows {
            let (x, y) = ((point % columns) as f64, (point / columns) as f64);
            for member in 0..members {
                let (first, second) = (3.0 * phases[2 * member], 3.0 * phases[2 * member + 1]);
                values.push(R::from_f64((0.05 * x + first).sin() + (0.04 * y + second).cos()));
            }
        }
        let forecast = Ensemble::new(members, values)?;
        let (mut places, mut equivalents) = (Vec::new(), Vec::new());
        for y in (0..rows).step_by(spacing) {
            for x in (0..columns).step_by(spacing) {
                places.push([x as f64, y as f64]);
                let point = y * columns + x;
                equivalents.extend_from_slice(&forecast.values()[point * members..(point + 1) * members]);
            }
        }
        let mut observed = vec![R::ZERO; places.len()];
        random::normals(2, [1, 0, 0], &mut observed);
        Ok(Self {
            columns,
            rows,
            analysis: forecast.clone(),
            forecast,
            equivalents: Ensemble::new(members, equivalents)?,
            variances: vec![R::from_f64(0.5); places.len()],
            observed,
            taper: Taper::GaspariCohn(0.5 * request.number("radius")? as f64),
            places,
        })
    }

    /// Fewer domains, and all observations.
    fn first_rows(&self, count: usize) -> Result<Self> {
        let rows = count.min(self.rows);
        let members = self.forecast.members();
        let forecast = self.forecast.values()[..rows * self.columns * members].to_vec();
        let forecast = Ensemble::new(members, forecast)?;
        Ok(Self { rows, analysis: forecast.clone(), forecast, ..self.clone() })
    }

    /// The analysis, with the search's tables made anew, as in a cycle where observations move.
    fn analyse(&mut self, every_observation: bool) -> Result<()> {
        self.analysis.values_mut().copy_from_slice(self.forecast.values());
        let observations = Observations::new(&self.observed, &self.variances)?;
        let columns = self.columns;
        let place = |domain: usize| [(domain % columns) as f64, (domain / columns) as f64];
        let domains = columns * self.rows;
        let (places, taper) = (&self.places, self.taper);
        let (analysis, equivalents) = (&mut self.analysis, &self.equivalents);
        let scheme = Scheme::SquareRoot;
        if every_observation {
            let near = |domain: usize, found: &mut Vec<Near>| {
                let [x, y] = place(domain);
                for (index, other) in (0..).zip(places) {
                    let squared = (x - other[0]).powi(2) + (y - other[1]).powi(2);
                    if squared < taper.reach().powi(2) {
                        found.push(Near { index, taper: taper.at(squared.sqrt()) });
                    }
                }
            };
            return Ok(analyse_locally(analysis, domains, equivalents, &observations, &scheme, &near)?);
        }
        let cells = Cells::new(places, [None; 2], taper)?;
        let near = |domain: usize, found: &mut Vec<Near>| cells.near(place(domain), found);
        Ok(analyse_locally(analysis, domains, equivalents, &observations, &scheme, &near)?)
    }
}

impl<R: Real> LocalAnalysis<R> {
    fn new(request: &Request, grid: [usize; 2], members: usize) -> Result<Self> {
        let problem = Problem::new(request, grid, members)?;
        let peers = request.peers.iter().map(|_| BruteForce(problem.clone())).collect();
        Ok(Self { problem, peers })
    }
}

impl<R: Real> Case for LocalAnalysis<R> {
    fn name(&self) -> &str {
        "LETKF"
    }

    fn size(&self) -> String {
        let Problem { columns, rows, forecast, places, .. } = &self.problem;
        format!("{columns}x{rows}, {} members, {} observations", forecast.members(), places.len())
    }

    /// The ensemble read and written, and at each point the decomposition, the weights and the update. The sums over near observations, which
    /// depend on their number, are not counted.
    fn work(&self) -> Work {
        let members = self.problem.forecast.members() as f64;
        let points = self.problem.forecast.variables() as f64;
        Work {
            bytes: 2.0 * size_of_val(self.problem.forecast.values()) as f64,
            flops: points * (members.powi(3) * (8.0 / 3.0 + 3.0 + 1.0) + 2.0 * members * members),
        }
    }

    fn points(&self) -> Option<usize> {
        Some(self.problem.forecast.variables())
    }

    fn run(&mut self) -> Result<()> {
        self.problem.analyse(false)
    }

    /// Of the first rows, against the analysis with every observation compared; the two add up in different order.
    fn error(&mut self) -> Result<f64> {
        let mut other = self.problem.first_rows(16)?;
        other.analyse(true)?;
        let pairs = self.problem.analysis.values().iter().zip(other.analysis.values());
        let difference = pairs.map(|(a, b)| (*a - *b).to_f64().abs()).fold(0.0, f64::max);
        let largest = other.analysis.values().iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
        Ok(difference / largest)
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

impl<R: Real> Peer for BruteForce<R> {
    fn name(&self) -> &str {
        "search among all"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.0.analyse(true)?;
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
