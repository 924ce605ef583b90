//! Output servers on ranks of their own: the bytes of a run without them, also where it is continued, and where a server is lost.

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::job::{command_on, launcher, launchers, line, run_on};
use common::whole::{expect_same_results, results};
use common::*;
use serde_json::Value;
use terrella_io::transport::{PLANS, replay};

/// Windows that are longer than the time between two checkpoints, on servers: of parts, of parts, and of whole fields; and a plan that is
/// rank 0's own.
fn plan() -> String {
    let mut plan = String::new();
    let aggregate = "\n      - {type: aggregate}";
    let mut keys = [("hour", aggregate), ("name", aggregate), ("name", "")].into_iter();
    for line in WINDOWS.lines() {
        plan.push_str(&format!("{line}\n"));
        if line.trim() == "actions:" {
            let (key, then) = keys.next().unwrap();
            plan.push_str(&format!("      - {{type: transport, hash-keys: [{key}]}}{then}\n"));
        }
    }
    plan + OWN
}

const OWN: &str = "  - name: own
    actions:
      - {type: select, match: [{name: gh}]}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: 'own/[name]_[hour].raw', whole: true}]}
";

/// With so many servers, and further lines of their table.
fn configure(case: &Case, model: &str, servers: usize, lines: &str) {
    std::fs::write(case.path("plan.yaml"), plan()).unwrap();
    let output = "plan = 'plan.yaml'\npictures = false\ncheckpoint_interval = 6";
    let server = format!("[server]\nranks = {servers}\n{lines}");
    case.configure(&real_state(), "", model, &format!("{output}\n{server}"));
}

fn summary(case: &Case, folder: &str) -> Value {
    serde_json::from_slice(&std::fs::read(case.path(folder).join("summary.json")).unwrap()).unwrap()
}

/// Panics unless the files are those of the run without servers, whose checkpoint has nothing of theirs.
fn expect_same_files(case: &Case, folder: &str) {
    for folder in [folder, "alone"] {
        let checkpoint = case.path(folder).join("checkpoint.bin");
        if checkpoint.exists() {
            std::fs::remove_file(checkpoint).unwrap();
        }
    }
    expect_same_results(&case.path(folder), &case.path("alone"), folder);
}

const MODEL: &str = "length = 48";

#[test]
fn servers_write_the_bytes_of_a_run_without_them() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    configure(&case, MODEL, 0, "");
    expect_success(&program_into(&case, "alone").output().unwrap());
    let alone = case.path("alone");
    assert!(results(&alone).len() >= 9 + 4 + 4 + 9 + 2, "{:?}", results(&alone));
    for (model, servers) in [(1, 1), (2, 1), (2, 2), (3, 2)] {
        let folder = format!("{model}_and_{servers}");
        configure(&case, MODEL, servers, "");
        expect_success(&run_on(launcher, model + servers, &case, &folder, &[]));
        let found = terrella_io::manifest::verify(case.path(&folder)).unwrap();
        assert!(found.is_intact() && found.ends_run, "{found:?}");
        expect_same_files(&case, &folder);
        let told = &summary(&case, &folder)["output_servers"];
        let told = told["servers"].as_array().unwrap();
        assert_eq!(told.len(), servers, "{told:?}");
        let delivered =
            |server: &Value, plan: usize| server["plans"][plan]["delivered_messages"].as_u64().unwrap();
        // Nine output times of five fields, a part of each from each rank; of one in whole.
        let total = |plan: usize| told.iter().map(|server| delivered(server, plan)).sum::<u64>();
        assert_eq!([total(0), total(2)], [9 * 5 * model as u64, 9], "{told:?}");
    }
    // 9 steps are 6 h: between two output times, in the middle of windows.
    configure(&case, MODEL, 2, "");
    expect_success(&run_on(launcher, 4, &case, "split", &["--steps", "31"]));
    let checkpoint = case.path("split/checkpoint.bin").display().to_string();
    expect_success(&run_on(launcher, 3, &case, "split", &["--restart", &checkpoint]));
    expect_same_files(&case, "split");
    configure(&case, MODEL, 1, "");
    expect_success(&run_on(launcher, 2, &case, "other", &["--steps", "31"]));
    let checkpoint = case.path("other/checkpoint.bin").display().to_string();
    configure(&case, MODEL, 2, "");
    let text = line(&run_on(launcher, 3, &case, "other", &["--restart", &checkpoint]));
    assert!(text.contains("checkpoint") && text.contains("expected 1, got 2"), "{text}");
}

/// A case with the files of a run alone, set up for one server that is soon given up.
#[cfg(target_os = "linux")]
fn case_of_a_lost_server() -> Option<Case> {
    has_eccodes().then(|| {
        let case = Case::new();
        configure(&case, "length = 48\ntime_step = 600", 0, "");
        expect_success(&program_into(&case, "alone").output().unwrap());
        configure(&case, "length = 48\ntime_step = 600", 1, "patience = 2");
        case
    })
}

/// The process of a rank that writes into a folder gets a signal when there is a checkpoint.
#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_without_a_server_and_a_replay_writes_the_rest() {
    let Some(case) = case_of_a_lost_server() else { return };
    let out = case.path("out");
    for launcher in launchers() {
        let mut job = command_on(launcher, 3, &case, "out", &[]);
        let mut job = job.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        common::job::signal_at_checkpoint(&mut job, 2, &out, "-STOP");
        let output = job.wait_with_output().unwrap();
        let told = complaint(&output);
        let lost = "Rank 0: Output server 0 (rank 2) is lost: it has not answered for 2 s.";
        assert_eq!(told.matches(lost).count(), 1, "{told}");
        let text = line(&output);
        let log = out.join("servers");
        assert!(text.contains(&format!("terrella-io replay {}", log.display())), "{text}");
        assert_eq!(summary(&case, "out")["status"], "to be replayed");
        let is_last = |folder: &str| case.path(folder).join("forecast_2011011512_f048.grib2").exists();
        assert!(is_last("alone") && !is_last("out"), "{text}");
        let plans = std::fs::read_to_string(log.join(PLANS)).unwrap();
        replay_and_expect_same_files(&case, &plans, &log);
    }
}

/// Writes what a lost server has not, from the logs of two ranks, and removes the run.
#[cfg(target_os = "linux")]
fn replay_and_expect_same_files(case: &Case, plans: &str, log: &Path) {
    let out = case.path("out");
    for name in ["rank-0-plan-0", "rank-1-plan-0", "rank-0-plan-2"] {
        assert!(log.join("server-0").join(name).exists(), "{name}");
    }
    let replayed = replay(plans, &out, log).unwrap();
    assert!(replayed.messages > 0, "{replayed:?}");
    std::fs::remove_dir_all(log).unwrap();
    expect_same_files(case, "out");
    std::fs::remove_dir_all(&out).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_goes_on_without_a_server_that_is_killed_where_the_launcher_lets_it() {
    let Some(case) = case_of_a_lost_server() else { return };
    let (out, log) = (case.path("out"), case.path("out/servers"));
    for launcher in launchers() {
        let Some(launcher) = launcher.enduring() else {
            println!("not run: nobody knows how {} lets a job go on", launcher.program);
            continue;
        };
        let mut job = command_on(&launcher, 3, &case, "out", &[]);
        let mut job = job.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        common::job::signal_at_checkpoint(&mut job, 2, &out, "-KILL");
        let told = complaint(&job.wait_with_output().unwrap());
        let lost = "Rank 0: Output server 0 (rank 2) is lost: it has not answered for 2 s.";
        assert_eq!(told.matches(lost).count(), 1, "{}: {told}", launcher.program);
        // With this option Open MPI's launcher says that all is well whatever ranks return.
        assert!(told.contains(&format!("terrella-io replay {}", log.display())), "{told}");
        assert_eq!(summary(&case, "out")["status"], "to be replayed");
        let plans = std::fs::read_to_string(log.join(PLANS)).unwrap();
        replay_and_expect_same_files(&case, &plans, &log);
    }
}

#[test]
fn what_fails_on_a_server_ends_the_run_with_its_words() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    configure(&case, MODEL, 1, "");
    let broken = "  - name: broken
    actions:
      - {type: transport}
      - {type: aggregate}
      - {type: encode, format: raw}
      - {type: sink, sinks: [{type: file, path: '[nothing].raw', whole: true}]}
";
    std::fs::write(case.path("plan.yaml"), plan() + broken).unwrap();
    let start = Instant::now();
    let text = line(&run_on(launcher, 3, &case, "out", &[]));
    assert!(text.contains("Output server 0 (rank 2)") && text.contains("plan 'broken'"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(50), "within the patience: {:?}", start.elapsed());
}

#[test]
fn servers_that_cannot_be_are_refused() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    configure(&case, MODEL, 2, "");
    expect_failure(&case.run(&[]), &["'ranks' in [server] is 2", "fewer than the 1 ranks of the job"]);
    let text = line(&run_on(launcher, 2, &case, "out", &[]));
    assert!(text.contains("'ranks' in [server] is 2: expected fewer than the 2 ranks"), "{text}");
    std::fs::write(case.path("plan.yaml"), format!("{WINDOWS}{OWN}")).unwrap();
    let text = line(&run_on(launcher, 3, &case, "out", &[]));
    assert!(text.contains("'ranks' in [server] is 2") && text.contains("'transport'"), "{text}");
    let by_level = plan().replacen("hash-keys: [hour]", "hash-keys: [level]", 1);
    std::fs::write(case.path("plan.yaml"), by_level).unwrap();
    let text = line(&run_on(launcher, 3, &case, "out", &[]));
    assert!(text.contains("2 servers would write the same file"), "{text}");
    configure(&case, MODEL, 0, "log = ''");
    expect_failure(&case.run(&[]), &["'log' in [server] is empty"]);
    configure(&case, MODEL, 1, "");
    let said = expect_success(&case.run(&["--decomposition", "3"]));
    assert!(said.contains("2 ranks") && said.contains("   2   output server 0"), "{said}");
}
