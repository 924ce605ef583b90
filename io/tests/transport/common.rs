//! A model without physics, the plans of its output, and what its files are to be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::PointRegions;
use terrella_io::Result;
use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Points};
use terrella_io::read::NetcdfVariables;
use terrella_io::transport::{Client, OutputServer, Role, Settings};
use terrella_kernels::grid::Grid;

pub(crate) const GRID: &str = "O16";
pub(crate) const STEPS: i64 = 7;
pub(crate) const NAMES: [&str; 3] = ["t", "u", "q"];
pub(crate) const LEVELS: [i64; 2] = [500, 850];

/// Each file is one server's, however many there are.
pub(crate) const PLANS: &str = "
plans:
  - name: steps
    actions:
      - {type: transport, target: server, hash-keys: [step]}
      - {type: aggregate}
      - {type: encode, format: grib}
      - {type: sink, sinks: [{type: file, path: 'steps/[step].grib2', whole: true}]}
  - name: means
    actions:
      - {type: select, match: [{name: [t, u]}]}
      - {type: transport, hash-keys: [name, level]}
      - {type: aggregate}
      - {type: statistics, output-frequency: 3h, operations: [average], options: {initial-condition-present: true}}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'means/[name]-[level]-[step].raw', whole: true}]}
  - name: series
    actions:
      - {type: transport, hash-keys: [name]}
      - {type: aggregate}
      - {type: sink, sinks: [{type: netcdf, path: '[name].nc'}]}
";

pub(crate) fn grid() -> Grid {
    GRID.parse().unwrap()
}

pub(crate) fn metadata(name: &str, level: i64, step: i64) -> Metadata {
    let metadata = Metadata::new().with("name", name).with("levtype", "pl").with("level", level);
    metadata.with("startDate", 20_260_101).with("startTime", 0).with("step", step).with("timeStep", 3600)
}

pub(crate) fn value(name: usize, level: i64, step: i64, point: usize) -> f64 {
    250.0 + name as f64 + 0.01 * level as f64 + 0.5 * step as f64 + (point as f64 * 0.37).sin()
}

/// The points of a rank of the model.
pub(crate) fn own_points(ranks: usize, rank: usize) -> Vec<usize> {
    let grid = grid();
    let segments = PointRegions::new(&grid, ranks).of(rank);
    let points = |segment: terrella_coupling::decomposition::Segment| {
        let first = grid.rings()[segment.ring].offset;
        segment.points.map(move |point| first + point)
    };
    segments.into_iter().flat_map(points).collect()
}

/// A model without physics.
pub(crate) struct Model {
    pub(crate) layout: Layout,
    own: Points,
    pub(crate) points: Vec<usize>,
    is_whole: bool,
}

impl Model {
    pub(crate) fn new(ranks: &Communicator) -> Self {
        let layout = Layout::from(&grid());
        let points = own_points(ranks.size(), ranks.rank());
        Self { layout, own: Points::List(points.clone().into()), points, is_whole: ranks.size() == 1 }
    }

    pub(crate) fn write(&self, output: &mut Client, step: i64) -> Result<()> {
        for (number, name) in NAMES.into_iter().enumerate() {
            for level in LEVELS {
                let values: Vec<f64> =
                    self.points.iter().map(|&point| value(number, level, step, point)).collect();
                let metadata = metadata(name, level, step);
                match self.is_whole {
                    // One rank has all points, and here in order.
                    true => output.write_field(metadata, &self.layout, &values)?,
                    false => output.write_part(metadata, &self.layout, &self.own, &values)?,
                }
            }
        }
        output.end_step()
    }
}

pub(crate) fn settings(folder: &Path) -> Settings {
    Settings::in_folder(folder.join("transport"))
}

/// A whole run of one rank, which may be a server; `watch` sees each step of the model.
pub(crate) fn run(
    all: &Communicator,
    servers: usize,
    folder: &Path,
    watch: impl Fn(i64, &mut Client),
) -> Result<()> {
    match Role::of(all, servers)? {
        Role::Model { ranks, link } => {
            let model = Model::new(&ranks);
            let mut output = Client::start(&link, PLANS, folder, &settings(folder))?;
            for step in 0..=STEPS {
                model.write(&mut output, step)?;
                watch(step, &mut output);
            }
            output.finish()
        }
        Role::Server(link) => OutputServer::start(&link, PLANS, folder, &settings(folder))?.serve(),
    }
}

/// All files but those of the transport, by their names in the folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn collect(folder: &Path, root: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_owned();
            match path.is_dir() {
                true if name.starts_with("transport") => {}
                true => collect(&path, root, files),
                false => drop(files.insert(name, std::fs::read(path).unwrap())),
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

/// The same, where files were continued: NetCDF files have the same content, in another arrangement.
pub(crate) fn expect_same_content(folder: &Path, expected: &Expected, what: &str) {
    let found = files(folder);
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.files.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in &expected.files {
        if name.extension().is_none_or(|extension| extension != "nc") {
            assert!(found[name] == *bytes, "{what}: {} differs", name.display());
            continue;
        }
        let mut one = NetcdfVariables::open(folder.join(name)).unwrap();
        let mut other = NetcdfVariables::open(expected.folder.path().join(name)).unwrap();
        assert_eq!(one.variables(), other.variables(), "{what}: {}", name.display());
        for variable in other.variables().iter().filter(|variable| variable.kind != "char") {
            let values = [&mut one, &mut other].map(|file| file.values(&variable.name));
            let [one, other] = values.map(|values| values.map_err(|error| error.to_string()));
            assert_eq!(one, other, "{what}: {} of {}", variable.name, name.display());
        }
    }
}

/// What one rank without servers writes.
pub(crate) struct Expected {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
}

pub(crate) fn expect_same(
    found: &BTreeMap<PathBuf, Vec<u8>>,
    expected: &BTreeMap<PathBuf, Vec<u8>>,
    what: &str,
) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{what}: {} differs", name.display());
    }
}

pub(crate) fn expected() -> Expected {
    let folder = tempfile::tempdir().unwrap();
    run(&Communicator::serial(), 0, folder.path(), |_, _| ()).unwrap();
    let files = files(folder.path());
    let steps = STEPS as usize + 1;
    let means = 2 * LEVELS.len() * (STEPS as usize / 3);
    assert_eq!(files.len(), steps + means + NAMES.len(), "{:?}", files.keys());
    Expected { folder, files }
}

pub(crate) fn netcdf_is_here() -> bool {
    match terrella_io::hdf5::version() {
        Ok(_) => true,
        Err(error) => {
            println!("not run: {error}");
            false
        }
    }
}
