//! Charts of what a run measured of itself.

use terrella_io::picture::Chart;
use terrella_io::picture::Series as Line;

use crate::series::{Record, Series};

/// Energy, enstrophy and angular momentum relative to their start, noise, strongest wind.
pub(crate) fn charts(series: &Series, time_step: f64) -> Vec<Chart> {
    let change = |name: &str, quantity: fn(&Record) -> f64| {
        let start = series.records.first().map_or(f64::NAN, quantity);
        let points =
            series.records.iter().map(|record| (record.hour, 100.0 * (quantity(record) / start - 1.0)));
        Line { name: name.into(), points: points.collect() }
    };
    let chart = |title: &str, y_label: &str, lines: Vec<Line>| Chart {
        title: title.into(),
        x_label: "forecast hour".into(),
        y_label: y_label.into(),
        series: lines,
        x_step: series.records.last().map(|record| if record.hour > 36.0 { 24.0 } else { 6.0 }),
        aspect: 0.6,
    };
    let tendency = series.tendencies.iter().enumerate();
    let tendency = tendency.map(|(step, value)| ((step + 1) as f64 * time_step / 3600.0, *value)).collect();
    let wind = series.records.iter().map(|record| (record.hour, record.maximum_wind)).collect();
    vec![
        chart(
            "Conserved by the equations",
            "change [%]",
            vec![
                change("mass", |record| record.mass),
                change("total energy", |record| record.total_energy),
                change("angular momentum", |record| record.angular_momentum),
            ],
        ),
        chart(
            "Potential enstrophy",
            "change [%]",
            vec![change("potential enstrophy", |record| record.potential_enstrophy)],
        ),
        chart(
            "Height tendency",
            "root mean square [m/h]",
            vec![Line { name: "height tendency".into(), points: tendency }],
        ),
        chart("Strongest wind", "speed [m/s]", vec![Line { name: "strongest wind".into(), points: wind }]),
    ]
}
