//! [`Variational`]: one state at the beginning of a window that moves along, corrected through the model's adjoint.

use terrella_kernels::assimilation::minimisation::RitzPreconditioner;
use terrella_kernels::assimilation::variational::{
    OuterLoop, OuterLoops, OuterStop, Selection, VariationalAnalysis, analyse_variationally_knowing,
};
use terrella_kernels::assimilation::{Ensemble, LinearOperator};

use super::smoother::intervals;
use super::window::ComponentWindow;
use super::{Method, Network, Observed};
use crate::error::expect_len;
use crate::{Linearised, Result};

/// 4D-Var with windows of `lag` times of observation that move by one and assimilate the last, and one background covariance at their
/// beginning; with a lag of 0, 3D-Var. The estimate is that at the window's end.
pub struct Variational<R> {
    /// At the window's beginning, and at its end.
    begin: Vec<R>,
    end: Vec<R>,
    network: Network<R>,
    lag: usize,
    transform: Box<dyn LinearOperator<R>>,
    outer_loops: OuterLoops<'static>,
    budget: usize,
    /// What is known of the Hessian, as it is written.
    known: Vec<R>,
    minimisations: Minimisations,
}

/// What minimisations took, of all windows since a method was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minimisations {
    /// Windows.
    pub windows: usize,
    /// Those whose last inner loop ended before it converged.
    pub unconverged: usize,
    /// Those whose outer loops ended by their number, before changes were small.
    pub all_outer_loops: usize,
    /// Those whose outer loops ended at a state from which the full model's equivalents were not finite.
    pub not_finite: usize,
    /// Iterations of all windows, by outer loop.
    pub iterations: Vec<usize>,
}

impl Minimisations {
    fn add<R>(&mut self, analysis: &VariationalAnalysis<R>) {
        self.windows += 1;
        self.unconverged += usize::from(!analysis.loops.last().is_none_or(OuterLoop::converged));
        self.all_outer_loops += usize::from(analysis.stop == OuterStop::Limit);
        self.not_finite += usize::from(analysis.stop == OuterStop::NotFinite);
        self.iterations.resize(self.iterations.len().max(analysis.loops.len()), 0);
        for (sum, inner) in self.iterations.iter_mut().zip(&analysis.loops) {
            *sum += inner.history.len() - 1;
        }
    }
}

/// How [`Variational`] analyses.
pub struct VariationalSettings<R> {
    /// Times of observation in a window.
    pub lag: usize,
    /// U with B = U Uᵀ.
    pub transform: Box<dyn LinearOperator<R>>,
    /// How it minimises.
    pub outer_loops: OuterLoops<'static>,
    /// Bytes that a window's trajectory and linearisations may take.
    pub budget: usize,
    /// Vectors of the control's length, for Ritz pairs that windows learn and those that follow begin with: one for each pair and for each minimisation.
    /// Pairs beyond these are forgotten after their window. 0 where each window begins anew.
    pub remembered: usize,
}

impl<R: terrella_kernels::Real> Variational<R> {
    /// From a first state.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch) where U does not yield states.
    pub fn new(state: Vec<R>, network: Network<R>, settings: VariationalSettings<R>) -> Result<Self> {
        let VariationalSettings { lag, transform, outer_loops, budget, remembered } = settings;
        expect_len("output of U", state.len(), transform.output_len())?;
        let end = state.clone();
        let room = match remembered {
            0 => 0,
            vectors => RitzPreconditioner::<R>::written_len(transform.input_len(), vectors - 1),
        };
        Ok(Self {
            begin: state,
            end,
            network,
            lag,
            transform,
            outer_loops,
            budget,
            known: vec![R::ZERO; room],
            minimisations: Minimisations::default(),
        })
    }
}

impl<C: Linearised> Method<C> for Variational<C::Real> {
    fn forecast(&mut self, component: &mut C, steps: usize) -> Result<()> {
        component.advance(&mut self.end, steps)
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { begin, end, network, lag, transform, outer_loops, budget, known, minimisations } = self;
        let (moves, length) = intervals(cycle, *lag);
        let interval = network.interval();
        if *lag == 0 {
            begin.copy_from_slice(end);
        } else {
            component.advance(begin, moves * interval)?;
        }
        let places = network.indices().iter().map(|&index| index as usize).collect();
        let selection = Selection::new(begin.len(), vec![places])?;
        let mut window = ComponentWindow::new(component, selection, vec![length * interval], *budget)?;
        let preconditioner = RitzPreconditioner::read(known, transform.input_len())?;
        let outcome = analyse_variationally_knowing(
            &mut window,
            transform,
            begin,
            &observed.observations()?,
            outer_loops,
            preconditioner,
        );
        let analysis = match (outcome, window.take_failure()) {
            (Ok(analysis), _) => analysis,
            (Err(_), Some(failure)) => return Err(failure),
            (Err(error), None) => return Err(error.into()),
        };
        minimisations.add(&analysis);
        analysis.preconditioner.write(known);
        begin.copy_from_slice(&analysis.state);
        end.copy_from_slice(begin);
        component.advance(end, length * interval)
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        expect_len("state", self.end.len(), state.len())?;
        state.copy_from_slice(&self.end);
        Ok(())
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        None
    }

    fn minimisations(&self) -> Option<&Minimisations> {
        Some(&self.minimisations)
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![&mut self.begin, &mut self.end, &mut self.known]
    }
}
