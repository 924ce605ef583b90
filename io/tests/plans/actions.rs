//! What actions make of each field: selections, factors, masks, mappings.

use terrella_io::plan::{Kind, Message, Metadata, Plans};

use super::{at_step, field, plan, statistics, through};

#[test]
fn select_passes_what_matches() {
    let passes = |condition: &str, metadata: Metadata| {
        let actions = format!("      - type: select\n        {condition}");
        !through(&actions, vec![field(metadata, &[1.0; 4])]).is_empty()
    };
    let t = || at_step("t", 1);
    for (condition, expected) in [
        ("match: [{name: [t, u]}]", true),
        ("match: [{name: t}]", true),
        ("match: [{name: u}]", false),
        ("match: [{name: t, level: 850}]", false),
        ("match: [{name: t, level: [850, 500]}]", true),
        ("match: [{name: u}, {level: 500}]", true),
        ("match: [{level: \"500\"}]", false),
        ("match: [{absent: 1}]", false),
        ("match: []", false),
        ("ignore: [{name: t}]", false),
        ("ignore: [{name: u}]", true),
        ("not: {match: [{name: t}]}", false),
        ("any: [{match: [{name: u}]}, {match: [{level: 500}]}]", true),
        ("all: [{match: [{name: t}]}, {match: [{level: 850}]}]", false),
        ("all: [{match: [{name: t}]}, {not: {match: [{level: 850}]}}]", true),
        ("{match: [{name: t}], ignore: [{level: 500}]}".trim_matches(['{', '}']), false),
    ] {
        let condition = condition.replace("], ignore", "]\n        ignore");
        assert_eq!(passes(&condition, t()), expected, "{condition}");
    }
}

#[test]
fn scale_multiplies_and_names_anew() {
    let actions = "      - type: scale
        mapping-definition:
          - case: {param-is: 228228, map-to-param: 260267, scaling-factor: 1000}
          - case: {param-is: z, map-to-param: gh, scaling-factor: 0.1}
      - type: select
        match: [{paramId: 260267}, {param: gh}, {param: u}]";
    let by = |metadata: Metadata| field(metadata, &[1.0, 2.0, f64::NAN, 4.0]);
    let values = through(
        actions,
        vec![
            by(at_step("tp", 1).with("paramId", 228_228)),
            by(at_step("z", 1).with("param", "z")),
            by(at_step("u", 1).with("param", "u")),
        ],
    );
    assert_eq!(values[..2], [1000.0, 2000.0]);
    assert!(values[2].is_nan());
    assert_eq!([values[4], values[8]], [0.1, 1.0]);
    let mut plans =
        Plans::from_yaml("plans: [{name: p, actions: [{type: scale, mapping-definition: []}]}]").unwrap();
    let error = plans.write(by(at_step("u", 1))).unwrap_err().to_string();
    assert_eq!(error, "Metadata 'param': expected a text, got nothing.");
}

#[test]
fn masks_take_points_away_and_offsets_move_the_rest() {
    let actions = "      - type: mask
        missing-value: -9
        offset-fields: [sst]
        offset-value: 0.5";
    let with = |message: Message| Message { metadata: message.metadata.with("domain", "T grid"), ..message };
    let mask = with(Message {
        metadata: Metadata::new().with("level", 500),
        kind: Kind::Mask(vec![true, false, true, false]),
    });
    let sst = with(field(at_step("sst", 1), &[1.0, 2.0, 3.0, 4.0]));
    let other = with(field(at_step("ssh", 1), &[1.0, 2.0, 3.0, 4.0]));
    let values = through(actions, vec![mask, sst.clone(), other]);
    assert_eq!(values, [1.5, -9.0, 3.5, -9.0, 1.0, -9.0, 3.0, -9.0]);
    let values =
        through("      - {type: mask, apply-bitmap: false, offset-fields: [sst]}", vec![sst.clone()]);
    assert_eq!(values, [274.15, 275.15, 276.15, 277.15]);
    let mut plans = Plans::from_yaml("plans: [{actions: [{type: mask}]}]").unwrap();
    let error = plans.write(sst.clone()).unwrap_err().to_string();
    assert!(error.contains("absent for domain \"T grid\" level 500"), "{error}");
    let short = Message { kind: Kind::Mask(vec![true; 3]), ..sst.clone() };
    plans.write(short).unwrap();
    assert!(plans.write(sst).unwrap_err().to_string().contains("expected 4 values, got 3"));
}

#[test]
fn masks_that_move_leave_each_point_the_times_when_it_was_inside() {
    let actions =
        |threshold: &str| format!("      - type: mask\n{}", statistics("average, maximum", "3h", threshold));
    let mask = |inside: [bool; 4]| Message {
        metadata: Metadata::new().with("level", 500),
        kind: Kind::Mask(inside.to_vec()),
    };
    let messages = || {
        vec![
            mask([true, true, false, false]),
            field(at_step("t", 1), &[1.0; 4]),
            field(at_step("t", 2), &[3.0; 4]),
            mask([true, false, true, false]),
            field(at_step("t", 3), &[8.0; 4]),
        ]
    };
    let nan = f64::from(f32::MAX);
    let any = through(&actions("value-count-threshold: 1"), messages());
    assert_eq!(any, [4.0, 2.0, 8.0, nan, 8.0, 3.0, 8.0, nan]);
    let two = through(&actions("value-count-threshold: 2"), messages());
    assert_eq!(two, [4.0, 2.0, nan, nan, 8.0, 3.0, nan, nan]);
    assert_eq!(through(&actions(""), messages()), [4.0, nan, nan, nan, 8.0, nan, nan, nan]);
}

#[test]
fn mappings_set_metadata_by_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.yaml");
    std::fs::write(
        &table,
        "mappings:
  - match: {name: nemo-id}
    map: {paramId: param-id, level: level}
data:
  - {nemo-id: sst, param-id: 262101}
  - {nemo-id: t20d, param-id: 262118, level: 20}",
    )
    .unwrap();
    let actions = |more: &str| {
        format!(
            "      - type: metadata-mapping\n        mapping: {}\n{more}      - type: select
        match: [{{paramId: 262101, level: 500}}, {{paramId: 262118, level: 20}}, {{name: other}}]",
            table.display()
        )
    };
    let by = |name: &str| field(at_step(name, 1), &[1.0; 4]);
    assert_eq!(through(&actions(""), vec![by("sst"), by("t20d")]).len(), 8);
    let lenient = actions("        enforce-match: false\n");
    assert_eq!(through(&lenient, vec![by("sst"), by("other"), by("none")]).len(), 8);
    let skipping = actions("        on-error: skip\n");
    assert_eq!(through(&skipping, vec![by("sst"), by("other")]).len(), 4);
    let path = folder.path().join("raw");
    let mut plans = Plans::from_yaml(&plan(&actions(""), &path)).unwrap();
    let error = plans.write(by("other")).unwrap_err().to_string();
    assert_eq!(error, "Metadata 'name': expected a row of the mapping's data, got \"other\".");
}
