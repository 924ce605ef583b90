//! Geopotential heights of pressures, by the hydrostatic equation in hybrid layers.

use super::{Columns, Outcome};
use crate::constants::{DRY_AIR_GAS_CONSTANT, GRAVITY, WATER_VAPOUR_GAS_CONSTANT};
use crate::error::expect_len;
use crate::{Error, Real, Result};

/// What heights are made of.
///
/// | part            | shape             | unit     |
/// |-----------------|-------------------|----------|
/// | `temperature`   | [levels][columns] | K        |
/// | `humidity`      | [levels][columns] | kg kg⁻¹  |
/// | `ground_height` | [columns]         | m, geopotential height; of a change 0 |
#[derive(Clone, Copy, Debug)]
pub struct HeightState<'a, R> {
    /// T.
    pub temperature: &'a [R],
    /// q.
    pub humidity: &'a [R],
    /// z_s = φ_s/g.
    pub ground_height: &'a [R],
}

/// R_v/R_d − 1.
const VAPOUR_EXCESS: f64 = WATER_VAPOUR_GAS_CONSTANT / DRY_AIR_GAS_CONSTANT - 1.0;

/// R_d/g \[m K⁻¹].
const SCALE: f64 = DRY_AIR_GAS_CONSTANT / GRAVITY;

impl<R: Real> Columns<'_, R> {
    /// Geopotential heights \[m] of the observations' pressures, \[observation]:
    ///
    /// z(p) = z_s + (R_d/g) (Σ_{j>k} T_v,j ln(p_{j+½}/p_{j−½}) + T_v,k ln(p_{k+½}/p)), T_v = T (1 + (R_v/R_d − 1) q),
    ///
    /// where layer k holds p: layers are isothermal, as in the vertical differences of Simmons & Burridge (1981).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for levels without layers.
    pub fn heights(&self, state: &HeightState<R>, equivalents: &mut [R], outcomes: &[Outcome]) -> Result<()> {
        self.expect_state(state, equivalents.len(), outcomes.len())?;
        for (number, equivalent) in equivalents.iter_mut().enumerate() {
            *equivalent = R::from_f64(f64::NAN);
            if outcomes[number] == Outcome::Used {
                let mut height = state.ground_height[self.column[number] as usize];
                self.layers(number, |place, thickness, _| {
                    height += R::from_f64(SCALE) * thickness * virtual_temperature(state, place);
                });
                *equivalent = height;
            }
        }
        Ok(())
    }

    /// Its tangent linear at `state`. `changes.ground_height` is of the ground's height too.
    ///
    /// # Errors
    /// As of [`Self::heights`].
    pub fn heights_tangent(
        &self,
        state: &HeightState<R>,
        changes: &HeightState<R>,
        surface_pressure_changes: &[R],
        equivalent_changes: &mut [R],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect_state(state, equivalent_changes.len(), outcomes.len())?;
        self.expect_state(changes, equivalent_changes.len(), outcomes.len())?;
        expect_len("surface_pressure_changes", self.count, surface_pressure_changes.len())?;
        for (number, equivalent) in equivalent_changes.iter_mut().enumerate() {
            *equivalent = R::ZERO;
            if outcomes[number] != Outcome::Used {
                continue;
            }
            let column = self.column[number] as usize;
            let mut height = changes.ground_height[column];
            self.layers(number, |place, thickness, thickness_slope| {
                let (by_temperature, by_humidity) = slopes(state, place);
                let change =
                    by_temperature * changes.temperature[place] + by_humidity * changes.humidity[place];
                let thickness_change = thickness_slope * surface_pressure_changes[column];
                height += R::from_f64(SCALE)
                    * (thickness * change + thickness_change * virtual_temperature(state, place));
            });
            *equivalent = height;
        }
        Ok(())
    }

    /// Its adjoint: adds to the sensitivities of temperature and humidity \[levels]\[columns], of the ground's height and of the surface
    /// pressure \[columns], in that order.
    ///
    /// # Errors
    /// As of [`Self::heights`].
    pub fn heights_adjoint(
        &self,
        state: &HeightState<R>,
        equivalent_sensitivities: &[R],
        sensitivities: [&mut [R]; 4],
        outcomes: &[Outcome],
    ) -> Result<()> {
        self.expect_state(state, equivalent_sensitivities.len(), outcomes.len())?;
        let [temperature, humidity, ground_height, surface_pressure] = sensitivities;
        expect_len("temperature sensitivities", state.temperature.len(), temperature.len())?;
        expect_len("humidity sensitivities", state.temperature.len(), humidity.len())?;
        expect_len("ground height sensitivities", self.count, ground_height.len())?;
        expect_len("surface pressure sensitivities", self.count, surface_pressure.len())?;
        for (number, sensitivity) in equivalent_sensitivities.iter().enumerate() {
            if outcomes[number] != Outcome::Used {
                continue;
            }
            let column = self.column[number] as usize;
            ground_height[column] += *sensitivity;
            let scaled = R::from_f64(SCALE) * *sensitivity;
            self.layers(number, |place, thickness, thickness_slope| {
                let (by_temperature, by_humidity) = slopes(state, place);
                temperature[place] += scaled * thickness * by_temperature;
                humidity[place] += scaled * thickness * by_humidity;
                surface_pressure[column] += scaled * thickness_slope * virtual_temperature(state, place);
            });
        }
        Ok(())
    }

    /// From the ground to an observation: the place of each layer's values, its part of ln(p_{j+½}/p_{j−½}), and the derivative of that by
    /// the surface pressure.
    #[inline]
    fn layers(&self, number: usize, mut visit: impl FnMut(usize, R, R)) {
        let (pressure, surface) = (self.pressure[number], self.surface(number));
        for layer in (0..self.levels.count()).rev() {
            let below = self.levels.half_pressure(layer + 1, surface);
            let below_rate = self.levels.half_b[layer + 1] / below;
            let above = self.levels.half_pressure(layer, surface);
            let place = layer * self.count + self.column[number] as usize;
            if pressure >= above || layer == 0 {
                visit(place, (below / pressure).log(), below_rate);
                return;
            }
            let above_rate = self.levels.half_b[layer] / above;
            visit(place, (below / above).log(), below_rate - above_rate);
        }
    }

    fn expect_state(&self, state: &HeightState<R>, equivalents: usize, outcomes: usize) -> Result<()> {
        if self.levels.half_a.is_empty() {
            return Err(Error::InvalidValue {
                name: "levels",
                got: "levels of constant pressure".to_owned(),
                expected: "hybrid levels, whose layers the hydrostatic equation needs".to_owned(),
            });
        }
        let fields = [("temperature", state.temperature.len()), ("humidity", state.humidity.len())];
        self.expect(&fields, &[equivalents, outcomes])?;
        expect_len("ground_height", self.count, state.ground_height.len())
    }
}

#[inline(always)]
fn virtual_temperature<R: Real>(state: &HeightState<R>, place: usize) -> R {
    state.temperature[place] * (R::ONE + R::from_f64(VAPOUR_EXCESS) * state.humidity[place])
}

/// ∂T_v/∂T and ∂T_v/∂q.
#[inline(always)]
fn slopes<R: Real>(state: &HeightState<R>, place: usize) -> (R, R) {
    let excess = R::from_f64(VAPOUR_EXCESS);
    (R::ONE + excess * state.humidity[place], excess * state.temperature[place])
}
