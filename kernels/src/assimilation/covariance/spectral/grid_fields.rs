//! [`GridFields`]: spectra to grid fields, as a linear operator.

use crate::assimilation::LinearOperator;
use crate::assimilation::linear_operator::expect_lens;
use crate::spectral::HostTransform;
use crate::{Real, Result};

/// S: spectra \[coefficient]\[2]\[level] of several blocks, one after the other, to grid fields \[level]\[point] of each.
pub struct GridFields<R: Real> {
    transform: HostTransform<R>,
    levels: Vec<usize>,
}

impl<R: Real> GridFields<R> {
    /// Of blocks with these numbers of levels.
    pub fn new(transform: HostTransform<R>, levels: Vec<usize>) -> Self {
        Self { transform, levels }
    }
}

impl<R: Real> LinearOperator<R> for GridFields<R> {
    fn input_len(&self) -> usize {
        self.transform.truncation().spectrum_len(self.levels.iter().sum())
    }

    fn output_len(&self) -> usize {
        self.transform.grid().points() * self.levels.iter().sum::<usize>()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let (truncation, points) = (self.transform.truncation(), self.transform.grid().points());
        let (mut spectrum, mut field) = (0, 0);
        for &levels in &self.levels {
            let ends = (spectrum + truncation.spectrum_len(levels), field + levels * points);
            self.transform.synthesis(levels, &input[spectrum..ends.0], &mut output[field..ends.1])?;
            (spectrum, field) = ends;
        }
        Ok(())
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> Result<()> {
        expect_lens(self, input, output)?;
        let (truncation, points) = (self.transform.truncation(), self.transform.grid().points());
        let (mut spectrum, mut field) = (0, 0);
        for &levels in &self.levels {
            let ends = (spectrum + truncation.spectrum_len(levels), field + levels * points);
            self.transform.synthesis_adjoint(levels, &output[field..ends.1], &mut input[spectrum..ends.0])?;
            (spectrum, field) = ends;
        }
        Ok(())
    }
}
