//! Where the time of ranks goes: what is recorded, merged and written.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::timing::{Recorder, Table, TimeInPhase};
use terrella_coupling::{Error, Result};

const NAP: Duration = Duration::from_millis(200);

fn recorder(events: usize) -> Recorder {
    Recorder::new(&Communicator::serial(), events).unwrap()
}

fn time(phase: &str, compute: f64, wait: f64, transfer: f64) -> TimeInPhase {
    let [compute, wait, transfer] = [compute, wait, transfer].map(Duration::from_secs_f64);
    TimeInPhase { phase: phase.to_owned(), compute, wait, transfer }
}

/// Rank 1 sleeps where the others go on to meet it; then all send each other numbers.
fn one_is_late(ranks: &Communicator, recorder: &Recorder) -> Result<()> {
    ranks.set_recorder(recorder.clone());
    {
        let _phase = recorder.phase("work");
        if ranks.rank() == 1 {
            sleep(NAP);
        }
        ranks.barrier()?;
    }
    let _phase = recorder.phase("sums");
    let total = ranks.sum([1.0])?;
    assert_eq!(total, ranks.size() as f64);
    let (rank, size) = (ranks.rank(), ranks.size());
    let mut ring =
        ranks.exchange::<f64>(&[((rank + 1) % size, 1000)], &[((rank + size - 1) % size, 1000)])?;
    ring.outgoing(0).fill(rank as f64);
    ring = ring.complete()?;
    assert_eq!(ring.incoming(0)[999], ((rank + size - 1) % size) as f64);
    let group = ranks.split(Some(0), 0)?.expect("all are in it");
    group.barrier()
}

#[test]
fn all_time_is_in_one_phase_and_of_one_kind() {
    let began = Instant::now();
    let recorder = recorder(0);
    {
        let _outer = recorder.phase("outer");
        sleep(NAP / 10);
        {
            let _inner = recorder.phase("inner");
            recorder.waiting(|| sleep(NAP / 10));
            recorder.transferring(|| sleep(NAP / 10));
        }
        // Opened again, it goes on.
        let _inner = recorder.phase("inner");
        recorder.waiting(|| recorder.transferring(|| ()));
        sleep(NAP / 10);
    }
    sleep(NAP / 10);
    let times = recorder.times();
    let elapsed = began.elapsed();
    let names: Vec<&str> = times.iter().map(|time| time.phase.as_str()).collect();
    assert_eq!(names, ["outer", "inner", "other"]);
    let [outer, inner, other] = &times[..] else { panic!("{times:?}") };
    for (part, name) in [
        (outer.compute, "outer"),
        (inner.compute, "inner"),
        (inner.wait, "wait"),
        (inner.transfer, "transfer"),
        (other.compute, "other"),
    ] {
        assert!(part >= NAP / 10, "{name}: {part:?}");
    }
    assert_eq!([outer.wait, outer.transfer, other.wait, other.transfer], [Duration::ZERO; 4]);
    let sum: Duration = times.iter().map(TimeInPhase::total).sum();
    assert!(sum >= NAP / 2 && sum <= elapsed, "{sum:?} of {elapsed:?}");
}

#[test]
fn an_error_within_phases_leaves_none_open() {
    let recorder = recorder(0);
    let fails = || -> std::result::Result<(), &str> {
        let _outer = recorder.phase("outer");
        let _inner = recorder.phase("inner");
        recorder.waiting(|| Err("late"))
    };
    assert_eq!(fails(), Err("late"));
    let before = recorder.times();
    sleep(NAP / 10);
    let after = recorder.times();
    assert_eq!(before[..2], after[..2]);
    assert!(after[2].compute >= NAP / 10 && after[2].wait == Duration::ZERO, "{after:?}");
}

#[test]
fn a_recorder_that_is_off_has_nothing() {
    let recorder = Recorder::default();
    let _phase = recorder.phase("work");
    assert_eq!(recorder.waiting(|| 3), 3);
    assert!(!recorder.is_on() && recorder.times().is_empty());
    assert_eq!(recorder.table(&Communicator::serial()).unwrap(), None);
}

#[test]
fn a_table_has_means_largest_and_who_is_slowest() {
    let ranks = [
        vec![time("steps", 1.0, 3.0, 0.5), time("other", 1.0, 0.0, 0.0)],
        vec![time("steps", 5.0, 0.0, 0.5), time("files", 0.0, 2.0, 0.0), time("other", 1.0, 0.0, 0.0)],
    ];
    let table = Table::new(&ranks);
    let names: Vec<&str> = table.rows.iter().map(|row| row.phase.as_str()).collect();
    assert_eq!((table.ranks, &names[..]), (2, &["steps", "files", "other", "all"][..]));
    let steps = &table.rows[0];
    assert_eq!((steps.compute.mean, steps.compute.max), (3.0, 5.0));
    assert_eq!((steps.wait.mean, steps.wait.max), (1.5, 3.0));
    assert_eq!((steps.transfer.mean, steps.transfer.max), (0.5, 0.5));
    assert_eq!((steps.imbalance, steps.slowest), (5.0 / 3.0, 1));
    // Nobody computed in it.
    assert_eq!((table.rows[1].imbalance, table.rows[1].wait.mean), (1.0, 1.0));
    assert_eq!((table.rows[2].imbalance, table.rows[2].slowest), (1.0, 0));
    let all = &table.rows[3];
    assert_eq!((all.compute.max, all.wait.max, all.transfer.mean, all.slowest), (6.0, 3.0, 0.5, 1));
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{text}");
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(words, ["steps", "3.000", "5.000", "1.500", "3.000", "0.500", "0.500", "1.67", "1"]);
}

#[test]
fn others_wait_for_the_rank_that_sleeps() {
    let results = Communicator::threads(3, |ranks| {
        let recorder = Recorder::new(&ranks, 0)?;
        one_is_late(&ranks, &recorder)?;
        Ok::<_, Error>((recorder.times(), recorder.table(&ranks)?))
    });
    let results: Vec<_> = results.into_iter().collect::<Result<_>>().unwrap();
    for (rank, (times, _)) in results.iter().enumerate() {
        let work = &times[0];
        let (long, short) = if rank == 1 { (work.compute, work.wait) } else { (work.wait, work.compute) };
        assert!(long > NAP / 2 && long > short, "rank {rank}: {work:?}");
    }
    let table = results[0].1.as_ref().unwrap();
    assert!(results[1].1.is_none() && results[2].1.is_none());
    let work = &table.rows[0];
    assert_eq!((work.phase.as_str(), work.slowest), ("work", 1));
    assert!(work.imbalance > 1.5, "{table}");
    assert!(table.rows[1].transfer.max > 0.0 && table.rows[1].wait.max > 0.0, "{table}");
}

/// The events of a trace by rank: name, kind, beginning and duration \[µs\].
fn events(trace: &Value) -> BTreeMap<u64, Vec<(String, String, f64, f64)>> {
    let mut by_rank = BTreeMap::<u64, Vec<_>>::new();
    for event in trace["traceEvents"].as_array().unwrap() {
        assert_eq!(event["tid"], 0);
        let rank = by_rank.entry(event["pid"].as_u64().unwrap()).or_default();
        if event["ph"] == "X" {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            let number = |key: &str| event[key].as_f64().unwrap();
            rank.push((text("name"), text("cat"), number("ts"), number("dur")));
        }
    }
    by_rank
}

#[test]
fn a_trace_says_what_the_times_say() {
    let results = Communicator::threads(3, |ranks| {
        let recorder = Recorder::new(&ranks, 1000)?;
        one_is_late(&ranks, &recorder)?;
        drop(recorder.phase("a \"name\" with \\"));
        ranks.set_recorder(Recorder::default());
        let times = recorder.times();
        let mut out = Vec::new();
        let traced = recorder.write_trace(&ranks, &mut out)?;
        Ok::<_, Error>((times, traced, out, recorder.accuracy()))
    });
    let results: Vec<_> = results.into_iter().collect::<Result<_>>().unwrap();
    assert!(results[1..].iter().all(|(_, traced, out, _)| traced.is_none() && out.is_empty()));
    let trace: Value = serde_json::from_slice(&results[0].2).unwrap();
    let by_rank = events(&trace);
    assert_eq!(by_rank.len(), 3);
    let count: usize = by_rank.values().map(Vec::len).sum();
    let traced = results[0].1.unwrap();
    assert_eq!((traced.events, traced.dropped), (count as u64, 0));
    let other = &trace["otherData"];
    assert_eq!((other["ranks"].as_u64(), other["events_of_a_rank_at_most"].as_u64()), (Some(3), Some(1000)));
    assert_eq!(other["events_dropped_by_rank"], serde_json::json!([0, 0, 0]));
    let accuracy = results[0].3.as_nanos() as f64 / 1e3;
    assert!((other["clocks_within_us"].as_f64().unwrap() - accuracy).abs() < 1e-3, "{other} {accuracy}");

    for ((_, events), (times, ..)) in by_rank.iter().zip(&results) {
        assert!(events.windows(2).all(|pair| pair[1].2 >= pair[0].2 + pair[0].3 - 1e-3), "{events:?}");
        for TimeInPhase { phase, compute, wait, transfer } in times {
            // What was recorded after the times is computing outside of phases.
            if phase == "other" {
                continue;
            }
            for (kind, expected) in [("compute", compute), ("wait", wait), ("transfer", transfer)] {
                let name = if kind == "compute" { phase.clone() } else { format!("{phase}: {kind}") };
                let of_kind = events.iter().filter(|event| event.0 == name && event.1 == kind);
                let sum: f64 = of_kind.map(|event| event.3).sum();
                assert!((sum - expected.as_nanos() as f64 / 1e3).abs() < 0.01, "{name}: {sum} {expected:?}");
            }
        }
    }
    // By the clock of all, the others came out of the barrier after the one that slept had come to it.
    let end_of = |rank: u64, name: &str| {
        let event = by_rank[&rank].iter().find(|event| event.0 == name).unwrap();
        event.2 + event.3
    };
    let came = end_of(1, "work");
    for rank in [0, 2] {
        assert!(end_of(rank, "work: wait") >= came - accuracy, "rank {rank}");
    }
}

#[test]
fn events_beyond_the_limit_are_counted_and_no_time_is_lost() {
    let recorder = recorder(5);
    for _ in 0..10 {
        let _phase = recorder.phase("short");
        sleep(Duration::from_micros(10));
    }
    let mut out = Vec::new();
    let traced = recorder.write_trace(&Communicator::serial(), &mut out).unwrap().unwrap();
    let trace: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((traced.events, events(&trace)[&0].len()), (5, 5));
    assert!(traced.dropped >= 10, "{traced:?}");
    assert_eq!(trace["otherData"]["events_dropped_by_rank"], serde_json::json!([traced.dropped]));
    assert!(recorder.times()[0].compute >= Duration::from_micros(100));
    // What is written once can be written again.
    let mut again = Vec::new();
    recorder.write_trace(&Communicator::serial(), &mut again).unwrap();
    assert_eq!(events(&serde_json::from_slice(&again).unwrap()), events(&trace));
}

#[test]
fn a_trace_that_goes_nowhere_is_an_error_of_one_rank() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no room"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let results = Communicator::threads(2, |ranks| {
        let recorder = Recorder::new(&ranks, 10)?;
        let outcome = recorder.write_trace(&ranks, &mut Full);
        // All have done their part, and can go on.
        ranks.barrier()?;
        outcome
    });
    let error = results[0].as_ref().unwrap_err();
    assert!(matches!(error, Error::Trace { .. }) && error.to_string().contains("no room"), "{error}");
    assert!(matches!(results[1], Ok(None)));
}
