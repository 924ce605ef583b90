//! Pictures of departures: where, how high, how large.

use super::feedback::{Departure, Feedback, LevelStatistics};
use super::standard_atmosphere::height_of;
use super::{Kind, Quantity};
use crate::picture::{Chart, ColourMap, Map, Projection, Series, StationMap, nice_levels};

/// Departures of one kind, for a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What.
    pub quantity: Quantity,
    /// Whose; None: everyone's.
    pub kind: Option<Kind>,
    /// From this pressure to that \[Pa]; None: everywhere, stations included.
    pub pressures: Option<[f64; 2]>,
}

impl Choice {
    /// Those that count.
    fn of<'a>(&'a self, feedback: &'a Feedback) -> impl Iterator<Item = &'a Departure> {
        feedback.departures.iter().filter(|departure| {
            let kind = feedback.stations[departure.report].kind;
            let is_there =
                |[above, below]: [f64; 2]| departure.pressure >= above && departure.pressure <= below;
            departure.is_used()
                && departure.quantity == self.quantity
                && self.kind.is_none_or(|own| own == kind)
                && self.pressures.is_none_or(is_there)
        })
    }

    fn words(&self) -> String {
        let place = match self.pressures {
            Some([above, below]) if above == below => format!(", {} hPa", 0.01 * above),
            Some([above, below]) => format!(", {} to {} hPa", 0.01 * above, 0.01 * below),
            None => String::new(),
        };
        let kind = self.kind.map_or(String::new(), |kind| format!(", {kind}"));
        format!("{}{kind}{place}", self.quantity)
    }

    fn label(&self, what: &str) -> String {
        format!("{what} [{}]", self.quantity.unit())
    }
}

/// A map of mean innovations y − H(xᵇ), a dot for each report that has any; colours reach to twice the root mean square.
pub fn departure_map(feedback: &Feedback, choice: &Choice, projection: Projection) -> StationMap<'static> {
    let mut sums: Vec<(usize, f64)> = vec![(0, 0.0); feedback.stations.len()];
    for departure in choice.of(feedback) {
        let (count, sum) = &mut sums[departure.report];
        (*count, *sum) = (*count + 1, *sum + departure.innovation());
    }
    let places: Vec<(f64, f64, f64)> = sums
        .iter()
        .zip(&feedback.stations)
        .filter(|((count, _), _)| *count > 0)
        .map(|((count, sum), station)| (station.longitude, station.latitude, sum / *count as f64))
        .collect();
    let mean = places.iter().map(|place| place.2 * place.2).sum::<f64>() / places.len().max(1) as f64;
    let reach = if mean > 0.0 { 2.0 * mean.sqrt() } else { 1.0 };
    StationMap {
        map: Map {
            title: format!("Observation minus background: {}", choice.words()),
            subtitle: format!("{} reports", places.len()),
            projection,
            shading: None,
            contours: Vec::new(),
            wind: None,
        },
        places,
        levels: nice_levels(-reach, reach, 10),
        colours: ColourMap::Difference,
        label: choice.label("departure"),
    }
}

/// Mean and root mean square of innovations over height. None where there are fewer than two levels.
///
/// The vertical axis is the height that the middle of each level, by ln p, has in the standard atmosphere.
pub fn profile_chart(statistics: &[LevelStatistics], quantity: Quantity) -> Option<Chart> {
    let own: Vec<&LevelStatistics> =
        statistics.iter().filter(|level| level.quantity == quantity && !level.above.is_nan()).collect();
    if own.len() < 2 {
        return None;
    }
    let height = |level: &LevelStatistics| 1e-3 * height_of((level.above * level.below).sqrt());
    let series = |name: &str, value: &dyn Fn(&LevelStatistics) -> f64| Series {
        name: name.to_owned(),
        points: own.iter().map(|level| (value(level), height(level))).collect(),
    };
    Some(Chart {
        title: format!("Observation minus background: {quantity}"),
        x_label: format!("[{}]", quantity.unit()),
        y_label: "height in the standard atmosphere [km]".into(),
        series: vec![
            series("mean", &|level| level.mean),
            series("root mean square", &|level| level.root_mean_square),
        ],
        x_step: None,
        aspect: 0.8,
    })
}

/// What a report measured on its levels and what the background, and the analysis where there is one, have there, over the height that
/// the pressure has in the standard atmosphere. None where there are fewer than two levels that count.
pub fn sounding_chart(feedback: &Feedback, report: usize, quantity: Quantity) -> Option<Chart> {
    let station = feedback.stations.get(report)?;
    let mut own: Vec<&Departure> = feedback
        .departures
        .iter()
        .filter(|departure| departure.report == report && departure.quantity == quantity)
        .filter(|departure| departure.is_used() && !departure.pressure.is_nan())
        .collect();
    if own.len() < 2 {
        return None;
    }
    own.sort_by(|a, b| b.pressure.total_cmp(&a.pressure));
    let series = |name: &str, value: &dyn Fn(&Departure) -> f64| Series {
        name: name.to_owned(),
        points: own
            .iter()
            .map(|departure| (value(departure), 1e-3 * height_of(departure.pressure)))
            .collect(),
    };
    let mut all = vec![
        series("observed", &|departure| departure.observed),
        series("background", &|departure| departure.equivalent),
    ];
    if own.iter().any(|departure| departure.analysis.is_finite()) {
        // Where some levels have none, the line goes through the others.
        let mut analysis = series("analysis", &|departure| departure.analysis);
        analysis.points.retain(|point| point.0.is_finite());
        all.push(analysis);
    }
    Some(Chart {
        title: format!("{} {}, {}: {quantity}", station.kind, station.name, station.time),
        x_label: format!("[{}]", quantity.unit()),
        y_label: "height in the standard atmosphere [km]".into(),
        series: all,
        x_step: None,
        aspect: 0.8,
    })
}

/// How often innovations have which size, beside the normal distribution of the same mean and variance. None where there are fewer than
/// two different ones.
pub fn histogram_chart(feedback: &Feedback, choice: &Choice, bins: usize) -> Option<Chart> {
    let innovations: Vec<f64> = choice.of(feedback).map(Departure::innovation).collect();
    let count = innovations.len() as f64;
    let mean = innovations.iter().sum::<f64>() / count;
    let variance = innovations.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / count;
    // The variance of none is NaN.
    let differs = variance > 0.0;
    if !differs || bins == 0 {
        return None;
    }
    // Gross errors would make all others one bin.
    let (low, high) = (mean - 4.0 * variance.sqrt(), mean + 4.0 * variance.sqrt());
    let width = (high - low) / bins as f64;
    let mut counts = vec![0.0; bins];
    for innovation in &innovations {
        let bin = (innovation - low) / width;
        if bin >= 0.0 && bin < bins as f64 {
            counts[bin as usize] += 1.0;
        }
    }
    let scale = count * width / (std::f64::consts::TAU * variance).sqrt();
    let normal = (0..=100).map(|number| {
        let x = low + (high - low) * f64::from(number) / 100.0;
        (x, scale * (-0.5 * (x - mean).powi(2) / variance).exp())
    });
    Some(Chart {
        title: format!("Observation minus background: {}", choice.words()),
        x_label: choice.label("departure"),
        y_label: "values".into(),
        series: vec![
            Series::bars(format!("{count} values"), low, width, &counts),
            Series { name: "normal distribution".into(), points: normal.collect() },
        ],
        x_step: None,
        aspect: 0.6,
    })
}
