//! What came out: feedback, increments, pictures, summary.

use std::collections::BTreeMap;

use serde_json::json;
use terrella_driver::progress::say;
use terrella_io::encode::{NamedVariable, Naming, NetcdfFile};
use terrella_io::observations::{
    Choice, Departure, Feedback, Quantity, Reason, Rejections, departure_map, histogram_chart, profile_chart,
    write_feedback,
};
use terrella_io::picture::{ColourMap, Map, Page, Projection, Shading, nice_levels};
use terrella_io::sink::AtomicFile;
use terrella_kernels::Precision;

use super::Outcome;
use super::fields::FIELDS;
use crate::error::{Error, Result};

/// Borders of the layers of statistics \[Pa].
const BORDERS: [f64; 12] = [
    1_000.0, 3_000.0, 7_000.0, 12_500.0, 17_500.0, 22_500.0, 27_500.0, 35_000.0, 45_000.0, 60_000.0,
    77_500.0, 110_000.0,
];
/// Bins of histograms.
const BINS: usize = 41;
const WIDTH: u32 = 1_600;
const WORLD: Projection = Projection::PlateCarree { longitude: 0.0 };

/// Writes everything and says the table.
pub(super) fn write(outcome: &Outcome) -> Result<()> {
    let folder = &outcome.configuration.output.folder;
    std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, "creation", error))?;
    let title = [("title", "Departures of observations from a background and its analysis")];
    write_feedback(folder.join("feedback.nc"), &outcome.feedback, &title)?;
    write_increments(outcome)?;
    draw_departures(outcome)?;
    draw_increments(outcome)?;
    let mut text = serde_json::to_string_pretty(&summary(outcome)).expect("numbers and texts are valid JSON");
    text.push('\n');
    AtomicFile::write(folder.join("summary.json"), text.as_bytes())?;
    say("quantity             unit     values   mean O−B   rms O−B   mean O−A   rms O−A");
    for (quantity, (_, _, unit, scale)) in FIELDS.into_iter().zip(NAMES) {
        let [before, after] = [innovation, residual].map(|of| moments(&outcome.feedback, quantity, of));
        let (count, mean, rms) = before;
        if count == 0 {
            continue;
        }
        say(&format!(
            "{quantity:18}   {unit:6} {count:8}   {:8.3}   {:7.3}   {:8.3}   {:7.3}",
            scale * mean,
            scale * rms,
            scale * after.1,
            scale * after.2
        ));
    }
    for Others { quantity, at_stations, count, mean, rms } in others(&outcome.feedback) {
        let place = if at_stations { "stations" } else { "levels" };
        let name = format!("{quantity} at {place}, not analysed:");
        let (unit, scale) = match quantity {
            Quantity::SpecificHumidity => ("g kg-1", 1e3),
            other => (other.unit(), 1.0),
        };
        say(&format!("{name} {count} values, mean O−B {:.3}, rms {:.3} {unit}", scale * mean, scale * rms));
    }
    let analysis = &outcome.analysis;
    let iterations: usize = analysis.loops.iter().map(|of| of.history.len().saturating_sub(1)).sum();
    say(&format!(
        "cost {:.1} to {:.1} in {} outer loops, {iterations} iterations{}; {}",
        analysis.loops.first().map_or(f64::NAN, |of| of.cost),
        analysis.cost,
        analysis.loops.len(),
        if analysis.converged() { "" } else { ", not converged" },
        folder.display()
    ));
    Ok(())
}

fn innovation(departure: &Departure) -> f64 {
    departure.innovation()
}

fn residual(departure: &Departure) -> f64 {
    departure.residual()
}

/// Number, mean and root mean square of the departures that were analysed.
fn moments(feedback: &Feedback, quantity: Quantity, of: fn(&Departure) -> f64) -> (usize, f64, f64) {
    let own: Vec<f64> = analysed(feedback).filter(|d| d.quantity == quantity).map(of).collect();
    let count = own.len().max(1) as f64;
    let mean = own.iter().sum::<f64>() / count;
    (own.len(), mean, (own.iter().map(|value| value * value).sum::<f64>() / count).sqrt())
}

/// Innovations of what was compared but is not analysed.
struct Others {
    quantity: Quantity,
    at_stations: bool,
    count: usize,
    mean: f64,
    rms: f64,
}

fn others(feedback: &Feedback) -> Vec<Others> {
    let places = Quantity::ALL.into_iter().flat_map(|quantity| [(quantity, false), (quantity, true)]);
    places
        .filter_map(|(quantity, at_stations)| {
            let own: Vec<f64> = feedback
                .departures
                .iter()
                .filter(|d| d.reason == Some(Reason::NotAnalysed) && d.quantity == quantity)
                .filter(|d| d.pressure.is_nan() == at_stations)
                .map(innovation)
                .filter(|innovation| innovation.is_finite())
                .collect();
            let count = own.len() as f64;
            (!own.is_empty()).then(|| Others {
                quantity,
                at_stations,
                count: own.len(),
                mean: own.iter().sum::<f64>() / count,
                rms: (own.iter().map(|value| value * value).sum::<f64>() / count).sqrt(),
            })
        })
        .collect()
}

fn analysed(feedback: &Feedback) -> impl Iterator<Item = &Departure> {
    feedback.departures.iter().filter(|departure| departure.is_used() && departure.analysis.is_finite())
}

/// The feedback of what was analysed, with the analysis in the background's place if `after`.
fn part(feedback: &Feedback, after: bool) -> Feedback {
    let departures = analysed(feedback).map(|departure| Departure {
        equivalent: if after { departure.analysis } else { departure.equivalent },
        ..*departure
    });
    Feedback { stations: feedback.stations.clone(), departures: departures.collect() }
}

/// Of the fields: name, title, unit of tables and maps, and how many of these the SI unit has.
const NAMES: [(&str, &str, &str, f64); 4] = [
    ("u", "Increment of eastward wind", "m s-1", 1.0),
    ("v", "Increment of northward wind", "m s-1", 1.0),
    ("t", "Increment of temperature", "K", 1.0),
    ("q", "Increment of specific humidity", "g kg-1", 1e3),
];

fn write_increments(outcome: &Outcome) -> Result<()> {
    let fields = &outcome.fields;
    let pressures = &fields.pressures[0];
    let (mut variables, mut values) = (Vec::new(), Vec::new());
    for (field, values_of_field) in fields.parts(&outcome.analysis.state).into_iter().enumerate() {
        let (name, long_name, ..) = NAMES[field];
        if values_of_field.is_empty() {
            continue;
        }
        variables.push(NamedVariable {
            naming: Naming {
                name: format!("{name}_increment"),
                long_name: long_name.to_owned(),
                standard_name: None,
                units: FIELDS[field].unit().to_owned(),
                cell_methods: None,
            },
            precision: Precision::F32,
            pressures: pressures.clone(),
        });
        // Where humidity is not analysed it does not change; its levels are among the others.
        let mut whole = vec![0.0; pressures.len() * fields.layout.points()];
        for (level, values) in
            fields.pressures[field].iter().zip(values_of_field.chunks_exact(fields.layout.points()))
        {
            let place = pressures.iter().position(|other| other == level).expect("a level of all fields");
            let from = place * fields.layout.points();
            whole[from..from + values.len()].copy_from_slice(values);
        }
        values.push(whole);
    }
    let path = outcome.configuration.output.folder.join("increments.nc");
    let valid = outcome.background.valid;
    let title = [("title", "Analysis minus background")];
    let mut file = NetcdfFile::create_named(path, &fields.layout, valid, &variables, &title)?;
    let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    file.append(valid, &slices)?;
    Ok(file.finish()?)
}

fn draw_departures(outcome: &Outcome) -> Result<()> {
    let folder = &outcome.configuration.output.folder;
    let [before, after] = [false, true].map(|after| part(&outcome.feedback, after));
    for quantity in FIELDS {
        let name = quantity.to_string().replace(' ', "_");
        let choice = Choice { quantity, kind: None, pressures: None };
        if moments(&outcome.feedback, quantity, innovation).0 < 2 {
            continue;
        }
        let maps = [&before, &after].map(|feedback| departure_map(feedback, &choice, WORLD));
        let page = Page {
            title: format!("{quantity}: observations minus background, and minus analysis"),
            subtitle: String::new(),
            columns: 1,
            panels: vec![&maps[0], &maps[1]],
            footer: String::new(),
        };
        page.draw(WIDTH)?.save(folder.join(format!("departures_{name}.png")))?;
        if let Some(chart) = histogram_chart(&before, &choice, BINS) {
            chart.picture(WIDTH)?.save(folder.join(format!("histogram_{name}.png")))?;
        }
        let profiles =
            [&before, &after].map(|feedback| profile_chart(&feedback.statistics(&BORDERS), quantity));
        if let [Some(mut chart), Some(other)] = profiles {
            chart.title = format!("{quantity}: observations minus background (B) and analysis (A)");
            chart.series.iter_mut().for_each(|series| series.name.push_str(", B"));
            chart.series.extend(other.series.into_iter().map(|mut series| {
                series.name.push_str(", A");
                series
            }));
            chart.picture(WIDTH)?.save(folder.join(format!("profile_{name}.png")))?;
        }
    }
    Ok(())
}

fn draw_increments(outcome: &Outcome) -> Result<()> {
    let folder = &outcome.configuration.output.folder;
    let fields = &outcome.fields;
    let points = fields.layout.points();
    let parts = fields.parts(&outcome.analysis.state);
    for level in &outcome.configuration.output.maps {
        let distance = |pressure: &f64| (0.01 * pressure / level).ln().abs();
        // Humidity has fewer levels: no map of it where its nearest one is another.
        let nearest_of = |field: usize| {
            let pressures = &fields.pressures[field];
            (0..pressures.len()).min_by(|a, b| distance(&pressures[*a]).total_cmp(&distance(&pressures[*b])))
        };
        let pressure = fields.pressures[0][nearest_of(0).expect("there are levels")];
        let scaled: Vec<(usize, Vec<f64>)> = (0..NAMES.len())
            .filter_map(|field| {
                let nearest = nearest_of(field).filter(|own| fields.pressures[field][*own] == pressure)?;
                let values = &parts[field][nearest * points..(nearest + 1) * points];
                Some((field, values.iter().map(|value| NAMES[field].3 * value).collect()))
            })
            .collect();
        let pressure = 0.01 * pressure;
        let maps: Vec<Map> = scaled
            .iter()
            .map(|(field, values)| {
                let (_, name, unit, _) = NAMES[*field];
                let largest =
                    values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())).max(1e-3);
                Map {
                    title: format!("{name}, {pressure} hPa"),
                    subtitle: String::new(),
                    projection: WORLD,
                    shading: Some(Shading {
                        layout: &fields.layout,
                        values,
                        levels: nice_levels(-largest, largest, 14),
                        colours: ColourMap::Difference,
                        smooth: true,
                        label: format!("[{unit}]"),
                    }),
                    contours: Vec::new(),
                    wind: None,
                }
            })
            .collect();
        let page = Page {
            title: "Analysis minus background".to_owned(),
            subtitle: String::new(),
            columns: 1,
            panels: maps.iter().map(|map| map as _).collect(),
            footer: String::new(),
        };
        page.draw(WIDTH)?.save(folder.join(format!("increments_{pressure}.png")))?;
    }
    Ok(())
}

fn summary(outcome: &Outcome) -> serde_json::Value {
    let quantities = FIELDS.map(|quantity| {
        let [(count, mean, rms), (_, mean_after, rms_after)] =
            [innovation, residual].map(|of| moments(&outcome.feedback, quantity, of));
        json!({
            "quantity": quantity.to_string(),
            "unit": quantity.unit(),
            "values": count,
            "mean_innovation": mean,
            "root_mean_square_innovation": rms,
            "mean_residual": mean_after,
            "root_mean_square_residual": rms_after,
        })
    });
    let others = others(&outcome.feedback).into_iter().map(|of| {
        json!({
            "quantity": of.quantity.to_string(),
            "unit": of.quantity.unit(),
            "at": if of.at_stations { "stations" } else { "levels" },
            "values": of.count,
            "mean_innovation": of.mean,
            "root_mean_square_innovation": of.rms,
        })
    });
    let loops = outcome.analysis.loops.iter().map(|of| {
        json!({
            "cost": of.cost,
            "history": of.history.iter().map(|one| [one.cost, one.gradient_norm]).collect::<Vec<_>>(),
            "stop": format!("{:?}", of.stop),
        })
    });
    json!({
        "configuration": outcome.configuration,
        "background_valid": outcome.background.valid.to_string(),
        "reports": outcome.feedback.stations.len(),
        "values": outcome.feedback.departures.len(),
        "analysed": outcome.used,
        "rejected_reports": outcome.rejected,
        "rejected_values": counts(&outcome.feedback.rejections()),
        "quantities": quantities,
        "not_analysed": others.collect::<Vec<_>>(),
        "cost": outcome.analysis.cost,
        "converged": outcome.analysis.converged(),
        "outer_loops": loops.collect::<Vec<_>>(),
    })
}

/// Numbers of values by reason.
fn counts(rejections: &Rejections) -> BTreeMap<&'static str, usize> {
    rejections.counts().iter().map(|(reason, count)| (reason.name(), *count)).collect()
}
