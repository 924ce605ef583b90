//! Output plans, and the record of a run: manifests and provenance.

use serde_json::Value;
use terrella_io::manifest::{Finding, verify};
use terrella_io::read::{GribFile, Missing};

use crate::common::*;

fn json(case: &Case, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(case.path("out").join(name)).unwrap()).unwrap()
}

const MODEL: &str = "equations = 'primitive'\nlevels = 'L19'\nlength = 6\ninitialisation = 'none'";

fn with_plan(case: &Case, plan: &str, model: &str, output: &str) {
    std::fs::write(case.path("plan.yaml"), plan).unwrap();
    case.configure(&real_state(), "", model, &format!("plan = 'plan.yaml'\n{output}"));
}

/// With sums, heights, depths and, in an ensemble, members.
#[test]
fn the_example_s_plan_writes_the_files_of_a_run_without_one() {
    if !has_eccodes() {
        return;
    }
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/output.yaml")).unwrap();
    for (model, input) in [("", ""), (MODEL, ""), (MODEL, "[ensemble]\nmembers = 2\nmember_files = true")] {
        let (without, with) = (Case::new(), Case::new());
        without.configure(&real_state(), input, model, "");
        expect_success(&without.run(&[]));
        std::fs::write(with.path("plan.yaml"), &example).unwrap();
        with.configure(&real_state(), input, model, "plan = 'plan.yaml'");
        expect_success(&with.run(&[]));
        let folder = if input.is_empty() { "out" } else { "out/member_001" };
        let names = without.names(folder);
        assert!(
            names.iter().filter(|name| name.ends_with(".grib2")).count() >= 2 && names == with.names(folder)
        );
        for name in names.iter().filter(|name| is_result(name)) {
            let [one, other] =
                [&without, &with].map(|case| std::fs::read(case.path(folder).join(name)).unwrap());
            assert!(one == other, "{folder}/{name}");
        }
    }
}

#[test]
fn another_plan_writes_other_grids_and_packings() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let plan = "
plans:
  - name: degrees
    actions:
      - {type: select, match: [{name: [u, v], levtype: pl, level: 500}]}
      - {type: interpolate, grid: [5, 5]}
      - {type: encode, format: grib, bits-per-value: 12}
      - {type: sink, sinks: [{type: file, path: 'degrees/wind_[hour].grib2', whole: true}]}
";
    with_plan(&case, plan, "", "");
    expect_success(&case.run(&[]));
    assert_eq!(case.names("out/degrees"), ["wind_000.grib2", "wind_006.grib2", "wind_012.grib2"]);
    let file = GribFile::open(case.path("out/degrees/wind_012.grib2")).unwrap();
    let field = file.decode(&file.headers()[1], Missing::Refuse).unwrap();
    assert_eq!((file.headers().len(), field.layout.name().as_deref()), (2, Some("r72x37")));
    let summary = json(&case, "summary.json");
    let plan = &summary["output_server"]["plans"][0];
    assert_eq!((plan["name"].as_str(), plan["delivered_messages"].as_u64()), (Some("degrees"), Some(6)));
    assert_eq!((plan["dropped_messages"].as_u64(), plan["spilled_messages"].as_u64()), (Some(0), Some(0)));
    assert_eq!(plan["actions"].as_array().unwrap().len(), 4);
    let listed = summary["files"].as_array().unwrap();
    assert!(listed.iter().any(|file| file["name"] == "degrees/wind_006.grib2"), "{listed:?}");
    // A run that follows removes them.
    case.configure(&real_state(), "", "", "formats = ['netcdf']");
    expect_success(&case.run(&["--steps", "1"]));
    assert_eq!(case.names("out/degrees"), [""; 0]);
    assert!(json(&case, "summary.json")["output_server"].is_null());
}

#[test]
fn plans_that_cannot_be_are_named() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    with_plan(&case, "plans: [{actions: [{type: sinc}]}]", "", "");
    expect_failure(&case.run(&[]), &["plan.yaml", "did you mean 'sink'"]);
    with_plan(&case, "plans: []", "", "bits = 12");
    expect_failure(&case.run(&[]), &["'bits' in [output] is 12", "bits-per-value"]);
    with_plan(&case, "plans: []", "", "formats = ['netcdf']");
    expect_failure(&case.run(&[]), &["'plan' in [output]", "grib2"]);
    case.configure(&real_state(), "", "", "plan = 'none.yaml'");
    expect_failure(&case.run(&[]), &["none.yaml", "reading"]);
    // What was summed up in one window is nothing to another.
    let plan =
        "plans: [{name: means, actions: [{type: statistics, output-frequency: 1d, operations: [average]}]}]";
    with_plan(&case, plan, "", "");
    expect_success(&case.run(&["--steps", "4"]));
    let checkpoint = case.path("out/checkpoint.bin");
    let restart = ["--restart", checkpoint.to_str().unwrap()];
    with_plan(&case, &plan.replace("1d", "12h"), "", "");
    let words = ["checkpoint.bin", "plan 'means', action 1", "expected {operations", "\"1d\"", "\"12h\""];
    expect_failure(&case.run(&restart), &words);
    with_plan(&case, "plans: []", "", "");
    expect_failure(&case.run(&restart), &["plan 'means'", "got none"]);
    with_plan(&case, plan, "", "");
    expect_success(&case.run(&restart));
    // Where nothing was summed up, the first window would lack a part.
    with_plan(&case, "plans: []", "", "");
    expect_success(&case.run(&["--steps", "4"]));
    with_plan(&case, plan, "", "");
    expect_failure(&case.run(&restart), &["expected no plan of this name", "statistics"]);
}

#[test]
fn statistics_of_a_split_run_are_those_of_the_whole_one() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    with_plan(&case, WINDOWS, "length = 48", "");
    let out = |name: &str| program_into(&case, name);
    expect_success(&out("whole").output().unwrap());
    // 9 steps are 6 h at T21. Between two output times, in the middle of windows, and at their ends.
    for splits in [&["36"][..], &["13", "45"], &["9", "18", "54", "71"]] {
        let _ = std::fs::remove_dir_all(case.path("out"));
        let checkpoint = case.path("out/checkpoint.bin");
        for (number, steps) in splits.iter().chain(&["72"]).enumerate() {
            let mut run = out("out");
            if number > 0 {
                run.arg("--restart").arg(&checkpoint);
            }
            expect_success(&run.args(["--steps", steps]).output().unwrap());
        }
        // From noon on: half a day and a day, and four windows of 12 h.
        assert_eq!(case.names("out/daily").len(), 2 * 2);
        assert_eq!(case.names("out/half").len(), 4);
        for folder in ["", "/daily", "/half"] {
            let names = case.names(&format!("whole{folder}"));
            for name in names.iter().filter(|name| name.contains('.') && is_result(name)) {
                let read =
                    |run: &str| std::fs::read(case.path(run).join(&folder[folder.len().min(1)..]).join(name));
                assert!(
                    read("whole").unwrap() == read("out").unwrap_or_default(),
                    "{splits:?} {folder}/{name}"
                );
            }
        }
    }
}

#[test]
fn a_run_and_its_continuation_are_on_record() {
    if !has_eccodes() {
        return;
    }
    let case = Case::new();
    let configuration = case.configure(&real_state(), "", "", "pictures = true");
    expect_success(&case.run(&["--steps", "4"]));
    let stopped = verify(case.path("out")).unwrap();
    assert!(stopped.is_intact() && !stopped.ends_run, "{stopped:?}");
    let checkpoint = case.path("out/checkpoint.bin");
    expect_success(&case.run(&["--restart", checkpoint.to_str().unwrap()]));
    let found = verify(case.path("out")).unwrap();
    assert!(found.is_intact() && found.ends_run, "{found:?}");
    // The start and a stop, two output times and the end.
    assert_eq!(found.manifests, 5);

    let record = json(&case, "provenance.json");
    let hash = |path: &std::path::Path| blake3::hash(&std::fs::read(path).unwrap()).to_hex().to_string();
    let entity = |id: &str| record["entity"][id]["terrella:blake3"].as_str().unwrap_or_default().to_owned();
    for part in ["1", "2"] {
        assert_eq!(entity(&format!("input:{part}/configuration")), hash(&configuration));
        assert_eq!(entity(&format!("input:{part}/initial-state")), hash(&real_state()));
        let activity = &record["activity"][format!("run:part/{part}")];
        let time = |key: &str| activity[key].as_str().unwrap().parse::<terrella_io::Time>().unwrap();
        assert!(time("prov:startTime").seconds() <= time("prov:endTime").seconds());
    }
    assert!(!entity("input:2/checkpoint").is_empty() && entity("input:1/checkpoint").is_empty());
    let made_by = |name: &str| {
        let id = format!("run:{name}");
        assert_eq!(entity(&id), hash(&case.path("out").join(name)), "{name}");
        let all = record["wasGeneratedBy"].as_object().unwrap().values();
        let of: Vec<&Value> = all.filter(|relation| relation["prov:entity"] == id.as_str()).collect();
        assert_eq!(of.len(), 1, "{name}");
        of[0]["prov:activity"].as_str().unwrap().to_owned()
    };
    assert_eq!(made_by("forecast_2011011512_f000.grib2"), "run:part/1");
    for name in ["forecast_2011011512_f012.grib2", "forecast_2011011512.nc", "summary.json"] {
        assert_eq!(made_by(name), "run:part/2");
    }
    for relation in ["used", "wasGeneratedBy", "wasAssociatedWith", "wasAttributedTo"] {
        for (id, ends) in record[relation].as_object().unwrap() {
            assert!(id.starts_with("_:"), "{id}");
            for (role, id) in ends.as_object().unwrap() {
                let kind = role.strip_prefix("prov:").unwrap();
                assert!(record[kind].get(id.as_str().unwrap()).is_some(), "{relation}: {role} {id}");
            }
        }
    }

    let changed = case.path("out/forecast_2011011512_f006.grib2");
    let mut bytes = std::fs::read(&changed).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&changed, bytes).unwrap();
    let findings = verify(case.path("out")).unwrap().findings;
    assert!(
        matches!(&findings[..], [Finding::Changed { path, .. }] if path == "forecast_2011011512_f006.grib2"),
        "{findings:?}"
    );
}
