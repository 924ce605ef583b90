//! Output by ranks of their own: the same files on any number of ranks, nothing lost with a server, and nothing twice.

#[path = "../../coupling/tests/ranks/mod.rs"]
mod ranks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ranks::{End, under_each_launcher};
use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::PointRegions;
use terrella_io::layout::Layout;
use terrella_io::log::{Item, Log, LogSettings};
use terrella_io::plan::{Kind, Message, Metadata, Points};
use terrella_io::read::NetcdfVariables;
use terrella_io::transport::{Client, OutputServer, Replayed, Role, Settings, replay};
use terrella_io::{Error, Result};
use terrella_kernels::grid::Grid;

const GRID: &str = "O16";
const STEPS: i64 = 7;
const NAMES: [&str; 3] = ["t", "u", "q"];
const LEVELS: [i64; 2] = [500, 850];

/// Each file is one server's, however many there are.
const PLANS: &str = "
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

fn grid() -> Grid {
    GRID.parse().unwrap()
}

fn metadata(name: &str, level: i64, step: i64) -> Metadata {
    let metadata = Metadata::new().with("name", name).with("levtype", "pl").with("level", level);
    metadata.with("startDate", 20_260_101).with("startTime", 0).with("step", step).with("timeStep", 3600)
}

fn value(name: usize, level: i64, step: i64, point: usize) -> f64 {
    250.0 + name as f64 + 0.01 * level as f64 + 0.5 * step as f64 + (point as f64 * 0.37).sin()
}

/// The points of a rank of the model.
fn own_points(ranks: usize, rank: usize) -> Vec<usize> {
    let grid = grid();
    let segments = PointRegions::new(&grid, ranks).of(rank);
    let points = |segment: terrella_coupling::decomposition::Segment| {
        let first = grid.rings()[segment.ring].offset;
        segment.points.map(move |point| first + point)
    };
    segments.into_iter().flat_map(points).collect()
}

/// A model without physics.
struct Model {
    layout: Layout,
    own: Points,
    points: Vec<usize>,
    is_whole: bool,
}

impl Model {
    fn new(ranks: &Communicator) -> Self {
        let layout = Layout::from(&grid());
        let points = own_points(ranks.size(), ranks.rank());
        Self { layout, own: Points::List(points.clone().into()), points, is_whole: ranks.size() == 1 }
    }

    fn write(&self, output: &mut Client, step: i64) -> Result<()> {
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

fn settings(folder: &Path) -> Settings {
    Settings::in_folder(folder.join("transport"))
}

/// A whole run of one rank, which may be a server; `watch` sees each step of the model.
fn run(all: &Communicator, servers: usize, folder: &Path, watch: impl Fn(i64, &mut Client)) -> Result<()> {
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
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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
fn expect_same_content(folder: &Path, expected: &Expected, what: &str) {
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
struct Expected {
    folder: tempfile::TempDir,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

fn expect_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>, what: &str) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{what}: {} differs", name.display());
    }
}

fn expected() -> Expected {
    let folder = tempfile::tempdir().unwrap();
    run(&Communicator::serial(), 0, folder.path(), |_, _| ()).unwrap();
    let files = files(folder.path());
    let steps = STEPS as usize + 1;
    let means = 2 * LEVELS.len() * (STEPS as usize / 3);
    assert_eq!(files.len(), steps + means + NAMES.len(), "{:?}", files.keys());
    Expected { folder, files }
}

fn netcdf_is_here() -> bool {
    match terrella_io::hdf5::version() {
        Ok(_) => true,
        Err(error) => {
            println!("not run: {error}");
            false
        }
    }
}

#[test]
fn files_have_the_same_bytes_on_any_ranks() {
    if !netcdf_is_here() {
        return;
    }
    let expected = expected();
    for (model, servers) in [(1, 1), (3, 1), (4, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let results =
            Communicator::threads(model + servers, |all| run(&all, servers, folder.path(), |_, _| ()));
        results.into_iter().for_each(|result| result.unwrap());
        expect_same(&files(folder.path()), &expected.files, &format!("{model} + {servers}"));
        for server in 0..servers {
            let left = std::fs::read_dir(folder.path().join(format!("transport/server-{server}"))).unwrap();
            assert_eq!(left.count(), 0, "{model} + {servers}: nothing is left to replay");
        }
    }
}

/// Where the ranks of a job under MPI meet.
fn meeting_place(ranks: usize, what: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("transport-{what}-{ranks}"))
}

#[test]
#[ignore = "files_have_the_same_bytes_under_mpi runs it on processes"]
fn rank_of_the_same_bytes() {
    let all = Communicator::mpi().unwrap();
    let servers = if all.size() == 4 { 2 } else { 1 };
    run(&all, servers, &meeting_place(all.size(), "same"), |_, _| ()).unwrap();
    println!("rank {} has finished", all.rank());
}

#[test]
fn files_have_the_same_bytes_under_mpi() {
    if !netcdf_is_here() {
        return;
    }
    let expected = expected();
    for ranks in 2..=4 {
        let folder = meeting_place(ranks, "same");
        let clean = || {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
        };
        clean();
        under_each_launcher("rank_of_the_same_bytes", ranks, End::Success, |output| {
            assert_eq!(output.matches("has finished").count(), ranks, "{output}");
            expect_same(&files(&folder), &expected.files, &format!("{ranks} processes"));
            clean();
        });
    }
}

/// Bytes of a message's letter without its values, as the documentation has them.
fn head(metadata: &Metadata) -> u64 {
    let entry = |(key, value): (&str, &terrella_io::plan::Value)| {
        let value = match value {
            terrella_io::plan::Value::Text(text) => text.len(),
            terrella_io::plan::Value::Flag(_) => 1,
            _ => 8,
        };
        (25 + key.len() + value) as u64
    };
    26 + metadata.iter().map(entry).sum::<u64>()
}

#[test]
fn the_volume_is_what_is_documented() {
    let plans =
        "plans: [{actions: [{type: transport}, {type: aggregate}, {type: sink, sinks: [{type: discard}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(3, |all| match Role::of(&all, 1)? {
        Role::Model { ranks, link } => {
            let model = Model::new(&ranks);
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            for step in 0..STEPS {
                model.write(&mut output, step)?;
            }
            output.finish()?;
            let fields = (STEPS as u64) * (NAMES.len() * LEVELS.len()) as u64;
            let heads: u64 = NAMES
                .iter()
                .flat_map(|name| LEVELS.map(|level| head(&metadata(name, level, 1))))
                .sum::<u64>()
                * STEPS as u64;
            let rings = model.layout.rings().len() as u64;
            let own = model.points.len() as u64;
            let domain = 34 + 32 * rings + 8 + 8 * own;
            let marks = 9 * STEPS as u64 + 9;
            let sent = all.traffic().letters;
            assert_eq!(sent.bytes, heads + fields * 8 * own + domain + marks);
            assert_eq!(sent.messages, fields + 1 + STEPS as u64 + 1);
            Ok(())
        }
        Role::Server(link) => {
            OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?.serve()?;
            let sent = all.traffic().letters;
            let letters = 2 * ((STEPS as u64) * (NAMES.len() * LEVELS.len()) as u64 + 1 + STEPS as u64 + 1);
            // Metrics are a short text. What plans remember is not asked for.
            let told = 18 * 2 * STEPS as u64 + 2 * 9 + 2048 + 2 * 60;
            assert!(sent.bytes <= 17 * letters + told, "{sent:?}");
            Ok::<_, Error>(())
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
}

#[test]
fn a_run_goes_on_from_a_checkpoint_in_the_middle_of_windows() {
    if !netcdf_is_here() {
        return;
    }
    let expected = expected();
    for (model, servers) in [(1, 1), (1, 2), (2, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let states = Mutex::new(BTreeMap::<usize, Vec<u8>>::new());
        let whole = Mutex::new(Vec::new());
        let state_of = |rank: usize| states.lock().unwrap()[&rank].clone();
        let part = |steps: std::ops::RangeInclusive<i64>, resumed: bool| {
            let results = Communicator::threads(model + servers, |all| match Role::of(&all, servers)? {
                Role::Model { ranks, link } => {
                    let (model, rank) = (Model::new(&ranks), ranks.rank());
                    let mut output = match resumed {
                        false => Client::start(&link, PLANS, folder, &settings(folder))?,
                        true => Client::resume(&link, PLANS, folder, &settings(folder), &state_of(rank))?,
                    };
                    for step in steps.clone() {
                        model.write(&mut output, step)?;
                    }
                    if !resumed {
                        // Not under the lock: ranks wait for each other there.
                        let state = output.state()?;
                        states.lock().unwrap().insert(rank, state);
                    }
                    // Windows that have not ended are dropped.
                    output.finish()?;
                    assert!(output.server_metrics().iter().all(|told| told.is_some() == (rank == 0)));
                    whole.lock().unwrap().extend(output.whole_files());
                    Ok(())
                }
                Role::Server(link) => {
                    let server = match resumed {
                        false => OutputServer::start(&link, PLANS, folder, &settings(folder))?,
                        true => OutputServer::resume(&link, PLANS, folder, &settings(folder), &state_of(0))?,
                    };
                    server.serve()
                }
            });
            results.into_iter().for_each(|result| result.unwrap());
        };
        let what = format!("{model} + {servers}");
        part(0..=4, false);
        part(5..=STEPS, true);
        expect_same_content(folder, &expected, &what);
        let mut told: Vec<PathBuf> = whole.into_inner().unwrap().into_iter().map(|file| file.path).collect();
        told.sort();
        // Those that grow are told by both.
        told.dedup();
        let all: Vec<PathBuf> = expected.files.keys().map(|name| folder.join(name)).collect();
        assert_eq!(told, all, "{what}");
        // Windows are on the servers on which they are. Nobody is there to hear it.
        let short = Settings { patience: Duration::from_millis(500), ..settings(folder) };
        let results = Communicator::threads(2 + servers, |all| match Role::of(&all, servers + 1)? {
            Role::Model { .. } => Ok(()),
            Role::Server(link) => {
                OutputServer::resume(&link, PLANS, folder, &short, &state_of(0)).map(|_| ())
            }
        });
        let text = results.into_iter().last().unwrap().unwrap_err().to_string();
        assert!(text.contains(&format!("expected {servers}, got {}", servers + 1)), "{text}");
    }
}

#[test]
fn a_file_that_is_not_as_it_should_is_told_and_is_none() {
    let plans = "plans: [{actions: [{type: transport}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[step].raw', whole: true}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let layout = Layout::global_lat_lon(2, 2);
            for step in 1..=3 {
                output.write_field(metadata("t", 500, step), &layout, &[1.0; 4])?;
            }
            let error = output.flush().unwrap_err().to_string();
            assert_eq!(error, "Output server 0 (rank 1): '2.raw' is wrong.");
            let whole: Vec<_> = output.whole_files().into_iter().map(|file| file.path).collect();
            assert_eq!(whole, ["1.raw", "3.raw"].map(|name| folder.path().join(name)));
            assert_eq!(output.finish().unwrap_err().to_string(), error);
            Ok(())
        }
        Role::Server(link) => {
            let mut server = OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?;
            server.check_files(|file| match file.path.ends_with("2.raw") {
                true => Err("'2.raw' is wrong".into()),
                false => Ok(()),
            });
            assert!(matches!(server.serve(), Err(Error::Server { .. })));
            Ok::<_, Error>(())
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
}

/// Serves while `goes_on` holds; what it does then is `after`'s.
fn serve_while(mut server: OutputServer, goes_on: impl Fn() -> bool, after: impl FnOnce(OutputServer)) {
    while goes_on() {
        if server.turn().unwrap() {
            return;
        }
        std::thread::yield_now();
    }
    after(server);
}

#[test]
fn a_server_that_ends_is_replaced_by_a_replay() {
    if !netcdf_is_here() {
        return;
    }
    let expected = expected();
    // In the first window of means, in a later one, and before anything was written.
    for (model, servers, last) in [(1, 1, 1), (3, 1, 4), (2, 2, 4), (2, 1, -1)] {
        let folder = tempfile::tempdir().unwrap();
        let is_gone = AtomicBool::new(false);
        let arrived = AtomicU64::new(0);
        let results = Communicator::threads(model + servers, |all| match Role::of(&all, servers)? {
            Role::Model { ranks, link } => {
                let model = Model::new(&ranks);
                let mut output = Client::start(&link, PLANS, folder.path(), &settings(folder.path()))?;
                for step in 0..=STEPS {
                    if step <= last {
                        model.write(&mut output, step)?;
                        output.flush()?;
                        continue;
                    }
                    if step == last + 1 {
                        // A step that the server gets parts of and never ends.
                        model.write(&mut output, step)?;
                        arrived.fetch_add(1, Ordering::SeqCst);
                        while !is_gone.load(Ordering::SeqCst) {
                            output.progress()?;
                            std::thread::yield_now();
                        }
                        continue;
                    }
                    model.write(&mut output, step)?;
                }
                output.finish()
            }
            Role::Server(link) => {
                let server = OutputServer::start(&link, PLANS, folder.path(), &settings(folder.path()))?;
                if all.rank() < all.size() - 1 {
                    return server.serve();
                }
                // The last one is killed.
                let goes_on = || arrived.load(Ordering::SeqCst) < ranks_of(&all, servers);
                serve_while(server, goes_on, drop);
                is_gone.store(true, Ordering::SeqCst);
                Ok(())
            }
        });
        let lost = servers - 1;
        for (rank, result) in results.into_iter().enumerate() {
            if rank >= model {
                result.unwrap();
                continue;
            }
            let error = result.unwrap_err();
            let text = error.to_string();
            let log = folder.path().join(format!("transport/server-{lost}"));
            let start =
                format!("Output server {lost} (rank {}) is lost: its thread has ended.", model + lost);
            assert!(text.starts_with(&start) && text.contains(&log.display().to_string()), "{text}");
            assert!(matches!(error, Error::ServerLost { .. }));
        }
        let what = format!("{model} + {servers}, after step {last}");
        assert!(files(folder.path()) != expected.files, "{what}");
        // A run does not begin over what was not replayed.
        let refused =
            Communicator::threads(model + servers, |all| run(&all, servers, folder.path(), |_, _| ()));
        let refused = refused.into_iter().next().unwrap().unwrap_err().to_string();
        assert!(refused.contains("holds messages of an earlier run"), "{refused}");
        let replayed = replay(PLANS, folder.path(), &folder.path().join("transport")).unwrap();
        assert!(replayed.messages > 0 && replayed.logs >= model as u64, "{replayed:?}");
        expect_same_content(folder.path(), &expected, &what);
        let again = replay(PLANS, folder.path(), &folder.path().join("transport")).unwrap();
        assert_eq!(again, Replayed::default(), "{what}");
        expect_same_content(folder.path(), &expected, &what);
    }
}

#[test]
fn a_rank_that_is_ahead_has_no_part_of_a_written_step() {
    let plans = "plans: [{actions: [{type: transport}, {type: aggregate}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[step].raw', whole: true}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::global_lat_lon(4, 3);
    let (is_ahead, is_gone) = (AtomicBool::new(false), AtomicBool::new(false));
    let results = Communicator::threads(3, |all| match Role::of(&all, 1)? {
        Role::Model { ranks, link } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let own = Points::From(6 * ranks.rank());
            let write = |output: &mut Client, step: i64| {
                let values = [step as f64 + 0.5 * ranks.rank() as f64; 6];
                output.write_part(metadata("t", 500, step), &layout, &own, &values)
            };
            let wait_for = |output: &mut Client, signal: &AtomicBool| {
                while !signal.load(Ordering::SeqCst) {
                    output.progress()?;
                    std::thread::yield_now();
                }
                Ok::<_, Error>(())
            };
            if ranks.rank() == 1 {
                for step in 0..3 {
                    write(&mut output, step)?;
                    output.end_step()?;
                }
                let start = Instant::now();
                // The server has them, or has had time to take them.
                while start.elapsed() < Duration::from_millis(300) {
                    output.progress()?;
                }
                is_ahead.store(true, Ordering::SeqCst);
                wait_for(&mut output, &is_gone)?;
            } else {
                wait_for(&mut output, &is_ahead)?;
                write(&mut output, 0)?;
                output.flush()?;
                is_gone.store(true, Ordering::SeqCst);
                for step in 1..3 {
                    write(&mut output, step)?;
                    output.end_step()?;
                }
            }
            output.finish()
        }
        Role::Server(link) => {
            let server = OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?;
            serve_while(server, || !is_gone.load(Ordering::SeqCst), drop);
            Ok(())
        }
    });
    assert!(results[..2].iter().all(|result| matches!(result, Err(Error::ServerLost { .. }))), "{results:?}");
    assert!(files(folder.path()).contains_key(Path::new("0.raw")));
    replay(plans, folder.path(), &folder.path().join("transport")).unwrap();
    for (step, bytes) in files(folder.path()).into_values().enumerate() {
        let values = [[step as f64; 6], [step as f64 + 0.5; 6]];
        let expected: Vec<u8> = values.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(bytes == expected, "step {step}");
    }
    assert_eq!(files(folder.path()).len(), 3);
}

fn ranks_of(all: &Communicator, servers: usize) -> u64 {
    (all.size() - servers) as u64
}

/// One rank of the model and a server that stops answering after some steps, and goes on when it has been given up.
fn with_a_silent_server(all: &Communicator, folder: &Path) {
    let mut settings = settings(folder);
    settings.patience = Duration::from_secs(1);
    match Role::of(all, 1).unwrap() {
        Role::Model { ranks, link } => {
            let model = Model::new(&ranks);
            let mut output = Client::start(&link, PLANS, folder, &settings).unwrap();
            for step in 0..=2 {
                model.write(&mut output, step).unwrap();
                output.flush().unwrap();
            }
            model.write(&mut output, 3).unwrap();
            let start = Instant::now();
            while start.elapsed() < settings.patience / 4 {
                output.progress().unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
            let start = Instant::now();
            for step in 4..=STEPS {
                model.write(&mut output, step).unwrap();
            }
            let longest = start.elapsed();
            let error = output.finish().unwrap_err();
            assert!(longest < settings.patience, "the model waited: {longest:?}");
            let text = "Output server 0 (rank 1) is lost: it has not answered for 1 s. What it has not written is in '";
            assert!(error.to_string().starts_with(text), "{error}");
        }
        Role::Server(link) => {
            let mut server = OutputServer::start(&link, PLANS, folder, &settings).unwrap();
            let written = |server: &OutputServer| server.metrics().plans[0].delivered_messages;
            let fields = (3 * NAMES.len() * LEVELS.len()) as u64;
            // The rank goes on when three steps are written: what comes then is not answered.
            while written(&server) <= fields {
                assert!(!server.turn().unwrap());
                std::thread::sleep(Duration::from_micros(100));
            }
            // Longer than a rank waits, and not so long that it ends without having been heard.
            std::thread::sleep(settings.patience * 3 / 2);
            let error = loop {
                match server.turn() {
                    Ok(is_done) => assert!(!is_done),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), "The output server was given up by rank 0.");
        }
    }
}

#[test]
fn a_server_that_does_not_answer_is_replaced_by_a_replay() {
    if !netcdf_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    Communicator::threads(2, |all| with_a_silent_server(&all, folder.path()));
    replay(PLANS, folder.path(), &folder.path().join("transport")).unwrap();
    expect_same_content(folder.path(), &expected(), "a silent thread");
}

#[test]
#[ignore = "a_process_that_does_not_answer_is_replaced_by_a_replay runs it on processes"]
fn rank_of_silence() {
    let all = Communicator::mpi().unwrap();
    with_a_silent_server(&all, &meeting_place(2, "silent"));
    println!("rank {} has finished", all.rank());
}

#[test]
fn a_process_that_does_not_answer_is_replaced_by_a_replay() {
    if !netcdf_is_here() {
        return;
    }
    let (folder, expected) = (meeting_place(2, "silent"), expected());
    let clean = || {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
    };
    clean();
    under_each_launcher("rank_of_silence", 2, End::Success, |output| {
        assert_eq!(output.matches("has finished").count(), 2, "{output}");
        let line = "Rank 0: Output server 0 (rank 1) is lost: it has not answered for 1 s.";
        assert_eq!(output.matches(line).count(), 1, "{output}");
        replay(PLANS, &folder, &folder.join("transport")).unwrap();
        expect_same_content(&folder, &expected, "a silent process");
        clean();
    });
}

/// The numbers of a log's messages, and those in gaps.
fn delivered(folder: &Path) -> (Vec<i64>, u64) {
    let (log, _) = Log::open(folder, &LogSettings::default()).unwrap();
    let mut reader = log.reader(1).unwrap();
    let (mut numbers, mut missing) = (Vec::new(), 0);
    while let Some(Item::Record(record)) = reader.next(Duration::ZERO).unwrap() {
        let key = String::from_utf8(record.key).unwrap();
        let number = |name: &str| -> Option<i64> {
            let (_, rest) = key.split_once(&format!("\"{name}\":"))?;
            rest.split([',', '}']).next()?.parse().ok()
        };
        match key.contains("\"gap\"") {
            true => missing += number("fields").unwrap() as u64,
            false => numbers.push(number("number").unwrap()),
        }
    }
    (numbers, missing)
}

/// A server that stands still while a rank writes, with little memory.
fn stalled(delivery: &str, folder: &Path, count: i64) -> Result<()> {
    let plans = format!(
        "plans: [{{name: p, delivery: {delivery}, actions: [{{type: transport}}, {{type: encode, format: raw}}, {{type: sink, sinks: [{{type: log, path: log}}]}}]}}]"
    );
    let layout = Layout::global_lat_lon(16, 8);
    let may_go_on = AtomicBool::new(false);
    let mut settings = settings(folder);
    settings.memory = 16 * 8 * 8 * 24;
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, &plans, folder, &settings)?;
            for number in 0..count {
                let metadata = Metadata::new().with("step", number / 4).with("number", number);
                loop {
                    match output.write_field(metadata.clone(), &layout, &[number as f64; 128]) {
                        Err(Error::Full { .. }) => assert!(output.wait_for_room(Duration::from_secs(100))?),
                        other => break other?,
                    }
                }
                if number % 4 == 3 {
                    output.end_step()?;
                }
            }
            let metrics = output.metrics();
            assert!(metrics.memory_peak <= settings.memory, "{metrics:?}");
            match delivery {
                "lossless" => assert!(metrics.plans[0].spilled_messages > 0, "{metrics:?}"),
                _ => assert!(metrics.plans[0].dropped_steps > 0, "{metrics:?}"),
            }
            may_go_on.store(true, Ordering::SeqCst);
            output.finish()
        }
        Role::Server(link) => {
            let server = OutputServer::start(&link, &plans, folder, &settings)?;
            while !may_go_on.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            server.serve()
        }
    });
    results.into_iter().collect()
}

#[test]
fn lossless_messages_wait_on_the_disk_and_come_in_order() {
    let folder = tempfile::tempdir().unwrap();
    stalled("lossless", folder.path(), 400).unwrap();
    let (numbers, missing) = delivered(&folder.path().join("log"));
    assert_eq!((numbers, missing), ((0..400).collect(), 0));
}

#[test]
fn best_effort_plans_drop_whole_steps_and_tell_how_many_messages() {
    let folder = tempfile::tempdir().unwrap();
    stalled("best-effort", folder.path(), 400).unwrap();
    let (numbers, missing) = delivered(&folder.path().join("log"));
    assert_eq!(numbers.len() as u64 + missing, 400);
    assert!(missing > 0 && numbers.is_sorted());
    assert_eq!(*numbers.last().unwrap(), 399, "the newest comes");
}

#[test]
fn letters_of_unwritten_steps_go_to_the_log_where_memory_is_full() {
    // One rank marks no step, so that nothing is written until the end.
    let plans = "plans: [{actions: [{type: transport}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: all.raw}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::global_lat_lon(16, 8);
    let mut settings = settings(folder.path());
    settings.memory = 16 * 8 * 8 * 24;
    let seen = AtomicBool::new(false);
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings)?;
            let log = settings.folder.join("server-0/rank-0-plan-0");
            for number in 0..300 {
                let metadata = Metadata::new().with("number", number);
                output.write_field(metadata, &layout, &[number as f64; 128])?;
                std::thread::sleep(Duration::from_micros(300));
            }
            let start = Instant::now();
            while !log.exists() && start.elapsed() < Duration::from_secs(100) {
                output.progress()?;
            }
            seen.store(log.exists(), Ordering::SeqCst);
            output.finish()?;
            assert!(!log.exists(), "all is written");
            Ok(())
        }
        Role::Server(link) => OutputServer::start(&link, plans, folder.path(), &settings)?.serve(),
    });
    results.into_iter().for_each(|result: Result<()>| result.unwrap());
    assert!(seen.load(Ordering::SeqCst));
    let bytes = std::fs::read(folder.path().join("all.raw")).unwrap();
    let expected: Vec<u8> = (0..300).flat_map(|number| (number as f64).to_le_bytes().repeat(128)).collect();
    assert!(bytes == expected);
}

#[test]
fn what_fails_on_a_server_is_told_with_its_rank() {
    // No parameter of GRIB has this name.
    let plans = "plans: [{name: archive, actions: [{type: transport}, {type: encode, format: grib}, {type: sink, sinks: [{type: discard}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let layout = Layout::global_lat_lon(8, 5);
            output.write_field(metadata("nonsense", 500, 1), &layout, &[1.0; 40])?;
            let error = output.flush().unwrap_err();
            let text = "Output server 0 (rank 1): Output, plan 'archive', action 2 (encode), message {";
            assert!(error.to_string().starts_with(text), "{error}");
            assert!(matches!(error, Error::OutputServer { server: 0, rank: 1, .. }));
            // Told once, and at the end.
            output.write_field(metadata("t", 500, 2), &layout, &[1.0; 40])?;
            output.flush()?;
            assert_eq!(output.finish().unwrap_err().to_string(), error.to_string());
            Ok(())
        }
        Role::Server(link) => {
            let served = OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?.serve();
            assert!(matches!(served.unwrap_err(), Error::Output { .. }));
            Ok::<_, Error>(())
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
}

#[test]
fn a_server_that_cannot_start_is_told_to_the_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let plans = format!(
        "plans: [{{actions: [{{type: transport}}, {{type: encode, format: raw}}, {{type: sink, sinks: [{{type: file, path: {}}}]}}]}}]",
        folder.path().join("nowhere/all.raw").display()
    );
    let results = Communicator::threads(2, |all| match Role::of(&all, 1)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, &plans, folder.path(), &settings(folder.path()))?;
            output.write_field(metadata("t", 500, 1), &Layout::global_lat_lon(8, 5), &[1.0; 40])?;
            output.finish()
        }
        Role::Server(link) => {
            OutputServer::start(&link, &plans, folder.path(), &settings(folder.path())).map(drop)
        }
    });
    let texts: Vec<String> = results.into_iter().map(|result| result.unwrap_err().to_string()).collect();
    assert!(
        texts[0].contains("Output server 0 (rank 1) is lost: '") && texts[0].contains("nowhere/all.raw"),
        "{texts:?}"
    );
    std::fs::create_dir(folder.path().join("nowhere")).unwrap();
    let replayed = replay(&plans, folder.path(), &folder.path().join("transport")).unwrap();
    assert_eq!((replayed.messages, replayed.logs), (1, 1));
    assert_eq!(std::fs::read(folder.path().join("nowhere/all.raw")).unwrap().len(), 320);
}

#[test]
fn masks_go_to_all_servers() {
    let plans = "plans: [{actions: [{type: transport}, {type: mask, missing-value: -9}, {type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[name]-[level]-[number]'}]}]}]";
    let folder = tempfile::tempdir().unwrap();
    let results = Communicator::threads(4, |all| match Role::of(&all, 3)? {
        Role::Model { link, .. } => {
            let mut output = Client::start(&link, plans, folder.path(), &settings(folder.path()))?;
            let layout = Layout::global_lat_lon(2, 2);
            let mask = Metadata::new().with("domain", "ocean").with("level", 1);
            output.write(Message { metadata: mask, kind: Kind::Mask(vec![true, false, true, true]) })?;
            for number in 0..12 {
                let metadata = Metadata::new().with("name", "sst").with("domain", "ocean").with("level", 1);
                let metadata = metadata.with("number", number);
                output.write_field(metadata, &layout, &[1.0; 4])?;
            }
            output.finish()
        }
        Role::Server(link) => {
            OutputServer::start(&link, plans, folder.path(), &settings(folder.path()))?.serve()
        }
    });
    results.into_iter().for_each(|result| result.unwrap());
    let found = files(folder.path());
    assert_eq!(found.len(), 12);
    let expected: Vec<u8> = [1.0f64, -9.0, 1.0, 1.0].into_iter().flat_map(f64::to_le_bytes).collect();
    assert!(found.values().all(|bytes| *bytes == expected));
}

#[test]
fn plans_that_servers_cannot_share_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |actions: &str, servers: usize| {
        let plans = format!("plans: [{{name: p, actions: [{actions}]}}]");
        let results = Communicator::threads(servers + 1, |all| match Role::of(&all, servers)? {
            Role::Model { link, .. } => {
                Client::start(&link, &plans, folder.path(), &settings(folder.path())).map(|_| ())
            }
            Role::Server(link) => {
                OutputServer::start(&link, &plans, folder.path(), &settings(folder.path())).map(|_| ())
            }
        });
        results.into_iter().last().unwrap().err().map(|error| error.to_string())
    };
    let file = "{type: encode, format: raw}, {type: sink, sinks: [{type: file, path: '[step].raw'}]}";
    let text = refused(&format!("{{type: transport, hash-keys: [step, name]}}, {file}"), 2).unwrap();
    assert_eq!(
        text,
        "plan 1: 2 servers would write the same file: put '[name]' into its path, say 'per-server: true', or choose 'hash-keys' that are in the path."
    );
    assert_eq!(refused(&format!("{{type: transport, hash-keys: [step, name]}}, {file}"), 1), None);
    assert_eq!(refused(&format!("{{type: transport, hash-keys: [step]}}, {file}"), 2), None);
    let statistics = "{type: statistics, output-frequency: 1d, operations: [average]}";
    let text = refused(&format!("{{type: transport, hash-keys: [step]}}, {statistics}, {file}"), 2).unwrap();
    assert!(text.contains("take 'step' out of 'hash-keys'"), "{text}");
    for (transport, text) in [
        ("{type: transport}, {type: transport}", "plan 1: action 2 is a second 'transport'."),
        (
            "{type: transport, target: servers}",
            "plan 'p', action 1 (transport): unknown target 'servers': did you mean 'server'?.",
        ),
        (
            "{type: transport, hash-keys: []}",
            "plan 'p', action 1 (transport): 'hash-keys': expected at least one key of the metadata.",
        ),
        (
            "{type: transport, hash-key: [name]}",
            "plan 'p', action 1 (transport): unknown key 'hash-key': did you mean 'hash-keys'?.",
        ),
    ] {
        let error =
            terrella_io::plan::Plans::from_yaml(&format!("plans: [{{name: p, actions: [{transport}]}}]"));
        assert_eq!(error.err().unwrap().to_string(), text);
    }
    let error = Communicator::threads(2, |all| Role::of(&all, 2).map(|_| ()).unwrap_err().to_string());
    assert_eq!(error[0], "'servers' is 2: expected fewer than the 2 ranks.");
}
