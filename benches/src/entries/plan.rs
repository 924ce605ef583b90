//! A whole output plan, from the field to the file, against the packer in it alone.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::rc::Rc;
use std::time::Instant;

use tempfile::NamedTempFile;
use terrella_io::encode::{Grib2Encoder, GribSettings, Packing};
use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans};
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use super::grib2::{BITS, identity, layout, temperature};
use crate::{Case, Cases, Entry, Error, Key, Peer, Request, Result, Work};

pub(super) const ENTRY: Entry = Entry {
    name: "plan",
    summary: "an output plan select → encode (GRIB2, 16 bits) → file; peers: its packer alone, into memory; and then written at once",
    keys: &[
        Key { name: "packing", default: "all", meaning: "simple, ccsds (needs libaec)" },
        Key { name: "grid", default: "O320,O1280", meaning: "names of grids, separated by commas" },
        Key { name: "folder", default: "/dev/shm", meaning: "where the file is: in memory, or on a disk" },
    ],
    smallest: &[("grid", "O32")],
    peers: &["packer", "write"],
    cases,
};

fn cases(request: &Request) -> Result<Cases> {
    // Fields pass through plans on the CPU, in 64 bits.
    if request.device != Device::Cpu || request.precision != Precision::F64 {
        return Ok(Vec::new());
    }
    let mut cases: Cases = Vec::new();
    for name in request.text("grid").split(',').map(str::trim) {
        let layout = layout(name)?;
        let values: Rc<[f64]> = temperature(&layout).into();
        for packing in request.choices("packing", &["simple", "ccsds"])? {
            cases.push(Box::new(PlanCase::new(request, packing, name, &layout, &values)?));
        }
    }
    Ok(cases)
}

struct PlanCase {
    packing: &'static str,
    size: String,
    layout: Layout,
    values: Rc<[f64]>,
    encoder: Rc<Grib2Encoder>,
    plans: Plans,
    file: NamedTempFile,
    /// Octets of a message.
    octets: usize,
    seconds: f64,
    peers: Vec<Box<dyn Peer>>,
}

impl PlanCase {
    fn new(
        request: &Request,
        packing: &'static str,
        grid: &str,
        layout: &Layout,
        values: &Rc<[f64]>,
    ) -> Result<Self> {
        let folder = request.text("folder");
        let fail = |source| Error::File { path: folder.into(), source };
        let file = NamedTempFile::new_in(folder).map_err(fail)?;
        let path = file.path().display();
        let plans = Plans::from_yaml(&format!(
            "
plans:
  - name: messages
    actions:
      - {{type: select, match: [{{name: [t, u], levtype: [pl]}}]}}
      - {{type: encode, format: grib, packing: {packing}, bits-per-value: {BITS}}}
      - {{type: sink, sinks: [{{type: file, path: '{path}'}}]}}
"
        ))?;
        let packing_kind = if packing == "ccsds" { Packing::Ccsds } else { Packing::Simple };
        let settings =
            GribSettings { bits_per_value: BITS, packing: packing_kind, ..GribSettings::default() };
        let encoder = Rc::new(Grib2Encoder::new(layout, &settings)?);
        let octets = encoder.encode(&identity(), values)?.len();
        let packer = || Packer { encoder: encoder.clone(), values: values.clone(), message: Vec::new() };
        let peer = |name: &&str| -> Result<Box<dyn Peer>> {
            if *name == "packer" {
                return Ok(Box::new(packer()));
            }
            let file = NamedTempFile::new_in(folder).map_err(fail)?;
            Ok(Box::new(PackAndWrite { packer: packer(), file }))
        };
        let peers = request.peers.iter().map(peer).collect::<Result<_>>()?;
        Ok(Self {
            packing,
            size: format!("{grid} to {folder}"),
            layout: layout.clone(),
            values: values.clone(),
            peers,
            encoder,
            plans,
            file,
            octets,
            seconds: 0.0,
        })
    }
}

/// That of [`identity`].
pub(super) fn metadata() -> Metadata {
    Metadata::new()
        .with("name", "t")
        .with("levtype", "pl")
        .with("level", 500)
        .with("startDate", 20_200_101)
        .with("startTime", 0)
        .with("step", 0)
        .with("timeStep", 3600)
}

impl Case for PlanCase {
    fn name(&self) -> &str {
        self.packing
    }

    fn size(&self) -> String {
        self.size.clone()
    }

    /// The field is read, the message written to the file.
    fn work(&self) -> Work {
        Work { bytes: (size_of_val(&self.values[..]) + self.octets) as f64, flops: 0.0 }
    }

    fn points(&self) -> Option<usize> {
        Some(self.values.len())
    }

    fn clock(&self) -> Option<f64> {
        Some(self.seconds)
    }

    /// The message is the model's to make, in memory that the plan has left, so that its time does not count.
    fn run(&mut self) -> Result<()> {
        // A file that grows by new pages each time, and no larger.
        let emptied = File::options().write(true).truncate(true).open(self.file.path());
        emptied.map_err(|source| Error::File { path: self.file.path().to_owned(), source })?;
        let mut values = self.plans.spare_values();
        values.extend_from_slice(&self.values);
        let kind = Kind::Field { layout: self.layout.clone(), values };
        let message = Message { metadata: metadata(), kind };
        let start = Instant::now();
        self.plans.write(message)?;
        self.seconds += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// 0 where the file holds the packer's message, else infinite.
    fn error(&mut self) -> Result<f64> {
        let path = self.file.path();
        let written = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        let right = written == self.encoder.encode(&identity(), &self.values)?;
        Ok(if right { 0.0 } else { f64::INFINITY })
    }

    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        self.peers.iter_mut().map(|peer| &mut **peer as &mut dyn Peer).collect()
    }
}

/// The packer, and one call that writes its message to a file that was emptied: the least that a plan can do.
struct PackAndWrite {
    packer: Packer,
    file: NamedTempFile,
}

impl Peer for PackAndWrite {
    fn name(&self) -> &str {
        "packer and one write"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let mut seconds = 0.0;
        for _ in 0..repeats {
            let path = self.file.path().to_owned();
            let fail = |source| Error::File { path: path.clone(), source };
            let mut file = File::options().write(true).truncate(true).open(&path).map_err(fail)?;
            let start = Instant::now();
            self.packer.sample(1)?;
            file.write_all(&self.packer.message).map_err(fail)?;
            seconds += start.elapsed().as_secs_f64();
        }
        Ok(seconds / repeats as f64)
    }
}

/// The packer alone, into memory that it has had before.
pub(super) struct Packer {
    pub(super) encoder: Rc<Grib2Encoder>,
    pub(super) values: Rc<[f64]>,
    pub(super) message: Vec<u8>,
}

impl Peer for Packer {
    fn name(&self) -> &str {
        "packer alone"
    }

    fn sample(&mut self, repeats: usize) -> Result<f64> {
        let start = Instant::now();
        for _ in 0..repeats {
            self.encoder.encode_into(&identity(), &self.values, &mut self.message)?;
            black_box(&self.message);
        }
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    }
}
