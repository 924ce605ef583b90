//! What a run shows beside errors: departures against assumed errors, members against the truth, and what observations do. `diagnostics.json`,
//! charts, a table.

use serde_json::{Value, json};
use terrella_coupling::cycle::{Departure, EnsembleFindings, Findings};
use terrella_driver::progress::say;
use terrella_io::picture::{Chart, Series};
use terrella_io::sink::AtomicFile;

use crate::error::Result;
use crate::results::{Results, first};

/// Writes files and says the table.
pub(crate) fn write(results: &Results) -> Result<()> {
    let seed = results.configuration.experiment.seed;
    let mut found: Vec<(&str, Findings)> = Vec::new();
    for of in &results.methods {
        if let Some(findings) = of.diagnosis.findings(first(results, of.scores), seed)? {
            found.push((of.name, findings));
        }
    }
    let all: Vec<Value> = found.iter().map(|(name, findings)| value(name, findings)).collect();
    let mut text = serde_json::to_string_pretty(&all).expect("numbers and texts are valid JSON");
    text.push('\n');
    AtomicFile::write(results.folder.join("diagnostics.json"), text.as_bytes())?;
    if results.configuration.output.pictures {
        for (name, chart) in charts(results, &found) {
            chart.picture(1_600)?.save(results.folder.join(name))?;
        }
    }
    table(&found);
    Ok(())
}

/// Standard deviations in those of the observations' errors.
fn table(found: &[(&str, Findings)]) {
    let width = found.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(6);
    say(
        "errors over those assumed of observations: observations' and forecast's as departures show, true ones, CRPS; signal, impact",
    );
    say(&format!(
        "{:width$}   observed   forecast       true   analysis     CRPS   signal   impact",
        "method"
    ));
    for (name, Findings { mean, .. }) in found {
        let of_members = |value: f64| if value.is_nan() { "–".to_owned() } else { format!("{value:.3}") };
        say(&format!(
            "{name:width$}   {:8.3}   {:8.3}   {:8.3}   {:8.3}   {:>6}   {:>6}   {:>6}",
            root(mean.observation),
            root(mean.background),
            mean.true_background.sqrt(),
            mean.true_analysis.sqrt(),
            of_members(mean.forecast_crps),
            of_members(mean.signal),
            of_members(mean.impact / mean.change),
        ));
    }
}

/// Of a variance, which estimates may have with the wrong sign.
fn root(variance: f64) -> f64 {
    variance.abs().sqrt().copysign(variance)
}

fn value(name: &str, Findings { mean, ensemble }: &Findings) -> Value {
    let Departure { bias, observation, background, true_background, true_analysis, .. } = *mean;
    let mut value = json!({
        "name": name,
        "innovation_mean": bias,
        "observation_error_variance": observation,
        "forecast_error_variance": background,
        "true_forecast_error_variance": true_background,
        "true_analysis_error_variance": true_analysis,
    });
    if let Some(EnsembleFindings { cases, ranks, crps, spread_skill }) = ensemble {
        let flatness = ranks.flatness();
        let bins = spread_skill.bins.iter().map(|bin| json!({"spread": bin.spread, "error": bin.error}));
        value["ensemble"] = json!({
            "crps": mean.forecast_crps,
            "analysis_crps": mean.analysis_crps,
            "degrees_of_freedom_per_observation": mean.signal,
            "impact": mean.impact,
            "change": mean.change,
            "share_that_helps": mean.helpful,
            "cases": cases,
            "ranks": ranks.counts(),
            "chi_square": flatness.map(|of| of.chi_square),
            "chi_square_slope": flatness.map(|of| of.slope),
            "chi_square_bowl": flatness.map(|of| of.bowl),
            "crps_of_cases": crps.crps,
            "crps_reliability": crps.reliability,
            "crps_potential": crps.potential,
            "spread": spread_skill.total.spread,
            "error": spread_skill.total.error,
            "spread_skill": bins.collect::<Vec<_>>(),
        });
    }
    value
}

fn charts(results: &Results, found: &[(&str, Findings)]) -> Vec<(&'static str, Chart)> {
    let series = |name: &str, points: Vec<(f64, f64)>| Series { name: name.to_owned(), points };
    let members = || found.iter().filter_map(|(name, of)| of.ensemble.as_ref().map(|of| (*name, of)));
    let mut ranks: Vec<Series> = members().map(|(name, of)| series(name, frequencies(of))).collect();
    let mut skill: Vec<Series> = members()
        .map(|(name, of)| {
            series(name, of.spread_skill.bins.iter().map(|bin| (bin.spread, bin.error)).collect())
        })
        .collect();
    let consistency = results.methods.iter().map(|of| {
        let departures = of.diagnosis.departures();
        let block = departures.len().div_ceil(40).max(1);
        let points = departures.chunks(block).enumerate().map(|(number, part)| {
            let mean = part.iter().map(|departure| departure.observation).sum::<f64>() / part.len() as f64;
            ((number * block + part.len() / 2) as f64, root(mean))
        });
        series(of.name, points.collect())
    });
    let chart = |title: &str, x_label: &str, y_label: &str, series: Vec<Series>| Chart {
        title: title.to_owned(),
        x_label: x_label.to_owned(),
        y_label: y_label.to_owned(),
        series,
        x_step: None,
        aspect: 0.6,
    };
    let mut charts = vec![(
        "consistency.png",
        chart(
            "Errors of observations that departures show",
            "cycle",
            "standard deviation over that assumed",
            consistency.collect(),
        ),
    )];
    if !ranks.is_empty() {
        let largest =
            skill.iter().flat_map(|of| &of.points).map(|point| point.0.max(point.1)).fold(0.0, f64::max);
        ranks.push(series("flat", vec![(0.0, 1.0), (1.0, 1.0)]));
        skill.push(series("equal", vec![(0.0, 0.0), (largest, largest)]));
        let unit = "over the observations' standard errors";
        charts.push((
            "ranks.png",
            chart(
                "Ranks of the truth among the forecast's members",
                "rank over the number of members",
                "frequency over that of a flat histogram",
                ranks,
            ),
        ));
        charts.push((
            "spread-skill.png",
            chart(
                "Spread and error of forecasts",
                &format!("spread {unit}"),
                &format!("error {unit}"),
                skill,
            ),
        ));
    }
    charts
}

/// Of each rank, over that of a flat histogram.
fn frequencies(of: &EnsembleFindings) -> Vec<(f64, f64)> {
    let counts = of.ranks.counts();
    let (last, flat) = ((counts.len() - 1) as f64, of.cases as f64 / counts.len() as f64);
    counts.iter().enumerate().map(|(rank, count)| (rank as f64 / last, *count as f64 / flat)).collect()
}
