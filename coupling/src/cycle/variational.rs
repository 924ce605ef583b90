//! [`Variational`]: one state at the beginning of a window that moves along, corrected through the model's adjoint.

use terrella_kernels::assimilation::minimisation::RitzPreconditioner;
use terrella_kernels::assimilation::variational::{
    MultiResolution, OuterLoop, OuterLoops, OuterStop, Selection, VariationalAnalysis, Window,
    analyse_variationally_knowing,
};
use terrella_kernels::assimilation::{Ensemble, LinearOperator, Observations};

use super::inner::{Inner, Prolonged};
use super::smoother::intervals;
use super::window::ComponentWindow;
use super::{Method, Network, Observed};
use crate::error::expect_len;
use crate::{Error, Linearised, Result};

/// 4D-Var with windows of `lag` intervals of the network that move by one and assimilate the observations of the last, and one background
/// covariance at their beginning; with a lag of 0, 3D-Var. The estimate is that at the window's end.
///
/// 3D-Var compares observations with the forecast at their own time, and corrects the state at the window's end as though the departures were of that
/// time (the first guess at the appropriate time, 3D-FGAT).
pub struct Variational<R> {
    /// At the window's beginning, and at its end.
    begin: Vec<R>,
    end: Vec<R>,
    network: Network<R>,
    lag: usize,
    transform: Box<dyn LinearOperator<R>>,
    outer_loops: OuterLoops<'static>,
    budget: usize,
    inner: Option<Inner<R>>,
    /// Of the forecast, at the times of observation.
    equivalents: Vec<R>,
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
    pub(super) fn add<R>(&mut self, analysis: &VariationalAnalysis<R>) {
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
    /// Intervals of the network in a window.
    pub lag: usize,
    /// U with B = U Uᵀ, of increments.
    pub transform: Box<dyn LinearOperator<R>>,
    /// How it minimises.
    pub outer_loops: OuterLoops<'static>,
    /// Bytes that a window's trajectory and linearisations may take.
    pub budget: usize,
    /// Vectors of the control's length, for Ritz pairs that windows learn and those that follow begin with: one for each pair and for each minimisation.
    /// Pairs beyond these are forgotten after their window. 0 where each window begins anew.
    pub remembered: usize,
    /// A coarser model for inner loops, whose states increments then are; none where these have the resolution of the state.
    pub inner: Option<Inner<R>>,
}

impl<R: terrella_kernels::Real> Variational<R> {
    /// From a first state.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where U does not yield increments, [`Error::InvalidValue`] for a coarser model without a window to run through and for
    /// times of observation between its steps.
    pub fn new(state: Vec<R>, network: Network<R>, settings: VariationalSettings<R>) -> Result<Self> {
        let VariationalSettings { lag, transform, outer_loops, budget, remembered, inner } = settings;
        let increment = inner.as_ref().map_or(state.len(), Inner::state_len);
        expect_len("output of U", increment, transform.output_len())?;
        if let Some(inner) = &inner {
            if lag == 0 {
                return Err(Error::InvalidValue {
                    name: "lag",
                    got: "0".to_owned(),
                    expected: "at least 1, for inner loops with a model".to_owned(),
                });
            }
            inner.validate(&network)?;
        }
        let end = state.clone();
        let room = match remembered {
            0 => 0,
            vectors => RitzPreconditioner::<R>::written_len(transform.input_len(), vectors - 1),
        };
        Ok(Self {
            begin: state,
            end,
            equivalents: vec![R::ZERO; network.total()],
            network,
            lag,
            transform,
            outer_loops,
            budget,
            inner,
            known: vec![R::ZERO; room],
            minimisations: Minimisations::default(),
        })
    }

    /// U from now on.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where it does not yield increments.
    pub(super) fn set_transform(&mut self, transform: Box<dyn LinearOperator<R>>) -> Result<()> {
        expect_len("output of U", self.transform.output_len(), transform.output_len())?;
        self.transform = transform;
        Ok(())
    }

    /// The estimate, at the window's end.
    pub(super) fn end(&self) -> &[R] {
        &self.end
    }

    /// Intervals of the network in a window.
    pub(super) fn lag(&self) -> usize {
        self.lag
    }

    /// Observations as though they were of the window's end: changed by what the forecast changes from their own time to that.
    fn at_end(&self, values: &[R]) -> Vec<R> {
        let last = &self.equivalents[self.equivalents.len() - self.network.count()..];
        let there = last.iter().cycle();
        let shifts = self.equivalents.iter().zip(there).map(|(here, there)| *there - *here);
        values.iter().zip(shifts).map(|(value, shift)| *value + shift).collect()
    }

    fn minimise(
        &mut self,
        window: &mut dyn Window<R>,
        observations: &Observations<R>,
    ) -> terrella_kernels::Result<VariationalAnalysis<R>> {
        let Self { begin, transform, outer_loops, known, .. } = self;
        let preconditioner = RitzPreconditioner::read(known, transform.input_len())?;
        let mut window = window;
        analyse_variationally_knowing(
            &mut window,
            transform,
            begin,
            observations,
            outer_loops,
            preconditioner,
        )
    }
}

/// What came of a window, and what its component said where it failed.
type Outcome<R> = (terrella_kernels::Result<VariationalAnalysis<R>>, Option<Error>);

impl<R: terrella_kernels::Real> Variational<R> {
    /// With inner loops by the coarser model.
    fn minimise_coarsely<C: Linearised<Real = R>>(
        &mut self,
        component: &mut C,
        inner: &mut Inner<R>,
        selection: Selection,
        times: Vec<usize>,
        observations: &Observations<R>,
    ) -> Result<Outcome<R>> {
        let Inner { component: coarse, simplify, prolong, ratio } = inner;
        // The fine run is gone through forward only.
        let room = 2 * size_of::<R>() * component.memory_len();
        let coarse_times = times.iter().map(|steps| steps / *ratio).collect();
        let operator = Prolonged::new(selection.clone(), prolong.clone());
        let mut outer = ComponentWindow::new(component, selection, times, room)?;
        let mut within = ComponentWindow::new(coarse, operator, coarse_times, self.budget)?;
        let mut window = MultiResolution::new(&mut outer, &mut within, simplify, prolong)?;
        let outcome = self.minimise(&mut window, observations);
        Ok((outcome, outer.take_failure().or_else(|| within.take_failure())))
    }
}

impl<C: Linearised> Method<C> for Variational<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        network.forecast(component, &mut self.end, &mut self.equivalents)
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        expect_len("values", self.network.total(), observed.values.len())?;
        let (moves, length) = intervals(cycle, self.lag);
        let interval = self.network.interval();
        let (times, places, values) = if self.lag == 0 {
            self.begin.copy_from_slice(&self.end);
            (vec![0], vec![self.network.all_indices()], self.at_end(&observed.values))
        } else {
            component.advance(&mut self.begin, moves * interval)?;
            let before = (length - 1) * interval;
            let times: Vec<usize> = self.network.steps().iter().map(|steps| before + steps).collect();
            let places = vec![self.network.indices().to_vec(); times.len()];
            (times, places, observed.values.clone())
        };
        let places = places.iter().map(|places| places.iter().map(|&index| index as usize).collect());
        let selection = Selection::new(self.begin.len(), places.collect())?;
        let observations = Observations::new(&values, &observed.variances)?;
        let (outcome, failure) = match self.inner.take() {
            None => {
                let mut window = ComponentWindow::new(component, selection, times, self.budget)?;
                (self.minimise(&mut window, &observations), window.take_failure())
            }
            Some(mut inner) => {
                let result = self.minimise_coarsely(component, &mut inner, selection, times, &observations);
                self.inner = Some(inner);
                result?
            }
        };
        let analysis = match (outcome, failure) {
            (Ok(analysis), _) => analysis,
            (Err(_), Some(failure)) => return Err(failure),
            (Err(error), None) => return Err(error.into()),
        };
        self.minimisations.add(&analysis);
        analysis.preconditioner.write(&mut self.known);
        self.begin.copy_from_slice(&analysis.state);
        self.end.copy_from_slice(&self.begin);
        component.advance(&mut self.end, length * interval)
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
