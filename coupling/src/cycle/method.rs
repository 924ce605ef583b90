//! [`Method`]: what follows a truth by its observations.

use terrella_kernels::assimilation::Ensemble;

use super::{Minimisations, Observed};
use crate::{Component, Result};

/// A method of assimilation: an estimate that is put forward by a component and corrected by observations.
pub trait Method<C: Component> {
    /// Replaces the estimate by that `steps` later.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn forecast(&mut self, component: &mut C, steps: usize) -> Result<()>;

    /// Corrects the estimate by the observations of its time. `cycle` counts from 0 and names random numbers.
    ///
    /// # Errors
    /// What analyses say of impossible observations, and where an ensemble has collapsed.
    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()>;

    /// Writes the estimate, for an ensemble its mean, to `state`.
    ///
    /// # Errors
    /// [`LengthMismatch`](crate::Error::LengthMismatch).
    fn estimate(&self, state: &mut [C::Real]) -> Result<()>;

    /// The members, where there are any.
    fn ensemble(&self) -> Option<&Ensemble<C::Real>>;

    /// What minimisations took, where there are any.
    fn minimisations(&self) -> Option<&Minimisations> {
        None
    }

    /// Everything that changes what comes next from cycle to cycle, for checkpoints.
    fn memory(&mut self) -> Vec<&mut [C::Real]>;
}
