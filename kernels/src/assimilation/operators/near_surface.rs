//! Temperature and wind in the few metres above the ground in which stations measure.

use super::{LevelTable, Outcome};
use crate::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY};
use crate::error::expect_len;
use crate::vertical::interpolation::LAPSE_RATE;
use crate::{Error, Real, Result};

/// Stations over a background, one in each column.
///
/// The lowest level, with temperature T, wind u and pressure p_L, is z_L = (R_d T/g) ln(p_s/p_L) above the ground. An instrument h above the
/// ground of its station, which is Δz higher than the background's, has
///
/// - T_h = T + Γ (z_L − h − Δz) with Γ = 6.5 K/km,
/// - u_h = u ln(h/z_0)/ln(z_L/z_0), in each component: the logarithmic profile over the roughness z_0 (Stull 1988, *An Introduction to Boundary Layer
///   Meteorology*, section 9.7), with the air's stability left out.
#[derive(Clone, Copy, Debug)]
pub struct NearSurface<'a, R> {
    levels: &'a LevelTable<R>,
    height: R,
    difference: &'a [R],
    roughness: &'a [R],
    largest_difference: R,
}

/// A value with its derivatives by p_s and by T.
type Derived<R> = (R, R, R);

impl<'a, R: Real> NearSurface<'a, R> {
    /// Instruments of one height.
    ///
    /// | argument | shape | unit |
    /// |----------|-------|------|
    /// | `levels` | | |
    /// | `height` | h, above the station's ground: 2 for temperatures, 10 for winds, as a rule | m |
    /// | `difference` | Δz, \[column] | m |
    /// | `roughness` | z_0, \[column] | m |
    /// | `largest_difference` | largest \|Δz\| at which stations are used | m |
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for a roughness that is not positive and less than half the height.
    pub fn new(
        levels: &'a LevelTable<R>,
        height: R,
        difference: &'a [R],
        roughness: &'a [R],
        largest_difference: R,
    ) -> Result<Self> {
        expect_len("roughness", difference.len(), roughness.len())?;
        let half = 0.5 * height.to_f64();
        let is_fine = |value: &R| value.to_f64() > 0.0 && value.to_f64() < half;
        if let Some(column) = roughness.iter().position(|value| !is_fine(value)) {
            return Err(Error::InvalidValue {
                name: "roughness",
                got: format!("{} m in column {column}", roughness[column]),
                expected: format!("more than 0 and less than {half} m, half the height of the instrument"),
            });
        }
        Ok(Self { levels, height, difference, roughness, largest_difference })
    }

    /// T_h \[column] \[K] from surface pressures \[Pa] and temperatures of the lowest level \[K], \[column]. Stations too far from the
    /// background's ground are marked.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn temperatures(
        &self,
        surface_pressure: &[R],
        temperature: &[R],
        equivalents: &mut [R],
        outcomes: &mut [Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalents.len(), outcomes.len()])?;
        self.fill(equivalents, outcomes, |column| {
            self.temperature(column, surface_pressure[column], temperature[column]).0
        });
        Ok(())
    }

    /// Its tangent linear.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn temperatures_tangent(
        &self,
        [surface_pressure, temperature]: [&[R]; 2],
        [surface_pressure_changes, temperature_changes]: [&[R]; 2],
        equivalent_changes: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalent_changes.len(), outcomes.len()])?;
        self.expect(&[surface_pressure_changes.len(), temperature_changes.len()])?;
        for (column, change) in equivalent_changes.iter_mut().enumerate() {
            *change = R::ZERO;
            if outcomes[column] == Outcome::Used {
                let (_, by_surface, by_temperature) =
                    self.temperature(column, surface_pressure[column], temperature[column]);
                *change = by_surface * surface_pressure_changes[column]
                    + by_temperature * temperature_changes[column];
            }
        }
        Ok(())
    }

    /// Its adjoint: adds to the sensitivities to surface pressure and temperature, \[column].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn temperatures_adjoint(
        &self,
        [surface_pressure, temperature]: [&[R]; 2],
        equivalent_sensitivities: &[R],
        [by_pressure, by_temperature]: [&mut [R]; 2],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), equivalent_sensitivities.len()])?;
        self.expect(&[by_pressure.len(), by_temperature.len(), outcomes.len()])?;
        for (column, sensitivity) in equivalent_sensitivities.iter().enumerate() {
            if outcomes[column] == Outcome::Used {
                let (_, pressure, warmth) =
                    self.temperature(column, surface_pressure[column], temperature[column]);
                by_pressure[column] += pressure * *sensitivity;
                by_temperature[column] += warmth * *sensitivity;
            }
        }
        Ok(())
    }

    /// A component of u_h \[column] \[m s⁻¹] from surface pressures \[Pa], and temperatures \[K] and winds \[m s⁻¹] of the lowest level, \[column].
    /// Stations too far from the background's ground are marked.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn winds(
        &self,
        [surface_pressure, temperature, wind]: [&[R]; 3],
        equivalents: &mut [R],
        outcomes: &mut [Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), wind.len()])?;
        self.expect(&[equivalents.len(), outcomes.len()])?;
        self.fill(equivalents, outcomes, |column| {
            wind[column] * self.share(column, surface_pressure[column], temperature[column]).0
        });
        Ok(())
    }

    /// Its tangent linear.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn winds_tangent(
        &self,
        [surface_pressure, temperature, wind]: [&[R]; 3],
        [surface_pressure_changes, temperature_changes, wind_changes]: [&[R]; 3],
        equivalent_changes: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), wind.len()])?;
        self.expect(&[surface_pressure_changes.len(), temperature_changes.len(), wind_changes.len()])?;
        self.expect(&[equivalent_changes.len(), outcomes.len()])?;
        for (column, change) in equivalent_changes.iter_mut().enumerate() {
            *change = R::ZERO;
            if outcomes[column] == Outcome::Used {
                let (share, by_surface, by_temperature) =
                    self.share(column, surface_pressure[column], temperature[column]);
                let of_share = by_surface * surface_pressure_changes[column]
                    + by_temperature * temperature_changes[column];
                *change = share * wind_changes[column] + wind[column] * of_share;
            }
        }
        Ok(())
    }

    /// Its adjoint: adds to the sensitivities to surface pressure, temperature and wind, \[column].
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn winds_adjoint(
        &self,
        [surface_pressure, temperature, wind]: [&[R]; 3],
        equivalent_sensitivities: &[R],
        [by_pressure, by_temperature, by_wind]: [&mut [R]; 3],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect(&[surface_pressure.len(), temperature.len(), wind.len(), outcomes.len()])?;
        self.expect(&[by_pressure.len(), by_temperature.len(), by_wind.len()])?;
        self.expect(&[equivalent_sensitivities.len()])?;
        for (column, sensitivity) in equivalent_sensitivities.iter().enumerate() {
            if outcomes[column] == Outcome::Used {
                let (share, pressure, warmth) =
                    self.share(column, surface_pressure[column], temperature[column]);
                by_pressure[column] += wind[column] * pressure * *sensitivity;
                by_temperature[column] += wind[column] * warmth * *sensitivity;
                by_wind[column] += share * *sensitivity;
            }
        }
        Ok(())
    }

    /// What columns have that are used so far; marks those that are not to be used.
    fn fill(&self, equivalents: &mut [R], outcomes: &mut [Outcome], of: impl Fn(usize) -> R) {
        for (column, outcome) in outcomes.iter_mut().enumerate() {
            equivalents[column] = R::from_f64(f64::NAN);
            if *outcome != Outcome::Used {
                continue;
            }
            // A comparison with NaN is false.
            let is_near = self.difference[column].abs() <= self.largest_difference;
            if !is_near {
                *outcome = Outcome::FarFromGround;
                continue;
            }
            let value = of(column);
            if value.to_f64().is_finite() {
                equivalents[column] = value;
            } else {
                *outcome = Outcome::NotFinite;
            }
        }
    }

    /// T_h.
    #[inline]
    fn temperature(&self, column: usize, surface: R, temperature: R) -> Derived<R> {
        let (level, by_surface, by_temperature) = self.level_height(surface, temperature);
        let rate = R::from_f64(LAPSE_RATE);
        let value = temperature + rate * (level - self.height - self.difference[column]);
        (value, rate * by_surface, R::ONE + rate * by_temperature)
    }

    /// u_h/u.
    #[inline]
    fn share(&self, column: usize, surface: R, temperature: R) -> Derived<R> {
        let (level, by_surface, by_temperature) = self.level_height(surface, temperature);
        let roughness = self.roughness[column];
        let logarithm = (level / roughness).log();
        let share = (self.height / roughness).log() / logarithm;
        let by_level = -(share / (logarithm * level));
        (share, by_level * by_surface, by_level * by_temperature)
    }

    /// z_L.
    #[inline]
    fn level_height(&self, surface: R, temperature: R) -> Derived<R> {
        let lowest = self.levels.count() - 1;
        let scale = R::from_f64(DRY_AIR_GAS_CONSTANT / GRAVITY);
        let pressure = self.levels.pressure(lowest, surface);
        let logarithm = (surface / pressure).log();
        let by_surface = scale * temperature * (R::ONE / surface - self.levels.b[lowest] / pressure);
        (scale * temperature * logarithm, by_surface, scale * logarithm)
    }

    fn expect(&self, lengths: &[usize]) -> Result<()> {
        lengths.iter().try_for_each(|length| expect_len("columns", self.difference.len(), *length))
    }
}
