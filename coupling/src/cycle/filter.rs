//! [`Filter`]: an ensemble that is put forward and corrected.

use terrella_kernels::assimilation::localization::{Near, Neighbourhood};
use terrella_kernels::assimilation::{
    Ensemble, Observations, Scheme, analyse, analyse_locally, analyse_locally_inflated, analyse_serially,
    inflation, rotation,
};
use terrella_kernels::{Real, random};

use super::{Condition, Localisation, Method, Network, Observed};
use crate::{Component, Error, Result};

/// The place of the order of serial analyses among an experiment's random numbers.
const ORDER: u32 = 3;

/// An ensemble Kalman filter of `terrella_kernels::assimilation`. Observations of several times are compared with members at these times, and change
/// members at the window's end by the covariances between the two (Hunt et al. 2004, *Tellus* 56A, 273–277; Sakov, Evensen & Bertino 2010, *Tellus*
/// 62A, 24–29).
pub struct Filter<R> {
    ensemble: Ensemble<R>,
    /// Of the observations of all times of a window, at their own times.
    equivalents: Ensemble<R>,
    /// Of the forecast, where the inflation needs it.
    forecast: Option<Ensemble<R>>,
    /// Of an adaptive inflation, \[domain].
    factors: Vec<R>,
    /// How often the ensemble had collapsed.
    collapses: [R; 1],
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
    /// Forecast anomalies are multiplied by what innovations tell, before each analysis
    /// ([`AdaptiveInflation`](terrella_kernels::assimilation::inflation::AdaptiveInflation)).
    Adaptive,
}

impl<R: Real> Filter<R> {
    /// From first members.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a serial analysis with a localisation that cannot find what is near an observation, and one with an adaptive
    /// inflation; [`Error::LengthMismatch`] where the parts of a localisation are not a state.
    pub fn new(ensemble: Ensemble<R>, network: Network<R>, settings: FilterSettings<R>) -> Result<Self> {
        if let Update::Serial(Some(Localisation { near_observation: None, .. })) = settings.update {
            return Err(Error::InvalidValue {
                name: "near_observation",
                got: "absent".to_owned(),
                expected: "neighbourhoods of observations, for a serial analysis".to_owned(),
            });
        }
        if let Update::Local(_, near) = &settings.update {
            near.expect(ensemble.variables())?;
        }
        let members = ensemble.members();
        let equivalents = Ensemble::new(members, vec![R::ZERO; network.total() * members])?;
        let forecast = match settings.inflation {
            Inflation::PriorSpread(_) | Inflation::PriorPerturbations(_) => Some(ensemble.clone()),
            Inflation::Multiplied(_) | Inflation::Added(_) | Inflation::Adaptive => None,
        };
        let factors = match (&settings.inflation, &settings.update) {
            (Inflation::Adaptive, Update::Global(_)) => vec![R::ONE],
            (Inflation::Adaptive, Update::Local(_, near)) => vec![R::ONE; near.domains()],
            (Inflation::Adaptive, Update::Serial(_)) => {
                return Err(Error::InvalidValue {
                    name: "inflation",
                    got: "adaptive".to_owned(),
                    expected: "another one for a serial analysis".to_owned(),
                });
            }
            _ => Vec::new(),
        };
        Ok(Self { ensemble, equivalents, forecast, factors, collapses: [R::ZERO], settings })
    }
}

impl<R: Real> Filter<R> {
    pub(super) fn members(&self) -> &Ensemble<R> {
        &self.ensemble
    }

    /// Members, and their equivalents at the times of observation, for forecasts that see more of the way.
    pub(super) fn parts_mut(&mut self) -> (&mut Ensemble<R>, &mut Ensemble<R>) {
        (&mut self.ensemble, &mut self.equivalents)
    }

    /// Moves all members alike, so that their mean is `state`.
    pub(super) fn recentre(&mut self, state: &[R]) -> Result<()> {
        let mut mean = vec![R::ZERO; state.len()];
        self.ensemble.mean(&mut mean)?;
        let members = self.ensemble.members();
        for ((row, mean), value) in self.ensemble.values_mut().chunks_exact_mut(members).zip(&mean).zip(state)
        {
            row.iter_mut().for_each(|member| *member += *value - *mean);
        }
        Ok(())
    }
}

/// A neighbourhood in which so many are near.
fn everything(count: usize) -> impl Fn(usize, &mut Vec<Near>) + Sync {
    move |_, found| found.extend((0..count as u32).map(|index| Near { index, taper: 1.0 }))
}

/// Moves the factors by the innovations, in the precision of states, so that runs that are continued have the same.
fn adapt<R: Real>(
    factors: &mut [R],
    equivalents: &Ensemble<R>,
    observations: &Observations<R>,
    near: &impl Neighbourhood,
) -> Result<Vec<f64>> {
    let before = factors.iter().map(|factor| factor.to_f64()).collect();
    let mut adaptive = inflation::AdaptiveInflation::resume(before)?;
    adaptive.update(equivalents, observations, near)?;
    factors.iter_mut().zip(adaptive.factors()).for_each(|(kept, factor)| *kept = R::from_f64(*factor));
    Ok(factors.iter().map(|factor| factor.to_f64()).collect())
}

/// Spread of all equivalents over the observations' standard errors, below which an ensemble takes nothing from them any more: gains are below its square.
const COLLAPSED: f64 = 1e-4;

/// Whether members agree, or nearly so, on everything that is observed.
pub(super) fn is_collapsed<R: Real>(equivalents: &Ensemble<R>, variances: &[R]) -> bool {
    let mut spread = vec![R::ZERO; equivalents.variables()];
    equivalents.variance(&mut spread).is_ok()
        && !spread.is_empty()
        && spread
            .iter()
            .zip(variances)
            .all(|(spread, variance)| spread.to_f64() < COLLAPSED * COLLAPSED * variance.to_f64())
}

fn global(scheme: &Scheme, seed: u64, cycle: u32) -> Scheme {
    match scheme {
        Scheme::Stochastic { .. } => Scheme::Stochastic { seed, cycle },
        other => *other,
    }
}

impl<C: Component> Method<C> for Filter<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        network.forecast_ensemble(component, &mut self.ensemble, &mut self.equivalents)
    }

    fn analyse(&mut self, _component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let Self { ensemble, equivalents, forecast, factors, collapses, settings } = self;
        let seed = settings.seed;
        if is_collapsed(equivalents, &observed.variances) {
            collapses[0] += C::Real::ONE;
        }
        if let Some(forecast) = forecast {
            forecast.values_mut().copy_from_slice(ensemble.values());
        }
        let observations = observed.observations()?;
        match &settings.update {
            Update::Global(scheme) => {
                if settings.inflation == Inflation::Adaptive {
                    adapt(factors, equivalents, &observations, &everything(observations.count()))?;
                    let factor = factors[0].sqrt();
                    inflation::multiply(ensemble, factor)?;
                    inflation::multiply(equivalents, factor)?;
                }
                analyse(ensemble, equivalents, &observations, &global(scheme, seed, cycle))?;
            }
            Update::Local(scheme, near) => {
                let search =
                    |domain: usize, found: &mut Vec<Near>| near.observations_near.near(domain, found);
                let scheme = global(scheme, seed, cycle);
                let factors = match settings.inflation {
                    Inflation::Adaptive => Some(adapt(factors, equivalents, &observations, &search)?),
                    _ => None,
                };
                near.in_parts(ensemble, |part, domains| {
                    let (first, count) = (domains.start, domains.len());
                    let search = |domain: usize, found: &mut Vec<Near>| search(first + domain, found);
                    match &factors {
                        None => analyse_locally(part, count, equivalents, &observations, &scheme, &search)?,
                        Some(factors) => analyse_locally_inflated(
                            part,
                            count,
                            equivalents,
                            &observations,
                            &scheme,
                            &search,
                            &factors[domains],
                        )?,
                    }
                    Ok(())
                })?;
            }
            Update::Serial(localisation) => {
                let order = random::permutation(seed, [cycle, ORDER, 0], observed.values.len());
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
            (Inflation::Adaptive, _) => {}
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

    fn condition(&self) -> Condition {
        Condition { collapses: self.collapses[0].to_f64() as usize, ..Condition::default() }
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        vec![self.ensemble.values_mut(), &mut self.factors, &mut self.collapses]
    }
}
