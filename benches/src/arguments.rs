//! The command line: `ENTRY [--key value ...]`, `list`, `--help`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::thread::available_parallelism;

use terrella_kernels::Precision;
use terrella_kernels::device::Device;

use crate::entry::{nearest, positive};
use crate::{Entry, Error, Result};

/// Keys that every entry has.
pub(crate) const COMMON: [&str; 9] =
    ["device", "precision", "threads", "budget", "peer", "json", "save", "machine", "help"];

/// The help text.
pub const USAGE: &str = "\
usage: terrella-benches ENTRY [--key value ...]
       terrella-benches all   [--key value ...]    every entry with its defaults
       terrella-benches list                       entries and their keys

keys of every entry:
  --device D           cpu, cuda:N, hip:N or wgpu:N           [TERRELLA_DEVICE, else cpu]
  --precision P        f32, f64 or both                       [both]
  --threads N          CPU threads                            [all]
  --budget SECONDS     time spent on each measurement         [1]
  --peer [A,B,...]     measure peers too, interleaved         [the entry's first]
  --json FILE          one JSON object per line and measurement ('-': standard output)
  --save               store the results in benches/results/<machine>.csv
  --machine NAME       the name to store them under           [from the processor]
";

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// Print [`USAGE`].
    Help,
    /// Print the entries and their keys.
    List,
    /// Measure.
    Run(Arguments),
}

/// What to measure and what to do with it.
#[derive(Debug)]
pub struct Arguments {
    /// The entries.
    pub entries: Vec<&'static Entry>,
    /// Where kernels run.
    pub device: Device,
    /// In which precisions.
    pub precisions: Vec<Precision>,
    /// Number of CPU threads.
    pub threads: usize,
    /// Seconds for each measurement.
    pub budget: f64,
    /// The peers to measure too, by name; an empty list stands for the first of each entry.
    pub peers: Option<Vec<String>>,
    /// File for JSON lines.
    pub json: Option<PathBuf>,
    /// Whether results are stored.
    pub save: bool,
    /// Name of the machine in stored results.
    pub machine: Option<String>,
    /// The entry's own keys.
    pub values: BTreeMap<String, String>,
}

impl Command {
    /// Reads the words after the program's name.
    pub fn parse(words: impl IntoIterator<Item = String>, entries: &'static [Entry]) -> Result<Self> {
        let mut words = words.into_iter().peekable();
        let name = match words.next() {
            None => return Ok(Self::Help),
            Some(word) if matches!(word.as_str(), "help" | "--help" | "-h") => return Ok(Self::Help),
            Some(word) if word == "list" => return Ok(Self::List),
            Some(word) => word,
        };
        let chosen: Vec<&'static Entry> =
            entries.iter().filter(|entry| name == "all" || entry.name == name).collect();
        if chosen.is_empty() {
            let names = entries.iter().map(|entry| entry.name).chain(["all", "list"]);
            let nearest = nearest(&name, names).to_owned();
            return Err(Error::Unknown { kind: "entry".to_owned(), got: name, nearest });
        }
        let mut arguments = Arguments {
            entries: chosen,
            device: Device::from_environment()?,
            precisions: vec![Precision::F32, Precision::F64],
            threads: available_parallelism().map_or(1, |count| count.get()),
            budget: 1.0,
            peers: None,
            json: None,
            save: false,
            machine: None,
            values: BTreeMap::new(),
        };
        while let Some(word) = words.next() {
            let Some(key) = word.strip_prefix("--") else {
                let expected = "--key value".to_owned();
                return Err(Error::Value { name, got: format!("'{word}'"), expected });
            };
            match key {
                "help" => return Ok(Self::Help),
                "peer" => {
                    let names = words.next_if(|next| !next.starts_with("--")).unwrap_or_default();
                    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                    arguments.peers = Some(names.map(str::to_owned).collect());
                }
                "save" => arguments.save = true,
                _ => match words.next_if(|next| !next.starts_with("--")) {
                    Some(value) => arguments.set(key, value)?,
                    None => {
                        arguments.check_key(key)?;
                        let expected = "a value after it".to_owned();
                        return Err(Error::Value { name: word, got: "nothing".to_owned(), expected });
                    }
                },
            }
        }
        for key in arguments.values.keys() {
            arguments.check_key(key)?;
        }
        arguments.check_peers()?;
        Ok(Self::Run(arguments))
    }
}

impl Arguments {
    fn set(&mut self, key: &str, value: String) -> Result<()> {
        match key {
            "device" => self.device = value.parse()?,
            "precision" => {
                self.precisions = match value.as_str() {
                    "f32" => vec![Precision::F32],
                    "f64" => vec![Precision::F64],
                    "both" => vec![Precision::F32, Precision::F64],
                    _ => {
                        return Err(Error::Value {
                            name: "--precision".to_owned(),
                            got: format!("'{value}'"),
                            expected: "f32, f64 or both".to_owned(),
                        });
                    }
                };
            }
            "threads" => self.threads = positive("--threads", &value)?,
            "budget" => self.budget = positive("--budget", &value)?,
            "json" => self.json = Some(value.into()),
            "machine" => self.machine = Some(value),
            _ => {
                self.values.insert(key.to_owned(), value);
            }
        }
        Ok(())
    }

    /// Refuses a key that none of the entries has.
    fn check_key(&self, key: &str) -> Result<()> {
        let keys = || self.entries.iter().flat_map(|entry| entry.keys).map(|key| key.name).chain(COMMON);
        if keys().any(|name| name == key) {
            return Ok(());
        }
        Err(Error::Unknown {
            kind: format!("key of '{}'", self.owner()),
            got: format!("--{key}"),
            nearest: format!("--{}", nearest(key, keys())),
        })
    }

    /// Refuses a peer that none of the entries has.
    fn check_peers(&self) -> Result<()> {
        let known = || self.entries.iter().flat_map(|entry| entry.peers).copied();
        match self.peers.iter().flatten().find(|name| !known().any(|peer| peer == name.as_str())) {
            None => Ok(()),
            Some(_) if known().next().is_none() => Err(Error::Value {
                name: "--peer".to_owned(),
                got: "a name".to_owned(),
                expected: format!("none: '{}' has no peers", self.owner()),
            }),
            Some(name) => Err(Error::Unknown {
                kind: format!("peer of '{}'", self.owner()),
                got: name.clone(),
                nearest: nearest(name, known()).to_owned(),
            }),
        }
    }

    fn owner(&self) -> &'static str {
        if let [entry] = self.entries[..] { entry.name } else { "all" }
    }
}
