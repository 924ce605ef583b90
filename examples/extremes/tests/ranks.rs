//! A forecast on the ranks of an MPI job writes the files of one rank, byte for byte.

mod common;

use std::path::Path;

use common::job::{command, launcher, line, run_on};
use common::whole::{expect_same_results, results};
use common::*;

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
    let Some(launcher) = launcher().filter(|_| has_eccodes()) else { return };
    let case = Case::new();
    let model = "equations = 'primitive'\nlevels = 'L19'\ntruncation = 15\nlength = 6";
    case.configure(&real_state(), "", model, "interval = 3\ncheckpoint_interval = 3");
    expect_success(&program_into(&case, "alone").output().unwrap());
    let steps = summary(&case, "alone")["run"]["steps"].as_u64().unwrap() / 2;
    let stop = ["--steps".to_owned(), (steps + 1).to_string()];
    let stop = stop.each_ref().map(String::as_str);
    expect_success(&run_on(launcher, 3, &case, "split", &stop));
    let checkpoint = case.path("split/checkpoint.bin").display().to_string();
    expect_success(&run_on(launcher, 2, &case, "split", &["--restart", &checkpoint]));
    expect_same_results(&case.path("split"), &case.path("alone"), "split");
    // And from ranks to one.
    expect_success(&run_on(launcher, 2, &case, "back", &stop));
    let checkpoint = case.path("back/checkpoint.bin");
    let alone = program_into(&case, "back").arg("--restart").arg(checkpoint).output().unwrap();
    expect_success(&alone);
    expect_same_results(&case.path("back"), &case.path("alone"), "back");
    for key in ["records", "mean_pressure_tendency"] {
        assert_eq!(summary(&case, "split")[key], summary(&case, "alone")[key], "{key}");
    }
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
    let text = line(&run_on(launcher, 2, &case, "out", &["--device", "wgpu:0"]));
    assert!(text.contains("'device'") && text.contains("cpu on 2 ranks"), "{text}");
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
    assert!(case.names("out").is_empty());
}
