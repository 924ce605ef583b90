//! Background covariances in spectral space on the sphere: [`SpectralCovariance`].
//!
//! A state is made of *blocks*, such as vorticity, unbalanced divergence, unbalanced mass and humidity, one after the other, each a spectrum
//! \[coefficient]\[2]\[level] (see [`crate::spectral`]). Every block has, for each total wavenumber n, a matrix C_n of covariances between levels, the
//! same for all m: with E|x_nm|² = C_n the covariance of two points at an angle γ is homogeneous and isotropic,
//!
//! B(l, l′, γ) = Σ_n (2n + 1) C_n(l, l′) P_n(cos γ)
//!
//! (Boer 1983, *Mon. Wea. Rev.* 111, 154–164), with its own vertical correlation for each scale and its own horizontal scale for each level. The
//! square root U = K Σ A is made of
//!
//! | factor | what |
//! |--------|------|
//! | A | C_n^½ = E_n Λ_n^½, vertical eigenvectors and roots of their variances, from control variables \[coefficient]\[2]\[mode]; 1/√2 for m > 0 |
//! | Σ | where a block has standard deviations σ on a grid: S⁻¹ σ S with the transform S, C_n then being correlations |
//! | K | balance: a block has in addition N_n p, with p the vorticity or the geopotential Φ in [linear balance](LinearBalance) with it |
//!
//! as in Derber & Bouttier (1999, *Tellus* 51A, 195–221). [`SpectralEstimate`] finds C_n and N_n from ensembles or lagged forecasts.
//! Everything is arrays: [`SpectralBlock::covariances`] and [`Balance::regression`] are what to store, and what to make it from again.

mod balance;
mod block;
mod deviations;
mod estimate;
mod grid_fields;
#[cfg(test)]
mod tests;

pub use balance::{Balance, LinearBalance, Predictor};
pub use block::SpectralBlock;
pub use estimate::{BlockShape, SpectralEstimate};
pub use grid_fields::GridFields;

use deviations::Deviations;
use rayon::prelude::*;

use crate::assimilation::LinearOperator;
use crate::assimilation::linear_operator::expect_lens;
use crate::error::expect_len;
use crate::spectral::Truncation;
use crate::{Error, Real, Result};

/// U = K Σ A, from control vectors to spectra of all blocks; both have the same length.
///
/// Imaginary parts of m = 0 are 0 in increments, and control variables there have no effect.
pub struct SpectralCovariance<R: Real> {
    truncation: Truncation,
    blocks: Vec<Block<R>>,
    linear_balance: LinearBalance,
    wavenumbers: Vec<(usize, usize)>,
    /// A v or Σ A v of all blocks.
    unbalanced: Vec<R>,
    predictor: Vec<R>,
}

struct Block<R: Real> {
    definition: SpectralBlock,
    /// Where it begins among all.
    begin: usize,
    /// \[n]\[mode]\[level].
    roots: Vec<R>,
    deviations: Option<Deviations<R>>,
}

impl<R: Real> SpectralCovariance<R> {
    /// Of these blocks, at this truncation, on a sphere of `radius` \[m] that rotates at `rotation` \[s⁻¹], which linear balance needs.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for blocks of another truncation, a radius that is not positive, and balances with a block that is not there or has a balance
    /// itself; [`Error::LengthMismatch`] where a balance's regression does not fit; [`Error::ImpossibleCovariance`] for a matrix C_n with a negative eigenvalue.
    pub fn new(
        truncation: Truncation,
        blocks: Vec<SpectralBlock>,
        radius: f64,
        rotation: f64,
    ) -> Result<Self> {
        let linear_balance = LinearBalance::new(truncation, radius, rotation)?;
        for (number, block) in blocks.iter().enumerate() {
            block.expect_truncation(truncation)?;
            let Some(balance) = &block.balance else { continue };
            let with = blocks.get(balance.with).filter(|with| with.balance.is_none());
            let Some(with) = with.filter(|_| balance.with != number) else {
                return Err(Error::InvalidValue {
                    name: "balance",
                    got: format!("block '{}' with block {}", block.name, balance.with),
                    expected: "another block, without a balance of its own".to_owned(),
                });
            };
            let expected = (truncation.total() + 1) * block.levels * with.levels;
            expect_len("regression", expected, balance.regression.len())?;
        }
        let mut begin = 0;
        let mut made = Vec::with_capacity(blocks.len());
        for definition in blocks {
            let roots = definition.roots()?.into_iter().map(R::from_f64).collect();
            let len = truncation.spectrum_len(definition.levels);
            made.push(Block { definition, begin, roots, deviations: None });
            begin += len;
        }
        let largest = made.iter().map(|block| block.len(truncation)).max().unwrap_or(0);
        Ok(Self {
            truncation,
            blocks: made,
            linear_balance,
            wavenumbers: truncation.wavenumbers().collect(),
            unbalanced: vec![R::ZERO; begin],
            predictor: vec![R::ZERO; largest],
        })
    }

    /// The definition of a block.
    ///
    /// # Panics
    /// Where there is no such block.
    pub fn block(&self, number: usize) -> &SpectralBlock {
        &self.blocks[number].definition
    }

    /// Where a block is in states and control vectors.
    ///
    /// # Panics
    /// Where there is no such block.
    pub fn range(&self, number: usize) -> std::ops::Range<usize> {
        let block = &self.blocks[number];
        block.begin..block.begin + block.len(self.truncation)
    }

    /// K⁻¹: takes the balanced parts out of a state.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn remove_balance(&mut self, state: &mut [R]) -> Result<()> {
        expect_len("state", self.unbalanced.len(), state.len())?;
        self.unbalanced.copy_from_slice(state);
        self.add_balance(state, -R::ONE);
        Ok(())
    }

    /// Adds the parts in balance with `self.unbalanced`, times a factor.
    fn add_balance(&mut self, state: &mut [R], factor: R) {
        for block in &self.blocks {
            let Some(balance) = &block.definition.balance else { continue };
            let with = &self.blocks[balance.with];
            let source = &self.unbalanced[with.begin..with.begin + with.len(self.truncation)];
            let predictor = &mut self.predictor[..source.len()];
            self.linear_balance.predict(balance.predictor, with.definition.levels, source, predictor);
            let target = &mut state[block.begin..block.begin + block.len(self.truncation)];
            let (levels, of_with) = (block.definition.levels, with.definition.levels);
            target
                .par_chunks_exact_mut(2 * levels)
                .zip(predictor.par_chunks_exact(2 * of_with))
                .zip(&self.wavenumbers)
                .for_each(|((target, predictor), (_, n))| {
                    let matrix = &balance.regression[n * levels * of_with..][..levels * of_with];
                    for part in 0..2 {
                        let predictor = &predictor[part * of_with..][..of_with];
                        let target = &mut target[part * levels..][..levels];
                        for (target, row) in target.iter_mut().zip(matrix.chunks_exact(of_with)) {
                            for (value, weight) in predictor.iter().zip(row) {
                                *target += factor * R::from_f64(*weight) * *value;
                            }
                        }
                    }
                });
        }
    }

    /// `self.unbalanced` = Kᵀ `state`.
    fn apply_balance_adjoint(&mut self, state: &[R]) {
        self.unbalanced.copy_from_slice(state);
        for block in &self.blocks {
            let Some(balance) = &block.definition.balance else { continue };
            let with = &self.blocks[balance.with];
            let range = with.begin..with.begin + with.len(self.truncation);
            let source = &state[block.begin..block.begin + block.len(self.truncation)];
            let (levels, of_with) = (block.definition.levels, with.definition.levels);
            let predictor = &mut self.predictor[..range.len()];
            predictor
                .par_chunks_exact_mut(2 * of_with)
                .zip(source.par_chunks_exact(2 * levels))
                .zip(&self.wavenumbers)
                .for_each(|((predictor, source), (_, n))| {
                    let matrix = &balance.regression[n * levels * of_with..][..levels * of_with];
                    predictor.fill(R::ZERO);
                    for part in 0..2 {
                        let predictor = &mut predictor[part * of_with..][..of_with];
                        let source = &source[part * levels..][..levels];
                        for (source, row) in source.iter().zip(matrix.chunks_exact(of_with)) {
                            for (value, weight) in predictor.iter_mut().zip(row) {
                                *value += R::from_f64(*weight) * *source;
                            }
                        }
                    }
                });
            let target = &mut self.unbalanced[range];
            self.linear_balance.add_prediction(balance.predictor, of_with, predictor, target);
        }
    }
}

impl<R: Real> Block<R> {
    fn len(&self, truncation: Truncation) -> usize {
        truncation.spectrum_len(self.definition.levels)
    }

    /// Writes A v, or Aᵀ of a spectrum where `adjoint`, for each coefficient.
    fn apply_roots(&self, wavenumbers: &[(usize, usize)], input: &[R], output: &mut [R], adjoint: bool) {
        let levels = self.definition.levels;
        if levels == 0 {
            return;
        }
        let half = R::from_f64(std::f64::consts::FRAC_1_SQRT_2);
        output
            .par_chunks_exact_mut(2 * levels)
            .zip(input.par_chunks_exact(2 * levels))
            .zip(wavenumbers)
            .for_each(|((output, input), (m, n))| {
                let root = &self.roots[n * levels * levels..][..levels * levels];
                output.fill(R::ZERO);
                let parts = if *m == 0 { 1 } else { 2 };
                let share = if *m == 0 { R::ONE } else { half };
                for part in 0..parts {
                    let input = &input[part * levels..][..levels];
                    let output = &mut output[part * levels..][..levels];
                    for (mode, column) in root.chunks_exact(levels).enumerate() {
                        for level in 0..levels {
                            let element = share * column[level];
                            if adjoint {
                                output[mode] += element * input[level];
                            } else {
                                output[level] += element * input[mode];
                            }
                        }
                    }
                }
            });
    }
}

impl<R: Real> LinearOperator<R> for SpectralCovariance<R> {
    fn input_len(&self) -> usize {
        self.unbalanced.len()
    }

    fn output_len(&self) -> usize {
        self.unbalanced.len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        for block in &mut self.blocks {
            let range = block.begin..block.begin + block.len(self.truncation);
            let part = &mut output[range.clone()];
            block.apply_roots(&self.wavenumbers, &input[range], part, false);
            if let Some(deviations) = &mut block.deviations {
                deviations.apply(block.definition.levels, part)?;
            }
        }
        self.unbalanced.copy_from_slice(output);
        self.add_balance(output, R::ONE);
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        self.apply_balance_adjoint(output);
        for block in &mut self.blocks {
            let range = block.begin..block.begin + block.len(self.truncation);
            let part = &mut self.unbalanced[range.clone()];
            if let Some(deviations) = &mut block.deviations {
                deviations.apply_adjoint(block.definition.levels, part)?;
            }
            block.apply_roots(&self.wavenumbers, part, &mut input[range], true);
        }
        Ok(())
    }
}
