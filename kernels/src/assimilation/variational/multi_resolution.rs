//! [`MultiResolution`]: increments that are coarser than the state.

use super::Window;
use crate::assimilation::LinearOperator;
use crate::error::expect_len;
use crate::{Real, Result};

/// A window whose trajectory runs at the state's resolution and whose linear part has another, usually lower one: the inner loops of incremental
/// 4D-Var (Veersé & Thépaut 1998, *Q. J. R. Meteorol. Soc.* 124, 1889–1908).
///
/// The inner window is linearised about its own trajectory from the simplified state. `simplify` takes states to the inner resolution, `prolong`
/// takes increments back; a truncation of spectra and its filling with zeros, or interpolations.
#[derive(Debug)]
pub struct MultiResolution<R, O, I, S, P> {
    outer: O,
    inner: I,
    simplify: S,
    prolong: P,
    simplified: Vec<R>,
    unused: Vec<R>,
}

impl<R, O, I, S, P> MultiResolution<R, O, I, S, P>
where
    R: Real,
    O: Window<R>,
    I: Window<R>,
    S: LinearOperator<R>,
    P: LinearOperator<R>,
{
    /// Both windows have the same observations.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch) where windows and operators do not fit.
    pub fn new(outer: O, inner: I, simplify: S, prolong: P) -> Result<Self> {
        expect_len("observations of the inner window", outer.observation_count(), inner.observation_count())?;
        expect_len("input of 'simplify'", outer.state_len(), simplify.input_len())?;
        expect_len("output of 'simplify'", inner.state_len(), simplify.output_len())?;
        expect_len("input of 'prolong'", inner.increment_len(), prolong.input_len())?;
        expect_len("output of 'prolong'", outer.state_len(), prolong.output_len())?;
        let simplified = vec![R::ZERO; inner.state_len()];
        let unused = vec![R::ZERO; inner.observation_count()];
        Ok(Self { outer, inner, simplify, prolong, simplified, unused })
    }
}

impl<R, O, I, S, P> Window<R> for MultiResolution<R, O, I, S, P>
where
    R: Real,
    O: Window<R>,
    I: Window<R>,
    S: LinearOperator<R>,
    P: LinearOperator<R>,
{
    fn state_len(&self) -> usize {
        self.outer.state_len()
    }

    fn increment_len(&self) -> usize {
        self.inner.increment_len()
    }

    fn observation_count(&self) -> usize {
        self.outer.observation_count()
    }

    fn trajectory(&mut self, state: &[R], equivalents: &mut [R]) -> Result<()> {
        self.outer.trajectory(state, equivalents)?;
        self.simplify.apply(state, &mut self.simplified)?;
        self.inner.trajectory(&self.simplified, &mut self.unused)
    }

    fn tangent(&mut self, increment: &[R], equivalents: &mut [R]) -> Result<()> {
        self.inner.tangent(increment, equivalents)
    }

    fn adjoint(&mut self, equivalents: &[R], increment: &mut [R]) -> Result<()> {
        self.inner.adjoint(equivalents, increment)
    }

    fn prolong(&mut self, increment: &[R], of_state: &mut [R]) -> Result<()> {
        self.prolong.apply(increment, of_state)
    }
}
