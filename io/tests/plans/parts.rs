//! Parts of fields become fields.

use terrella_io::layout::Layout;
use terrella_io::plan::{Kind, Message, Metadata, Plans, Points};

use super::{at_step, field, layout, through};

fn part(metadata: Metadata, points: Points, values: &[f64]) -> Message {
    Message { metadata, kind: Kind::Part { layout: layout(), points, values: values.to_vec() } }
}

#[test]
fn parts_become_the_field_when_the_last_has_come() {
    let list = |points: &[usize]| Points::List(points.into());
    let factor = "      - type: scale
        mapping-definition: [{case: {param-is: t, map-to-param: t, scaling-factor: 2}}]";
    let t = |step: i64| at_step("t", step).with("param", "t");
    // Two fields at a time, ranges and lists, in any order; a whole field goes on at once.
    let values = through(
        &format!("{factor}\n      - type: aggregate"),
        vec![
            part(t(1), Points::From(2), &[3.0, 4.0]),
            part(t(2), list(&[3, 1]), &[8.0, 6.0]),
            part(t(1), Points::From(0), &[1.0]),
            field(t(3), &[0.5; 4]),
            part(t(2), list(&[]), &[]),
            part(t(2), list(&[0, 2]), &[5.0, f64::NAN]),
            part(t(1), list(&[1]), &[2.0]),
            part(t(1), Points::From(0), &[9.0; 4]),
        ],
    );
    assert_eq!(values[..4], [1.0; 4]);
    assert_eq!((values[4], values[5], values[7]), (10.0, 12.0, 16.0));
    assert!(values[6].is_nan());
    assert_eq!(values[8..12], [2.0, 4.0, 6.0, 8.0]);
    assert_eq!(values[12..], [18.0; 4]);
}

#[test]
fn parts_that_overlap_or_do_not_suffice_are_refused_by_name() {
    let plans = |options: &str| {
        Plans::from_yaml(&format!("plans: [{{actions: [{{type: aggregate{options}}}]}}]")).unwrap()
    };
    let list = |points: &[usize]| Points::List(points.into());
    let mut strict = plans("");
    let text = |result: terrella_io::Result<()>| result.unwrap_err().to_string();
    strict.write(part(at_step("t", 1), Points::From(1), &[1.0, 2.0])).unwrap();
    let overlap = text(strict.write(part(at_step("t", 1), list(&[0, 2]), &[1.0, 2.0])));
    assert!(
        overlap.contains("point 2 for the second time of {") && overlap.contains("\"name\": \"t\""),
        "{overlap}"
    );
    let twice = text(strict.write(part(at_step("u", 1), list(&[3, 3]), &[1.0, 2.0])));
    assert!(twice.contains("point 3 for the second time"), "{twice}");
    let other = Message {
        metadata: at_step("t", 1),
        kind: Kind::Part { layout: Layout::global_lat_lon(3, 2), points: Points::From(4), values: vec![1.0] },
    };
    assert!(text(strict.write(other)).contains("on 6 points of another layout"));
    for (points, values, expected) in [
        (Points::From(3), vec![1.0; 2], "'end of the part' is 4: expected one of the 4 points of the field."),
        (Points::From(usize::MAX), vec![1.0; 2], "expected one of the 4 points"),
        (list(&[4]), vec![1.0], "'point' is 4: expected one of the 4 points of the field."),
        (list(&[0, 1]), vec![1.0], "'points': expected 1 values, got 2."),
    ] {
        let error = text(strict.write(part(at_step("v", 1), points, &values)));
        assert!(error.contains(expected), "{error}");
    }
    // What was refused left no trace: point 0 and 3 alone are missing.
    let incomplete = text(strict.finish());
    assert!(
        incomplete.contains("has 2 missing") && incomplete.contains("of 4, the first at index 0"),
        "{incomplete}"
    );
    assert!(incomplete.contains("\"name\": \"t\""), "{incomplete}");
    let mut lenient = plans(", on-error: skip");
    lenient.write(part(at_step("t", 1), list(&[3, 3]), &[1.0; 2])).unwrap();
    assert_eq!(lenient.skipped().map(|(_, count)| count).sum::<usize>(), 1);
    lenient.finish().unwrap();
    for action in ["mask", "statistics, operations: [average], output-frequency: 1d", "encode, format: raw"] {
        let mut plans = Plans::from_yaml(&format!("plans: [{{actions: [{{type: {action}}}]}}]")).unwrap();
        let error = text(plans.write(part(at_step("t", 1), Points::From(0), &[1.0])));
        assert!(
            error.ends_with("is a part of a field: expected an action 'aggregate' before it."),
            "{error}"
        );
    }
}
