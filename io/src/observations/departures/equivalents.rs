//! What a background has at the places of observations.

use std::collections::BTreeMap;

use terrella_kernels::assimilation::operators::{
    Columns, HeightState, NearSurface, Outcome, StationPressure,
};
use terrella_kernels::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use terrella_kernels::vertical::interpolation::geopotential_at;

use super::Wanted;
use crate::error::Result;
use crate::observations::Reason;
use crate::observations::background::{Background, Field};
use crate::observations::feedback::Departure;

/// Fills in equivalents, and reasons where there are none.
pub(super) struct Equivalents<'a> {
    pub(super) background: &'a Background,
    pub(super) entries: &'a mut [Departure],
}

/// What stations measure in the few metres above the ground.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    Temperature,
    /// A component.
    Wind,
    Humidity,
}

/// Heights of instruments \[m].
const THERMOMETER: f64 = 2.0;
const ANEMOMETER: f64 = 10.0;

impl Equivalents<'_> {
    fn put(&mut self, wanted: &[Wanted], equivalents: &[f64], outcomes: &[Outcome]) {
        for ((wanted, equivalent), outcome) in wanted.iter().zip(equivalents).zip(outcomes) {
            let entry = &mut self.entries[wanted.entry];
            entry.equivalent = *equivalent;
            entry.reason = entry.reason.or(match outcome {
                Outcome::Used => None,
                Outcome::OutsideDomain => Some(Reason::OutsideDomain),
                Outcome::OutsideWindow => Some(Reason::OutsideWindow),
                Outcome::AboveTop => Some(Reason::AboveTop),
                Outcome::BelowGround | Outcome::FarFromGround => Some(Reason::BelowGround),
                Outcome::NotFinite => Some(Reason::NoLevel),
            });
        }
    }

    /// Columns, pressures and outcomes of those outside the area.
    fn located(&self, wanted: &[Wanted]) -> (Vec<u32>, Vec<f64>, Vec<Outcome>) {
        let columns: Vec<u32> = wanted.iter().map(|own| own.column).collect();
        let pressures = wanted.iter().map(|own| self.entries[own.entry].pressure).collect();
        let outside = |column: &u32| match self.background.is_inside(*column as usize) {
            true => Outcome::Used,
            false => Outcome::OutsideDomain,
        };
        let outcomes = columns.iter().map(outside).collect();
        (columns, pressures, outcomes)
    }

    pub(super) fn values(&mut self, field: &Field, wanted: &[Wanted]) -> Result<()> {
        let (column, pressure, mut outcomes) = self.located(wanted);
        let columns = Columns::new(&field.levels, &column, &pressure, &self.background.surface_pressure)?;
        columns.locate(&mut outcomes)?;
        let mut equivalents = vec![f64::NAN; wanted.len()];
        columns.values(&field.columns, &mut equivalents, &outcomes)?;
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }

    pub(super) fn heights(&mut self, wanted: &[Wanted]) -> Result<()> {
        let (column, pressure, mut outcomes) = self.located(wanted);
        let background = self.background;
        let field = &background.temperature;
        let columns = Columns::new(&field.levels, &column, &pressure, &background.surface_pressure)?;
        columns.locate(&mut outcomes)?;
        let mut equivalents = vec![f64::NAN; wanted.len()];
        if background.is_hybrid {
            let state = HeightState {
                temperature: &field.columns,
                humidity: &background.humidity_for_heights,
                ground_height: &background.ground_height,
            };
            columns.heights(&state, &mut equivalents, &outcomes)?;
        } else {
            let mut own = (u32::MAX, Vec::new());
            for (number, equivalent) in equivalents.iter_mut().enumerate() {
                if outcomes[number] != Outcome::Used {
                    continue;
                }
                // Those of one column follow each other.
                if own.0 != column[number] {
                    own = (column[number], background.nodes(column[number] as usize));
                }
                if !own.1.is_empty() {
                    let geopotential =
                        geopotential_at(&own.1, pressure[number].ln(), DRY_AIR_GAS_CONSTANT, GRAVITY);
                    *equivalent = geopotential / GRAVITY;
                }
            }
        }
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }

    pub(super) fn barometers(&mut self, wanted: &[Wanted], largest_difference: f64) -> Result<()> {
        let (columns, _, mut outcomes) = self.located(wanted);
        let background = self.background;
        let of = |values: &[f64]| columns.iter().map(|column| values[*column as usize]).collect::<Vec<_>>();
        let lowest = background.temperature.levels.count() - 1;
        let count = background.surface_pressure.len();
        let stations = StationPressure {
            levels: &background.temperature.levels,
            station_height: &wanted.iter().map(|own| own.height).collect::<Vec<_>>(),
            ground_height: &of(&background.ground_height),
            largest_difference,
        };
        let mut equivalents = vec![f64::NAN; wanted.len()];
        stations.pressures(
            &of(&background.surface_pressure),
            &of(&background.temperature.columns[lowest * count..]),
            &mut equivalents,
            &mut outcomes,
        )?;
        self.put(wanted, &equivalents, &outcomes);
        Ok(())
    }

    /// Of stations, from the lowest level above the background's ground; of pressure levels that is not everywhere the same one.
    pub(super) fn near_surface(
        &mut self,
        field: &Field,
        wanted: &[Wanted],
        near: Near,
        largest_difference: f64,
    ) -> Result<()> {
        let background = self.background;
        let (columns, _, outcomes) = self.located(wanted);
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, column) in columns.iter().enumerate() {
            let lowest = field.lowest_above(background.surface_pressure[*column as usize]);
            groups.entry(lowest).or_default().push(number);
        }
        for (lowest, own) in groups {
            let levels = field.levels_to(lowest)?;
            let of =
                |value: &dyn Fn(usize) -> f64| own.iter().map(|&number| value(number)).collect::<Vec<_>>();
            let column = |number: usize| columns[number] as usize;
            let surface = of(&|number| background.surface_pressure[column(number)]);
            let difference = of(&|number| wanted[number].height - background.ground_height[column(number)]);
            let roughness = of(&|number| wanted[number].roughness);
            let values = of(&|number| field.at(lowest, column(number)));
            let temperature = of(&|number| {
                let pressure = levels.pressure_at(lowest, background.surface_pressure[column(number)]);
                background.temperature.at_pressure(lowest, column(number), pressure)
            });
            let mut outcomes: Vec<Outcome> = own.iter().map(|&number| outcomes[number]).collect();
            let mut equivalents = vec![f64::NAN; own.len()];
            let height = if near == Near::Wind { ANEMOMETER } else { THERMOMETER };
            let stations = NearSurface::new(&levels, height, &difference, &roughness, largest_difference)?;
            match near {
                Near::Wind => {
                    stations.winds([&surface, &temperature, &values], &mut equivalents, &mut outcomes)?;
                }
                // The same stations are too far from the ground; vapour is taken as mixed below the lowest level.
                Near::Temperature | Near::Humidity => {
                    stations.temperatures(&surface, &temperature, &mut equivalents, &mut outcomes)?;
                }
            }
            if near == Near::Humidity {
                equivalents = values;
            }
            let wanted: Vec<Wanted> = own.iter().map(|&number| wanted[number]).collect();
            self.put(&wanted, &equivalents, &outcomes);
        }
        Ok(())
    }
}
