//! Steps of NetCDF-4 files, on one thread: real fields, rounded, shuffled and compressed by zstd, and brought to a file in memory.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use terrella_io::Time;
use terrella_io::encode::{Compression, NamedVariable, Naming, Netcdf4File};
use terrella_io::layout::Layout;
use terrella_io::read::{GribFile, Header, Missing, NetcdfVariables};
use terrella_kernels::device::Device;
use terrella_kernels::{Precision, Real};

use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

/// NOAA's global forecast of 2011-01-10 12 UTC + 120 h on 2.5°.
const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/extremes/data/gfs.t12z.pgrbf120.2p5deg.grib2");

pub(super) const ENTRY: Entry = Entry {
    name: "netcdf4",
    summary: "NetCDF-4 steps with rounding, shuffle and zstd 1; peers: shuffle and deflate 1 by libhdf5, of the values \
              as they are and of the rounded ones",
    keys: &[
        Key { name: "file", default: FILE, meaning: "a GRIB file" },
        Key {
            name: "field",
            default: "t,u,v",
            meaning: "its parameters, each on all pressure levels, or else one field",
        },
        Key { name: "bits", default: "12", meaning: "bits of the mantissa that are kept" },
    ],
    smallest: &[("field", "t")],
    peers: &["deflate", "deflate-rounded"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Files are made on the CPU.
    if request.device != Device::Cpu {
        return Ok(Vec::new());
    }
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let bits = request.number("bits")?;
    let names: Vec<&str> = request.text("field").split(',').map(str::trim).collect();
    Ok(vec![Box::new(StepCase::<R>::new(request, Path::new(request.text("file")), &names, bits as u32)?)])
}

/// Fields of a file, as the variables of another.
struct Fields<R> {
    layout: Layout,
    variables: Vec<NamedVariable>,
    /// `[level][point]` of each variable.
    values: Vec<Vec<R>>,
}

impl<R: Real> Fields<R> {
    fn read(path: &Path, names: &[&str]) -> Result<Self> {
        let file = GribFile::open(path)?;
        let (mut layout, mut variables, mut values) = (None, Vec::new(), Vec::new());
        for name in names {
            let own = || file.headers().iter().filter(|header| header.short_name == *name);
            let mut levels: Vec<(f64, &Header)> =
                own().filter_map(|header| Some((header.pressure()?, header))).collect();
            levels.sort_by(|one, other| other.0.total_cmp(&one.0));
            let headers: Vec<&Header> = match levels.is_empty() {
                true => own().take(1).collect(),
                false => levels.iter().map(|(_, header)| *header).collect(),
            };
            let Some(first) = headers.first() else {
                let (name, got) = ("--field".to_owned(), format!("'{name}'"));
                return Err(Error::Value {
                    name,
                    got,
                    expected: format!("a parameter of {}", path.display()),
                });
            };
            variables.push(NamedVariable {
                naming: Naming {
                    name: (*name).to_owned(),
                    long_name: first.name.clone(),
                    standard_name: None,
                    units: first.units.replace("**", ""),
                    cell_methods: None,
                },
                precision: Precision::F32,
                pressures: levels.iter().map(|(pressure, _)| *pressure).collect(),
            });
            let mut all = Vec::new();
            for header in headers {
                let field = file.decode(header, Missing::Nan)?;
                all.extend(field.values.iter().map(|value| R::from_f64(*value)));
                layout.get_or_insert(field.layout);
            }
            values.push(all);
        }
        let layout = layout.expect("each parameter has a field");
        Ok(Self { layout, variables, values })
    }

    fn count(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }
}

/// A file that gets the same step again and again.
struct Growing<R> {
    name: String,
    fields: Rc<Fields<R>>,
    path: PathBuf,
    file: Netcdf4File,
    /// Bytes that a step takes.
    stored: u64,
    _folder: tempfile::TempDir,
}

fn start() -> Time {
    Time::new(2020, 1, 1, 0, 0, 0).expect("a day of the calendar")
}

impl<R: Real> Growing<R> {
    fn new(what: &str, fields: Rc<Fields<R>>, compression: Compression) -> Result<Self> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        // In memory where the system has such a place, so that no disk is measured.
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(&place).map_err(fail(&place))?;
        let path = folder.path().join("steps.nc");
        let Fields { layout, variables, .. } = &*fields;
        let mut file = Netcdf4File::create(&path, layout, start(), variables, &[], compression)?;
        let length = || std::fs::metadata(&path).map(|metadata| metadata.len()).map_err(fail(&path));
        // Of the second step, which makes no groups of metadata for the first time.
        append(&mut file, &fields)?;
        let before = length()?;
        append(&mut file, &fields)?;
        let stored = length()? - before;
        let ratio = 4.0 * fields.count() as f64 / stored as f64;
        Ok(Self { name: format!("{what}, {ratio:.2} to 1"), fields, path, file, stored, _folder: folder })
    }

    fn step(&mut self) -> Result<()> {
        append(&mut self.file, &self.fields)
    }
}

fn append<R: Real>(file: &mut Netcdf4File, fields: &Fields<R>) -> Result<()> {
    let slices: Vec<&[R]> = fields.values.iter().map(Vec::as_slice).collect();
    let time = start().plus_seconds(3600 * file.steps() as i64);
    Ok(file.append(time, &slices)?)
}

struct StepCase<R: Real> {
    ours: Growing<R>,
    size: String,
    /// The largest relative difference of a rounded value.
    rounding: f64,
    peers: Vec<Growing<R>>,
}

impl<R: Real> StepCase<R> {
    fn new(request: &Request, path: &Path, names: &[&str], bits: u32) -> Result<Self> {
        let fields = Rc::new(Fields::read(path, names)?);
        let compression = Compression::Zstd { level: 1, mantissa_bits: Some(bits) };
        let ours = Growing::new(&format!("{bits} bits, zstd 1"), fields.clone(), compression)?;
        let mut peers = Vec::new();
        for peer in &request.peers {
            let deflate = Compression::Deflate { level: 1 };
            peers.push(match *peer {
                "deflate-rounded" => {
                    let rounded = read_back::<R>(&ours)?;
                    let (layout, variables) = (fields.layout.clone(), fields.variables.clone());
                    let rounded = Rc::new(Fields { layout, variables, values: rounded });
                    Growing::new(&format!("{bits} bits, deflate 1 by libhdf5"), rounded, deflate)?
                }
                _ => Growing::new("all bits, deflate 1 by libhdf5", fields.clone(), deflate)?,
            });
        }
        let size = format!("{} of {} values", names.join(" "), fields.count());
        let rounding = 0.5_f64.powi(bits as i32 + 1);
        Ok(Self { ours, size, rounding, peers })
    }
}

/// The values of the first step as they are in the file.
fn read_back<R: Real>(file: &Growing<R>) -> Result<Vec<Vec<R>>> {
    let mut stored = NetcdfVariables::open(&file.path)?;
    let variables = file.fields.variables.iter().zip(&file.fields.values);
    variables
        .map(|(variable, values)| {
            let all = stored.values(&variable.naming.name)?;
            Ok(all[..values.len()].iter().map(|value| R::from_f64(*value)).collect())
        })
        .collect()
}

impl<R: Real> Case for StepCase<R> {
    fn name(&self) -> &str {
        &self.ours.name
    }

    fn size(&self) -> String {
        self.size.clone()
    }

    fn work(&self) -> Work {
        let read = self.ours.fields.count() * size_of::<R>();
        Work { bytes: (read as u64 + self.ours.stored) as f64, flops: 0.0 }
    }

    fn points(&self) -> Option<usize> {
        Some(self.ours.fields.count())
    }

    fn run(&mut self) -> Result<()> {
        self.ours.step()
    }

    /// By how much the largest relative difference of a stored value is beyond that of the rounding, 2^−(bits + 1).
    fn error(&mut self) -> Result<f64> {
        let stored = read_back(&self.ours)?;
        let pairs = self.ours.fields.values.iter().flatten().zip(stored.iter().flatten());
        let difference = |(value, stored): (&R, &R)| {
            let (value, stored) = (value.to_f64(), stored.to_f64());
            if value == stored || value.is_nan() { 0.0 } else { ((stored - value) / value).abs() }
        };
        Ok((pairs.map(difference).fold(0.0, f64::max) - self.rounding).max(0.0))
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

impl<R: Real> Peer for Growing<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.step()?;
            black_box(&self.file);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
