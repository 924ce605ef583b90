//! A forecast on the ranks of an MPI job writes the files of one rank, byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use terrella_io::read::{GribFile, Header};

use crate::common::grib_bytes::with_reference;
use crate::common::job::{command, launcher, line, run_on};
use crate::common::whole::{expect_same_results, results};
use crate::common::*;

fn summary(case: &Case, folder: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(case.path(folder).join("summary.json")).unwrap()).unwrap()
}

#[test]
fn one_layer_on_ranks_has_the_files_of_one() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let input = case.path("input.grib2");
    write_flow(&input, &full_gaussian(24), true);
    case.configure(&input, "", "relaxation_time = 48", "checkpoint_interval = 6\npictures = true");
    expect_success(&program_into(&case, "alone").output().unwrap());
    for size in [1, 2, 3] {
        let folder = format!("on_{size}");
        let said = expect_success(&run_on(launcher, size, &case, &folder, &[]));
        assert_eq!(said.matches("done       ").count(), 1, "{said}");
        expect_same_results(&case.path(&folder), &case.path("alone"), &folder);
        let (got, expected) = (summary(&case, &folder), summary(&case, "alone"));
        for key in ["records", "rms_height_tendency", "relative_drift"] {
            assert_eq!(got[key], expected[key], "{key} on {size} ranks");
        }
    }
}

#[test]
fn the_atmosphere_on_ranks_continues_on_others() {
    split_on_ranks("time_stepping = 'leapfrog'");
}

#[test]
fn semi_lagrangian_ranks_continue_on_others() {
    split_on_ranks("time_stepping = 'semi-lagrangian'\ntime_step = 900");
}

fn split_on_ranks(scheme: &str) {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let model = format!("equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 6\n{scheme}");
    case.configure(&real_state(), "", &model, "interval = 3\ncheckpoint_interval = 3");
    expect_success(&program_into(&case, "alone").output().unwrap());
    let steps = summary(&case, "alone")["run"]["steps"].as_u64().unwrap() / 2;
    // Four ranks begin, between two output times three go on, and one ends.
    let [first, second] = [steps + 1, steps + 2].map(|step| step.to_string());
    let checkpoint = case.path("split/checkpoint.bin").display().to_string();
    expect_success(&run_on(launcher, 4, &case, "split", &["--steps", &first]));
    expect_success(&run_on(launcher, 3, &case, "split", &["--restart", &checkpoint, "--steps", &second]));
    let alone = program_into(&case, "split").args(["--restart", &checkpoint]).output().unwrap();
    expect_success(&alone);
    expect_same_results(&case.path("split"), &case.path("alone"), "split");
    // Checkpoints know of no ranks.
    for size in [1, 3] {
        expect_success(&run_on(launcher, size, &case, &format!("on_{size}"), &["--steps", &first]));
    }
    let bytes = |folder: &str| std::fs::read(case.path(folder).join("checkpoint.bin")).unwrap();
    assert!(bytes("on_1") == bytes("on_3"));
    for key in ["records", "mean_pressure_tendency"] {
        assert_eq!(summary(&case, "split")[key], summary(&case, "alone")[key], "{key}");
    }
}

#[test]
fn ranks_with_devices_have_the_files_of_one_with_its_device() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let primitive =
        "equations = 'primitive'\nlevels = 'L19'\ntruncation = 10\nlength = 3\ntime_stepping = 'leapfrog'";
    for model in ["precision = 'f32'\nlength = 3", primitive] {
        let case = Case::new();
        case.configure(&real_state(), "", model, "interval = 3");
        let alone = program_into(&case, "alone").args(["--device", "wgpu:0"]).output().unwrap();
        if complaint(&alone).contains("is not available") {
            return not_run("wgpu", &complaint(&alone));
        }
        expect_success(&alone);
        // Without a number, those of a node are dealt out.
        let said = expect_success(&run_on(launcher, 2, &case, "on_2", &["--device", "wgpu"]));
        assert!(said.contains("what their devices send goes through host memory"), "{said}");
        expect_same_results(&case.path("on_2"), &case.path("alone"), model);
    }
}

#[test]
fn what_one_rank_finds_in_its_share_of_the_input_ends_all() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let bytes = std::fs::read(real_state()).unwrap();
    let file = GribFile::open(real_state()).unwrap();
    let is_damaged = |header: &Header| header.short_name == "u" && header.pressure() == Some(500.0);
    let damaged = file.headers().iter().position(is_damaged).unwrap();
    let inputs = [
        ("storm.grib2", with_reference(&bytes, damaged, 1e5), "values from -300 to 300 m/s"),
        ("cut.grib2", bytes[..bytes.len() - 1000].to_vec(), "cut.grib2"),
        ("words.grib2", b"no message".to_vec(), "no message in its 10 bytes"),
    ];
    for (name, bytes, words) in inputs {
        std::fs::write(case.path(name), bytes).unwrap();
        let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 3";
        case.configure(&case.path(name), "", model, "interval = 3");
        let alone = complaint(&program_into(&case, "out").output().unwrap());
        assert!(alone.contains(name) && alone.contains(words), "{alone}");
        for size in [2, 3] {
            let text = line(&run_on(launcher, size, &case, "out", &[]));
            assert!(text.contains(name) && text.contains(words), "{text}");
        }
    }
    assert!(results(&case.path("out")).is_empty());
}

/// An environment of Slurm is that of a job, with or without a library.
#[test]
fn a_single_task_of_a_launcher_needs_no_library() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let input = case.path("input.grib2");
    write_flow(&input, &full_gaussian(24), true);
    case.configure(&input, "", "", "");
    let in_step = |tasks: &str, task: &str| {
        let mut run = program_into(&case, "out");
        run.env("TERRELLA_MPI", "/nowhere/libmpi.so");
        run.envs([("SLURM_STEP_NUM_TASKS", tasks), ("SLURM_PROCID", task)]).output().unwrap()
    };
    expect_success(&in_step("1", "0"));
    let refused = in_step("2", "0");
    let text = line(&refused);
    assert!(text.contains("MPI is not available") && text.contains("install an MPI library"), "{text}");
    assert_eq!(complaint(&in_step("2", "1")), "");
}

/// Durations of the events of a trace by rank and by phase and kind \[µs\], none of which overlaps the next.
fn durations(trace: &serde_json::Value) -> BTreeMap<u64, BTreeMap<String, f64>> {
    let mut ranks = BTreeMap::<u64, (f64, BTreeMap<String, f64>)>::new();
    let events = trace["traceEvents"].as_array().unwrap();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let number = |key: &str| event[key].as_f64().unwrap();
        let (end, sums) = ranks.entry(event["pid"].as_u64().unwrap()).or_default();
        assert!(number("ts") >= *end - 2e-3, "{event} begins before {end}");
        *end = number("ts") + number("dur");
        *sums.entry(event["name"].as_str().unwrap().to_owned()).or_default() += number("dur");
        assert!(matches!(event["cat"].as_str(), Some("compute" | "wait" | "transfer")), "{event}");
    }
    ranks.into_iter().map(|(rank, (_, sums))| (rank, sums)).collect()
}

#[test]
fn ranks_say_where_their_time_went() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 3";
    case.configure(&real_state(), "", model, "interval = 3");
    let trace = case.path("trace.json").display().to_string();
    let said = expect_success(&run_on(launcher, 2, &case, "out", &["--trace", &trace]));
    let header = said.lines().position(|line| line.starts_with("2 ranks") && line.contains("waiting [s]"));
    let rows: Vec<Vec<&str>> = said
        .lines()
        .skip(header.unwrap_or_else(|| panic!("{said}")) + 2)
        .map(|line| line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect())
        .take_while(|row: &Vec<&str>| row.len() > 5)
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    for name in ["start", "step", "transform", "grid point", "physics", "semi-implicit", "output", "idle"] {
        assert!(names.contains(&name), "{name} in {said}");
    }
    assert_eq!(names[names.len() - 2..], ["other", "all"], "{said}");

    let entry = &summary(&case, "out")["time_of_ranks"];
    assert_eq!(entry["ranks"], 2);
    let phases = entry["phases"].as_array().unwrap();
    assert!(phases.iter().map(|row| row["phase"].as_str().unwrap()).eq(names.iter().copied()), "{entry}");
    let row = |name: &str| phases.iter().find(|row| row["phase"] == name).unwrap();
    for key in ["compute_s", "wait_s", "transfer_s"] {
        assert!(row("transform")[key]["mean"].as_f64().unwrap() > 0.0, "{key} in {entry}");
    }
    // Rank 0 alone writes, while the other is idle.
    assert_eq!(row("output")["slowest_rank"], 0);
    assert!(row("idle")["wait_s"]["max"].as_f64() > row("idle")["compute_s"]["max"].as_f64(), "{entry}");

    let text = std::fs::read(&trace).unwrap();
    let durations = durations(&serde_json::from_slice(&text).unwrap());
    assert_eq!(durations.keys().copied().collect::<Vec<_>>(), [0, 1]);
    for (kind, key) in [("", "compute_s"), (": wait", "wait_s"), (": transfer", "transfer_s")] {
        let of_rank = |sums: &BTreeMap<String, f64>| sums[&format!("transform{kind}")] / 1e6;
        let mean = durations.values().map(of_rank).sum::<f64>() / 2.0;
        let expected = row("transform")[key]["mean"].as_f64().unwrap();
        assert!((mean - expected).abs() < 1e-5, "{kind} {mean} {expected}");
    }
    assert!(said.contains(&format!("trace      {trace}: ")), "{said}");

    // One rank has a trace too, and no table.
    let said = expect_success(&program_into(&case, "alone").args(["--trace", &trace]).output().unwrap());
    assert!(said.contains("events of 1 ranks") && !said.contains("waiting [s]"), "{said}");
    let alone = self::durations(&serde_json::from_slice(&std::fs::read(&trace).unwrap()).unwrap());
    assert!(alone.len() == 1 && alone[&0]["transform"] > 0.0, "{alone:?}");
    assert!(!alone[&0].contains_key("transform: wait"), "{alone:?}");
    expect_same_results(&case.path("out"), &case.path("alone"), "out");
}

#[test]
fn a_trace_that_cannot_be_is_refused() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 3";
    let config = case.configure(&real_state(), "", model, "interval = 3");
    let folder = case.folder.path().display().to_string();
    expect_failure(&case.run(&["--trace", &folder]), &[&folder, "--trace needs the name of a file"]);
    let nowhere = case.path("nowhere/trace.json").display().to_string();
    expect_failure(&case.run(&["--trace", &nowhere]), &["nowhere/trace.json", "creating"]);
    let both = case.run(&["--trace", "trace.json", "--decomposition", "2"]);
    assert!(
        both.status.code() == Some(2) && complaint(&both).contains("--decomposition"),
        "{}",
        complaint(&both)
    );
    let mut text = std::fs::read_to_string(&config).unwrap();
    text.push_str("[ensemble]\nmembers = 2\n");
    std::fs::write(&config, text).unwrap();
    expect_failure(&case.run(&["--trace", "trace.json"]), &["[ensemble]", "--trace"]);
    assert!(case.names("out").is_empty(), "{:?}", case.names("out"));
}

#[test]
fn ranks_that_do_not_go_together_are_refused_by_name() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let (one, other) = (Case::new(), Case::new());
    for case in [&one, &other] {
        write_flow(&case.path("input.grib2"), &full_gaussian(24), true);
        case.configure(Path::new("input.grib2"), "", "", "");
    }
    let out = one.path("out").display().to_string();
    let arguments = |out: &str| ["run", "forecast.toml", "--out", out].map(str::to_owned).to_vec();
    let job_of = |arguments: [Vec<String>; 2]| {
        let [first, second] = arguments;
        line(
            &command(launcher, &[(one.folder.path(), first), (other.folder.path(), second)])
                .output()
                .unwrap(),
        )
    };
    let other_out = [arguments(&out), arguments("elsewhere")];
    let text = job_of(other_out);
    assert!(text.contains("Rank 1 has another command line than rank 0"), "{text}");
    other.configure(Path::new("input.grib2"), "", "length = 6", "");
    let text = job_of([arguments(&out), arguments(&out)]);
    assert!(text.contains("Rank 1 has another configuration than rank 0"), "{text}");
    other.configure(Path::new("input.grib2"), "", "", "");
    write_flow(&other.path("input.grib2"), &full_gaussian(20), true);
    let text = job_of([arguments(&out), arguments(&out)]);
    assert!(text.contains("Rank 1 has another input than rank 0"), "{text}");
    std::fs::remove_file(other.path("input.grib2")).unwrap();
    let text = job_of([arguments(&out), arguments(&out)]);
    assert!(text.contains("Rank 1 failed at 'reading the input'") && text.contains("input.grib2"), "{text}");
    assert!(results(&one.path("out")).is_empty());
}

#[test]
fn what_ranks_cannot_do_is_refused() {
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let input = case.path("input.grib2");
    write_flow(&input, &full_gaussian(24), true);
    // F4 has four pairs of rings.
    case.configure(&input, "", "truncation = 5", "");
    let text = line(&run_on(launcher, 5, &case, "out", &[]));
    assert!(text.contains("extremes: 'ranks' is 5, of which rank"), "{text}");
    // No machine has so many.
    let text = line(&run_on(launcher, 2, &case, "out", &["--device", "wgpu:4000000"]));
    assert!(text.contains("'devices' is none (Device 'wgpu:4000000' is not available"), "{text}");
    assert!(text.contains("on rank 0, 1: expected the same kind on all ranks"), "{text}");
}

#[test]
fn the_plan_of_ranks_is_printed_without_a_run() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let input = case.path("input.grib2");
    write_flow(&input, &full_gaussian(24), true);
    case.configure(&input, "", "", "");
    let said = expect_success(&case.run(&["--decomposition", "3"]));
    assert!(said.contains("T21 on F16, 3 ranks") && said.contains("most over mean: points"), "{said}");
    assert_eq!(said.lines().count(), 6, "{said}");
    let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\ntime_stepping = 'semi-lagrangian'";
    case.configure(&real_state(), "", model, "");
    let said = expect_success(&case.run(&["--decomposition", "3"]));
    assert!(said.contains("T15 on O8, 3 ranks"), "{said}");
    assert!(said.contains("halos of 2 rings for trajectories in a wind of 100 m/s"), "{said}");
    assert!(case.names("out").is_empty());
}
