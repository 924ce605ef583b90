//! Halos of whatever has numbers: each rank asks owners for what it wants.

use std::rc::Rc;

use bytemuck::Pod;

use super::{Directory, Halo, Lists, Order, Places};
use crate::agreement::agreed;
use crate::communicator::Communicator;
use crate::{Error, Result};

/// What a place of a halo is a copy of.
pub(super) struct Wanted {
    /// Who owns it.
    pub(super) rank: usize,
    /// By which number the owner knows it.
    pub(super) number: u64,
    /// Where the copy is.
    pub(super) place: u32,
}

impl<T: Pod> Halo<T> {
    /// A halo of any entities: a local array holds `own` in this order and then `wanted` in this order, `[entity][level]`.
    ///
    /// `entities` are numbered from 0, and each has one owner at the most. What is wanted may be own, and may be wanted twice.
    ///
    /// # Errors
    /// Those of [`Directory::new`] and [`Directory::owners`].
    pub fn of_entities(
        communicator: &Communicator,
        entities: u64,
        own: &[u64],
        wanted: &[u64],
    ) -> Result<Self> {
        let owners = Directory::new(communicator, entities, own)?.owners(wanted)?;
        Self::of_owners(communicator, own, wanted, owners)
    }

    /// The same where the owner of each one that is wanted is known.
    pub(super) fn of_owners(
        communicator: &Communicator,
        own: &[u64],
        wanted: &[u64],
        owners: Vec<usize>,
    ) -> Result<Self> {
        let wanted = owners.into_iter().zip(wanted).zip(own.len()..);
        let wanted: Vec<Wanted> =
            wanted.map(|((rank, &number), place)| Wanted { rank, number, place: place as u32 }).collect();
        let mut order: Vec<u32> = (0..own.len() as u32).collect();
        order.sort_unstable_by_key(|&place| own[place as usize]);
        let place_of = |number: u64| {
            let found = order.binary_search_by_key(&number, |&place| own[place as usize]);
            found.ok().map(|index| order[index])
        };
        Self::of_requests(communicator, Order::LevelsInnermost, own.len() + wanted.len(), wanted, place_of)
    }

    /// A halo of what each rank wants, with the owner's place of a number.
    pub(super) fn of_requests(
        communicator: &Communicator,
        order: Order,
        places: usize,
        mut wanted: Vec<Wanted>,
        place_of: impl Fn(u64) -> Option<u32>,
    ) -> Result<Self> {
        let outcome = if places <= u32::MAX as usize {
            Ok(())
        } else {
            let (got, expected) = (places.to_string(), format!("at most {} on a rank", u32::MAX));
            Err(Error::InvalidValue { name: "places", got, expected })
        };
        agreed(communicator, "halo", outcome)?;
        wanted.sort_unstable_by_key(|one| (one.rank, one.number, one.place));
        let by_rank = |rank: usize| {
            let before = |rank: usize| wanted.partition_point(|one| one.rank < rank);
            before(rank)..before(rank + 1)
        };
        let numbers: Vec<u64> = wanted.iter().map(|one| one.number).collect();
        let counts: Vec<usize> = (0..communicator.size()).map(|rank| by_rank(rank).len()).collect();
        let asked = communicator.all_to_all(&numbers, &counts)?;
        drop(numbers);
        let mut own = Places::new();
        let mut outcome = Ok(());
        for (rank, numbers) in asked.into_iter().enumerate().filter(|(_, numbers)| !numbers.is_empty()) {
            let places = numbers.iter().filter_map(|&number| {
                let place = place_of(number);
                if place.is_none() {
                    outcome = Err(Error::InvalidValue {
                        name: "decomposition",
                        got: format!("one by which rank {rank} expects entity {number} here"),
                        expected: "the same on all ranks".to_owned(),
                    });
                }
                place
            });
            own.push((rank, places.collect()));
        }
        agreed(communicator, "halo", outcome)?;
        let of_rank = |rank: usize| wanted[by_rank(rank)].iter().map(|one| one.place).collect();
        let halo = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let halo = halo.map(|(rank, _)| (rank, of_rank(rank))).collect();
        Self::of_lists(communicator, Rc::new(Lists { places, order, own, halo }))
    }
}
