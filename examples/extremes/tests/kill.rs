//! A forecast with statistics is killed at random instants and continued until it is whole: what it had finished is readable, and
//! in the end all is as in a run that nobody killed, bit for bit.
//!
//! `TERRELLA_KILLS` is the number of kills.

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::*;
use terrella_io::manifest::{Finding, verify};
use terrella_io::read::{GribFile, Missing};

/// Steele, Lea and Flood 2014.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// All files below a folder, by their path from there.
fn files(folder: &Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    names.sort();
    names
}

/// Files that are compared; those of the chain tell of every process.
fn results(folder: &Path) -> Vec<String> {
    let mut names = files(folder);
    names.retain(|name| is_result(name) && !name.starts_with("manifest/"));
    names
}

/// After a kill: what has a name is whole, and what a manifest lists is as it lists it.
fn expect_whole(out: &Path, when: &str) {
    for name in files(out).iter().filter(|name| name.ends_with(".grib2")) {
        let file = GribFile::open(out.join(name)).unwrap_or_else(|error| panic!("{when}: {error}"));
        for header in file.headers() {
            file.decode(header, Missing::Refuse).unwrap_or_else(|error| panic!("{when}: {name}: {error}"));
        }
    }
    // No checkpoint is older than the manifest of its output time.
    let begun = files(out).iter().any(|name| name.starts_with("manifest/0") || name == "checkpoint.bin");
    if begun {
        let found = verify(out).unwrap_or_else(|error| panic!("{when}: {error}"));
        // The killed process had no time to list what it finished last.
        let listed = |finding: &&Finding| !matches!(finding, Finding::Extra { .. });
        let wrong: Vec<_> = found.findings.iter().filter(listed).collect();
        assert!(wrong.is_empty(), "{when}: {wrong:?}");
    }
}

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
        let share = splitmix(&mut seed) >> 11;
        // Killed no more when that has been done often enough.
        let after = match killed < kills {
            true => length.mul_f64(share as f64 / (1_u64 << 53) as f64),
            false => Duration::from_secs(3600),
        };
        let when = format!("kill {killed}, after {after:?} of {length:?}");
        let mut child = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                None if begun.elapsed() < after => {
                    std::thread::sleep((after - begun.elapsed().min(after)).min(Duration::from_millis(1)));
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
        assert_eq!(results(&out), expected, "{when}");
        for name in &expected {
            assert!(
                std::fs::read(whole.join(name)).unwrap() == std::fs::read(out.join(name)).unwrap(),
                "{when}: {name}"
            );
        }
        let found = verify(&out).unwrap();
        assert!(found.is_intact() && found.ends_run, "{when}: {found:?}");
        std::fs::remove_dir_all(&out).unwrap();
        completed += 1;
    }
    println!("{killed} kills, {continued} of them behind a checkpoint, {completed} whole runs");
    assert!(continued > 0, "killed too early to continue anything");
}
