//! [`Localisation`]: which observations change which values.

use std::ops::Range;

use terrella_kernels::Real;
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::assimilation::localization::Neighbourhood;

use crate::error::expect_len;
use crate::{Error, Result};

/// Which observations are near.
pub struct Localisation {
    /// The values of a state, part after part. Domains are numbered through all of them.
    pub parts: Vec<Part>,
    /// The observations near a domain.
    pub observations_near: Box<dyn Neighbourhood>,
    /// The values of the state near an observation, and the observations near another, for serial analyses.
    pub near_observation: Option<[Box<dyn Neighbourhood>; 2]>,
}

/// Values that follow each other in a state, \[layer]\[domain]: those of one domain are near the same observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Values of a domain.
    pub layers: usize,
    /// Number of domains.
    pub domains: usize,
}

impl Localisation {
    /// Number of domains in all parts.
    pub fn domains(&self) -> usize {
        self.parts.iter().map(|part| part.domains).sum()
    }

    /// Refuses parts that are not a state of so many values.
    pub(super) fn expect(&self, values: usize) -> Result<()> {
        if self.parts.is_empty() || self.domains() == 0 {
            return Err(Error::InvalidValue {
                name: "parts",
                got: format!("{} with {} domains", self.parts.len(), self.domains()),
                expected: "at least one with a domain".to_owned(),
            });
        }
        expect_len("parts", values, self.parts.iter().map(|part| part.layers * part.domains).sum())
    }

    /// Calls `analyse` for every part with its members and the numbers of its domains.
    pub(super) fn in_parts<R: Real>(
        &self,
        ensemble: &mut Ensemble<R>,
        mut analyse: impl FnMut(&mut Ensemble<R>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if let [part] = self.parts[..] {
            return analyse(ensemble, 0..part.domains);
        }
        let members = ensemble.members();
        let (mut value, mut domain) = (0, 0);
        for Part { layers, domains } in &self.parts {
            let range = value * members..(value + layers * domains) * members;
            let mut own = Ensemble::new(members, ensemble.values()[range.clone()].to_vec())?;
            analyse(&mut own, domain..domain + domains)?;
            ensemble.values_mut()[range].copy_from_slice(own.values());
            value += layers * domains;
            domain += domains;
        }
        Ok(())
    }
}
