//! GRIB2 messages, on one thread: a field of temperature packed and written to memory.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use terrella_io::encode::{Grib2Encoder, GribEncoder, GribSettings, Identity, Packing, compress_ccsds};
use terrella_io::layout::Layout;
use terrella_io::{Level, Parameter, Time};
use terrella_kernels::device::Device;
use terrella_kernels::grid::Grid;
use terrella_kernels::{Precision, Real};

use super::data::scattered;
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

/// Bits per value.
pub(super) const BITS: u32 = 16;

/// Octets of the end of a message.
const END: usize = 4;

pub(super) const ENTRY: Entry = Entry {
    name: "grib2",
    summary: "GRIB2 messages of 16 bits on one thread; peers: ecCodes, and for ccsds libaec alone",
    keys: &[
        Key { name: "packing", default: "all", meaning: "simple, ccsds (needs libaec)" },
        Key { name: "grid", default: "O320,O1280", meaning: "names of grids, separated by commas" },
    ],
    smallest: &[("grid", "O32,H8")],
    peers: &["eccodes", "libaec"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Messages are made on the CPU.
    if request.device != Device::Cpu {
        return Ok(Vec::new());
    }
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let mut cases: Cases = Vec::new();
    for name in request.text("grid").split(',').map(str::trim) {
        let layout = layout(name)?;
        let values: Rc<[R]> = temperature(&layout).into();
        for packing in request.choices("packing", &["simple", "ccsds"])? {
            cases.push(Box::new(MessageCase::new(request, packing, name, &layout, &values)?));
        }
    }
    Ok(cases)
}

/// The points of the grid of a name.
pub(super) fn layout(name: &str) -> Result<Layout> {
    let grid: Grid = name.parse().map_err(|error| Error::Value {
        name: "--grid".to_owned(),
        got: format!("'{name}'"),
        expected: format!("a grid's name ({error})"),
    })?;
    Ok(Layout::from(&grid))
}

/// Waves of several sizes and a little noise [K]: about half of the bits are left by CCSDS.
pub(super) fn temperature<R: Real>(layout: &Layout) -> Vec<R> {
    let noise: Vec<f64> = scattered(layout.points(), 0.0, 0.05, 1);
    let at = |((longitude, latitude), noise): ((f64, f64), f64)| {
        let (x, y) = (longitude.to_radians(), latitude.to_radians());
        let waves = 6.0 * (5.0 * x + 3.0 * y).sin() * y.cos() + 2.0 * (23.0 * x).sin() * (17.0 * y).cos();
        R::from_f64(250.0 + 45.0 * y.cos() + waves + noise)
    };
    layout.coordinates().zip(noise).map(at).collect()
}

pub(super) fn identity() -> Identity {
    let valid = Time::new(2020, 1, 1, 0, 0, 0).expect("a day of the calendar");
    Identity { parameter: Parameter::TEMPERATURE, level: Level::Pressure(500.0), reference: valid, valid }
}

struct MessageCase<R: Real> {
    packing: &'static str,
    grid: String,
    values: Rc<[R]>,
    encoder: Grib2Encoder,
    message: Vec<u8>,
    /// The same field in simple packing: section 7 is what libaec compresses.
    simple: Vec<u8>,
    peers: Vec<Box<dyn Peer>>,
}

impl<R: Real> MessageCase<R> {
    fn new(
        request: &Request,
        packing: &'static str,
        grid: &str,
        layout: &Layout,
        values: &Rc<[R]>,
    ) -> Result<Self> {
        let simple = GribSettings { bits_per_value: BITS, ..GribSettings::default() };
        let ccsds = packing == "ccsds";
        let kind = if ccsds { Packing::Ccsds } else { Packing::Simple };
        let settings = GribSettings { packing: kind, ..simple.clone() };
        let encoder = Grib2Encoder::new(layout, &settings)?;
        let mut message = Vec::new();
        encoder.encode_into(&identity(), values, &mut message)?;
        let simple = Grib2Encoder::new(layout, &simple)?.encode(&identity(), values)?;
        let mut peers: Vec<Box<dyn Peer>> = Vec::new();
        // Debian's ecCodes knows no HEALPix.
        if request.peers.contains(&"eccodes") && !grid.starts_with('H') {
            let encoder = GribEncoder::new(layout, &settings)?;
            let name = format!("ecCodes {}", terrella_io::eccodes::version()?);
            peers.push(Box::new(Eccodes { name, encoder, values: values.clone() }));
        }
        if request.peers.contains(&"libaec") && ccsds {
            let samples = samples(&simple, values.len()).to_vec();
            peers.push(Box::new(Libaec { samples, compressed: Vec::new() }));
        }
        Ok(Self { packing, grid: grid.to_owned(), values: values.clone(), encoder, message, simple, peers })
    }
}

/// The codes of a message in simple packing.
fn samples(message: &[u8], values: usize) -> &[u8] {
    &message[message.len() - END - values * BITS as usize / 8..message.len() - END]
}

impl<R: Real> Case for MessageCase<R> {
    fn name(&self) -> &str {
        self.packing
    }

    fn size(&self) -> String {
        self.grid.clone()
    }

    fn work(&self) -> Work {
        Work { bytes: (size_of_val(&self.values[..]) + self.message.len()) as f64, flops: 0.0 }
    }

    fn points(&self) -> Option<usize> {
        Some(self.values.len())
    }

    fn run(&mut self) -> Result<()> {
        Ok(self.encoder.encode_into(&identity(), &self.values, &mut self.message)?)
    }

    /// 0 where every octet is right, else infinite: codes against a plain loop, compressed ones against libaec at once.
    fn error(&mut self) -> Result<f64> {
        let expected = if self.packing == "ccsds" {
            let mut compressed = Vec::new();
            compress_ccsds(BITS, samples(&self.simple, self.values.len()), &mut compressed)?;
            compressed
        } else {
            plain_codes(&self.simple, &self.values)
        };
        let end = self.message.len() - END;
        let right = self.message[..end].ends_with(&expected);
        Ok(if right { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| &mut **peer as &mut dyn Peer).collect()
    }
}

/// Values by the reference value and the binary scale factor that a message names, one at a time.
fn plain_codes<R: Real>(message: &[u8], values: &[R]) -> Vec<u8> {
    // Section 5 ends before the 6 octets of an absent bit map and the 5 that begin section 7.
    let section = message.len() - END - values.len() * BITS as usize / 8 - 5 - 6 - 21;
    let octets = |from: usize, count: usize| {
        message[section + from..][..count].iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet))
    };
    let reference = f64::from(f32::from_bits(octets(11, 4)));
    let magnitude = (octets(15, 2) & 0x7fff) as i32;
    let binary = if octets(15, 2) >> 15 == 1 { -magnitude } else { magnitude };
    let code = |value: &R| ((value.to_f64() - reference) / 2_f64.powi(binary) + 0.5) as u16;
    values.iter().flat_map(|value| code(value).to_be_bytes()).collect()
}

/// ecCodes behind our handle; the field is read once more, because ecCodes would take NaN.
struct Eccodes<R: Real> {
    name: String,
    encoder: GribEncoder,
    values: Rc<[R]>,
}

impl<R: Real> Peer for Eccodes<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            black_box(self.encoder.encode(&identity(), &self.values)?);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}

/// libaec over codes that are there already.
struct Libaec {
    samples: Vec<u8>,
    compressed: Vec<u8>,
}

impl Peer for Libaec {
    fn name(&self) -> &str {
        "libaec alone"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.compressed.clear();
            compress_ccsds(BITS, &self.samples, &mut self.compressed)?;
            black_box(&self.compressed);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
