//! Hashing a message for the manifest, against making the message.

use std::rc::Rc;

use terrella_io::encode::{Grib2Encoder, GribSettings};
use terrella_io::manifest::Manifest;
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use super::grib2::{BITS, identity, layout, temperature};
use super::plan::Packer;
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

/// The file that the message is said to be in.
const PATH: &str = "t500.grib2";

pub(super) const ENTRY: Entry = Entry {
    name: "hash",
    summary: "BLAKE3 of a GRIB2 message of 16 bits and its manifest entry; peer: the packer that made it",
    keys: &[Key { name: "grid", default: "O320,O1280", meaning: "names of grids, separated by commas" }],
    smallest: &[("grid", "O32")],
    peers: &["packer"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // The packer is that of plans: 64 bits, on the CPU.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(Vec::new());
    }
    let names = request.text("grid").split(',').map(str::trim);
    names.map(|name| Ok(Box::new(HashCase::new(request, name)?) as Box<dyn Case>)).collect()
}

struct HashCase {
    grid: String,
    message: Vec<u8>,
    manifest: Manifest,
    peers: Vec<Packer>,
}

impl HashCase {
    fn new(request: &Request, grid: &str) -> Result<Self> {
        let layout = layout(grid)?;
        let settings = GribSettings { bits_per_value: BITS, ..GribSettings::default() };
        let encoder = Rc::new(Grib2Encoder::new(&layout, &settings)?);
        let values: Rc<[f64]> = temperature(&layout).into();
        let message = encoder.encode(&identity(), &values)?;
        let peer = |_| Packer { encoder: encoder.clone(), values: values.clone(), message: Vec::new() };
        let peers = request.peers.iter().map(peer).collect();
        Ok(Self { grid: grid.to_owned(), message, manifest: Manifest::new("0 h"), peers })
    }
}

impl Case for HashCase {
    fn name(&self) -> &str {
        "message and manifest entry"
    }

    fn size(&self) -> String {
        self.grid.clone()
    }

    fn work(&self) -> Work {
        Work { bytes: self.message.len() as f64, flops: 0.0 }
    }

    fn run(&mut self) -> Result<()> {
        self.manifest = Manifest::new("0 h");
        Ok(self.manifest.add_message(PATH, 0, &self.message)?)
    }

    /// 0 where the message, hashed piece by piece from a file, has the same entry, else infinite.
    fn error(&mut self) -> Result<f64> {
        let fail = |source| Error::File { path: PATH.into(), source };
        let folder = tempfile::tempdir().map_err(fail)?;
        std::fs::write(folder.path().join(PATH), &self.message).map_err(fail)?;
        let mut other = Manifest::new("0 h");
        other.add_file(folder.path(), PATH)?;
        Ok(if other == self.manifest { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| peer as &mut dyn Peer).collect()
    }
}
