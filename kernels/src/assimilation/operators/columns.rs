//! Values of columns at the pressures of observations.

use super::{LevelTable, Outcome};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// Observations in columns, by pressure.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a, R> {
    pub(super) levels: &'a LevelTable<R>,
    /// The columns' number.
    pub(super) count: usize,
    pub(super) column: &'a [u32],
    pub(super) pressure: &'a [R],
    pub(super) surface_pressure: &'a [R],
}

/// The interval that an observation is in and the weight of its lower end, which is 1 below the lowest level.
#[derive(Clone, Copy)]
struct Within<R> {
    above: usize,
    weight: R,
    /// 1/ln(p_below/p_above); 0 below the lowest level, where the weight does not vary.
    slope: R,
}

impl<'a, R: Real> Columns<'a, R> {
    /// Observations in columns.
    ///
    /// | argument           | shape          | unit |
    /// |--------------------|----------------|------|
    /// | `column`           | [observations] | –, the number of a column |
    /// | `pressure`         | [observations] | Pa   |
    /// | `surface_pressure` | [columns]      | Pa   |
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], and [`Error::InvalidValue`] for a column that there is not.
    pub fn new(
        levels: &'a LevelTable<R>,
        column: &'a [u32],
        pressure: &'a [R],
        surface_pressure: &'a [R],
    ) -> Result<Self> {
        expect_len("pressure", column.len(), pressure.len())?;
        if let Some(place) = column.iter().position(|own| *own as usize >= surface_pressure.len()) {
            return Err(Error::InvalidValue {
                name: "column",
                got: format!("{} at observation {place}", column[place]),
                expected: format!("a number below {}", surface_pressure.len()),
            });
        }
        Ok(Self { levels, count: surface_pressure.len(), column, pressure, surface_pressure })
    }

    /// Marks those that have no equivalent and were not marked before: not finite, above the highest level, below the ground.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn locate(&self, outcomes: &mut [Outcome]) -> Result<()> {
        expect_len("outcomes", self.column.len(), outcomes.len())?;
        for (number, outcome) in outcomes.iter_mut().enumerate().filter(|(_, own)| **own == Outcome::Used) {
            let (pressure, surface) = (self.pressure[number], self.surface(number));
            // Comparisons with NaN are false.
            *outcome =
                if !(pressure.to_f64().is_finite() && surface.to_f64().is_finite() && surface > R::ZERO) {
                    Outcome::NotFinite
                } else if pressure < self.levels.pressure(0, surface) {
                    Outcome::AboveTop
                } else if pressure > surface {
                    Outcome::BelowGround
                } else {
                    Outcome::Used
                };
        }
        Ok(())
    }

    /// Values at the observations' pressures: linear in ln p between levels, x = (1 − w) x_k + w x_{k+1} with
    /// w = ln(p/p_k)/ln(p_{k+1}/p_k), and those of the lowest level between it and the ground.
    ///
    /// | argument      | shape             | unit |
    /// |---------------|-------------------|------|
    /// | `values`      | [levels][columns] | any  |
    /// | `equivalents` | [observations]    | of the values |
    /// | `outcomes`    | [observations]    | of [`Self::locate`] |
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn values(&self, values: &[R], equivalents: &mut [R], outcomes: &[Outcome]) -> Result<()> {
        self.expect(&[("values", values.len())], &[equivalents.len(), outcomes.len()])?;
        for (number, equivalent) in equivalents.iter_mut().enumerate() {
            *equivalent = match outcomes[number] {
                Outcome::Used => {
                    let (within, upper, lower) = self.around(number, values);
                    upper + within.weight * (lower - upper)
                }
                _ => R::from_f64(f64::NAN),
            };
        }
        Ok(())
    }

    /// Its tangent linear at `values`: of the values and of the surface pressure, by which levels move.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn values_tangent(
        &self,
        values: &[R],
        value_changes: &[R],
        surface_pressure_changes: &[R],
        equivalent_changes: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        let lengths = [("values", values.len()), ("value_changes", value_changes.len())];
        self.expect(&lengths, &[equivalent_changes.len(), outcomes.len()])?;
        expect_len("surface_pressure_changes", self.count, surface_pressure_changes.len())?;
        for (number, change) in equivalent_changes.iter_mut().enumerate() {
            *change = R::ZERO;
            if outcomes[number] != Outcome::Used {
                continue;
            }
            let (within, upper, lower) = self.around(number, values);
            let (_, upper_change, lower_change) = self.around(number, value_changes);
            let by_surface = (lower - upper) * self.weight_slope(number, within);
            *change = upper_change
                + within.weight * (lower_change - upper_change)
                + by_surface * surface_pressure_changes[self.column[number] as usize];
        }
        Ok(())
    }

    /// Its adjoint: adds to the sensitivities of values \[levels]\[columns] and of surface pressures \[columns].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn values_adjoint(
        &self,
        values: &[R],
        equivalent_sensitivities: &[R],
        value_sensitivities: &mut [R],
        surface_pressure_sensitivities: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        let lengths = [("values", values.len()), ("value_sensitivities", value_sensitivities.len())];
        self.expect(&lengths, &[equivalent_sensitivities.len(), outcomes.len()])?;
        expect_len("surface_pressure_sensitivities", self.count, surface_pressure_sensitivities.len())?;
        for (number, sensitivity) in equivalent_sensitivities.iter().enumerate() {
            if outcomes[number] != Outcome::Used {
                continue;
            }
            let (within, upper, lower) = self.around(number, values);
            let column = self.column[number] as usize;
            let place = within.above * self.count + column;
            value_sensitivities[place] += (R::ONE - within.weight) * *sensitivity;
            value_sensitivities[place + self.count] += within.weight * *sensitivity;
            surface_pressure_sensitivities[column] +=
                (lower - upper) * self.weight_slope(number, within) * *sensitivity;
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn surface(&self, number: usize) -> R {
        self.surface_pressure[self.column[number] as usize]
    }

    /// Where an observation is, and the values above and below it.
    #[inline(always)]
    fn around(&self, number: usize, values: &[R]) -> (Within<R>, R, R) {
        let within = self.within(number);
        let place = within.above * self.count + self.column[number] as usize;
        (within, values[place], values[place + self.count])
    }

    #[inline]
    fn within(&self, number: usize) -> Within<R> {
        let (pressure, surface) = (self.pressure[number], self.surface(number));
        let above = self.levels.interval(pressure, surface);
        let upper = self.levels.pressure(above, surface);
        let lower = self.levels.pressure(above + 1, surface);
        if pressure >= lower {
            return Within { above, weight: R::ONE, slope: R::ZERO };
        }
        let slope = R::ONE / (lower / upper).log();
        Within { above, weight: (pressure / upper).log() * slope, slope }
    }

    /// dw/dp_s = −((1 − w) b_k/p_k + w b_{k+1}/p_{k+1}) / ln(p_{k+1}/p_k).
    #[inline]
    fn weight_slope(&self, number: usize, within: Within<R>) -> R {
        let surface = self.surface(number);
        let rate = |level: usize| self.levels.b[level] / self.levels.pressure(level, surface);
        let (upper, lower) = (rate(within.above), rate(within.above + 1));
        -(upper + within.weight * (lower - upper)) * within.slope
    }

    pub(super) fn expect(&self, fields: &[(&'static str, usize)], observations: &[usize; 2]) -> Result<()> {
        for (name, length) in fields {
            expect_len(name, self.levels.count() * self.count, *length)?;
        }
        expect_len("equivalents", self.column.len(), observations[0])?;
        expect_len("outcomes", self.column.len(), observations[1])
    }
}
