//! Surface pressure at the height of a barometer.

use super::{LevelTable, Outcome};
use crate::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use crate::error::expect_len;
use crate::vertical::interpolation::LAPSE_RATE;
use crate::{Real, Result};

/// Stations over a background, one in each column.
///
/// With Δz = z − z_s, the height of the barometer over the background's ground, and Γ = 6.5 K/km,
///
/// p = p_s (1 − Γ Δz/T_*)^{g/(R_d Γ)}, T_* = T (1 + (Γ R_d/g)(p_s/p_L − 1)),
///
/// where T and p_L are those of the lowest level: the hydrostatic pressure in air with that lapse rate, whose T_* is that of
/// [`Ground`](crate::vertical::interpolation::Ground). Mean sea level is a station of height 0.
#[derive(Clone, Copy, Debug)]
pub struct StationPressure<'a, R> {
    /// Where the lowest level is.
    pub levels: &'a LevelTable<R>,
    /// z, \[column] \[m].
    pub station_height: &'a [R],
    /// z_s, \[column] \[m].
    pub ground_height: &'a [R],
    /// Largest |Δz| at which stations are used \[m].
    pub largest_difference: R,
}

/// Γ R_d/g.
const ALPHA: f64 = LAPSE_RATE * DRY_AIR_GAS_CONSTANT / GRAVITY;

/// A pressure with its derivatives by p_s and by T.
type Derived<R> = (R, R, R);

impl<R: Real> StationPressure<'_, R> {
    /// Pressures \[column] \[Pa] from surface pressures \[Pa] and temperatures of the lowest level \[K], \[column]. Stations too far
    /// from the background's ground are marked.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn pressures(
        &self,
        surface_pressure: &[R],
        temperature: &[R],
        equivalents: &mut [R],
        outcomes: &mut [Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalents.len(), outcomes.len()])?;
        for (column, outcome) in outcomes.iter_mut().enumerate() {
            let difference = self.station_height[column] - self.ground_height[column];
            equivalents[column] = R::from_f64(f64::NAN);
            if *outcome != Outcome::Used {
                continue;
            }
            // A comparison with NaN is false.
            let is_near = difference.abs() <= self.largest_difference;
            if !is_near {
                *outcome = Outcome::FarFromGround;
                continue;
            }
            let (pressure, ..) = self.at(column, surface_pressure[column], temperature[column]);
            if pressure.to_f64().is_finite() {
                equivalents[column] = pressure;
            } else {
                *outcome = Outcome::NotFinite;
            }
        }
        Ok(())
    }

    /// Its tangent linear.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn pressures_tangent(
        &self,
        surface_pressure: &[R],
        temperature: &[R],
        surface_pressure_changes: &[R],
        temperature_changes: &[R],
        equivalent_changes: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalent_changes.len(), outcomes.len()])?;
        self.expect(&[surface_pressure_changes.len(), temperature_changes.len()])?;
        for (column, change) in equivalent_changes.iter_mut().enumerate() {
            *change = R::ZERO;
            if outcomes[column] == Outcome::Used {
                let (_, by_surface, by_temperature) =
                    self.at(column, surface_pressure[column], temperature[column]);
                *change = by_surface * surface_pressure_changes[column]
                    + by_temperature * temperature_changes[column];
            }
        }
        Ok(())
    }

    /// Its adjoint: adds to the sensitivities \[column].
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    pub fn pressures_adjoint(
        &self,
        surface_pressure: &[R],
        temperature: &[R],
        equivalent_sensitivities: &[R],
        surface_pressure_sensitivities: &mut [R],
        temperature_sensitivities: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalent_sensitivities.len()])?;
        self.expect(&[
            surface_pressure_sensitivities.len(),
            temperature_sensitivities.len(),
            outcomes.len(),
        ])?;
        for (column, sensitivity) in equivalent_sensitivities.iter().enumerate() {
            if outcomes[column] == Outcome::Used {
                let (_, by_surface, by_temperature) =
                    self.at(column, surface_pressure[column], temperature[column]);
                surface_pressure_sensitivities[column] += by_surface * *sensitivity;
                temperature_sensitivities[column] += by_temperature * *sensitivity;
            }
        }
        Ok(())
    }

    #[inline]
    fn at(&self, column: usize, surface: R, temperature: R) -> Derived<R> {
        let lowest = self.levels.count() - 1;
        let (alpha, rate) = (R::from_f64(ALPHA), R::from_f64(LAPSE_RATE));
        let level = self.levels.pressure(lowest, surface);
        let factor = R::ONE + alpha * (surface / level - R::ONE);
        let ground = temperature * factor;
        let by_ratio = (level - surface * self.levels.b[lowest]) / (level * level);
        let difference = self.station_height[column] - self.ground_height[column];
        let share = rate * difference / ground;
        let pressure = surface * (R::ONE - share).pow(R::ONE / alpha);
        // d ln p / dT_* = (1/α) (ΓΔz/T_*²) / (1 − ΓΔz/T_*).
        let by_ground = pressure * share / (alpha * ground * (R::ONE - share));
        (pressure, pressure / surface + by_ground * temperature * alpha * by_ratio, by_ground * factor)
    }

    fn expect(&self, lengths: &[usize]) -> Result<()> {
        expect_len("ground_height", self.station_height.len(), self.ground_height.len())?;
        lengths.iter().try_for_each(|length| expect_len("columns", self.station_height.len(), *length))
    }
}
