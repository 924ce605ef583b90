//! [`IterativeSmoother`]: an ensemble at the beginning of a window that moves along.

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::assimilation::iterative::{Smoother, Smoothing, Stop};

use super::{Condition, Method, Network, Observed};
use crate::{Component, Error, Result};

/// The iterative ensemble Kalman smoother of `terrella_kernels::assimilation::iterative` with windows of `lag` intervals of the network that
/// move by one and assimilate the observations of the last (single data assimilation). The estimate is that at the window's end.
pub struct IterativeSmoother<R> {
    /// At the window's beginning, and at its end.
    begin: Ensemble<R>,
    end: Ensemble<R>,
    network: Network<R>,
    lag: usize,
    smoother: Smoother,
    last: Option<Smoothing>,
    /// Windows whose iterations did not converge.
    unconverged: [R; 1],
}

impl<R: Real> IterativeSmoother<R> {
    /// From first members.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a lag of 0.
    pub fn new(ensemble: Ensemble<R>, network: Network<R>, lag: usize, smoother: Smoother) -> Result<Self> {
        if lag == 0 {
            return Err(no_lag());
        }
        Ok(Self {
            end: ensemble.clone(),
            begin: ensemble,
            network,
            lag,
            smoother,
            last: None,
            unconverged: [R::ZERO],
        })
    }

    /// How the last window went.
    pub fn last(&self) -> Option<&Smoothing> {
        self.last.as_ref()
    }
}

fn no_lag() -> Error {
    Error::InvalidValue { name: "lag", got: "0".to_owned(), expected: "at least 1".to_owned() }
}

/// Intervals by which the window's beginning has to move for the observations of `cycle`, and those from there to them.
pub(super) fn intervals(cycle: u32, lag: usize) -> (usize, usize) {
    let times = cycle as usize + 1;
    (usize::from(times > lag && lag > 0), times.min(lag))
}

impl<C: Component> Method<C> for IterativeSmoother<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        component.advance_ensemble(&mut self.end, network.interval())
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { begin, end, network, lag, smoother, last, unconverged } = self;
        let (moves, length) = intervals(cycle, *lag);
        let interval = network.interval();
        component.advance_ensemble(begin, moves * interval)?;
        let smoothing = smoother.smooth(begin, &observed.observations()?, |states, equivalents| {
            network.pass_ensemble(component, length, states, equivalents)
        })?;
        if smoothing.stop != Stop::Converged {
            unconverged[0] += C::Real::ONE;
        }
        *last = Some(smoothing);
        end.values_mut().copy_from_slice(begin.values());
        component.advance_ensemble(end, length * interval)
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        Ok(self.end.mean(state)?)
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(&self.end)
    }

    fn condition(&self) -> Condition {
        Condition { unconverged: self.unconverged[0].to_f64() as usize, ..Condition::default() }
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![self.begin.values_mut(), self.end.values_mut(), &mut self.unconverged]
    }
}
