//! What a run measures of itself: global quantities at every output, noise at every step.

use serde::Serialize;
use serde_json::{Value, json};
use terrella_dycore::primitive::{Diagnostics, Primitive};
use terrella_io::picture::Chart;
use terrella_io::picture::Series as Line;
use terrella_kernels::Real;
use terrella_kernels::grid::Grid;

use super::fields::physics_field;
use crate::error::Result;

/// The state's global quantities at one time; sums are since the start, and 0 without column physics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Record {
    /// Forecast hour.
    pub(super) hour: f64,
    /// Mean surface pressure \[Pa\].
    pub(super) surface_pressure: f64,
    /// Mean energy, without latent heat \[J m⁻²\].
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
    /// Mean sum of precipitation, and of its convective part \[kg m⁻²\].
    pub(super) precipitation: f64,
    pub(super) convective_precipitation: f64,
    /// Mean sum of evaporation \[kg m⁻²\].
    pub(super) evaporation: f64,
    /// Mean sum of radiation that came in at the top \[J m⁻²\].
    pub(super) energy_from_above: f64,
    /// Mean sum of sensible heat and radiation that came from the ground \[J m⁻²\].
    pub(super) energy_from_below: f64,
}

impl Record {
    const NUMBERS: usize = 13;

    /// From the state's diagnostics and the model's column physics.
    pub(super) fn new<R: Real>(
        diagnostics: &Diagnostics,
        model: &Primitive<R>,
        height_change: f64,
    ) -> Result<Self> {
        let [convective_precipitation, stratiform_precipitation, evaporation, from_above, from_below] =
            Self::sums(model)?;
        Ok(Self {
            hour: diagnostics.time / 3600.0,
            surface_pressure: diagnostics.surface_pressure,
            total_energy: diagnostics.total_energy,
            water_vapour: diagnostics.tracer_mass.first().copied().unwrap_or(0.0),
            maximum_wind: diagnostics.maximum_wind,
            coldest: diagnostics.temperature_range[0],
            warmest: diagnostics.temperature_range[1],
            height_change,
            precipitation: convective_precipitation + stratiform_precipitation,
            convective_precipitation,
            evaporation,
            energy_from_above: from_above,
            energy_from_below: from_below,
        })
    }

    /// Global means of what column physics sums up, on rank 0; all ranks call it together.
    pub(super) fn sums<R: Real>(model: &Primitive<R>) -> Result<[f64; 5]> {
        let names = [
            "convective_precipitation_amount",
            "stratiform_precipitation_amount",
            "accumulated_evapotranspiration",
            "accumulated_toa_net_downward_energy",
            "accumulated_surface_upward_energy",
        ];
        let mut means = [0.0; 5];
        for (mean, name) in means.iter_mut().zip(names) {
            let field = physics_field(model, name)?.filter(|values| !values.is_empty());
            *mean = field.map_or(0.0, |values| area_mean(&model.configuration().grid, &values));
        }
        Ok(means)
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
            self.precipitation,
            self.convective_precipitation,
            self.evaporation,
            self.energy_from_above,
            self.energy_from_below,
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
            rest @ ..,
        ] = numbers;
        let [precipitation, convective_precipitation, evaporation, energy_from_above, energy_from_below] =
            rest;
        Self {
            hour,
            surface_pressure,
            total_energy,
            water_vapour,
            maximum_wind,
            coldest,
            warmest,
            height_change,
            precipitation,
            convective_precipitation,
            evaporation,
            energy_from_above,
            energy_from_below,
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

    /// Mean precipitation since the record before the last \[mm/day\].
    pub(super) fn rain_rate(&self) -> Option<f64> {
        let [.., before, last] = &self.records[..] else { return None };
        Some((last.precipitation - before.precipitation) / (last.hour - before.hour) * 24.0)
    }

    /// Its entries of the summary; steps of `time_step` \[s\], `latent_heat` that of the column physics \[J kg⁻¹\].
    pub(super) fn measured(&self, time_step: f64, latent_heat: f64) -> Value {
        json!({
            "units": {
                "surface_pressure": "Pa", "total_energy": "J m-2", "water_vapour": "kg m-2", "maximum_wind": "m s-1",
                "coldest": "K", "warmest": "K", "height_change": "m", "mean_pressure_tendency": "hPa h-1",
                "precipitation": "kg m-2", "convective_precipitation": "kg m-2", "evaporation": "kg m-2",
                "energy_from_above": "J m-2", "energy_from_below": "J m-2", "noise": "hPa h-1",
                "precipitation_rate": "mm day-1", "water_budget": "mm day-1", "energy_budget": "W m-2",
            },
            "records": self.records,
            "precipitation_rate": self.rates(|record| record.precipitation),
            "water_budget": self.water_budget(),
            "energy_budget": self.energy_budget(latent_heat),
            "noise": self.noise_in_hours(time_step),
            "mean_pressure_tendency": self.noise,
        })
    }

    /// Change per day of a sum between records.
    fn rates(&self, sum: impl Fn(&Record) -> f64) -> Vec<f64> {
        let rate = |pair: &[Record]| 24.0 * (sum(&pair[1]) - sum(&pair[0])) / (pair[1].hour - pair[0].hour);
        self.records.windows(2).map(rate).collect()
    }

    /// From the first to the last record, per day; the residual is what the change has beyond evaporation less
    /// precipitation: truncation, diffusion and time filter of humidity.
    fn water_budget(&self) -> Value {
        let [first, .., last] = &self.records[..] else { return Value::Null };
        let per_day = |change: f64| 24.0 * change / (last.hour - first.hour);
        let change = last.water_vapour - first.water_vapour;
        let (rain, evaporation) =
            (last.precipitation - first.precipitation, last.evaporation - first.evaporation);
        json!({
            "precipitation": per_day(rain),
            "evaporation": per_day(evaporation),
            "change_of_vapour": per_day(change),
            "residual": per_day(change - evaporation + rain),
        })
    }

    /// The same of energy with latent heat, as fluxes; the residual is what dynamics lose by diffusion and friction, and
    /// what rain takes along.
    fn energy_budget(&self, latent_heat: f64) -> Value {
        let [first, .., last] = &self.records[..] else { return Value::Null };
        let flux = |change: f64| change / (3600.0 * (last.hour - first.hour));
        let change =
            last.total_energy - first.total_energy + latent_heat * (last.water_vapour - first.water_vapour);
        let above = last.energy_from_above - first.energy_from_above;
        let below = last.energy_from_below - first.energy_from_below;
        let latent = latent_heat * (last.evaporation - first.evaporation);
        json!({
            "from_above": flux(above),
            "from_below": flux(below),
            "evaporation": flux(latent),
            "change": flux(change),
            "residual": flux(change - above - below - latent),
        })
    }

    /// Mean noise of the first hour and of hour 24.
    fn noise_in_hours(&self, time_step: f64) -> Value {
        let hour = ((3600.0 / time_step).round() as usize).max(1);
        let day = (24.0 * 3600.0 / time_step).round() as usize;
        let mean = |steps: &[f64]| steps.iter().sum::<f64>() / steps.len() as f64;
        let first = self.noise.get(..hour).map(mean);
        let later = self.noise.get(day.saturating_sub(hour)..day).map(mean);
        json!({ "first_hour": first, "hour_24": later, "ratio": first.zip(later).map(|(one, other)| one / other) })
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
        let rain = self.records.iter().skip(1).zip(self.rates(|record| record.precipitation));
        let rain: Vec<(f64, f64)> = rain.map(|(record, rate)| (record.hour, rate)).collect();
        let mut charts = vec![
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
        ];
        if last.precipitation > 0.0 {
            charts.push(chart("Rain over the globe", "[mm/day]", "precipitation", rain));
            charts.push(chart(
                "Water vapour",
                "[kg/m²]",
                "mean column",
                points(&|record| record.water_vapour),
            ));
        }
        charts
    }
}

/// Mean over the sphere of a field on a grid.
pub(super) fn area_mean(grid: &Grid, values: &[f64]) -> f64 {
    let ring_mean = |ring: &terrella_kernels::grid::Ring| {
        values[ring.offset..ring.offset + ring.points].iter().sum::<f64>() / ring.points as f64
    };
    grid.rings().iter().map(|ring| ring.weight * ring_mean(ring)).sum()
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
        let record = Record::from_numbers(std::array::from_fn(|index| 1.5 + index as f64));
        let series =
            Series { records: vec![record; 2], noise: vec![0.4, 0.3], first_height: vec![5500.0; 5] };
        let numbers = series.to_numbers();
        assert_eq!(Series::from_numbers(&numbers), Some(series.clone()));
        assert_eq!(Series::from_numbers(&numbers[..numbers.len() - 1]), None);
        assert_eq!(series.recent_noise(1), Some(0.3));
        assert_eq!(Series::default().recent_noise(3), None);
    }

    #[test]
    fn budgets_close_where_nothing_is_lost() {
        let start = Record { total_energy: 2.5e9, water_vapour: 25.0, ..Record::default() };
        let end = Record {
            hour: 12.0,
            // What evaporates, 2 kg/m², warms where 1.5 of it condense.
            total_energy: 2.5e9 + 1.5 * 2.5e6 + 4e5 - 3e5,
            water_vapour: 25.5,
            precipitation: 1.5,
            evaporation: 2.0,
            energy_from_above: 4e5,
            energy_from_below: -3e5,
            ..start
        };
        let series =
            Series { records: vec![start, end], noise: vec![0.8, 0.4, 0.2], first_height: Vec::new() };
        let measured = series.measured(12.0 * 3600.0, 2.5e6);
        assert_eq!(measured["water_budget"]["precipitation"], 3.0);
        assert_eq!(measured["water_budget"]["residual"], 0.0);
        let residual = measured["energy_budget"]["residual"].as_f64().unwrap();
        assert!(residual.abs() < 1e-3, "{residual}");
        assert_eq!(measured["precipitation_rate"][0], 3.0);
        assert_eq!(measured["noise"]["ratio"], 2.0);
        assert_eq!(series.rain_rate(), Some(3.0));
    }
}
