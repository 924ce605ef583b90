//! From fields to what sondes and others measured.

use terrella_io::observations::Feedback;
use terrella_kernels::assimilation::operators::{Columns, Horizontal, LevelTable, Outcome};
use terrella_kernels::assimilation::variational::ObservationOperator;
use terrella_kernels::{Error as KernelError, Result as KernelResult};

use super::fields::{FIELDS, Fields};
use crate::error::Result;

/// H of fields \[u, v, T, q], each \[level]\[point]: linear in longitude, latitude and ln p.
pub(super) struct Profiles {
    horizontal: Horizontal<f64>,
    /// Deeper than any pressure: what is below the ground was rejected before.
    surface: Vec<f64>,
    fields: Vec<Observed>,
    columns: Vec<f64>,
    count: usize,
}

/// The observations of one field.
struct Observed {
    levels: LevelTable<f64>,
    column: Vec<u32>,
    pressure: Vec<f64>,
    outcomes: Vec<Outcome>,
    /// Their numbers among all.
    number: Vec<usize>,
}

impl Profiles {
    /// For these departures of a feedback, which are of analysed quantities between the levels of these.
    pub(super) fn new(feedback: &Feedback, chosen: &[usize], fields: &Fields) -> Result<Self> {
        let (latitudes, longitudes): (Vec<f64>, Vec<f64>) =
            chosen.iter().map(|&number| place(feedback, number)).unzip();
        let circles = fields.layout.rings();
        let horizontal = Horizontal::new(circles, fields.layout.is_global(), &latitudes, &longitudes)?;
        let lowest = fields.pressures.iter().filter_map(|pressures| pressures.last());
        let surface = vec![2.0 * lowest.fold(0.0_f64, |most, own| most.max(*own)); chosen.len()];
        let mut observed = Vec::new();
        for (quantity, pressures) in FIELDS.iter().zip(&fields.pressures) {
            if pressures.is_empty() {
                continue;
            }
            let levels = LevelTable::isobaric(pressures)?;
            let own = chosen.iter().enumerate().map(|(number, &place)| (number, &feedback.departures[place]));
            let own: Vec<_> = own.filter(|(_, departure)| departure.quantity == *quantity).collect();
            let column: Vec<u32> = own.iter().map(|(number, _)| *number as u32).collect();
            let pressure: Vec<f64> = own.iter().map(|(_, departure)| departure.pressure).collect();
            let mut outcomes = vec![Outcome::Used; own.len()];
            Columns::new(&levels, &column, &pressure, &surface)?.locate(&mut outcomes)?;
            let number = own.iter().map(|(number, _)| *number).collect();
            observed.push(Observed { levels, column, pressure, outcomes, number });
        }
        Ok(Self { surface, fields: observed, columns: Vec::new(), count: chosen.len(), horizontal })
    }
}

impl ObservationOperator<f64> for Profiles {
    fn count(&self, _time: usize) -> usize {
        self.count
    }

    fn observe(&mut self, _time: usize, state: &[f64], equivalents: &mut [f64]) -> KernelResult<()> {
        let Self { horizontal, surface, fields, columns, .. } = self;
        let mut rest = state;
        for Observed { levels, column, pressure, outcomes, number } in fields.iter() {
            let (field, others) = rest.split_at(levels.count() * horizontal.points());
            rest = others;
            columns.resize(levels.count() * horizontal.places(), 0.0);
            horizontal.interpolate(levels.count(), field, columns)?;
            let mut values = vec![0.0; number.len()];
            Columns::new(levels, column, pressure, surface)?.values(columns, &mut values, outcomes)?;
            for (number, value) in number.iter().zip(values) {
                if value.is_nan() {
                    return Err(no_equivalent(*number));
                }
                equivalents[*number] = value;
            }
        }
        Ok(())
    }

    fn tangent(&mut self, time: usize, perturbation: &[f64], equivalents: &mut [f64]) -> KernelResult<()> {
        self.observe(time, perturbation, equivalents)
    }

    fn adjoint(&mut self, _time: usize, equivalents: &[f64], sensitivity: &mut [f64]) -> KernelResult<()> {
        let Self { horizontal, surface, fields, columns, .. } = self;
        let mut of_surface = vec![0.0; surface.len()];
        let mut rest = sensitivity;
        for Observed { levels, column, pressure, outcomes, number } in fields.iter() {
            let (field, others) =
                std::mem::take(&mut rest).split_at_mut(levels.count() * horizontal.points());
            rest = others;
            let own: Vec<f64> = number.iter().map(|number| equivalents[*number]).collect();
            columns.clear();
            columns.resize(levels.count() * horizontal.places(), 0.0);
            // Levels do not move with the surface, so that it matters not what the values are.
            let values = vec![0.0; columns.len()];
            Columns::new(levels, column, pressure, surface)?.values_adjoint(
                &values,
                &own,
                columns,
                &mut of_surface,
                outcomes,
            )?;
            horizontal.interpolate_adjoint(levels.count(), columns, field)?;
        }
        Ok(())
    }
}

/// Latitude and longitude of a departure.
fn place(feedback: &Feedback, number: usize) -> (f64, f64) {
    let station = &feedback.stations[feedback.departures[number].report];
    (station.latitude, station.longitude)
}

fn no_equivalent(number: usize) -> KernelError {
    KernelError::InvalidValue {
        name: "observation",
        got: format!("number {number}, above the highest level"),
        expected: "pressures within the levels".to_owned(),
    }
}
