//! The same files on any number of ranks, also from a checkpoint, with as many bytes sent as are documented.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use terrella_coupling::communicator::Communicator;
use terrella_io::layout::Layout;
use terrella_io::plan::{Metadata, Points};
use terrella_io::transport::{Client, OutputServer, Role, Settings};
use terrella_io::{Error, Result};

use crate::common::*;
use crate::ranks::{End, under_each_launcher};

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
pub(crate) fn meeting_place(ranks: usize, what: &str) -> PathBuf {
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
        under_each_launcher("same_bytes::rank_of_the_same_bytes", ranks, End::Success, |output| {
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

/// Plans for parts of fields, and those that get whole fields of one rank, on the servers and there.
const MIXED: &str = "
plans:
  - name: parts
    actions:
      - {type: transport, hash-keys: [step]}
      - {type: aggregate}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'parts/[step].raw', whole: true}]}
  - name: wholes
    delivery: best-effort
    actions:
      - {type: transport, hash-keys: [step]}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'wholes/[step].raw', whole: true}]}
  - name: own
    actions:
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'own.raw'}]}
";

#[test]
fn ranks_send_own_points_and_the_first_one_what_it_gathered() {
    for (model, servers) in [(1, 1), (3, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let results = Communicator::threads(model + servers, |all| match Role::of(&all, servers)? {
            Role::Model { ranks, link } => {
                let link = link.with_whole_fields_on_first();
                let mut output = Client::start(&link, MIXED, folder.path(), &settings)?;
                let (layout, own) = (Layout::global_lat_lon(6, 2), Points::From(ranks.rank() * 12 / model));
                for step in 0..4 {
                    let values: Vec<f64> = (0..12).map(|point| f64::from(100 * step + point)).collect();
                    let metadata = metadata("t", 500, step.into());
                    let part = &values[ranks.rank() * 12 / model..][..12 / model];
                    output.write_own_points(metadata.clone(), &layout, &own, part)?;
                    if ranks.rank() == 0 {
                        assert!(output.takes_gathered());
                        output.write_gathered(metadata, &layout, &values)?;
                    }
                    output.end_step()?;
                }
                output.finish()
            }
            Role::Server(link) => OutputServer::start(&link, MIXED, folder.path(), &settings)?.serve(),
        });
        results.into_iter().for_each(|result: Result<()>| result.unwrap());
        let mut found = files(folder.path());
        let bytes = |step: i32| -> Vec<u8> {
            (0..12).flat_map(|point| f64::from(100 * step + point).to_le_bytes()).collect()
        };
        let own = found.remove(Path::new("own.raw")).unwrap();
        assert!(own == (0..4).flat_map(bytes).collect::<Vec<u8>>(), "{model} + {servers}");
        assert_eq!(found.len(), 8, "{:?}", found.keys());
        for step in 0..4 {
            for plan in ["parts", "wholes"] {
                assert!(
                    found[Path::new(&format!("{plan}/{step}.raw"))] == bytes(step),
                    "{plan}, step {step}"
                );
            }
        }
    }
}
