//! What came out: `scores.csv`, `summary.json`, charts.

use std::fmt::Write;
use std::path::Path;

use serde_json::json;
use terrella_coupling::cycle::{Condition, Diagnosis, Minimisations, Score, Scores};
use terrella_driver::progress::say;
use terrella_io::picture::{Chart, Series};
use terrella_io::sink::AtomicFile;

use crate::configuration::Configuration;
use crate::diagnostics;
use crate::error::Result;

/// Everything that results are made from.
pub(crate) struct Results<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) folder: &'a Path,
    /// Numbers of observations at a time, and of values of a state.
    pub(crate) observed: usize,
    pub(crate) values: usize,
    /// Root mean square of the climate's standard deviations.
    pub(crate) deviation: f64,
    pub(crate) methods: Vec<Outcome<'a>>,
}

/// How one method fared.
pub(crate) struct Outcome<'a> {
    pub(crate) name: &'a str,
    pub(crate) scores: &'a Scores,
    pub(crate) diagnosis: &'a Diagnosis,
    pub(crate) seconds: f64,
    pub(crate) minimisations: Option<&'a Minimisations>,
    pub(crate) condition: Condition,
}

/// Writes files and says the table.
pub(crate) fn write(results: &Results) -> Result<()> {
    AtomicFile::write(results.folder.join("scores.csv"), table(&results.methods).as_bytes())?;
    let mut text = serde_json::to_string_pretty(&summary(results)).expect("numbers and texts are valid JSON");
    text.push('\n');
    AtomicFile::write(results.folder.join("summary.json"), text.as_bytes())?;
    if results.configuration.output.pictures {
        for (name, chart) in charts(results) {
            chart.picture(1_600)?.save(results.folder.join(name))?;
        }
    }
    let width = results.methods.iter().map(|of| of.name.chars().count()).max().unwrap_or(0).max(6);
    say(&format!("{:width$}   analysis   forecast   spread   seconds", "method"));
    for Outcome { name, scores, seconds, .. } in &results.methods {
        let mean = scores.mean_from(first(results, scores));
        let Score { analysis_error, forecast_error, analysis_spread, .. } = mean;
        say(&format!(
            "{name:width$}   {analysis_error:8.4}   {forecast_error:8.4}   {analysis_spread:6.4}   {seconds:7.1}"
        ));
    }
    say_margins(results);
    for Outcome { name, minimisations, .. } in &results.methods {
        if let Some(found) = minimisations {
            let iterations: Vec<String> = mean_iterations(found).map(|mean| format!("{mean:.1}")).collect();
            let mut line = format!(
                "{name}: {} iterations on average; the last of {} of {} windows did not converge",
                iterations.join(" + "),
                found.unconverged,
                found.windows
            );
            // A single outer loop is one linearisation by choice.
            if iterations.len() > 1 {
                line += &format!("; {} took all outer loops", found.all_outer_loops);
            }
            if found.not_finite > 0 {
                line += &format!("; {} left what the model can do", found.not_finite);
            }
            say(&line);
        }
    }
    for Outcome { name, condition, scores, .. } in &results.methods {
        let Condition { collapses, unconverged, effective_size } = *condition;
        let cycles = scores.cycles.len();
        if collapses > 0 {
            say(&format!(
                "{name}: members agreed on all that was observed in {collapses} of {cycles} cycles"
            ));
        }
        if unconverged > 0 {
            say(&format!("{name}: {unconverged} of {cycles} windows did not converge"));
        }
        if let Some([mean, least]) = effective_size {
            say(&format!("{name}: {mean:.1} members bore the weights on average, at least {least:.1}"));
        }
    }
    if results.configuration.output.diagnostics {
        diagnostics::write(results)?;
    }
    say(&format!("climate's standard deviation {:.4}; {}", results.deviation, results.folder.display()));
    Ok(())
}

/// The method with the least error.
fn best<'a>(results: &'a Results) -> Option<&'a Outcome<'a>> {
    let error = |of: &Outcome| of.scores.mean_from(first(results, of.scores)).analysis_error;
    results.methods.iter().min_by(|a, b| error(a).total_cmp(&error(b)))
}

/// How much worse the others are than the best, and how certain that is.
fn say_margins(results: &Results) {
    let Some(best) = best(results).filter(|_| results.methods.len() > 1) else { return };
    let others = results.methods.iter().filter(|of| of.name != best.name);
    let margins = others.filter_map(|of| {
        let (margin, error) = of.scores.margin_from(best.scores, first(results, of.scores));
        error.is_finite().then(|| format!("{} by {margin:.4} ± {error:.4}", of.name))
    });
    let margins = margins.collect::<Vec<_>>();
    if !margins.is_empty() {
        say(&format!("worse than {}, cycle by cycle: {}", best.name, margins.join(", ")));
    }
}

/// By outer loop.
fn mean_iterations(minimisations: &Minimisations) -> impl Iterator<Item = f64> + '_ {
    let windows = minimisations.windows.max(1) as f64;
    minimisations.iterations.iter().map(move |&sum| sum as f64 / windows)
}

/// The first cycle that counts; all do in a run that stopped before.
pub(crate) fn first(results: &Results, scores: &Scores) -> usize {
    let spin_up = results.configuration.experiment.spin_up as usize;
    if spin_up < scores.cycles.len() { spin_up } else { 0 }
}

fn table(methods: &[Outcome]) -> String {
    let mut text = "method,cycle,forecast_error,analysis_error,forecast_spread,analysis_spread\n".to_owned();
    for Outcome { name, scores, .. } in methods {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        for (cycle, score) in scores.cycles.iter().enumerate() {
            let Score { forecast_error, analysis_error, forecast_spread, analysis_spread } = score;
            writeln!(
                text,
                "{quoted},{cycle},{forecast_error:e},{analysis_error:e},{forecast_spread:e},{analysis_spread:e}"
            )
            .expect("a text takes all");
        }
    }
    text
}

fn summary(results: &Results) -> serde_json::Value {
    let best = best(results);
    let methods = results.methods.iter().map(|Outcome { name, scores, seconds, minimisations, condition, .. }| {
        let first = first(results, scores);
        let mean = scores.mean_from(first);
        let margin = best.map(|best| scores.margin_from(best.scores, first));
        json!({
            "name": name,
            "analysis_error": mean.analysis_error,
            "analysis_error_standard_error": scores.standard_error_from(first),
            "above_best": margin.map(|(margin, _)| margin),
            "above_best_standard_error": margin.map(|(_, error)| error),
            "forecast_error": mean.forecast_error,
            "analysis_spread": mean.analysis_spread,
            "forecast_spread": mean.forecast_spread,
            "seconds": seconds,
            "collapses": condition.collapses,
            "effective_size": condition.effective_size.map(|[mean, _]| mean),
            "iterations_by_outer_loop": minimisations.map(|found| mean_iterations(found).collect::<Vec<_>>()),
        })
    });
    json!({
        "configuration": results.configuration,
        "cycles": results.methods.first().map_or(0, |of| of.scores.cycles.len()),
        "observations_per_cycle": results.observed,
        "values": results.values,
        "climate_standard_deviation": results.deviation,
        "methods": methods.collect::<Vec<_>>(),
    })
}

/// Points of a line at the most; more are averaged.
const POINTS: usize = 400;

fn charts(results: &Results) -> Vec<(&'static str, Chart)> {
    let thin = |scores: &Scores, of: fn(&Score) -> f64| -> Vec<(f64, f64)> {
        let block = scores.cycles.len().div_ceil(POINTS).max(1);
        let blocks = scores.cycles.chunks(block).enumerate();
        blocks
            .map(|(number, scores)| {
                let middle = number * block + scores.len() / 2;
                (middle as f64, scores.iter().map(of).sum::<f64>() / scores.len() as f64)
            })
            .collect()
    };
    let chart = |title: &str, series: Vec<Series>| Chart {
        title: title.to_owned(),
        x_label: "cycle".to_owned(),
        y_label: "root-mean-square error, spread".to_owned(),
        series,
        x_step: None,
        aspect: 0.6,
    };
    let lines = results.methods.iter();
    let errors = lines.clone().map(|Outcome { name, scores, .. }| Series {
        name: (*name).to_owned(),
        points: thin(scores, |score| score.analysis_error),
    });
    let of_ensembles = lines.filter(|of| of.scores.cycles.iter().any(|s| s.analysis_spread > 0.0));
    let spreads = of_ensembles.flat_map(|Outcome { name, scores, .. }| {
        [
            Series { name: format!("{name}: error"), points: thin(scores, |score| score.forecast_error) },
            Series { name: format!("{name}: spread"), points: thin(scores, |score| score.forecast_spread) },
        ]
    });
    let spreads: Vec<Series> = spreads.collect();
    let mut charts = vec![("errors.png", chart("Errors of analyses", errors.collect()))];
    if !spreads.is_empty() {
        charts.push(("spread.png", chart("Errors and spread of forecasts", spreads)));
    }
    charts
}
