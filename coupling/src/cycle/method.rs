//! [`Method`]: what follows a truth by its observations.

use terrella_kernels::assimilation::Ensemble;

use super::{Minimisations, Network, Observed};
use crate::{Component, Result};

/// A method of assimilation: an estimate that is put forward by a component and corrected by observations.
pub trait Method<C: Component> {
    /// Replaces the estimate by that at the end of the network's next window, and keeps what it needs of the times of observation on the way.
    ///
    /// # Errors
    /// Those of [`Component::step`].
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()>;

    /// Corrects the estimate by the observations of the window through which it was forecast. `cycle` counts from 0 and names random numbers.
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

    /// What went wrong with members, or nearly so.
    fn condition(&self) -> Condition {
        Condition::default()
    }

    /// Everything that changes what comes next from cycle to cycle, for checkpoints.
    fn memory(&mut self) -> Vec<&mut [C::Real]>;
}

/// How a method's members fared, over all analyses.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Condition {
    /// Analyses before which members agreed on all that was observed, to a ten-thousandth of its standard errors: they hardly move any more.
    pub collapses: usize,
    /// Windows of a smoother whose iterations ended before they converged.
    pub unconverged: usize,
    /// The effective number of members that bore the weights of a particle filter, of a local one in the worst domain, on average and at least.
    pub effective_size: Option<[f64; 2]>,
}
