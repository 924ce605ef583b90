//! What an entry is: a name, its keys, and how to set up what it measures.

use std::collections::BTreeMap;
use std::str::FromStr;

use terrella_coupling::communicator::Communicator;
use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use crate::{Error, Result};

/// A group of measurements that share their keys.
#[derive(Debug)]
pub struct Entry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it measures, in one line.
    pub summary: &'static str,
    /// Its keys with their defaults.
    pub keys: &'static [Key],
    /// Values of the keys for a run of milliseconds, for tests.
    pub smallest: &'static [(&'static str, &'static str)],
    /// Names of its peers; the first is measured where peers are asked for without names.
    pub peers: &'static [&'static str],
    /// Sets up its cases.
    pub cases: fn(&Request) -> Result<Cases>,
}

/// Cases of one entry.
pub type Cases = Vec<Box<dyn Case>>;

/// One key of an entry, `--name value`.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The value where none is given.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// What is asked of an entry: one precision, one device, values for all of its keys.
#[derive(Clone)]
pub struct Request {
    /// The precision of its kernels.
    pub precision: Precision,
    /// Where they run.
    pub device: Device,
    /// Number of CPU threads.
    pub threads: usize,
    /// The peers to set up: of the entry's own, those that were asked for.
    pub peers: Vec<&'static str>,
    /// The keys' values.
    pub values: BTreeMap<&'static str, String>,
    /// The processes that measure together; this one alone unless it is set.
    pub job: Communicator,
}

/// The bytes and flops that one run cannot do without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Bytes read and written.
    pub bytes: f64,
    /// Floating-point operations.
    pub flops: f64,
}

/// One thing to measure, set up.
pub trait Case {
    /// What of the entry it is.
    fn name(&self) -> &str;
    /// Its extents, as text.
    fn size(&self) -> String;
    /// The work of one run.
    fn work(&self) -> Work;
    /// Values on the grid in a run, where time per point is worth a column.
    fn points(&self) -> Option<usize> {
        None
    }
    /// Growth of the resident memory / bytes of input and output, where that is measured.
    fn resident_ratio(&self) -> Option<f64> {
        None
    }
    /// Seconds that all runs so far took, where only a part of a run counts.
    fn clock(&self) -> Option<f64> {
        None
    }
    /// Whether a run takes far longer than the part of it that counts: then the budget is for all that is done.
    fn is_long(&self) -> bool {
        false
    }
    /// One run; on a GPU it may return before the device has done it.
    fn run(&mut self) -> Result<()>;
    /// Largest error of the last run against the reference, relative to the reference's largest magnitude.
    fn error(&mut self) -> Result<f64>;
    /// The peers that were asked for and do this work.
    fn peers(&mut self) -> Vec<&mut dyn Peer> {
        Vec::new()
    }
}

/// Another implementation of the same work.
pub trait Peer {
    /// Its name and version.
    fn name(&self) -> &str;
    /// Runs `repeats` times; seconds per run.
    fn sample(&mut self, repeats: usize) -> Result<f64>;
}

impl Entry {
    /// The request for this entry with the given values in place of its keys' defaults, and of the named peers (an empty
    /// list: of its first) those that are its own.
    pub fn request(
        &self,
        precision: Precision,
        device: Device,
        threads: usize,
        peers: Option<&[String]>,
        given: &BTreeMap<String, String>,
    ) -> Result<Request> {
        for name in given.keys() {
            if !self.keys.iter().any(|key| key.name == name) {
                let names = self.keys.iter().map(|key| key.name).chain(crate::arguments::COMMON);
                return Err(Error::Unknown {
                    kind: format!("key of '{}'", self.name),
                    got: format!("--{name}"),
                    nearest: format!("--{}", nearest(name, names)),
                });
            }
        }
        let value = |key: &Key| given.get(key.name).cloned().unwrap_or_else(|| key.default.to_owned());
        let values = self.keys.iter().map(|key| (key.name, value(key))).collect();
        let peers = match peers {
            None => Vec::new(),
            Some([]) => self.peers.iter().copied().take(1).collect(),
            Some(named) => {
                let own = |name: &String| self.peers.iter().copied().find(|peer| peer == name);
                named.iter().filter_map(own).collect()
            }
        };
        Ok(Request { precision, device, threads, peers, values, job: Communicator::serial() })
    }
}

impl Request {
    /// The text of a key.
    ///
    /// # Panics
    /// Where the entry has no such key.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(value) => value,
            None => panic!("the entry has no key '{name}', only {:?}", self.values.keys()),
        }
    }

    /// The positive number of a key.
    pub fn number(&self, name: &str) -> Result<usize> {
        positive(name, self.text(name))
    }

    /// The positive numbers, separated by commas, of a key.
    pub fn numbers(&self, name: &str) -> Result<Vec<usize>> {
        self.text(name).split(',').map(|part| positive(name, part.trim())).collect()
    }

    /// The names, separated by commas, of a key; each must be one of `choices`, and `all` stands for every one.
    pub fn choices(&self, name: &str, choices: &[&'static str]) -> Result<Vec<&'static str>> {
        if self.text(name) == "all" {
            return Ok(choices.to_vec());
        }
        let chosen = |part: &str| match choices.iter().find(|choice| **choice == part) {
            Some(choice) => Ok(*choice),
            None => Err(Error::Unknown {
                kind: format!("value of --{name}"),
                got: part.to_owned(),
                nearest: nearest(part, choices.iter().copied()).to_owned(),
            }),
        };
        self.text(name).split(',').map(|part| chosen(part.trim())).collect()
    }

    /// `f32` or `f64`.
    pub fn precision_name(&self) -> &'static str {
        match self.precision {
            Precision::F32 => "f32",
            Precision::F64 => "f64",
        }
    }

    /// Whether a loop on the CPU is to be timed beside the kernel: asked for, and the kernel runs there too.
    pub fn loop_beside(&self) -> bool {
        !self.peers.is_empty() && self.device == Device::Cpu
    }

    /// Bytes of one value.
    pub fn value_bytes(&self) -> usize {
        match self.precision {
            Precision::F32 => 4,
            Precision::F64 => 8,
        }
    }
}

/// The positive number that `text` is.
pub(crate) fn positive<T: FromStr + PartialOrd + Default>(name: &str, text: &str) -> Result<T> {
    match text.parse::<T>() {
        Ok(number) if number > T::default() => Ok(number),
        _ => Err(Error::Value {
            name: name.to_owned(),
            got: format!("'{text}'"),
            expected: "a positive number".to_owned(),
        }),
    }
}

/// The one of `names` that is spelt most like `text`.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> &'a str {
    let distance = |name: &&str| strsim::damerau_levenshtein(text, name);
    names.into_iter().min_by_key(distance).unwrap_or_default()
}
