//! Other libraries' spherical harmonic transforms, each in a Python process of its own, which stays for the whole case.

use serde_json::json;
use terrella_kernels::grid::Grid;

use super::python::PythonProcess;
use crate::{Error, Peer, Result, nearest};

/// One library, and how it is timed.
#[derive(Debug)]
pub struct TransformLibrary {
    /// Its name after `--peer`.
    pub name: &'static str,
    /// Its part of the Python program.
    program: &'static str,
    /// What to do where it is missing.
    remedy: &'static str,
    /// Whether every ring must have the same number of points.
    full_grids_only: bool,
}

const SERVER: &str = include_str!("transform/server.py");

/// The libraries, the usual one first.
pub static TRANSFORM_LIBRARIES: [TransformLibrary; 3] = [
    TransformLibrary {
        name: "ducc0",
        program: include_str!("transform/ducc0.py"),
        remedy: "install it with 'python3 -m pip install ducc0'",
        full_grids_only: false,
    },
    TransformLibrary {
        name: "shtns",
        program: include_str!("transform/shtns.py"),
        remedy: "install it with 'python3 -m pip install shtns' (it needs a C compiler and FFTW's headers)",
        full_grids_only: true,
    },
    TransformLibrary {
        name: "transi",
        program: include_str!("transform/transi.py"),
        remedy: "name a shared library with ecTrans's C interface after --library",
        full_grids_only: false,
    },
];

/// Directions that the libraries have in common.
const DIRECTIONS: [&str; 4] = ["synthesis", "analysis", "wind_synthesis", "wind_analysis"];

/// The work that is timed: one direction between a triangular truncation and a Gaussian grid.
#[derive(Clone, Copy, Debug)]
pub struct TransformWork<'a> {
    /// `synthesis`, `analysis`, `wind_synthesis` or `wind_analysis`; the libraries have no others.
    pub direction: &'static str,
    /// Triangular truncation.
    pub truncation: usize,
    /// The grid.
    pub grid: &'a Grid,
    /// Number of fields (of wind: of pairs).
    pub fields: usize,
    /// Number of threads.
    pub threads: usize,
    /// `f32` or `f64`; a library that computes in f64 only does so, and its name then says it.
    pub precision: &'static str,
    /// The shared library behind `transi`.
    pub library: &'a str,
}

/// A Python process that times a library's transform on request.
#[derive(Debug)]
pub struct TransformPeer {
    process: PythonProcess,
    name: String,
}

impl TransformLibrary {
    /// The library of this name.
    pub fn named(name: &str) -> Result<&'static Self> {
        let names = || TRANSFORM_LIBRARIES.iter().map(|library| library.name);
        TRANSFORM_LIBRARIES.iter().find(|library| library.name == name).ok_or_else(|| Error::Unknown {
            kind: "peer".to_owned(),
            got: name.to_owned(),
            nearest: nearest(name, names()).to_owned(),
        })
    }

    /// Why the library does not do this work, if it does not.
    pub fn lacks(&self, work: &TransformWork) -> Option<String> {
        if !DIRECTIONS.contains(&work.direction) {
            return Some(format!("it has no {}", work.direction));
        }
        let rings = work.grid.rings();
        let full = rings.iter().all(|ring| ring.points == rings[0].points);
        if !work.grid.kind().is_gaussian() {
            return Some("it is timed on Gaussian grids only".to_owned());
        }
        (self.full_grids_only && !full).then(|| "it has full grids only".to_owned())
    }
}

impl TransformPeer {
    /// Starts `python3` and sets the work up; an error that says what is missing where there is no Python or no library,
    /// and where analysis after synthesis does not give the coefficients back.
    pub fn new(library: &'static TransformLibrary, work: TransformWork) -> Result<Self> {
        if library.name == "transi" && work.library.is_empty() {
            return Err(Error::Peer { peer: library.name, reason: format!("{}.", library.remedy) });
        }
        let program = format!("{}\n{SERVER}", library.program);
        let mut process = PythonProcess::start(library.name, library.remedy, &program, work.threads)?;
        let rings = work.grid.rings();
        let greeting = process.ask(&json!({
            "direction": work.direction,
            "truncation": work.truncation,
            "latitudes": rings.iter().map(|ring| ring.latitude).collect::<Vec<_>>(),
            "weights": rings.iter().map(|ring| ring.weight).collect::<Vec<_>>(),
            "points": rings.iter().map(|ring| ring.points).collect::<Vec<_>>(),
            "fields": work.fields,
            "threads": work.threads,
            "precision": work.precision,
            "library": work.library,
        }))?;
        let limit = if work.precision == "f32" { 1e-2 } else { 1e-7 };
        match (greeting["ready"].as_str(), greeting["error"].as_f64()) {
            (Some(name), Some(error)) if error < limit => Ok(Self { process, name: name.to_owned() }),
            _ => Err(process.failure(format!("analysis after synthesis is too far off ({greeting})."))),
        }
    }
}

impl Peer for TransformPeer {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        self.process.sample(repeats)
    }
}
