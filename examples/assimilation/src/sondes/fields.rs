//! The fields that are analysed, and where.

use terrella_io::layout::Layout;
use terrella_io::observations::Quantity;
use terrella_io::read::{State, StateField, StateLevels};
use terrella_kernels::assimilation::operators::{Horizontal, humidity};
use terrella_kernels::grid::Grid;
use terrella_kernels::vertical::interpolation::linear;

use super::configuration::Analysis;
use crate::error::{Error, Result};

/// The fields, in their order.
pub(super) const FIELDS: [Quantity; 4] =
    [Quantity::EastwardWind, Quantity::NorthwardWind, Quantity::Temperature, Quantity::SpecificHumidity];

/// Humidity is analysed up to here \[Pa]: above, sondes' sensors are slow and errors as large as the values.
const HIGHEST_HUMIDITY: f64 = 30_000.0;

/// Where the fields are.
pub(super) struct Fields {
    pub(super) grid: Grid,
    pub(super) layout: Layout,
    /// Pressures \[Pa] of each field's levels, from the top; none of humidity where the background has none.
    pub(super) pressures: [Vec<f64>; 4],
}

impl Fields {
    /// On a grid for a truncation, at the levels that all of u, v and T of a background on pressures have, and at those of them that its humidity has.
    pub(super) fn new(
        settings: &Analysis,
        background: &State,
        refuse: impl Fn(&str) -> Error,
    ) -> Result<Self> {
        let of = |field: &StateField| match &field.levels {
            StateLevels::Pressure(pressures) => Ok(pressures.clone()),
            StateLevels::Hybrid { .. } => Err(refuse("its levels are hybrid; expected pressure levels.")),
        };
        let temperature = of(&background.temperature)?;
        let common: Vec<f64> =
            of(&background.u)?.into_iter().filter(|pressure| temperature.contains(pressure)).collect();
        if common.len() < 2 {
            return Err(refuse("wind and temperature share less than two levels."));
        }
        let mut humid = background.humidity.as_ref().map(of).transpose()?.unwrap_or_default();
        humid.retain(|pressure| *pressure >= HIGHEST_HUMIDITY && common.contains(pressure));
        if humid.len() < 2 {
            humid.clear();
        }
        let grid: Grid = format!("F{}", (settings.truncation + 2) / 2).parse()?;
        let layout = Layout::from(&grid);
        Ok(Self { grid, layout, pressures: [common.clone(), common.clone(), common, humid] })
    }

    /// Number of values of each field.
    pub(super) fn lengths(&self) -> [usize; 4] {
        [0, 1, 2, 3].map(|field| self.pressures[field].len() * self.grid.points())
    }

    /// The fields of a state, which follow each other.
    pub(super) fn parts<'a>(&self, state: &'a [f64]) -> [&'a [f64]; 4] {
        let mut rest = state;
        self.lengths().map(|length| {
            let (own, others) = rest.split_at(length);
            rest = others;
            own
        })
    }

    /// Standard deviations of the background's errors, as a state: of humidity a share of the specific humidity of saturation over water at the
    /// background's temperature.
    pub(super) fn deviations(&self, settings: &Analysis, background: &State) -> Result<Vec<f64>> {
        let points = self.grid.points();
        let [wind, _, temperature, humid] = self.lengths();
        let mut deviations = vec![settings.wind; 2 * wind];
        deviations.extend(std::iter::repeat_n(settings.temperature, temperature));
        let (latitudes, longitudes): (Vec<f64>, Vec<f64>) =
            (0..points).map(|point| self.grid.coordinates(point)).unzip();
        let circles = background.layout.rings();
        let places = Horizontal::new(circles, background.layout.is_global(), &latitudes, &longitudes)?;
        let StateLevels::Pressure(own) = &background.temperature.levels else {
            unreachable!("refused before")
        };
        let mut columns = vec![0.0; own.len() * points];
        places.interpolate(own.len(), &background.temperature.values, &mut columns)?;
        let nodes: Vec<f64> = own.iter().map(|pressure| pressure.ln()).collect();
        let mut values = vec![0.0; own.len()];
        let mut saturated = Vec::with_capacity(humid);
        for pressure in &self.pressures[3] {
            let warmth: Vec<f64> = (0..points)
                .map(|point| {
                    let column = columns[point..].iter().step_by(points);
                    values.iter_mut().zip(column).for_each(|(value, own)| *value = *own);
                    linear(&nodes, &values, pressure.ln())
                })
                .collect();
            let mut level = vec![0.0; points];
            humidity::specific(&vec![1.0; points], &warmth, &vec![*pressure; points], &mut level)?;
            saturated.extend(level);
        }
        deviations.extend(saturated.iter().map(|saturated| settings.humidity * saturated));
        Ok(deviations)
    }
}
