//! GRIB2 messages of a field that lies on a device: packed there, against its values copied to the host and packed here.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use terrella_io::encode::{Grib2Encoder, GribSettings, Packing};
use terrella_kernels::device::Buffer;
use terrella_kernels::packing::FieldPacker;
use terrella_kernels::{Precision, Real};

use super::grib2::{BITS, identity, layout, temperature};
use crate::{Case, Cases, Entry, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "grib2_device",
    summary: "GRIB2 messages of 16 bits of a field on the device, packed there; peer: its values copied, then packed here",
    keys: &[
        Key { name: "packing", default: "all", meaning: "simple, ccsds (needs libaec)" },
        Key { name: "grid", default: "O320,O1280", meaning: "names of grids, separated by commas" },
    ],
    smallest: &[("grid", "O32,H8")],
    peers: &["copy"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    match request.precision {
        Precision::F32 => cases_in::<f32>(request),
        Precision::F64 => cases_in::<f64>(request),
    }
}

fn cases_in<R: Real>(request: &Request) -> Result<Cases> {
    let mut cases: Cases = Vec::new();
    for name in request.text("grid").split(',').map(str::trim) {
        for packing in request.choices("packing", &["simple", "ccsds"])? {
            cases.push(Box::new(DeviceCase::<R>::new(request, packing, name)?));
        }
    }
    Ok(cases)
}

struct DeviceCase<R: Real> {
    packing: &'static str,
    grid: String,
    encoder: Rc<Grib2Encoder>,
    packer: FieldPacker<R>,
    values: Rc<Buffer<R>>,
    message: Vec<u8>,
    peers: Vec<CopyFirst<R>>,
}

impl<R: Real> DeviceCase<R> {
    fn new(request: &Request, packing: &'static str, grid: &str) -> Result<Self> {
        let layout = layout(grid)?;
        let kind = if packing == "ccsds" { Packing::Ccsds } else { Packing::Simple };
        let settings = GribSettings { bits_per_value: BITS, packing: kind, ..GribSettings::default() };
        let encoder = Rc::new(Grib2Encoder::new(&layout, &settings)?);
        let values = Rc::new(Buffer::from_slice(request.device, &temperature::<R>(&layout))?);
        let peers = request.peers.iter().map(|_| CopyFirst {
            encoder: encoder.clone(),
            values: values.clone(),
            copy: vec![R::ZERO; layout.points()],
            message: Vec::new(),
        });
        Ok(Self {
            packing,
            grid: grid.to_owned(),
            peers: peers.collect(),
            packer: FieldPacker::new(request.device, layout.points())?,
            encoder,
            values,
            message: Vec::new(),
        })
    }
}

impl<R: Real> Case for DeviceCase<R> {
    fn name(&self) -> &str {
        self.packing
    }

    fn size(&self) -> String {
        self.grid.clone()
    }

    /// The field is read once for its range and once for its codes; these are written, and read by the copy.
    fn work(&self) -> Work {
        let codes = self.values.len() * BITS as usize / 8;
        Work { bytes: (2 * self.values.len() * size_of::<R>() + 2 * codes) as f64, flops: 0.0 }
    }

    fn points(&self) -> Option<usize> {
        Some(self.values.len())
    }

    fn run(&mut self) -> Result<()> {
        Ok(self.encoder.encode_buffer(&mut self.packer, &identity(), &self.values, &mut self.message)?)
    }

    /// 0 where the message is that of the values on the host, else infinite.
    fn error(&mut self) -> Result<f64> {
        let right = self.message == self.encoder.encode(&identity(), &self.values.to_vec()?)?;
        Ok(if right { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}

/// The values in memory that was there before, then the packer of the host.
struct CopyFirst<R: Real> {
    encoder: Rc<Grib2Encoder>,
    values: Rc<Buffer<R>>,
    copy: Vec<R>,
    message: Vec<u8>,
}

impl<R: Real> Peer for CopyFirst<R> {
    fn name(&self) -> &str {
        "copy, then host"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.values.copy_to_host(&mut self.copy)?;
            self.encoder.encode_into(&identity(), &self.copy, &mut self.message)?;
            black_box(&self.message);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
