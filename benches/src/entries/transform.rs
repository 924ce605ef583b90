//! Spherical harmonic transforms on the linear full Gaussian grid.

use terrella_kernels::device::Buffer;
use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::{Transform, Truncation};
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work, peers};

const DIRECTIONS: [&str; 4] = ["synthesis", "analysis", "wind_synthesis", "wind_analysis"];

pub(super) const ENTRY: Entry = Entry {
    name: "transform",
    summary: "spherical harmonic transforms, scalars and winds; peer: ducc0 (Python package)",
    keys: &[
        Key {
            name: "direction",
            default: "all",
            meaning: "synthesis, analysis, wind_synthesis, wind_analysis",
        },
        Key {
            name: "truncation",
            default: "255",
            meaning: "truncations, separated by commas; T on 2⌈(T+1)/2⌉ rings",
        },
        Key {
            name: "fields",
            default: "1,16",
            meaning: "numbers of fields (of wind: of pairs), separated by commas",
        },
    ],
    smallest: &[("truncation", "21"), ("fields", "2")],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    let mut cases = Cases::new();
    for truncation in request.numbers("truncation")? {
        for fields in request.numbers("fields")? {
            for direction in request.choices("direction", &DIRECTIONS)? {
                cases.push(match request.precision {
                    Precision::F32 => {
                        Box::new(TransformCase::<f32>::new(request, direction, truncation, fields)?)
                    }
                    Precision::F64 => {
                        Box::new(TransformCase::<f64>::new(request, direction, truncation, fields)?)
                    }
                });
            }
        }
    }
    Ok(cases)
}

struct TransformCase<R: Real> {
    direction: &'static str,
    fields: usize,
    plan: Transform<R>,
    grid: Grid,
    truncation: Truncation,
    /// The spectra at the start: of scalars, or of vorticity and divergence.
    start: [Vec<R>; 2],
    spectra: [Buffer<R>; 2],
    values: [Buffer<R>; 2],
    peer: Option<peers::Ducc0>,
}

impl<R: Real> TransformCase<R> {
    fn new(request: &Request, direction: &'static str, truncation: usize, fields: usize) -> Result<Self> {
        let device = request.device;
        let grid: Grid = format!("F{}", (truncation + 1).div_ceil(2)).parse()?;
        let triangle = Truncation::new(truncation);
        let mut plan = Transform::new(&grid, triangle, device)?;
        // With radius 1 the wind is of the order of vorticity and divergence.
        plan.set_radius(1.0)?;
        let start = [1, 2].map(|seed| spectrum(triangle, fields, direction.starts_with("wind"), seed));
        let zeros = || Buffer::zeros(device, fields * grid.points());
        let mut spectra = [Buffer::from_slice(device, &start[0])?, Buffer::from_slice(device, &start[1])?];
        let mut values = [zeros()?, zeros()?];
        // Analysis is of band-limited fields, whose spectra are known.
        let ([first, second], [u, v]) = (&mut spectra, &mut values);
        match direction {
            "analysis" => plan.synthesis(fields, first, u)?,
            "wind_analysis" => plan.wind_synthesis(fields, first, second, u, v)?,
            _ => {}
        }
        let peer = if request.loop_beside() {
            Some(peers::Ducc0::new(peers::Transform {
                direction,
                truncation,
                rings: grid.rings().len(),
                points: grid.rings()[0].points,
                fields,
                threads: request.threads,
                precision: request.precision_name(),
            })?)
        } else {
            None
        };
        Ok(Self { direction, fields, plan, grid, truncation: triangle, start, spectra, values, peer })
    }

    fn is_wind(&self) -> bool {
        self.direction.starts_with("wind")
    }
}

/// Coefficients of order 1 with a zero imaginary part for m = 0, and for a wind's a zero mean.
fn spectrum<R: Real>(truncation: Truncation, fields: usize, wind: bool, seed: u64) -> Vec<R> {
    let mut values: Vec<R> = scattered(truncation.spectrum_len(fields), -1.0, 1.0, seed);
    for n in 0..=truncation.total() {
        let real = truncation.index(0, n) * 2 * fields;
        values[real + fields..real + 2 * fields].fill(R::ZERO);
        if wind && n == 0 {
            values[real..real + fields].fill(R::ZERO);
        }
    }
    values
}

impl<R: Real> Case for TransformCase<R> {
    fn name(&self) -> &str {
        self.direction
    }

    fn size(&self) -> String {
        format!("T{} {} x{}", self.truncation.total(), self.grid.name(), self.fields)
    }

    /// Legendre sums by symmetry about the equator, (T + 1)(T + 2) · rings, and real FFTs, 2.5 n log₂ n per ring; of each
    /// field, and of a wind's two. The recurrence that makes the Legendre functions is not counted.
    fn work(&self) -> Work {
        let total = self.truncation.total() as f64;
        let rings = self.grid.rings();
        let legendre = (total + 1.0) * (total + 2.0) * rings.len() as f64;
        let fourier: f64 = rings.iter().map(|ring| ring.points as f64).map(|n| 2.5 * n * n.log2()).sum();
        let scalars = (self.fields * if self.is_wind() { 2 } else { 1 }) as f64;
        let values = self.grid.points() + self.truncation.spectrum_len(1);
        Work { bytes: scalars * (values * size_of::<R>()) as f64, flops: scalars * (legendre + fourier) }
    }

    fn run(&mut self) -> Result<()> {
        let Self { fields, plan, spectra: [first, second], values: [u, v], .. } = self;
        match self.direction {
            "synthesis" => plan.synthesis(*fields, first, u)?,
            "analysis" => plan.analysis(*fields, u, first)?,
            "wind_synthesis" => plan.wind_synthesis(*fields, first, second, u, v)?,
            _ => plan.wind_analysis(*fields, u, v, first, second)?,
        }
        Ok(())
    }

    /// Largest difference between a coefficient and what it is after synthesis and analysis.
    fn error(&mut self) -> Result<f64> {
        let Self { fields, plan, spectra: [first, second], values: [u, v], .. } = self;
        match self.direction {
            "synthesis" => plan.analysis(*fields, u, first)?,
            "wind_synthesis" => plan.wind_analysis(*fields, u, v, first, second)?,
            _ => {}
        }
        let scalars = if self.is_wind() { 2 } else { 1 };
        let mut largest = 0.0_f64;
        for (spectrum, start) in self.spectra.iter_mut().zip(&self.start).take(scalars) {
            let after = spectrum.to_vec()?;
            let differences = after.iter().zip(start).map(|(a, b)| (a.to_f64() - b.to_f64()).abs());
            largest = differences
                .fold(largest, |largest, x| if x.is_nan() { f64::INFINITY } else { largest.max(x) });
            spectrum.copy_from_host(start)?;
        }
        Ok(largest)
    }

    fn peer(&mut self) -> Option<&mut dyn Peer> {
        self.peer.as_mut().map(|peer| peer as &mut dyn Peer)
    }
}
