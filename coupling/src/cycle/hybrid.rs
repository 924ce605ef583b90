//! [`Hybrid`]: variational analyses with the covariance of an ensemble that runs beside.

use terrella_kernels::Real;
use terrella_kernels::assimilation::covariance::{LocalisedEnsemble, Repeated, Sum};
use terrella_kernels::assimilation::variational::{OuterLoops, Selection, Snapshots, analyse_variationally};
use terrella_kernels::assimilation::{Ensemble, LinearOperator};

use super::{Condition, Filter, Method, Minimisations, Network, Observed, Shared, Variational};
use crate::error::expect_len;
use crate::{Error, Linearised, Result};

/// B = (1 − w) B₀ + w (X Xᵀ ∘ C), with the anomalies X of an ensemble over √(N − 1) and a localisation C (Hamill & Snyder 2000, *Mon. Wea. Rev.*
/// 128, 2905–2919; Lorenc 2003, *Q. J. R. Meteorol. Soc.* 129, 3183–3203).
pub struct HybridCovariance<R> {
    static_root: Option<Shared<R>>,
    localisation: Shared<R>,
    weight: f64,
}

impl<R: Real> HybridCovariance<R> {
    /// With a square root of B₀, one of C, and w. B₀ may be absent where w is 1.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a weight that is not above 0 and at most 1, and one below 1 without B₀.
    pub fn new(static_root: Option<Shared<R>>, localisation: Shared<R>, weight: f64) -> Result<Self> {
        // Also refuses NaN.
        if !(weight > 0.0 && weight <= 1.0) || (weight < 1.0 && static_root.is_none()) {
            return Err(Error::InvalidValue {
                name: "weight",
                got: weight.to_string(),
                expected: "a number above 0 and at most 1, and 1 without a static covariance".to_owned(),
            });
        }
        Ok(Self { static_root, localisation, weight })
    }

    /// U of states of so many times, one after the other, whose ensemble this is.
    fn root(&self, ensemble: &Ensemble<R>, times: usize) -> Result<Box<dyn LinearOperator<R>>> {
        let localisation = Repeated::new(self.localisation.clone(), times);
        let of_ensemble = LocalisedEnsemble::new(ensemble, localisation)?;
        let mut terms: Vec<(f64, Box<dyn LinearOperator<R>>)> = vec![(self.weight, Box::new(of_ensemble))];
        if let Some(root) = &self.static_root
            && self.weight < 1.0
        {
            terms.push((1.0 - self.weight, Box::new(Repeated::new(root.clone(), times))));
        }
        Ok(Box::new(Sum::new(terms)?))
    }
}

/// 3D- or 4D-Var with a [`HybridCovariance`], whose ensemble is corrected by a [`Filter`] and moved onto the analysis after that. In 4D-Var, whose windows
/// have one interval, it is that at the window's beginning, in 3D-Var that at its end.
pub struct Hybrid<R> {
    variational: Variational<R>,
    filter: Filter<R>,
    covariance: HybridCovariance<R>,
    /// Whether the window's beginning is corrected.
    from_beginning: bool,
    /// The members of the covariance.
    background: Ensemble<R>,
}

impl<R: Real> Hybrid<R> {
    /// Of these; the variational method's own covariance is not used.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for windows of more than one interval, and those of square roots that do not fit.
    pub fn new(
        mut variational: Variational<R>,
        filter: Filter<R>,
        covariance: HybridCovariance<R>,
    ) -> Result<Self> {
        let lag = variational.lag();
        if lag > 1 {
            return Err(Error::InvalidValue {
                name: "lag",
                got: lag.to_string(),
                expected: "0 for 3D-Var or 1 for 4D-Var".to_owned(),
            });
        }
        let background = filter.members().clone();
        variational.set_transform(covariance.root(&background, 1)?)?;
        Ok(Self { variational, filter, covariance, from_beginning: lag == 1, background })
    }
}

impl<C: Linearised> Method<C> for Hybrid<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        let Self { variational, filter, from_beginning, background, .. } = self;
        if *from_beginning {
            background.values_mut().copy_from_slice(filter.members().values());
        }
        filter.forecast(component, network)?;
        if !*from_beginning {
            background.values_mut().copy_from_slice(filter.members().values());
        }
        variational.forecast(component, network)
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        self.variational.set_transform(self.covariance.root(&self.background, 1)?)?;
        self.variational.analyse(component, observed, cycle)?;
        self.filter.analyse(component, observed, cycle)?;
        self.filter.recentre(self.variational.end())
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        Method::<C>::estimate(&self.variational, state)
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(self.filter.members())
    }

    fn minimisations(&self) -> Option<&Minimisations> {
        Method::<C>::minimisations(&self.variational)
    }

    fn condition(&self) -> Condition {
        Method::<C>::condition(&self.filter)
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        let mut memory = Method::<C>::memory(&mut self.variational);
        memory.extend(Method::<C>::memory(&mut self.filter));
        memory
    }
}

/// 4DEnVar: covariances between the times of a window are those of an ensemble of trajectories, without a derivative of the model (Liu, Xiao & Wang
/// 2008, *Mon. Wea. Rev.* 136, 3363–3373). The static part of a [`HybridCovariance`] has increments that stay as they are.
pub struct EnsembleVariational<R> {
    state: Vec<R>,
    filter: Filter<R>,
    covariance: HybridCovariance<R>,
    outer_loops: OuterLoops<'static>,
    /// Of the window, \[time]\[value], of the state and of each member.
    trajectory: Vec<R>,
    trajectories: Ensemble<R>,
    network: Network<R>,
    minimisations: Minimisations,
}

impl<R: Real> EnsembleVariational<R> {
    /// From a first state.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where a square root does not yield states.
    pub fn new(
        state: Vec<R>,
        network: Network<R>,
        filter: Filter<R>,
        covariance: HybridCovariance<R>,
        outer_loops: OuterLoops<'static>,
    ) -> Result<Self> {
        let (times, members) = (network.times(), filter.members().members());
        expect_len("members", state.len(), filter.members().variables())?;
        expect_len("output of C", state.len(), covariance.localisation.output_len())?;
        if let Some(root) = &covariance.static_root {
            expect_len("output of U", state.len(), root.output_len())?;
        }
        let trajectory = vec![R::ZERO; times * state.len()];
        let trajectories = Ensemble::new(members, vec![R::ZERO; trajectory.len() * members])?;
        let minimisations = Minimisations::default();
        Ok(Self { state, filter, covariance, outer_loops, trajectory, trajectories, network, minimisations })
    }
}

impl<C: Linearised> Method<C> for EnsembleVariational<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        let Self { state, filter, trajectory, trajectories, .. } = self;
        let len = state.len();
        let (ensemble, equivalents) = filter.parts_mut();
        let mut member_state = vec![C::Real::ZERO; len];
        let mut found = vec![C::Real::ZERO; network.total()];
        let mut follow = |state: &mut [C::Real], found: &mut [C::Real], trajectory: &mut [C::Real]| {
            let visit = |time: usize, at: &[C::Real]| {
                trajectory[time * len..][..len].copy_from_slice(at);
                Ok(())
            };
            network.pass(component, 1, state, visit, found)
        };
        for member in 0..ensemble.members() {
            ensemble.read_member(member, &mut member_state)?;
            follow(&mut member_state, &mut found, trajectory)?;
            ensemble.write_member(member, &member_state)?;
            equivalents.write_member(member, &found)?;
            trajectories.write_member(member, trajectory)?;
        }
        follow(state, &mut found, trajectory)
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { state, filter, covariance, outer_loops, trajectory, trajectories, network, minimisations } =
            self;
        let (times, len) = (network.times(), state.len());
        let mut transform = covariance.root(trajectories, times)?;
        let places = network.indices().iter().map(|&index| index as usize).collect();
        let selection = Selection::new(len, vec![places; times])?;
        let mut window = Snapshots::new::<C::Real>(selection, times, len);
        let observations = observed.observations()?;
        let analysis =
            analyse_variationally(&mut window, &mut transform, trajectory, &observations, outer_loops)?;
        minimisations.add(&analysis);
        state.copy_from_slice(&analysis.state[(times - 1) * len..]);
        filter.analyse(component, observed, cycle)?;
        filter.recentre(state)
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        expect_len("state", self.state.len(), state.len())?;
        state.copy_from_slice(&self.state);
        Ok(())
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(self.filter.members())
    }

    fn minimisations(&self) -> Option<&Minimisations> {
        Some(&self.minimisations)
    }

    fn condition(&self) -> Condition {
        Method::<C>::condition(&self.filter)
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        let mut memory = vec![&mut self.state[..]];
        memory.extend(Method::<C>::memory(&mut self.filter));
        memory
    }
}
