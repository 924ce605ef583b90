//! What a run measures of itself: global quantities at every output, noise at every step.

use serde::Serialize;
use serde_json::{Value, json};
use terrella_dycore::primitive::Diagnostics;
use terrella_io::picture::Chart;
use terrella_io::picture::Series as Line;
use terrella_kernels::grid::Grid;

/// The state's global quantities at one time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Record {
    /// Forecast hour.
    pub(super) hour: f64,
    /// Mean surface pressure \[Pa\].
    pub(super) surface_pressure: f64,
    /// Mean energy \[J m⁻²\].
    pub(super) total_energy: f64,
    /// Mean mass of water vapour \[kg m⁻²\].
    pub(super) water_vapour: f64,
    /// Largest wind speed \[m s⁻¹\].
    pub(super) maximum_wind: f64,
    /// Lowest and highest temperature \[K\].
    pub(super) coldest: f64,
    pub(super) warmest: f64,
    /// Root mean square difference of the 500 hPa height from the initial one \[m\].
    pub(super) height_change: f64,
}

impl Record {
    const NUMBERS: usize = 8;

    pub(super) fn new(diagnostics: &Diagnostics, height_change: f64) -> Self {
        Self {
            hour: diagnostics.time / 3600.0,
            surface_pressure: diagnostics.surface_pressure,
            total_energy: diagnostics.total_energy,
            water_vapour: diagnostics.tracer_mass.first().copied().unwrap_or(0.0),
            maximum_wind: diagnostics.maximum_wind,
            coldest: diagnostics.temperature_range[0],
            warmest: diagnostics.temperature_range[1],
            height_change,
        }
    }

    fn to_numbers(self) -> [f64; Self::NUMBERS] {
        [
            self.hour,
            self.surface_pressure,
            self.total_energy,
            self.water_vapour,
            self.maximum_wind,
            self.coldest,
            self.warmest,
            self.height_change,
        ]
    }

    fn from_numbers(numbers: [f64; Self::NUMBERS]) -> Self {
        let [
            hour,
            surface_pressure,
            total_energy,
            water_vapour,
            maximum_wind,
            coldest,
            warmest,
            height_change,
        ] = numbers;
        Self {
            hour,
            surface_pressure,
            total_energy,
            water_vapour,
            maximum_wind,
            coldest,
            warmest,
            height_change,
        }
    }
}

/// All measurements of a run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    /// At every output.
    pub(super) records: Vec<Record>,
    /// Mean |∂p_s/∂t| over each step \[hPa h⁻¹\]; gravity waves show in it first.
    pub(super) noise: Vec<f64>,
    /// The 500 hPa height at the start \[m\], `[point]`.
    pub(super) first_height: Vec<f64>,
}

impl Series {
    /// For checkpoints.
    pub(super) fn to_numbers(&self) -> Vec<f64> {
        let lengths = [self.records.len(), self.noise.len(), self.first_height.len()];
        let mut numbers: Vec<f64> = lengths.map(|length| length as f64).to_vec();
        numbers.extend(self.records.iter().flat_map(|record| record.to_numbers()));
        numbers.extend(&self.noise);
        numbers.extend(&self.first_height);
        numbers
    }

    /// The inverse of [`Series::to_numbers`]; none unless all is there.
    pub(super) fn from_numbers(numbers: &[f64]) -> Option<Self> {
        let (lengths, rest) = numbers.split_first_chunk::<3>()?;
        let [records, noise, height] = lengths.map(|length| length as usize);
        let (records, rest) = rest.split_at_checked(records.checked_mul(Record::NUMBERS)?)?;
        let (noise, rest) = rest.split_at_checked(noise)?;
        let records = records.as_chunks().0.iter().map(|numbers| Record::from_numbers(*numbers)).collect();
        (rest.len() == height).then(|| Self { records, noise: noise.to_vec(), first_height: rest.to_vec() })
    }

    /// Mean noise of the last `steps` steps \[hPa h⁻¹\].
    pub(super) fn recent_noise(&self, steps: usize) -> Option<f64> {
        let recent = &self.noise[self.noise.len().saturating_sub(steps)..];
        (!recent.is_empty()).then(|| recent.iter().sum::<f64>() / recent.len() as f64)
    }

    /// Its entries of the summary.
    pub(super) fn measured(&self) -> Value {
        json!({
            "units": {
                "surface_pressure": "Pa", "total_energy": "J m-2", "water_vapour": "kg m-2", "maximum_wind": "m s-1",
                "coldest": "K", "warmest": "K", "height_change": "m", "mean_pressure_tendency": "hPa h-1",
            },
            "records": self.records,
            "mean_pressure_tendency": self.noise,
        })
    }

    /// Noise, wind, energy, and how far the state went.
    pub(super) fn charts(&self, time_step: f64) -> Vec<Chart> {
        let (Some(first), Some(last)) = (self.records.first(), self.records.last()) else {
            return Vec::new();
        };
        if self.records.len() < 2 {
            return Vec::new();
        }
        let points = |value: &dyn Fn(&Record) -> f64| -> Vec<(f64, f64)> {
            self.records.iter().map(|record| (record.hour, value(record))).collect()
        };
        let chart = |title: &str, y_label: &str, name: &str, points: Vec<(f64, f64)>| Chart {
            title: title.into(),
            x_label: "forecast hour".into(),
            y_label: y_label.into(),
            series: vec![Line { name: name.into(), points }],
            x_step: Some(if last.hour > 36.0 { 24.0 } else { 6.0 }),
            aspect: 0.6,
        };
        let noise = self.noise.iter().enumerate();
        let noise = noise.map(|(step, value)| ((step + 1) as f64 * time_step / 3600.0, *value)).collect();
        vec![
            chart("Gravity-wave noise", "mean |dp/dt| [hPa/h]", "surface pressure", noise),
            chart("Strongest wind", "[m/s]", "wind", points(&|record| record.maximum_wind)),
            chart(
                "Energy",
                "change [%]",
                "energy",
                points(&|record| 100.0 * (record.total_energy / first.total_energy - 1.0)),
            ),
            chart(
                "Away from the start",
                "rms difference [m]",
                "500 hPa height",
                points(&|record| record.height_change),
            ),
        ]
    }
}

/// Root mean square difference over the sphere of two fields on a grid.
pub(super) fn rms_difference(grid: &Grid, one: &[f64], other: &[f64]) -> f64 {
    let ring_mean = |ring: &terrella_kernels::grid::Ring| {
        let points = ring.offset..ring.offset + ring.points;
        points.map(|point| (one[point] - other[point]).powi(2)).sum::<f64>() / ring.points as f64
    };
    grid.rings().iter().map(|ring| ring.weight * ring_mean(ring)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_goes_there_and_back() {
        let record = Record::from_numbers([6.0, 98_000.0, 2.6e9, 23.0, 105.0, 186.0, 311.0, 21.5]);
        let series =
            Series { records: vec![record; 2], noise: vec![0.4, 0.3], first_height: vec![5500.0; 5] };
        let numbers = series.to_numbers();
        assert_eq!(Series::from_numbers(&numbers), Some(series.clone()));
        assert_eq!(Series::from_numbers(&numbers[..numbers.len() - 1]), None);
        assert_eq!(series.recent_noise(1), Some(0.3));
        assert_eq!(Series::default().recent_noise(3), None);
    }
}
