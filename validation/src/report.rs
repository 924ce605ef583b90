//! Reports: text for the terminal, Markdown and HTML.

use std::fmt::Write as _;
use std::path::Path;

use crate::{Error, Measurement, Outcome, Result};

/// Figures that cases may draw, with their captions, in report order.
const FIGURES: &[(&str, &str)] = &[
    ("williamson-5-day15", "Williamson 5: height of the surface at day 15."),
    ("williamson-6-day7", "Williamson 6: height of the surface at day 7."),
    ("galewsky-day6-diffused", "Galewsky: vorticity at day 6 with ν = 1e5 m²/s."),
    ("galewsky-day6-inviscid", "Galewsky: vorticity at day 6 without diffusion."),
    ("jablonowski-wave", "Jablonowski & Williamson: surface pressure of the baroclinic wave at day 10."),
    ("mountain-rossby", "Rossby waves behind a mountain: zonal wind at 700 hPa at day 15."),
    ("moist-wave", "DCMIP 2016: surface pressure of the moist baroclinic wave at day 10."),
    ("tropical-cyclone", "Reed & Jablonowski: wind of the lowest layer at day 10."),
    ("lorenz-96", "Lorenz (1996): errors of the first 400 analyses, mean over three seeds."),
];

const HEADER: [&str; 7] = ["quantity", "setting", "published", "ours", "difference", "limit", "result"];

/// One outcome for the terminal.
pub fn text(outcome: &Outcome) -> String {
    let mut text = format!("{}: {} ({:.1} s)\n", outcome.case, outcome.title, outcome.seconds);
    for measurement in &outcome.measurements {
        let row = row(measurement);
        writeln!(
            text,
            "  {:<7} {:<44} {:<34} ours {:<10} published {:<10} limit {}",
            row[6], row[0], row[1], row[3], row[2], row[5]
        )
        .expect("writing to a String");
    }
    text
}

/// Writes report.md and report.html to a folder that exists.
pub fn write(folder: &Path, outcomes: &[Outcome]) -> Result<()> {
    let figures: Vec<_> =
        FIGURES.iter().filter(|(name, _)| folder.join(format!("{name}.png")).is_file()).copied().collect();
    for (name, text) in
        [("report.md", markdown(outcomes, &figures)), ("report.html", html(outcomes, &figures))]
    {
        let file = folder.join(name);
        std::fs::write(&file, text).map_err(|error| Error::file(file, error))?;
    }
    Ok(())
}

fn markdown(outcomes: &[Outcome], figures: &[(&str, &str)]) -> String {
    let mut text = format!("# Validation\n\n{}\n", summary(outcomes));
    for outcome in outcomes {
        write!(
            text,
            "\n## {}: {}\n\n{} · {:.0} s\n\n",
            outcome.case, outcome.title, outcome.source, outcome.seconds
        )
        .expect("writing to a String");
        writeln!(text, "| {} |\n|{}", HEADER.join(" | "), "---|".repeat(HEADER.len()))
            .expect("writing to a String");
        for measurement in &outcome.measurements {
            writeln!(text, "| {} |", row(measurement).join(" | ")).expect("writing to a String");
        }
        text.push('\n');
        for (basis, number) in bases(outcome) {
            writeln!(text, "- {basis} ({number})").expect("writing to a String");
        }
    }
    for (name, caption) in figures {
        write!(text, "\n![{caption}]({name}.png)\n\n{caption}\n").expect("writing to a String");
    }
    text
}

fn html(outcomes: &[Outcome], figures: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Terrella: validation</title><style>\n\
         body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1d2733}\n\
         table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{text-align:left;padding:.2rem .6rem;\
         border-bottom:1px solid #d8dee6;font-variant-numeric:tabular-nums}\n\
         .pass{color:#137333}.fail{color:#b3261e;font-weight:600}.info,.not-run{color:#6b7785}figure{margin:2rem 0}\
         img{max-width:100%}\n</style></head><body>\n<h1>Validation</h1>\n",
    );
    writeln!(text, "<p>{}</p>", escaped(&summary(outcomes))).expect("writing to a String");
    for outcome in outcomes {
        writeln!(
            text,
            "<h2>{}: {}</h2>\n<p>{} · {:.0} s</p>\n<table><tr><th>{}</th></tr>",
            escaped(&outcome.case),
            escaped(&outcome.title),
            escaped(&outcome.source),
            outcome.seconds,
            HEADER.join("</th><th>")
        )
        .expect("writing to a String");
        for measurement in &outcome.measurements {
            let cells = row(measurement).map(|cell| escaped(&cell));
            let verdict = verdict(measurement);
            let class = verdict.replace(' ', "-");
            writeln!(
                text,
                "<tr title=\"{}\"><td>{}</td><td class=\"{class}\">{verdict}</td></tr>",
                escaped(&measurement.basis),
                cells[..6].join("</td><td>")
            )
            .expect("writing to a String");
        }
        text.push_str("</table>\n<ul>\n");
        for (basis, number) in bases(outcome) {
            writeln!(text, "<li>{} ({number})</li>", escaped(basis)).expect("writing to a String");
        }
        text.push_str("</ul>\n");
    }
    for (name, caption) in figures {
        let caption = escaped(caption);
        writeln!(
            text,
            "<figure><img src=\"{name}.png\" alt=\"{caption}\"><figcaption>{caption}</figcaption></figure>"
        )
        .expect("writing to a String");
    }
    text.push_str("</body></html>\n");
    text
}

fn summary(outcomes: &[Outcome]) -> String {
    let measurements = outcomes.iter().flat_map(|outcome| &outcome.measurements);
    let (mut gated, mut failed, mut not_run) = (0, 0, 0);
    for measurement in measurements.clone() {
        not_run += usize::from(!measurement.ran);
        gated += usize::from(measurement.limit.is_some());
        failed += usize::from(!measurement.passed);
    }
    format!(
        "{} cases, {} measurements, {gated} of them with a limit; {failed} failed, {not_run} not run.",
        outcomes.len(),
        measurements.count() - not_run
    )
}

/// Distinct bases of an outcome's numbers, in order, with how many share them.
fn bases(outcome: &Outcome) -> Vec<(&str, String)> {
    let mut bases: Vec<(&str, Vec<&str>)> = Vec::new();
    for measurement in &outcome.measurements {
        match bases.iter_mut().find(|(basis, _)| *basis == measurement.basis) {
            Some((_, quantities)) if quantities.contains(&measurement.quantity.as_str()) => {}
            Some((_, quantities)) => quantities.push(&measurement.quantity),
            None => bases.push((&measurement.basis, vec![&measurement.quantity])),
        }
    }
    bases.into_iter().map(|(basis, quantities)| (basis, quantities.join("; "))).collect()
}

fn verdict(measurement: &Measurement) -> &'static str {
    match (measurement.passed, measurement.limit) {
        _ if !measurement.ran => "not run",
        (false, _) => "fail",
        (true, Some(_)) => "pass",
        (true, None) => "info",
    }
}

fn row(measurement: &Measurement) -> [String; 7] {
    let number = |value: f64| if value == 0.0 { "0".to_owned() } else { format!("{value:.3e}") };
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    [
        measurement.quantity.clone(),
        measurement.setting.clone(),
        optional(measurement.published),
        if measurement.ran { number(measurement.ours) } else { "–".to_owned() },
        optional(measurement.difference),
        optional(measurement.limit),
        verdict(measurement).to_owned(),
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(measurement: Measurement) -> Outcome {
        Outcome {
            case: "a".into(),
            title: "b < c".into(),
            source: "d".into(),
            passed: measurement.passed,
            seconds: 1.0,
            measurements: vec![measurement],
        }
    }

    #[test]
    fn nan_fails_whatever_the_limit() {
        let gated = Measurement::at_most("x", "y", f64::NAN, 1.0, "z");
        let free = Measurement::information("x", "y", f64::NAN, "z");
        assert_eq!((verdict(&gated), verdict(&free)), ("fail", "fail"));
    }

    #[test]
    fn what_was_not_run_is_counted_and_says_so() {
        let outcomes = [outcome(Measurement::not_run("x", "y", "no data"))];
        assert!(markdown(&outcomes, &[]).contains("| x | y | – | – | – | – | not run |"));
        assert!(summary(&outcomes).ends_with("0 measurements, 0 of them with a limit; 0 failed, 1 not run."));
        // Results of earlier versions ran.
        let text = serde_json::to_string(&outcomes[0].measurements[0]).unwrap().replace(",\"ran\":false", "");
        assert!(serde_json::from_str::<Measurement>(&text).unwrap().ran);
    }

    #[test]
    fn html_is_escaped_and_markdown_has_a_row_per_measurement() {
        let outcomes = [outcome(Measurement::at_most("x", "y", 0.5, 1.0, "z").published(0.25))];
        assert!(html(&outcomes, &[]).contains("b &lt; c"));
        assert!(
            markdown(&outcomes, &[]).contains("| x | y | 2.500e-1 | 5.000e-1 | 2.500e-1 | 1.000e0 | pass |")
        );
    }
}
