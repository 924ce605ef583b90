//! [`EnsembleOfVariational`]: members that are analysed on their own.

use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::{Real, random};

use super::{Method, Network, Observed, Variational};
use crate::{Linearised, Result};

/// The place of perturbations among an experiment's random numbers.
const PERTURBED: u32 = 5;

/// An ensemble of data assimilations: every member has its own 3D- or 4D-Var with observations y + R^½ η, η normal, so that analyses differ as their errors do
/// (Houtekamer et al. 1996, *Mon. Wea. Rev.* 124, 1225–1242). The estimate is the mean.
pub struct EnsembleOfVariational<R> {
    members: Vec<Variational<R>>,
    ensemble: Ensemble<R>,
    seed: u64,
}

impl<R: Real> EnsembleOfVariational<R> {
    /// Of these members.
    ///
    /// # Errors
    /// [`Error::Kernels`](crate::Error::Kernels) for fewer than two, and for states that differ in length.
    pub fn new(members: Vec<Variational<R>>, seed: u64) -> Result<Self> {
        let states: Vec<&[R]> = members.iter().map(Variational::end).collect();
        let ensemble = Ensemble::of_states(&states)?;
        Ok(Self { members, ensemble, seed })
    }

    fn gather(&mut self) -> Result<()> {
        for (number, member) in self.members.iter().enumerate() {
            self.ensemble.write_member(number, member.end())?;
        }
        Ok(())
    }
}

impl<C: Linearised> Method<C> for EnsembleOfVariational<C::Real> {
    fn forecast(&mut self, component: &mut C, network: &Network<C::Real>) -> Result<()> {
        self.members.iter_mut().try_for_each(|member| member.forecast(component, network))?;
        self.gather()
    }

    fn analyse(&mut self, component: &mut C, observed: &Observed<C::Real>, cycle: u32) -> Result<()> {
        let mut deviates = vec![C::Real::ZERO; observed.values.len()];
        for (number, member) in self.members.iter_mut().enumerate() {
            random::normals(self.seed, [cycle, PERTURBED, number as u32], &mut deviates);
            let mut perturbed = observed.clone();
            let deviations = observed.variances.iter().map(|variance| variance.sqrt());
            for ((value, deviate), deviation) in perturbed.values.iter_mut().zip(&deviates).zip(deviations) {
                *value += deviation * *deviate;
            }
            member.analyse(component, &perturbed, cycle)?;
        }
        self.gather()
    }

    fn estimate(&self, state: &mut [C::Real]) -> Result<()> {
        Ok(self.ensemble.mean(state)?)
    }

    fn ensemble(&self) -> Option<&Ensemble<C::Real>> {
        Some(&self.ensemble)
    }

    fn memory(&mut self) -> Vec<&mut [C::Real]> {
        let of_members = self.members.iter_mut().flat_map(Method::<C>::memory);
        of_members.chain([self.ensemble.values_mut()]).collect()
    }
}
