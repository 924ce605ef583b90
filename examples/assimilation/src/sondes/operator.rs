//! From fields to what sondes and others measured.

use terrella_io::layout::Layout;
use terrella_io::observations::{Feedback, Quantity};
use terrella_kernels::assimilation::operators::{Columns, Horizontal, LevelTable, Outcome};
use terrella_kernels::assimilation::variational::ObservationOperator;
use terrella_kernels::{Error as KernelError, Result as KernelResult};

use crate::error::Result;

/// H of fields \[u, v, T], each \[level]\[point]: linear in longitude, latitude and ln p.
pub(super) struct Profiles {
    horizontal: Horizontal<f64>,
    levels: LevelTable<f64>,
    /// Deeper than any pressure: what is below the ground was rejected before.
    surface: Vec<f64>,
    fields: [Observed; 3],
    columns: Vec<f64>,
    points: usize,
    count: usize,
}

/// The observations of one field.
#[derive(Default)]
struct Observed {
    column: Vec<u32>,
    pressure: Vec<f64>,
    outcomes: Vec<Outcome>,
    /// Their numbers among all.
    number: Vec<usize>,
}

/// The fields, in their order.
pub(super) const FIELDS: [Quantity; 3] =
    [Quantity::EastwardWind, Quantity::NorthwardWind, Quantity::Temperature];

impl Profiles {
    /// For these departures of a feedback, on the levels `pressures` of fields on `layout`.
    pub(super) fn new(
        feedback: &Feedback,
        chosen: &[usize],
        layout: &Layout,
        pressures: &[f64],
    ) -> Result<Self> {
        let (latitudes, longitudes): (Vec<f64>, Vec<f64>) =
            chosen.iter().map(|&number| place(feedback, number)).unzip();
        let mut fields: [Observed; 3] = Default::default();
        for (number, &departure) in chosen.iter().enumerate() {
            let departure = &feedback.departures[departure];
            let Some(field) = FIELDS.iter().position(|quantity| *quantity == departure.quantity) else {
                unreachable!("only these are chosen")
            };
            let observed = &mut fields[field];
            observed.column.push(number as u32);
            observed.pressure.push(departure.pressure);
            observed.outcomes.push(Outcome::Used);
            observed.number.push(number);
        }
        let horizontal = Horizontal::new(layout.rings(), layout.is_global(), &latitudes, &longitudes)?;
        let levels = LevelTable::isobaric(pressures)?;
        let surface = vec![2.0 * pressures[pressures.len() - 1]; chosen.len()];
        for observed in &mut fields {
            let Observed { column, pressure, outcomes, .. } = observed;
            Columns::new(&levels, column, pressure, &surface)?.locate(outcomes)?;
        }
        Ok(Self {
            columns: vec![0.0; pressures.len() * chosen.len()],
            points: horizontal.points(),
            count: chosen.len(),
            horizontal,
            levels,
            surface,
            fields,
        })
    }

    fn field_len(&self) -> usize {
        self.levels.count() * self.points
    }
}

impl ObservationOperator<f64> for Profiles {
    fn count(&self, _time: usize) -> usize {
        self.count
    }

    fn observe(&mut self, _time: usize, state: &[f64], equivalents: &mut [f64]) -> KernelResult<()> {
        let len = self.field_len();
        let Self { horizontal, levels, surface, fields, columns, .. } = self;
        for (observed, field) in fields.iter().zip(state.chunks_exact(len)) {
            horizontal.interpolate(levels.count(), field, columns)?;
            let mut values = vec![0.0; observed.number.len()];
            Columns::new(levels, &observed.column, &observed.pressure, surface)?.values(
                columns,
                &mut values,
                &observed.outcomes,
            )?;
            for (number, value) in observed.number.iter().zip(values) {
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
        let len = self.field_len();
        let Self { horizontal, levels, surface, fields, columns, .. } = self;
        let values = vec![0.0; columns.len()];
        let mut of_surface = vec![0.0; surface.len()];
        for (observed, field) in fields.iter().zip(sensitivity.chunks_exact_mut(len)) {
            let own: Vec<f64> = observed.number.iter().map(|number| equivalents[*number]).collect();
            columns.fill(0.0);
            Columns::new(levels, &observed.column, &observed.pressure, surface)?.values_adjoint(
                &values,
                &own,
                columns,
                &mut of_surface,
                &observed.outcomes,
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
