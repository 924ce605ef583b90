//! [`Inner`]: a coarser model for the inner loops of incremental 4D-Var.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use terrella_kernels::assimilation::LinearOperator;
use terrella_kernels::assimilation::variational::ObservationOperator;
use terrella_kernels::{Real, Result as KernelResult};

use super::Network;
use crate::{Error, Linearised, Result};

/// A model of lower resolution, about whose own trajectory inner loops are linear (Courtier, Thépaut & Hollingsworth 1994, *Q. J. R. Meteorol.
/// Soc.* 120, 1367–1387).
///
/// Observations have their equivalents in the prolonged state: H′ of increments is that of the fine model after `prolong`.
pub struct Inner<R> {
    /// The model.
    pub component: Box<dyn Linearised<Real = R>>,
    /// From states of the fine model to its.
    pub simplify: Box<dyn LinearOperator<R>>,
    /// From its states to those of the fine model.
    pub prolong: Shared<R>,
    /// Steps of the fine model in one of its.
    pub ratio: usize,
}

impl<R: Real> Inner<R> {
    /// Number of values of its states.
    pub fn state_len(&self) -> usize {
        self.component.state_len()
    }

    /// Refuses times of observation between steps.
    pub(super) fn validate(&self, network: &Network<R>) -> Result<()> {
        let apart = network.interval() / network.times();
        if self.ratio == 0 || !apart.is_multiple_of(self.ratio) {
            return Err(Error::InvalidValue {
                name: "ratio",
                got: self.ratio.to_string(),
                expected: format!("a divisor of the {apart} steps between times of observation"),
            });
        }
        Ok(())
    }
}

/// An operator with several owners in one thread, each of which applies it on its own.
#[derive(Clone)]
pub struct Shared<R>(Rc<RefCell<dyn LinearOperator<R>>>);

impl<R: Real> Shared<R> {
    /// Of this operator.
    pub fn new(operator: impl LinearOperator<R> + 'static) -> Self {
        Self(Rc::new(RefCell::new(operator)))
    }

    /// Calls do not overlap: none of them comes back to an owner.
    fn own(&self) -> RefMut<'_, dyn LinearOperator<R> + 'static> {
        self.0.borrow_mut()
    }
}

impl<R: Real> LinearOperator<R> for Shared<R> {
    fn input_len(&self) -> usize {
        self.own().input_len()
    }

    fn output_len(&self) -> usize {
        self.own().output_len()
    }

    fn apply(&mut self, input: &[R], output: &mut [R]) -> KernelResult<()> {
        self.own().apply(input, output)
    }

    fn apply_adjoint(&mut self, output: &[R], input: &mut [R]) -> KernelResult<()> {
        self.own().apply_adjoint(output, input)
    }
}

/// H of the fine model for states of the coarse one: H after `prolong`.
pub struct Prolonged<R, H> {
    operator: H,
    prolong: Shared<R>,
    fine: Vec<R>,
    coarse: Vec<R>,
}

impl<R: Real, H> Prolonged<R, H> {
    /// This H after this operator.
    pub fn new(operator: H, prolong: Shared<R>) -> Self {
        let (fine, coarse) = (vec![R::ZERO; prolong.output_len()], vec![R::ZERO; prolong.input_len()]);
        Self { operator, prolong, fine, coarse }
    }
}

impl<R: Real, H: ObservationOperator<R>> ObservationOperator<R> for Prolonged<R, H> {
    fn count(&self, time: usize) -> usize {
        self.operator.count(time)
    }

    fn observe(&mut self, time: usize, state: &[R], equivalents: &mut [R]) -> KernelResult<()> {
        self.prolong.apply(state, &mut self.fine)?;
        self.operator.observe(time, &self.fine, equivalents)
    }

    fn tangent(&mut self, time: usize, perturbation: &[R], equivalents: &mut [R]) -> KernelResult<()> {
        self.prolong.apply(perturbation, &mut self.fine)?;
        self.operator.tangent(time, &self.fine, equivalents)
    }

    fn adjoint(&mut self, time: usize, equivalents: &[R], sensitivity: &mut [R]) -> KernelResult<()> {
        self.fine.fill(R::ZERO);
        self.operator.adjoint(time, equivalents, &mut self.fine)?;
        self.prolong.apply_adjoint(&self.fine, &mut self.coarse)?;
        sensitivity.iter_mut().zip(&self.coarse).for_each(|(sum, value)| *sum += *value);
        Ok(())
    }
}
