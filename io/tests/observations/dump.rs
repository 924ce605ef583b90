//! What ecCodes' tool `bufr_dump -p` says of a file.

use std::path::Path;
use std::process::Command;

/// One element: its key without rank, and its number, or one for each subset of a compressed message.
pub(crate) struct Element {
    pub(crate) key: String,
    pub(crate) values: Vec<Option<f64>>,
}

/// The numeric elements of one subset, or of all subsets of a compressed message, in order.
pub(crate) type Section = Vec<Element>;

/// Messages, each with its sections; None, said aloud, where the tool is not installed.
pub(crate) fn dump(path: &Path) -> Option<Vec<Vec<Section>>> {
    let Ok(output) = Command::new("bufr_dump").arg("-p").arg(path).output() else {
        println!("not run: bufr_dump (Debian's package libeccodes-tools) is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut messages: Vec<Vec<Section>> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((key, first)) = line.split_once('=') else { continue };
        let (key, mut value) = (key.trim(), first.trim().to_owned());
        while value.starts_with('{') && !value.ends_with('}') {
            value += lines.next().expect("the end of an array");
        }
        match key {
            "edition" => messages.push(vec![Vec::new()]),
            "subsetNumber" => messages.last_mut().expect("a message").push(Vec::new()),
            _ => {}
        }
        let number = |text: &str| (text.trim() != "MISSING").then(|| text.trim().parse().unwrap_or(f64::NAN));
        let values: Vec<Option<f64>> = match value.strip_prefix('{').and_then(|v| v.strip_suffix('}')) {
            Some(list) => list.split(',').map(number).collect(),
            None => vec![number(&value)],
        };
        if values.iter().any(|value| value.is_some_and(f64::is_nan)) {
            continue;
        }
        let without_rank =
            key.strip_prefix('#').and_then(|rest| rest.split_once('#')).map_or(key, |(_, key)| key);
        if let Some(section) = messages.last_mut().and_then(|message| message.last_mut()) {
            section.push(Element { key: without_rank.to_owned(), values });
        }
    }
    Some(messages)
}

/// All numbers of a key in a section that is of one subset.
pub(crate) fn all(section: &Section, key: &str) -> Vec<Option<f64>> {
    section.iter().filter(|element| element.key == key).map(|element| element.values[0]).collect()
}

/// The first number of a key, of a subset from 0.
pub(crate) fn first(section: &Section, key: &str, subset: usize) -> Option<f64> {
    let values = &section.iter().find(|element| element.key == key)?.values;
    if values.len() == 1 { values[0] } else { values[subset] }
}

/// Equal to the six digits that the tool prints.
pub(crate) fn expect_same(own: Option<f64>, tool: Option<f64>, what: &str) {
    match (own, tool) {
        (None, None) => {}
        (Some(own), Some(tool)) => assert!((own - tool).abs() <= 1e-5 * tool.abs(), "{what}: {own} {tool}"),
        _ => panic!("{what}: {own:?} {tool:?}"),
    }
}
