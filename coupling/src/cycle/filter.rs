//! [`Filter`]: an ensemble that is put forward and corrected.

use terrella_kernels::assimilation::localization::{Near, Neighbourhood};
use terrella_kernels::assimilation::{
    Ensemble, Scheme, analyse, analyse_locally, analyse_serially, inflation, rotation,
};
use terrella_kernels::{Real, random};

use super::{Method, Network, Observed};
use crate::{Component, Error, Result};

/// The place of the order of serial analyses among an experiment's random numbers.
const ORDER: u32 = 3;

/// An ensemble Kalman filter of `terrella_kernels::assimilation`.
pub struct Filter<R> {
    ensemble: Ensemble<R>,
    equivalents: Ensemble<R>,
    /// Of the forecast, where the inflation needs it.
    forecast: Option<Ensemble<R>>,
    network: Network<R>,
    settings: FilterSettings<R>,
}

/// How an ensemble is corrected.
pub struct FilterSettings<R> {
    /// The analysis.
    pub update: Update,
    /// What gives the members back the spread that they lack, after each analysis.
    pub inflation: Inflation<R>,
    /// Whether anomalies are rotated at random, after that.
    pub rotates: bool,
    /// Of perturbed observations, orders and rotations.
    pub seed: u64,
}

/// The analysis of a filter.
pub enum Update {
    /// One matrix of weights. A seed and cycle in [`Scheme::Stochastic`] are those of the filter.
    Global(Scheme),
    /// One for each domain.
    Local(Scheme, Localisation),
    /// One observation after the other, in a random order. Without a localisation everything is near.
    Serial(Option<Localisation>),
}

/// Which observations are near.
pub struct Localisation {
    /// Number of domains; a divisor of the number of values of a state, whose index is \[layer]\[domain].
    pub domains: usize,
    /// The observations near a domain.
    pub observations_near: Box<dyn Neighbourhood>,
    /// The values of the state near an observation, and the observations near another, for serial analyses.
    pub near_observation: Option<[Box<dyn Neighbourhood>; 2]>,
}

/// Against spread that is too small.
#[derive(Clone, Debug, PartialEq)]
pub enum Inflation<R> {
    /// Anomalies are multiplied.
    Multiplied(R),
    /// Relaxation to the prior's spread.
    PriorSpread(R),
    /// Relaxation to the prior's perturbations.
    PriorPerturbations(R),
    /// Noise of these variances, \[value].
    Added(Vec<R>),
}

impl<R: Real> Filter<R> {
    /// From first members.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a serial analysis with a localisation that cannot find what is near an observation.
    pub fn new(ensemble: Ensemble<R>, network: Network<R>, settings: FilterSettings<R>) -> Result<Self> {
        if let Update::Serial(Some(Localisation { near_observation: None, .. })) = settings.update {
            return Err(Error::InvalidValue {
                name: "near_observation",
                got: "absent".to_owned(),
                expected: "neighbourhoods of observations, for a serial analysis".to_owned(),
            });
        }
        let members = ensemble.members();
        let equivalents = Ensemble::new(members, vec![R::ZERO; network.count() * members])?;
        let forecast = match settings.inflation {
            Inflation::PriorSpread(_) | Inflation::PriorPerturbations(_) => Some(ensemble.clone()),
            Inflation::Multiplied(_) | Inflation::Added(_) => None,
        };
        Ok(Self { ensemble, equivalents, forecast, network, settings })
    }
}

fn global(scheme: &Scheme, seed: u64, cycle: u32) -> Scheme {
    match scheme {
        Scheme::Stochastic { .. } => Scheme::Stochastic { seed, cycle },
        other => *other,
    }
}

impl<C: Component> Method<C> for Filter<C::Real> {
    fn forecast(&mut self, component: &mut C, steps: usize) -> Result<()> {
        component.advance_ensemble(&mut self.ensemble, steps)
    }

    fn analyse(&mut self, _component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { ensemble, equivalents, forecast, network, settings } = self;
        let seed = settings.seed;
        if let Some(forecast) = forecast {
            forecast.values_mut().copy_from_slice(ensemble.values());
        }
        network.observe_ensemble(ensemble, equivalents)?;
        let observations = observed.observations()?;
        match &settings.update {
            Update::Global(scheme) => {
                analyse(ensemble, equivalents, &observations, &global(scheme, seed, cycle))?;
            }
            Update::Local(scheme, near) => {
                let search =
                    |domain: usize, found: &mut Vec<Near>| near.observations_near.near(domain, found);
                let scheme = global(scheme, seed, cycle);
                analyse_locally(ensemble, near.domains, equivalents, &observations, &scheme, &search)?;
            }
            Update::Serial(localisation) => {
                let order = random::permutation(seed, [cycle, ORDER, 0], observed.values.len());
                let everything = |count: usize| {
                    move |_: usize, found: &mut Vec<Near>| {
                        found.extend((0..count as u32).map(|index| Near { index, taper: 1.0 }));
                    }
                };
                match localisation.as_ref().and_then(|near| near.near_observation.as_ref()) {
                    Some([values, others]) => analyse_serially(
                        ensemble,
                        equivalents,
                        &observations,
                        &order,
                        &|number: usize, found: &mut Vec<Near>| values.near(number, found),
                        &|number: usize, found: &mut Vec<Near>| others.near(number, found),
                    )?,
                    None => {
                        let (values, others) = (everything(ensemble.variables()), everything(order.len()));
                        analyse_serially(ensemble, equivalents, &observations, &order, &values, &others)?;
                    }
                }
            }
        }
        match (&settings.inflation, forecast) {
            (Inflation::Multiplied(factor), _) => inflation::multiply(ensemble, *factor)?,
            (Inflation::PriorSpread(share), Some(forecast)) => {
                let mut variance = vec![C::Real::ZERO; forecast.variables()];
                forecast.variance(&mut variance)?;
                inflation::relax_to_prior_spread(ensemble, &variance, *share)?;
            }
            (Inflation::PriorPerturbations(share), Some(forecast)) => {
                inflation::relax_to_prior_perturbations(ensemble, forecast, *share)?;
            }
            (Inflation::PriorSpread(_) | Inflation::PriorPerturbations(_), None) => {
                unreachable!("the forecast is kept for relaxations")
            }
            (Inflation::Added(variances), _) => inflation::add(ensemble, variances, seed, cycle)?,
        }
        if settings.rotates {
            rotation::rotate(ensemble, seed, cycle);
        }
        Ok(())
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        Ok(self.ensemble.mean(state)?)
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(&self.ensemble)
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![self.ensemble.values_mut()]
    }
}
