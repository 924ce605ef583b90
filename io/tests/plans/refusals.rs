//! What is no plan is refused with its place, and never with a panic.

use terrella_io::Error;
use terrella_io::plan::Plans;

use super::{at_step, field, statistics};

fn refused(actions: &str) -> String {
    match Plans::from_yaml(&format!("plans:\n  - name: p\n    actions:\n{actions}\n")) {
        Err(error @ Error::Plan { .. }) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {actions}"),
    }
}

#[test]
fn what_is_not_known_is_refused_with_the_nearest() {
    for (actions, expected) in [
        (
            "      - {type: statistic}",
            "plan 'p', action 1: unknown action 'statistic': did you mean 'statistics'?.",
        ),
        ("      - {type: tranport}", "unknown action 'tranport': did you mean 'transport'"),
        ("      - {type: aggregate, parts: 4}", "action 1 (aggregate): unknown key 'parts'"),
        (
            "      - {type: print, strem: cout}",
            "action 1 (print): unknown key 'strem': did you mean 'stream'?",
        ),
        ("      - {type: print, stream: cot}", "unknown stream 'cot': did you mean 'cout'?"),
        ("      - {type: print, prefix: 3}", "'prefix': expected a text, got 3"),
        (
            "      - {type: print, only-fields: yes}",
            "'only-fields': expected true or false, got the text 'yes'",
        ),
        ("      - {type: print, on-error: ignore}", "unknown on-error 'ignore': did you mean"),
        ("      - {type: select}", "expected one of the keys match, ignore, any, all, not"),
        ("      - {type: select, match: {name: t}}", "'match': expected a list, got keys with values"),
        (
            "      - {type: select, match: [{name: {}}]}",
            "'name': expected values to match, got keys with values",
        ),
        ("      - {type: select, not: {mach: []}}", "'not': unknown key 'mach': did you mean 'match'?"),
        ("      - {type: scale}", "key 'mapping-definition' is missing"),
        (
            "      - {type: scale, mapping-definition: [{case: {param-is: 1, map-to-param: 2}}]}",
            "key 'scaling-factor' is missing",
        ),
        (
            "      - {type: statistics, operations: [mean], output-frequency: 1d}",
            "unknown operation 'mean': did you mean",
        ),
        ("      - {type: statistics, operations: [], output-frequency: 1d}", "expected at least one"),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1y}",
            "expected a length such as 3h, 10d or 1m, got '1y'",
        ),
        ("      - {type: statistics, operations: [average], output-frequency: 0h}", "got '0h'"),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1h, options: {timestep: 5}}",
            "'options': unknown key 'timestep': did you mean 'time-step'?",
        ),
        (
            "      - {type: statistics, operations: [average], output-frequency: 1h, options: {time-step: -5}}",
            "'time-step': expected a positive integer below 2^31, got -5",
        ),
        ("      - {type: encode, format: grb}", "unknown format 'grb': did you mean 'grib'?"),
        ("      - {type: encode, format: grib, template: x.tmpl}", "unknown key 'template'"),
        (
            "      - {type: encode, format: raw, packing: simple}",
            "'packing' has no meaning with 'format: raw'",
        ),
        ("      - {type: sink, sinks: []}", "expected at least one"),
        ("      - {type: sink, sinks: [{type: fiel}]}", "unknown type 'fiel': did you mean 'file'?"),
        ("      - {type: sink, sinks: [{type: file}]}", "key 'path' is missing"),
        (
            "      - {type: sink, sinks: [{type: file, path: '{NO_SUCH_NAME}/x'}]}",
            "'{NO_SUCH_NAME}' is no variable",
        ),
        ("      - 5", "action 1: expected keys with values, got 5"),
    ] {
        let text = refused(actions);
        assert!(text.contains(expected), "{text}");
    }
    for (text, expected) in [
        ("plan: []", "plan file: unknown key 'plan': did you mean 'plans'?"),
        ("plans: 3", "'plans': expected a list, got 3"),
        ("plans: [{name: a}]", "plan 1: key 'actions' is missing"),
        ("plans: [", "plan file: no YAML"),
        ("", "plan file"),
    ] {
        let error = Plans::from_yaml(text).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let error = Plans::from_yaml("plans: [{actions: [{type: encode, format: grib, bits-per-value: 40}]}]");
    assert!(error.err().unwrap().to_string().contains("'bits_per_value' is 40"));
    let error = Plans::read("/nowhere/plan.yaml").err().unwrap().to_string();
    assert!(error.contains("'/nowhere/plan.yaml': reading a plan failed"), "{error}");
}

#[test]
fn files_that_are_no_plans_never_panic() {
    let deep = ["[".repeat(200_000), "{a: ".repeat(50_000), "- ".repeat(50_000)];
    let deep_conditions = format!(
        "plans: [{{actions: [{{type: select, {}match: []{}}}]}}]",
        "not: {".repeat(20_000),
        "}".repeat(20_000)
    );
    for text in deep.iter().chain([&deep_conditions]) {
        let error = Plans::from_yaml(text).err().unwrap().to_string();
        assert!(error.starts_with("plan"), "{error}");
    }
    let dates = [i64::MAX, i64::MIN, 99_991_231, -1, 20_261_301];
    let mut plans =
        Plans::from_yaml(&format!("plans:\n  - actions:\n{}", statistics("average", "1m", ""))).unwrap();
    for date in dates {
        for step in [i64::MAX, i64::MIN, 1 << 49, 0] {
            let message = field(at_step("t", step).with("startDate", date).with("timeStep", 1), &[1.0; 4]);
            if let Err(error) = plans.write(message.clone()) {
                assert!(matches!(error, Error::Metadata { .. }), "{error}");
            }
            // Without what it differs from there is no difference; but no panic.
            for reset in ["hour", "year", "never"] {
                let options = format!("solver-reset-accumulate-fields-every: {reset}");
                let actions = statistics("difference, de-accumulate", "2h", &options);
                let mut plans = Plans::from_yaml(&format!("plans:\n  - actions:\n{actions}")).unwrap();
                let _ = plans.write(message.clone());
            }
        }
    }
}
