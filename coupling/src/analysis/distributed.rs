//! Local analyses, dealt out so that all ranks have as much to do.

use std::ops::Range;

use rayon::prelude::*;
use terrella_kernels::Real;
use terrella_kernels::assimilation::localization::{Near, Neighbourhood};
use terrella_kernels::assimilation::{Ensemble, Observations, Scheme, analyse_locally};

use crate::agreement::{agreed, expect_same};
use crate::communicator::{Communicator, Exchange};
use crate::error::expect_len;
use crate::halo::Halo;
use crate::{Error, Result};

/// Multiplications of a column's analysis with `members` N and `near` observations, to leading order: p N² of the sums and N³ of the weights; 0
/// without observations, where nothing is done.
pub fn cost_of_column(members: usize, near: usize) -> u64 {
    let members = members as u64;
    if near == 0 { 0 } else { (near as u64 + members) * members * members }
}

/// A plan for the local analyses of columns that are spread over ranks, with observations that are spread over ranks.
///
/// Columns are analysed where there is time for them: in the order of ranks and of their columns, each rank takes a run of columns that costs 1/P of all, to within
/// half of a column at both ends. What moves are columns at the ends of ranks' own runs; columns without observations stay. Observations come from
/// their owners to where they are needed. Weights are found by [`analyse_locally`] from the same numbers in the same order as on one rank, so that
/// the result has its bits, on any number of ranks.
///
/// ```
/// use terrella_coupling::analysis::DistributedAnalysis;
/// use terrella_coupling::communicator::Communicator;
/// use terrella_kernels::assimilation::localization::Near;
/// use terrella_kernels::assimilation::{Ensemble, Observations, Scheme};
///
/// // Two columns on each of two ranks; rank 1 owns the only observation, of column 0.
/// let analyses = Communicator::threads(2, |ranks| {
///     let (rank, numbers) = (ranks.rank(), [0]);
///     let own = &numbers[..rank];
///     let near = |column: usize, found: &mut Vec<Near>| {
///         if 2 * rank + column == 0 {
///             found.push(Near { index: 0, taper: 1.0 });
///         }
///     };
///     let mut ensemble = Ensemble::new(2, vec![-1.0, 1.0, 5.0, 6.0])?;
///     let equivalents = Ensemble::new(2, [-1.0, 1.0][..2 * rank].to_vec())?;
///     let observations = Observations::new(&[1.0][..rank], &[2.0][..rank])?;
///     let mut plan = DistributedAnalysis::new(&ranks, 2, 2, &near, None, 1, own)?;
///     plan.analyse(&mut ensemble, &equivalents, &observations, &Scheme::SquareRoot)?;
///     Ok::<_, terrella_coupling::Error>(ensemble)
/// });
/// let analyses = analyses.into_iter().collect::<Result<Vec<_>, _>>()?;
/// let column = analyses[0].values();
/// assert!((column[0] + column[1] - 1.0_f64).abs() < 1e-15); // half of the way to 1
/// assert_eq!(analyses[1].values(), [-1.0, 1.0, 5.0, 6.0]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct DistributedAnalysis<R: Real> {
    communicator: Communicator,
    members: usize,
    domains: usize,
    /// Number of all observations, and those that this rank owns.
    count: usize,
    own: usize,
    /// Columns in the order in which they go to analysts.
    sent: Vec<u32>,
    /// Columns that this rank analyses, those from each rank one after another: where each one's list begins.
    begins: Vec<usize>,
    /// Lists: places in `needed`, and tapers.
    near: Vec<(u32, f64)>,
    /// Observations that are near one of these columns, ascending.
    needed: Vec<u64>,
    observations: Halo<R>,
    /// Parcels of columns; absent while they are under way.
    outgoing: Vec<(usize, usize)>,
    incoming: Vec<(usize, usize)>,
    to_analysts: Option<Exchange<R>>,
    to_owners: Option<Exchange<R>>,
    cost: u64,
    imbalance: f64,
}

impl<R: Real> DistributedAnalysis<R> {
    /// A plan for ensembles of `members` and as many own columns as `domains`. All ranks make it together.
    ///
    /// `neighbourhood` finds the numbers of observations near an own column; `costs`, \[own column], are what columns with observations take, in any unit that is the same on all ranks,
    /// measured or else [`cost_of_column`]. `count` observations are numbered from 0, of which this rank owns `own`.
    ///
    /// Bits are those of the serial analysis where the neighbourhood finds the same in the same order.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for costs of other columns; [`Error::InvalidValue`] for less than two members, observations that are found and that nobody owns,
    /// numbers that differ between ranks, and those of [`Halo::of_entities`]. Ranks without an error of their own get [`Error::Communication`].
    pub fn new(
        communicator: &Communicator,
        members: usize,
        domains: usize,
        neighbourhood: &impl Neighbourhood,
        costs: Option<&[u64]>,
        count: u64,
        own: &[u64],
    ) -> Result<Self> {
        expect_same(communicator, "members", members as u64)?;
        expect_same(communicator, "observations", count)?;
        let lists: Vec<Vec<Near>> = (0..domains)
            .into_par_iter()
            .map(|domain| {
                let mut found = Vec::new();
                neighbourhood.near(domain, &mut found);
                found
            })
            .collect();
        agreed(communicator, "analysis", expect_columns(members, &lists, costs, count))?;
        let cost = |domain: usize| match costs {
            Some(costs) => costs[domain],
            None => cost_of_column(members, lists[domain].len()),
        };
        let observed: Vec<usize> = (0..domains).filter(|&domain| !lists[domain].is_empty()).collect();
        let analysts = analysts(communicator, observed.iter().map(|&domain| cost(domain)))?;

        // Lists go to analysts; a rank's own come to itself too.
        let mut counts = vec![0; communicator.size()];
        let mut entries = vec![0; communicator.size()];
        let (mut heads, mut numbers, mut tapers) = (Vec::new(), Vec::new(), Vec::new());
        for (&domain, &analyst) in observed.iter().zip(&analysts) {
            let list = &lists[domain];
            counts[analyst] += 1;
            entries[analyst] += list.len();
            heads.push([list.len() as u64, cost(domain)]);
            numbers.extend(list.iter().map(|near| near.index));
            tapers.extend(list.iter().map(|near| near.taper));
        }
        drop(lists);
        let heads = communicator.all_to_all(&heads, &counts)?;
        let numbers = communicator.all_to_all(&numbers, &entries)?.concat();
        let tapers = communicator.all_to_all(&tapers, &entries)?.concat();
        let cost = heads.iter().flatten().fold(0u64, |sum, [_, cost]| sum.saturating_add(*cost));
        let imbalance = imbalance(&communicator.all_gather(&[cost])?.concat());

        let mut needed: Vec<u64> = numbers.iter().map(|&number| u64::from(number)).collect();
        needed.sort_unstable();
        needed.dedup();
        let place = |number: u32| needed.partition_point(|&other| other < u64::from(number)) as u32;
        let near = numbers.iter().zip(tapers).map(|(&number, taper)| (place(number), taper)).collect();
        let mut begins = vec![0];
        for [length, _] in heads.iter().flatten() {
            begins.push(begins[begins.len() - 1] + *length as usize);
        }
        let observations = Halo::of_entities(communicator, count, own, &needed)?;
        let parcels = |counts: &mut dyn Iterator<Item = usize>| -> Vec<(usize, usize)> {
            counts.enumerate().filter(|(_, count)| *count > 0).collect()
        };
        let outgoing = parcels(&mut counts.iter().copied());
        let incoming = parcels(&mut heads.iter().map(Vec::len));
        let to_analysts = Some(communicator.exchange(&outgoing, &incoming)?);
        let to_owners = Some(communicator.exchange(&incoming, &outgoing)?);
        Ok(Self {
            communicator: communicator.clone(),
            members,
            domains,
            count: count as usize,
            own: own.len(),
            sent: observed.into_iter().map(|domain| domain as u32).collect(),
            begins,
            near,
            needed,
            observations,
            outgoing,
            incoming,
            to_analysts,
            to_owners,
            cost,
            imbalance,
        })
    }

    /// What this rank's analyses cost.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// The largest cost of a rank over their mean; 1 where there is nothing to do.
    pub fn imbalance(&self) -> f64 {
        self.imbalance
    }

    /// Own columns that other ranks analyse.
    pub fn columns_given(&self) -> usize {
        self.of_others(&self.outgoing)
    }

    /// Columns of other ranks that this one analyses.
    pub fn columns_taken(&self) -> usize {
        self.of_others(&self.incoming)
    }

    fn of_others(&self, parcels: &[(usize, usize)]) -> usize {
        let others = parcels.iter().filter(|(rank, _)| *rank != self.communicator.rank());
        others.map(|(_, columns)| columns).sum()
    }

    /// Observations that this rank's analyses need, ascending.
    pub fn observations_needed(&self) -> &[u64] {
        &self.needed
    }

    /// Replaces this rank's part of a forecast ensemble by its local analyses, as [`analyse_locally`] does with all of it. All ranks do so together.
    ///
    /// | argument       | shape                                      | unit |
    /// |----------------|--------------------------------------------|------|
    /// | `ensemble`     | `[layer][own column][member]`, forecast, then analysis | any |
    /// | `equivalents`  | `[own observation][member]`, Hx of the forecast | that of the observations |
    /// | `observations` | [own observation]                          | any  |
    ///
    /// [`Scheme::Stochastic`] draws a perturbation for each observation and member that there are, so that it takes an array of all observations on each rank; other schemes
    /// take memory for own and needed ones.
    ///
    /// # Errors
    /// Those of [`analyse_locally`], where an ensemble has collapsed if it has on all ranks, and [`Error::InvalidValue`] for layers that differ between ranks.
    /// Ranks without an error of their own get [`Error::Communication`], and all ensembles are unchanged.
    pub fn analyse(
        &mut self,
        ensemble: &mut Ensemble<R>,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
        scheme: &Scheme,
    ) -> Result<()> {
        let layers = self.validate(ensemble, equivalents, observations, scheme)?;
        let under_way = self.send_columns(ensemble, layers)?;
        let local = self.local_observations(equivalents, observations, scheme)?;
        let arrived = under_way.finish()?;
        let analysed = self.analyse_columns(&arrived, layers, local, scheme);
        self.to_analysts = Some(arrived);
        let analysed = agreed(&self.communicator, "analysis", analysed)?;

        let mut exchange = self.to_owners.take().ok_or_else(given_up)?;
        exchange.set_width(layers * self.members);
        for_each_parcel(&self.incoming, |index, columns| {
            let parcel = exchange.outgoing(index);
            self.copy_layers(layers, &columns, self.begins.len() - 1, |place, all| {
                parcel[place].copy_from_slice(&analysed.values()[all]);
            });
        });
        let exchange = exchange.complete()?;
        let values = ensemble.values_mut();
        for_each_parcel(&self.outgoing, |index, columns| {
            let parcel = exchange.incoming(index);
            self.for_sent(layers, &columns, |place, own| values[own].copy_from_slice(&parcel[place]));
        });
        self.to_owners = Some(exchange);
        Ok(())
    }

    /// Refuses on all ranks what one has to refuse; the number of layers.
    fn validate(
        &self,
        ensemble: &Ensemble<R>,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
        scheme: &Scheme,
    ) -> Result<usize> {
        let Self { communicator, members, domains, .. } = self;
        let (members, domains) = (*members, *domains);
        let fits = || {
            expect_len("members", members, ensemble.members())?;
            expect_len("observations", self.own, observations.count())?;
            let variables = ensemble.variables();
            if variables > 0 && (domains == 0 || !variables.is_multiple_of(domains)) {
                let (got, expected) = (variables.to_string(), format!("a multiple of the {domains} columns"));
                return Err(Error::InvalidValue { name: "variables", got, expected });
            }
            // Equivalents that are none, and a scheme that is none, are refused as the kernel does. No column is near anything.
            let mut nothing = Ensemble::new(members, vec![R::ZERO; members])?;
            let scheme = if perturbs(scheme) { &Scheme::SquareRoot } else { scheme };
            let nowhere = |_: usize, _: &mut Vec<Near>| {};
            Ok(analyse_locally(&mut nothing, 1, equivalents, observations, scheme, &nowhere)?)
        };
        let is_collapsed = |error: &Error| {
            matches!(error, Error::Kernels(terrella_kernels::Error::CollapsedEnsemble { .. }))
        };
        let (outcome, has_spread) = match fits() {
            Err(error) if is_collapsed(&error) => (Ok(()), false),
            Err(error) => (Err(error), false),
            Ok(()) => (Ok(()), observations.count() > 0),
        };
        agreed(communicator, "analysis", outcome)?;
        let layers = ensemble.variables().checked_div(domains).unwrap_or(0);
        let told = communicator.all_gather(&[u64::from(has_spread), domains as u64, layers as u64])?;
        if self.count > 0 && told.iter().all(|told| told[0] == 0) {
            let collapsed = terrella_kernels::Error::CollapsedEnsemble { members, observations: self.count };
            return Err(collapsed.into());
        }
        let mut with_columns = told.iter().enumerate().filter(|(_, told)| told[1] > 0);
        let Some((first, told)) = with_columns.next() else { return Ok(0) };
        let layers = told[2];
        match with_columns.find(|(_, told)| told[2] != layers) {
            None => Ok(layers as usize),
            Some((rank, told)) => Err(Error::InvalidValue {
                name: "layers",
                got: format!("{} on rank {rank}", told[2]),
                expected: format!("{layers} as on rank {first}"),
            }),
        }
    }

    /// Columns on their way to analysts, `[layer][column][member]` for each.
    fn send_columns(
        &mut self,
        ensemble: &Ensemble<R>,
        layers: usize,
    ) -> Result<crate::communicator::InFlight<R>> {
        let mut exchange = self.to_analysts.take().ok_or_else(given_up)?;
        exchange.set_width(layers * self.members);
        for_each_parcel(&self.outgoing, |index, columns| {
            let parcel = exchange.outgoing(index);
            self.for_sent(layers, &columns, |place, own| {
                parcel[place].copy_from_slice(&ensemble.values()[own]);
            });
        });
        exchange.start()
    }

    /// Calls `each` with the place of a column's layer in the parcel of some of the sent columns, and in the own ensemble.
    fn for_sent(
        &self,
        layers: usize,
        columns: &Range<usize>,
        mut each: impl FnMut(Range<usize>, Range<usize>),
    ) {
        let members = self.members;
        for layer in 0..layers {
            for (place, &domain) in self.sent[columns.clone()].iter().enumerate() {
                let place = (layer * columns.len() + place) * members;
                let own = (layer * self.domains + domain as usize) * members;
                each(place..place + members, own..own + members);
            }
        }
    }

    /// Calls `each` with the place of a layer in the parcel of some columns, and in an array of all `count` of them.
    fn copy_layers(
        &self,
        layers: usize,
        columns: &Range<usize>,
        count: usize,
        mut each: impl FnMut(Range<usize>, Range<usize>),
    ) {
        let len = columns.len() * self.members;
        for layer in 0..layers {
            let (place, all) = (layer * len, (layer * count + columns.start) * self.members);
            each(place..place + len, all..all + len);
        }
    }

    /// Equivalents, values and variances of the observations that this rank needs, and the place of the first of them.
    fn local_observations(
        &self,
        equivalents: &Ensemble<R>,
        observations: &Observations<R>,
        scheme: &Scheme,
    ) -> Result<Local<R>> {
        let Self { members, own, needed, .. } = self;
        let members = *members;
        let places = self.observations.places();
        let extended = |values: &[R], width: usize| {
            let mut extended = values.to_vec();
            extended.resize(places * width, R::ZERO);
            extended
        };
        let mut fields = [
            extended(equivalents.values(), members),
            extended(observations.values(), 1),
            extended(observations.variances(), 1),
        ];
        self.observations.exchange(&mut fields)?;
        let [equivalents, values, variances] = &fields;
        // One that is near nothing and has spread: an ensemble may agree on all that is observed here, and not elsewhere.
        let mut spread = vec![R::ZERO; members];
        spread[0] = R::ONE;
        let (len, place): (usize, &dyn Fn(usize) -> usize) = if perturbs(scheme) {
            // Perturbations are counted by all observations.
            (self.count, &|index| needed[index] as usize)
        } else {
            (needed.len() + 1, &|index| index)
        };
        let mut local = Local {
            equivalents: spread.repeat(len),
            values: vec![R::ZERO; len],
            variances: vec![R::ONE; len],
            places: (0..needed.len()).map(|index| place(index) as u32).collect(),
        };
        for index in 0..needed.len() {
            let (from, to) = (own + index, place(index));
            local.equivalents[to * members..][..members]
                .copy_from_slice(&equivalents[from * members..][..members]);
            (local.values[to], local.variances[to]) = (values[from], variances[from]);
        }
        Ok(local)
    }

    /// The analyses of the columns that have come, `[layer][column][member]`.
    fn analyse_columns(
        &self,
        arrived: &Exchange<R>,
        layers: usize,
        local: Local<R>,
        scheme: &Scheme,
    ) -> Result<Ensemble<R>> {
        let columns = self.begins.len() - 1;
        let mut values = vec![R::ZERO; layers * columns * self.members];
        for_each_parcel(&self.incoming, |index, of_rank| {
            let parcel = arrived.incoming(index);
            self.copy_layers(layers, &of_rank, columns, |place, all| {
                values[all].copy_from_slice(&parcel[place]);
            });
        });
        let mut ensemble = Ensemble::new(self.members, values)?;
        if ensemble.variables() == 0 {
            return Ok(ensemble);
        }
        let Local { equivalents, values, variances, places } = local;
        let (begins, lists) = (&self.begins, &self.near);
        let near = |column: usize, found: &mut Vec<Near>| {
            let list = &lists[begins[column]..begins[column + 1]];
            found.extend(list.iter().map(|&(place, taper)| Near { index: places[place as usize], taper }));
        };
        let equivalents = Ensemble::new(self.members, equivalents)?;
        let observations = Observations::new(&values, &variances)?;
        analyse_locally(&mut ensemble, columns, &equivalents, &observations, scheme, &near)?;
        Ok(ensemble)
    }
}

/// Observations that a rank analyses with.
struct Local<R> {
    equivalents: Vec<R>,
    values: Vec<R>,
    variances: Vec<R>,
    /// Where each needed observation is in these.
    places: Vec<u32>,
}

fn perturbs(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Stochastic { .. })
}

fn given_up() -> Error {
    Error::InvalidValue {
        name: "plan",
        got: "one with an analysis that was given up".to_owned(),
        expected: "a new plan".to_owned(),
    }
}

/// Calls `each` with the index of a parcel and its columns, those of parcels one after another.
fn for_each_parcel(parcels: &[(usize, usize)], mut each: impl FnMut(usize, Range<usize>)) {
    let mut first = 0;
    for (index, &(_, columns)) in parcels.iter().enumerate() {
        each(index, first..first + columns);
        first += columns;
    }
}

fn expect_columns(members: usize, lists: &[Vec<Near>], costs: Option<&[u64]>, count: u64) -> Result<()> {
    let refuse = |name, got: String, expected: String| Err(Error::InvalidValue { name, got, expected });
    if members < 2 {
        return refuse("members", members.to_string(), "at least 2 members".to_owned());
    }
    if count > u64::from(u32::MAX) {
        return refuse("observations", count.to_string(), format!("at most {}", u32::MAX));
    }
    for (column, list) in lists.iter().enumerate() {
        if let Some(near) = list.iter().find(|near| u64::from(near.index) >= count) {
            let got = format!("observation {} near column {column}", near.index);
            return refuse("neighbourhood", got, format!("a number below {count}"));
        }
    }
    costs.map_or(Ok(()), |costs| expect_len("costs", lists.len(), costs.len()))
}

/// The rank that analyses each of this rank's columns: the one in whose share of all costs, one rank after another, its middle lies.
fn analysts(communicator: &Communicator, costs: impl Iterator<Item = u64> + Clone) -> Result<Vec<usize>> {
    let own: u128 = costs.clone().map(u128::from).sum();
    let words = [own as u64, (own >> 64) as u64];
    let sums: Vec<u128> = communicator
        .all_gather(&words)?
        .iter()
        .map(|sum| u128::from(sum[1]) << 64 | u128::from(sum[0]))
        .collect();
    let (rank, ranks) = (communicator.rank(), communicator.size());
    let total: u128 = sums.iter().sum();
    let mut before: u128 = sums[..rank].iter().sum();
    let share = |cost: u64| {
        let middle = 2 * before + u128::from(cost);
        before += u128::from(cost);
        if total == 0 { rank } else { (middle * ranks as u128 / (2 * total)).min(ranks as u128 - 1) as usize }
    };
    Ok(costs.map(share).collect())
}

/// The largest over the mean.
fn imbalance(costs: &[u64]) -> f64 {
    let (most, total) =
        (costs.iter().max().copied().unwrap_or(0), costs.iter().map(|&cost| cost as f64).sum::<f64>());
    if total == 0.0 { 1.0 } else { most as f64 * costs.len() as f64 / total }
}
