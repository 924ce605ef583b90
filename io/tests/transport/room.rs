//! Where there is no room: disks, gaps, logs.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use terrella_coupling::communicator::Communicator;
use terrella_io::layout::Layout;
use terrella_io::log::{Item, Log, LogSettings};
use terrella_io::plan::Metadata;
use terrella_io::transport::{Client, OutputServer, Role};
use terrella_io::{Error, Result};

use crate::common::*;

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
