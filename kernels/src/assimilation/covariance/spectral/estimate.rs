//! [`SpectralEstimate`]: C_n and N_n from samples of errors.

use super::{Balance, LinearBalance, Predictor, SpectralBlock};
use crate::assimilation::Ensemble;
use crate::assimilation::symmetric::eigen;
use crate::error::expect_len;
use crate::spectral::Truncation;
use crate::{Error, Real, Result};

/// Name, number of levels, and balance of a block: the number of the block it is regressed on, and how.
pub type BlockShape<'a> = (&'a str, usize, Option<(usize, Predictor)>);

/// Adds up products of samples of background errors, until there are enough of them to estimate a covariance:
///
/// C_n(l, l′) = Σ_samples Σ_m Re(x_nm(l) x*_nm(l′)) / ((2n + 1) · degrees of freedom), with negative m as well.
///
/// Where a block has a balance, N_n = ⟨x pᵀ⟩ ⟨p pᵀ⟩⁺ is the regression on the predictor p, and C_n is of x − N p.
#[derive(Clone, Debug)]
pub struct SpectralEstimate {
    truncation: Truncation,
    linear_balance: LinearBalance,
    blocks: Vec<Sums>,
    degrees: f64,
}

/// Sums of products for each n.
#[derive(Clone, Debug)]
struct Sums {
    name: String,
    levels: usize,
    with: Option<(usize, Predictor)>,
    /// x xᵀ, \[n]\[level]\[level].
    own: Vec<f64>,
    /// x pᵀ, \[n]\[level]\[level of p].
    mixed: Vec<f64>,
    /// p pᵀ, \[n]\[level of p]\[level of p].
    of_predictor: Vec<f64>,
}

impl SpectralEstimate {
    /// For blocks with these names, numbers of levels and balances; radius \[m] and rotation \[s⁻¹] as for
    /// [`SpectralCovariance`](super::SpectralCovariance::new).
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a block without levels, an impossible radius or rotation, and balances with a block that is not there or has one itself.
    pub fn new(truncation: Truncation, blocks: &[BlockShape], radius: f64, rotation: f64) -> Result<Self> {
        let linear_balance = LinearBalance::new(truncation, radius, rotation)?;
        let degrees_of_sphere = truncation.total() + 1;
        let mut sums = Vec::with_capacity(blocks.len());
        for &(name, levels, with) in blocks {
            if levels == 0 {
                let (got, expected) = (format!("0 in block '{name}'"), "at least 1".to_owned());
                return Err(Error::InvalidValue { name: "levels", got, expected });
            }
            let of_with = match with {
                None => 0,
                Some((number, _)) => match blocks.get(number) {
                    Some((_, levels, None)) => *levels,
                    _ => {
                        let got = format!("block '{name}' with block {number}");
                        let expected = "another block, without a balance of its own".to_owned();
                        return Err(Error::InvalidValue { name: "balance", got, expected });
                    }
                },
            };
            sums.push(Sums {
                name: name.to_owned(),
                levels,
                with,
                own: vec![0.0; degrees_of_sphere * levels * levels],
                mixed: vec![0.0; degrees_of_sphere * levels * of_with],
                of_predictor: vec![0.0; degrees_of_sphere * of_with * of_with],
            });
        }
        Ok(Self { truncation, linear_balance, blocks: sums, degrees: 0.0 })
    }

    /// Length of a state: the spectra \[coefficient]\[2]\[level] of all blocks.
    pub fn state_len(&self) -> usize {
        self.blocks.iter().map(|block| self.truncation.spectrum_len(block.levels)).sum()
    }

    /// Adds an ensemble of states about its mean: N − 1 degrees of freedom.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for numbers that are not finite.
    pub fn add_ensemble<R: Real>(&mut self, ensemble: &Ensemble<R>) -> Result<()> {
        expect_len("ensemble", self.state_len(), ensemble.variables())?;
        let (mut mean, mut state) = (vec![R::ZERO; self.state_len()], vec![R::ZERO; self.state_len()]);
        ensemble.mean(&mut mean)?;
        for member in 0..ensemble.members() {
            ensemble.read_member(member, &mut state)?;
            let error: Vec<f64> = state.iter().zip(&mean).map(|(x, mean)| (*x - *mean).to_f64()).collect();
            self.add(&error, 1.0)?;
        }
        self.degrees += ensemble.members() as f64 - 1.0;
        Ok(())
    }

    /// Adds the difference of two forecasts for the same time that were started at different times, taken as that of two errors of the same covariance:
    /// half of its square, one degree of freedom (Parrish & Derber 1992, *Mon. Wea. Rev.* 120, 1747–1763).
    ///
    /// # Errors
    /// [`Error::LengthMismatch`], [`Error::InvalidValue`] for numbers that are not finite.
    pub fn add_lagged<R: Real>(&mut self, earlier: &[R], later: &[R]) -> Result<()> {
        expect_len("earlier", self.state_len(), earlier.len())?;
        expect_len("later", self.state_len(), later.len())?;
        let error: Vec<f64> = earlier.iter().zip(later).map(|(a, b)| (*a - *b).to_f64()).collect();
        self.add(&error, 0.5)?;
        self.degrees += 1.0;
        Ok(())
    }

    fn add(&mut self, error: &[f64], weight: f64) -> Result<()> {
        if let Some(place) = error.iter().position(|value| !value.is_finite()) {
            let got = format!("{} at element {place}", error[place]);
            let expected = "finite numbers".to_owned();
            return Err(Error::InvalidValue { name: "samples", got, expected });
        }
        let mut begins = vec![0];
        for block in &self.blocks {
            begins.push(begins[begins.len() - 1] + self.truncation.spectrum_len(block.levels));
        }
        let levels: Vec<usize> = self.blocks.iter().map(|block| block.levels).collect();
        for (number, block) in self.blocks.iter_mut().enumerate() {
            let own = &error[begins[number]..begins[number + 1]];
            let mut predicted = Vec::new();
            if let Some((with, predictor)) = block.with {
                let source = &error[begins[with]..begins[with + 1]];
                predicted.resize(source.len(), 0.0);
                self.linear_balance.predict(predictor, levels[with], source, &mut predicted);
            }
            let of_with = block.with.map_or(0, |(with, _)| levels[with]);
            for (place, (m, n)) in self.truncation.wavenumbers().enumerate() {
                // Both signs of m; the imaginary part of m = 0 does not exist.
                let (parts, weight) = if m == 0 { (1, weight) } else { (2, 2.0 * weight) };
                for part in 0..parts {
                    let row = (2 * place + part) * block.levels;
                    let x = &own[row..row + block.levels];
                    let row = (2 * place + part) * of_with;
                    let p = &predicted[row..row + of_with];
                    add_product(&mut block.own, n, weight, x, x);
                    add_product(&mut block.mixed, n, weight, x, p);
                    add_product(&mut block.of_predictor, n, weight, p, p);
                }
            }
        }
        Ok(())
    }

    /// The blocks of a covariance, with their balances.
    ///
    /// Directions of the predictors between levels whose variance is below `cutoff` of the largest are not regressed on; 10⁻⁶, say, and more where
    /// there are few samples.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] where there are no samples, and for a cutoff outside of 0 to 1.
    pub fn blocks(&self, cutoff: f64) -> Result<Vec<SpectralBlock>> {
        let refuse = |name, got: f64, expected: &str| {
            Err(Error::InvalidValue { name, got: got.to_string(), expected: expected.to_owned() })
        };
        if self.degrees <= 0.0 {
            return refuse("samples", self.degrees, "at least 1 degree of freedom");
        }
        if !(0.0..1.0).contains(&cutoff) {
            return refuse("cutoff", cutoff, "a number from 0 up to 1, without 1");
        }
        self.blocks.iter().map(|block| self.block(block, cutoff)).collect()
    }

    fn block(&self, sums: &Sums, cutoff: f64) -> Result<SpectralBlock> {
        let levels = sums.levels;
        let mut covariances = sums.own.clone();
        let mut balance = None;
        if let Some((with, predictor)) = sums.with {
            let of_with = self.blocks[with].levels;
            let mut regression = vec![0.0; sums.mixed.len()];
            for n in 0..=self.truncation.total() {
                let mixed = &sums.mixed[n * levels * of_with..][..levels * of_with];
                let squares = &sums.of_predictor[n * of_with * of_with..][..of_with * of_with];
                let matrix = &mut regression[n * levels * of_with..][..levels * of_with];
                regress(mixed, squares, matrix, of_with, cutoff)?;
                let own = &mut covariances[n * levels * levels..][..levels * levels];
                subtract_explained(own, mixed, squares, matrix, of_with);
            }
            balance = Some(Balance::new(with, predictor, regression));
        }
        for (n, matrix) in covariances.chunks_exact_mut(levels * levels).enumerate() {
            let count = (2 * n + 1) as f64 * self.degrees;
            matrix.iter_mut().for_each(|value| *value /= count);
        }
        let block = SpectralBlock::new(sums.name.clone(), levels, covariances)?;
        Ok(match balance {
            Some(balance) => block.with_balance(balance),
            None => block,
        })
    }
}

/// Adds weight · x yᵀ to the matrix of n.
fn add_product(sums: &mut [f64], n: usize, weight: f64, x: &[f64], y: &[f64]) {
    if y.is_empty() {
        return;
    }
    let matrix = &mut sums[n * x.len() * y.len()..][..x.len() * y.len()];
    for (row, x) in matrix.chunks_exact_mut(y.len()).zip(x) {
        row.iter_mut().zip(y).for_each(|(sum, y)| *sum += weight * x * y);
    }
}

/// N = M P⁺ with M \[level]\[size] and P \[size]\[size].
fn regress(mixed: &[f64], squares: &[f64], regression: &mut [f64], size: usize, cutoff: f64) -> Result<()> {
    let (mut vectors, mut values) = (squares.to_vec(), vec![0.0; size]);
    eigen(size, &mut vectors, &mut values)?;
    let largest = values.last().copied().unwrap_or(0.0);
    for (vector, value) in vectors.chunks_exact(size).zip(&values) {
        if *value <= 0.0 || *value < cutoff * largest {
            continue;
        }
        for (row, mixed) in regression.chunks_exact_mut(size).zip(mixed.chunks_exact(size)) {
            let along = mixed.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>() / value;
            row.iter_mut().zip(vector).for_each(|(weight, component)| *weight += along * component);
        }
    }
    Ok(())
}

/// C ← C − N Mᵀ − M Nᵀ + N P Nᵀ: what the regression leaves, which no rounding makes much less than 0.
fn subtract_explained(own: &mut [f64], mixed: &[f64], squares: &[f64], regression: &[f64], size: usize) {
    let levels = mixed.len() / size;
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let row = |matrix: &'_ [f64], level: usize| matrix[level * size..(level + 1) * size].to_vec();
    // N P.
    let explained: Vec<f64> = (0..levels * size)
        .map(|place| dot(&row(regression, place / size), &row(squares, place % size)))
        .collect();
    for l in 0..levels {
        for k in 0..levels {
            let (n, m) = (row(regression, l), row(mixed, l));
            own[l * levels + k] += dot(&row(&explained, l), &row(regression, k))
                - dot(&n, &row(mixed, k))
                - dot(&m, &row(regression, k));
        }
    }
}
