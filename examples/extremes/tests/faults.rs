//! A rank that is killed or stands still ends the job in time, with one line that says what is known; what was finished stays whole,
//! and the run goes on from its last checkpoint on other ranks, to the bytes of one that nothing happened to.
#![cfg(target_os = "linux")]

mod common;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use common::job::{Launcher, command_on, launchers, line, run_on, signal_at_checkpoint};
use common::whole::{expect_same_results, expect_whole};
use common::*;

/// In the configuration \[s\].
const PATIENCE: u64 = 2;
/// For a launcher, to end its job after one of its ranks has ended.
const LAUNCHER: Duration = Duration::from_secs(20);

/// Half a day of which there are checkpoints every three hours.
fn case() -> Case {
    let case = Case::new();
    let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 12\ntime_step = 600";
    let ranks = format!("checkpoint_interval = 3\n[ranks]\npatience = {PATIENCE}");
    case.configure(&real_state(), "", model, &format!("interval = 3\npictures = false\n{ranks}"));
    case
}

/// Jobs of MPICH in which the line must come through once: its launcher may end them before.
const TRIALS: usize = 3;

/// Strikes a job of MPICH again, after all of it was removed, where its launcher let no rank say a word.
fn struck_until_told(launcher: &Launcher, case: &Case, rank: usize, signal: &str) -> (Output, Duration) {
    let trials = if launcher.program.contains("mpich") { TRIALS } else { 1 };
    let mut last = struck(launcher, case, rank, signal);
    for _ in 1..trials {
        if complaint(&last.0).contains("extremes: ") {
            break;
        }
        std::fs::remove_dir_all(case.path("out")).unwrap();
        last = struck(launcher, case, rank, signal);
    }
    last
}

/// Runs the job and sends a rank a signal when there is a checkpoint. What the job said, and how long after the signal it ended.
fn struck(launcher: &Launcher, case: &Case, rank: usize, signal: &str) -> (Output, Duration) {
    let mut job = command_on(launcher, 3, case, "out", &[]);
    let mut job = job.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    signal_at_checkpoint(&mut job, rank, &case.path("out"), signal);
    let begun = Instant::now();
    let output = job.wait_with_output().unwrap();
    (output, begun.elapsed())
}

#[test]
fn a_rank_that_is_lost_is_named_and_the_run_goes_on_from_the_last_checkpoint() {
    if !has_eccodes() {
        return;
    }
    let case = case();
    expect_success(&program_into(&case, "alone").output().unwrap());
    let (alone, out) = (case.path("alone"), case.path("out"));
    let checkpoint = out.join("checkpoint.bin");
    for launcher in launchers() {
        for (rank, signal, witness) in [(1, "-KILL", 0), (0, "-KILL", 1), (2, "-STOP", 0), (0, "-STOP", 1)] {
            let when = format!("{}, {signal} of rank {rank}", launcher.program);
            let patient = if signal == "-KILL" { launcher.patient() } else { *launcher };
            let (output, time) = struck_until_told(&patient, &case, rank, signal);
            let line = line(&output);
            let (what, longest) = match signal {
                "-KILL" => ("has ended without a word".to_owned(), LAUNCHER),
                _ => {
                    let patience = Duration::from_secs(PATIENCE);
                    (format!("has not been heard of for {PATIENCE} s"), LAUNCHER + patience)
                }
            };
            let start = format!("extremes: rank {rank} {what}; rank {witness} is at '");
            assert!(line.contains(&start), "{when}: {line}");
            let end = format!("The last checkpoint is '{}'.", checkpoint.display());
            assert!(line.ends_with(&end), "{when}: {line}");
            assert!(time < longest, "{when}: {time:?}");
            expect_whole(&out, &when);
            // One that was killed, and one that stood still.
            if rank != 0 {
                let restart = ["--restart", checkpoint.to_str().unwrap()];
                expect_success(&run_on(launcher, 2, &case, "out", &restart));
                expect_same_results(&out, &alone, &when);
            }
            std::fs::remove_dir_all(&out).unwrap();
            println!("{when}: {:.1} s, {line}", time.as_secs_f64());
        }
    }
}

#[test]
fn a_patience_that_cannot_be_is_refused() {
    let case = Case::new();
    let ranks = "pictures = false\ncheckpoint_interval = 0\n[ranks]\npatience = -1";
    case.configure(Path::new("input.grib2"), "", "", ranks);
    expect_failure(&case.run(&[]), &["'patience' in [ranks] is -1", "expected 0 (off) or 0.5 to 86400"]);
}
