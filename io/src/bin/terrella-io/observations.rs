//! `observations`: what a file of reports holds.

use terrella_io::observations::{Quantity, Summary, read};

use crate::arguments::ObservationsArguments;
use crate::failure::Result;
use crate::output::{number, print, table};

pub(crate) fn run(arguments: &ObservationsArguments) -> Result<()> {
    let observed = read(&arguments.file)?;
    let summary = Summary::of(&observed.reports);
    let mut text = String::new();
    let mut section = |rows: Vec<Vec<String>>| {
        // A head alone says nothing.
        if rows.len() > 1 {
            text += if text.is_empty() { "" } else { "\n" };
            text += &table(&rows);
        }
    };
    let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();

    let mut rows = vec![words(&["kind", "reports"])];
    rows.extend(summary.reports.iter().map(|(kind, count)| vec![kind.to_string(), count.to_string()]));
    section(rows);
    if let (Some((first, last)), Some([south, north, west, east])) = (summary.times, summary.area) {
        section(vec![
            words(&["", "least", "largest"]),
            vec!["time".into(), first.to_string(), last.to_string()],
            vec!["latitude".into(), number(south), number(north)],
            vec!["longitude".into(), number(west), number(east)],
        ]);
    }
    let mut rows = vec![words(&["quantity", "unit", "values", "missing"])];
    rows.extend(summary.values.iter().map(|(quantity, (present, missing))| {
        vec![quantity.to_string(), Quantity::unit(*quantity).into(), present.to_string(), missing.to_string()]
    }));
    section(rows);
    let mut rows = vec![words(&["flag", "values"])];
    rows.extend(summary.flags.iter().map(|(flag, count)| vec![flag.to_string(), count.to_string()]));
    section(rows);
    let mut rows = vec![words(&["rejected", "number", "message", "subset", "first of them"])];
    for (reason, count) in observed.rejections.counts() {
        let first = observed.rejections.examples().iter().find(|rejection| rejection.reason == *reason);
        let (message, subset, detail) =
            first.map_or((0, 0, ""), |r| (r.message, r.subset, r.detail.as_str()));
        rows.push(vec![
            reason.to_string(),
            count.to_string(),
            message.to_string(),
            subset.to_string(),
            detail.to_owned(),
        ]);
    }
    section(rows);
    print(&text)
}
