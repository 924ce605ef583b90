//! A forecast with statistics is killed at random instants and continued until it is whole: what it had finished is readable, and
//! in the end all is as in a run that nobody killed, bit for bit.
//!
//! `TERRELLA_KILLS` is the number of kills.

mod common;

use std::process::Stdio;
use std::time::{Duration, Instant};

use common::whole::{expect_same_results, expect_whole, results};
use common::*;
use terrella_io::manifest::verify;

/// Steele, Lea and Flood 2014.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// How many checkpoints a whole run writes.
const CHECKPOINTS: f64 = 8.0;

#[test]
fn a_forecast_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    if !has_eccodes() {
        return;
    }
    let kills: u64 = std::env::var("TERRELLA_KILLS").map_or(20, |kills| kills.parse().unwrap());
    let case = Case::new();
    std::fs::write(case.path("plan.yaml"), WINDOWS).unwrap();
    let output = "plan = 'plan.yaml'\ncheckpoint_interval = 6";
    case.configure(&real_state(), "", "length = 48", output);
    let started = Instant::now();
    expect_success(&program_into(&case, "whole").output().unwrap());
    let length = started.elapsed();
    let whole = case.path("whole");
    let expected = results(&whole);
    assert!(expected.len() >= 9 + 4 + 4 + 2, "{expected:?}");

    let (mut killed, mut continued, mut seed, mut completed) = (0, 0, 2026, 0);
    while killed < kills || completed == 0 {
        let out = case.path("out");
        let checkpoint = out.join("checkpoint.bin");
        let mut run = program_into(&case, "out");
        if checkpoint.exists() {
            run.arg("--restart").arg(&checkpoint);
        }
        let share = (splitmix(&mut seed) >> 11) as f64 / (1_u64 << 53) as f64;
        // Every second kill counts its time from the run's next checkpoint, so that a machine that runs the program at
        // uneven speed still kills behind some. Killed no more when that has been done often enough.
        let from_checkpoint = killed % 2 == 1 && killed < kills;
        let after = match (killed < kills, from_checkpoint) {
            (true, false) => length.mul_f64(share),
            (true, true) => length.mul_f64(share / CHECKPOINTS),
            (false, _) => Duration::from_secs(3600),
        };
        let when = match from_checkpoint {
            true => format!("kill {killed}, {after:?} after a checkpoint"),
            false => format!("kill {killed}, after {after:?} of {length:?}"),
        };
        let written = || checkpoint.metadata().and_then(|file| file.modified()).ok();
        let before = written();
        let mut child = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut begun = (!from_checkpoint).then(Instant::now);
        let status = loop {
            begun = begun.or_else(|| (written() != before).then(Instant::now));
            let left = begun.map_or(after, |begun| after.saturating_sub(begun.elapsed()));
            match child.try_wait().unwrap() {
                None if begun.is_none() || !left.is_zero() => {
                    std::thread::sleep(left.min(Duration::from_millis(1)))
                }
                status => break status,
            }
        };
        if status.is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        let end = child.wait_with_output().unwrap();
        if !end.status.success() {
            assert!(status.is_none(), "{when}: {}", complaint(&end));
            expect_whole(&out, &when);
            // Unless the kill came when everything was written, there is something to continue.
            if !verify(&out).is_ok_and(|found| found.ends_run) {
                continued += u64::from(checkpoint.exists());
                continue;
            }
        }
        expect_same_results(&out, &whole, &when);
        let found = verify(&out).unwrap();
        assert!(found.is_intact() && found.ends_run, "{when}: {found:?}");
        std::fs::remove_dir_all(&out).unwrap();
        completed += 1;
    }
    println!("{killed} kills, {continued} of them behind a checkpoint, {completed} whole runs");
    assert!(continued > 0, "killed too early to continue anything");
}
