//! Standard deviations on a grid.

use rayon::prelude::*;

use super::SpectralCovariance;
use crate::assimilation::Ensemble;
use crate::error::expect_len;
use crate::grid::Grid;
use crate::spectral::HostTransform;
use crate::{Error, Real, Result};

/// Σ of a block.
pub(super) struct Deviations<R: Real> {
    transform: HostTransform<R>,
    /// σ, \[level]\[point].
    values: Vec<R>,
    grid: Vec<R>,
}

impl<R: Real> Deviations<R> {
    /// x ← S⁻¹ σ S x.
    pub(super) fn apply(&mut self, levels: usize, spectrum: &mut [R]) -> Result<()> {
        self.transform.synthesis(levels, spectrum, &mut self.grid)?;
        self.multiply();
        self.transform.analysis(levels, &self.grid, spectrum)
    }

    /// x ← (S⁻¹ σ S)ᵀ x.
    pub(super) fn apply_adjoint(&mut self, levels: usize, spectrum: &mut [R]) -> Result<()> {
        self.transform.analysis_adjoint(levels, spectrum, &mut self.grid)?;
        self.multiply();
        self.transform.synthesis_adjoint(levels, &self.grid, spectrum)
    }

    fn multiply(&mut self) {
        self.grid.par_iter_mut().zip(&self.values).for_each(|(value, deviation)| *value *= *deviation);
    }
}

impl<R: Real> SpectralCovariance<R> {
    /// Gives a block's unbalanced part these standard deviations on a grid, \[level]\[point], in place of those that its spectra tell for all points
    /// of a level, to which the spectra are now scaled.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`]; [`Error::InvalidValue`] for a block that is not there and for deviations that are negative or not finite;
    /// [`Error::ImpossibleTruncation`]; [`Error::ImpossibleCovariance`] for a level without variance.
    pub fn set_deviations(&mut self, number: usize, grid: &Grid, values: Vec<R>) -> Result<()> {
        self.expect_block(number)?;
        let block = &mut self.blocks[number];
        let levels = block.definition.levels;
        expect_len("deviations", levels * grid.points(), values.len())?;
        // Also refuses NaN.
        let impossible = |value: &R| !(*value >= R::ZERO && value.to_f64().is_finite());
        if let Some(place) = values.iter().position(impossible) {
            return Err(Error::InvalidValue {
                name: "deviations",
                got: format!("{} at level {}", values[place], place / grid.points()),
                expected: "finite numbers of 0 or more".to_owned(),
            });
        }
        let of_levels = block.definition.deviations();
        if let Some(level) = of_levels.iter().position(|deviation| *deviation <= 0.0) {
            return Err(Error::ImpossibleCovariance {
                name: format!("{}, level {level}", block.definition.name),
                smallest: 0.0,
                largest: 0.0,
                expected: "a variance above 0".to_owned(),
            });
        }
        let transform = HostTransform::new(grid, self.truncation)?;
        let roots = block.definition.roots()?;
        for (root, value) in block.roots.chunks_exact_mut(levels).zip(roots.chunks_exact(levels)) {
            for level in 0..levels {
                root[level] = R::from_f64(value[level] / of_levels[level]);
            }
        }
        let grid = vec![R::ZERO; values.len()];
        block.deviations = Some(Deviations { transform, values, grid });
        Ok(())
    }

    /// Standard deviations σ of a block's unbalanced part in an ensemble of states, \[level]\[point] on a grid: √(Σ (S x)²/(N − 1)) of anomalies x after
    /// [`SpectralCovariance::remove_balance`].
    ///
    /// With N members they are noisy by a share of 1/√(2(N − 1)); smooth them before [`SpectralCovariance::set_deviations`] where N is small.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for a block that is not there, [`Error::ImpossibleTruncation`].
    pub fn estimate_deviations(
        &mut self,
        number: usize,
        grid: &Grid,
        ensemble: &Ensemble<R>,
    ) -> Result<Vec<R>> {
        self.expect_block(number)?;
        expect_len("ensemble", self.unbalanced.len(), ensemble.variables())?;
        let levels = self.block(number).levels();
        let range = self.range(number);
        let mut transform = HostTransform::<R>::new(grid, self.truncation)?;
        let (mut mean, mut state) =
            (vec![R::ZERO; ensemble.variables()], vec![R::ZERO; ensemble.variables()]);
        ensemble.mean(&mut mean)?;
        let mut fields = vec![R::ZERO; levels * grid.points()];
        let mut squares = vec![0.0_f64; fields.len()];
        for member in 0..ensemble.members() {
            ensemble.read_member(member, &mut state)?;
            state.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= *mean);
            self.remove_balance(&mut state)?;
            transform.synthesis(levels, &state[range.clone()], &mut fields)?;
            squares.iter_mut().zip(&fields).for_each(|(sum, value)| *sum += value.to_f64().powi(2));
        }
        let degrees = ensemble.members() as f64 - 1.0;
        Ok(squares.into_iter().map(|sum| R::from_f64((sum / degrees).sqrt())).collect())
    }

    fn expect_block(&self, number: usize) -> Result<()> {
        let count = self.blocks.len();
        if number < count {
            return Ok(());
        }
        let expected = format!("a block below {count}");
        Err(Error::InvalidValue { name: "block", got: number.to_string(), expected })
    }
}
