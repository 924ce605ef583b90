//! All observations on all ranks, for analyses that need them.

use terrella_kernels::Real;
use terrella_kernels::assimilation::{Ensemble, Observations, Scheme, analyse};

use crate::agreement::{agreed, expect_same};
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::{Error, Result};

/// The observations of all ranks with their equivalents, in the order of their numbers, on every rank.
///
/// ```
/// use terrella_coupling::analysis::GatheredObservations;
/// use terrella_coupling::communicator::Communicator;
/// use terrella_kernels::assimilation::{Ensemble, Observations, Scheme};
///
/// // Each rank has one variable, and observes it.
/// let means = Communicator::threads(2, |ranks| {
///     let mut ensemble = Ensemble::new(2, vec![-1.0, 1.0])?;
///     let own = Observations::new(&[1.0], &[2.0])?;
///     let all = GatheredObservations::new(&ranks, 2, &[ranks.rank() as u64], &ensemble, &own)?;
///     all.analyse(&mut ensemble, &Scheme::SquareRoot)?;
///     Ok::<_, terrella_coupling::Error>(ensemble.values().iter().sum::<f64>() / 2.0)
/// });
/// // Two thirds of the way to 1, as of two observations of one variable.
/// for mean in means {
///     assert!((mean? - 2.0 / 3.0).abs() < 1e-15);
/// }
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GatheredObservations<R> {
    equivalents: Ensemble<R>,
    values: Vec<R>,
    variances: Vec<R>,
}

impl<R: Real> GatheredObservations<R> {
    /// Gathers observations, which are numbered from 0 to `count` and of which each has one owner. All ranks do so together.
    ///
    /// | argument       | shape                      | of                              |
    /// |----------------|----------------------------|---------------------------------|
    /// | `own`          | [own observation]          | numbers, in any order           |
    /// | `equivalents`  | `[own observation][member]` | Hx of the forecast              |
    /// | `observations` | [own observation]          | values and variances of errors  |
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for arrays that do not fit each other, [`Error::InvalidValue`] for counts and members that differ between ranks, and for
    /// observations that nobody or more than one rank has; on all ranks.
    pub fn new(
        communicator: &Communicator,
        count: u64,
        own: &[u64],
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
    ) -> Result<Self> {
        let members = equivalents.members();
        let fits = expect_len("observations", own.len(), observations.count())
            .and_then(|()| expect_len("equivalents", own.len() * members, equivalents.values().len()));
        agreed(communicator, "observations", fits)?;
        expect_same(communicator, "observations", count)?;
        expect_same(communicator, "members", members as u64)?;
        let count = count as usize;
        let numbers = communicator.all_gather(own)?.concat();
        let mut places = vec![None; count];
        for (place, &number) in numbers.iter().enumerate() {
            match places.get_mut(number as usize) {
                Some(found @ None) => *found = Some(place),
                _ => return refuse(number, "numbers of observations that are, each on one rank"),
            }
        }
        if let Some(number) = places.iter().position(Option::is_none) {
            return refuse(number as u64, "an owner for each observation");
        }
        let ordered = |gathered: Vec<Vec<R>>, width: usize| {
            let gathered = gathered.concat();
            let mut values = Vec::with_capacity(gathered.len());
            for place in places.iter().flatten() {
                values.extend(&gathered[place * width..][..width]);
            }
            values
        };
        let values = ordered(communicator.all_gather(observations.values())?, 1);
        let variances = ordered(communicator.all_gather(observations.variances())?, 1);
        let equivalents = ordered(communicator.all_gather(equivalents.values())?, members);
        Ok(Self { equivalents: Ensemble::new(members, equivalents)?, values, variances })
    }

    /// Hx, \[observation]\[member].
    pub fn equivalents(&self) -> &Ensemble<R> {
        &self.equivalents
    }

    /// y and r, \[observation].
    ///
    /// # Errors
    /// None that an owner did not have.
    pub fn observations(&self) -> Result<Observations<'_, R>> {
        Ok(Observations::new(&self.values, &self.variances)?)
    }

    /// Replaces this rank's variables, `[variable][member]`, by their analysis with one matrix of weights for all variables of all ranks. Nothing is sent.
    ///
    /// # Errors
    /// Those of [`analyse`], on all ranks where they come from observations.
    pub fn analyse(&self, ensemble: &mut Ensemble<R>, scheme: &Scheme) -> Result<()> {
        Ok(analyse(ensemble, &self.equivalents, &self.observations()?, scheme)?)
    }
}

fn refuse<T>(number: u64, expected: &str) -> Result<T> {
    Err(Error::InvalidValue { name: "own", got: number.to_string(), expected: expected.to_owned() })
}
