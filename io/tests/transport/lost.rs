//! Nothing is lost with a server, and nothing comes twice.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use terrella_coupling::communicator::Communicator;
use terrella_io::Error;
use terrella_io::layout::Layout;
use terrella_io::plan::Points;
use terrella_io::transport::{Client, OutputServer, Replayed, Role, replay};

use crate::common::*;
use crate::ranks::{End, under_each_launcher};

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
    with_a_silent_server(&all, &crate::same_bytes::meeting_place(2, "silent"));
    println!("rank {} has finished", all.rank());
}

#[test]
fn a_process_that_does_not_answer_is_replaced_by_a_replay() {
    if !netcdf_is_here() {
        return;
    }
    let (folder, expected) = (crate::same_bytes::meeting_place(2, "silent"), expected());
    let clean = || {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
    };
    clean();
    under_each_launcher("lost::rank_of_silence", 2, End::Success, |output| {
        assert_eq!(output.matches("has finished").count(), 2, "{output}");
        let line = "Rank 0: Output server 0 (rank 1) is lost: it has not answered for 1 s.";
        assert_eq!(output.matches(line).count(), 1, "{output}");
        replay(PLANS, &folder, &folder.join("transport")).unwrap();
        expect_same_content(&folder, &expected, "a silent process");
        clean();
    });
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
