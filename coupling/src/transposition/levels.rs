//! Fields between ranks that have all of them in a part, and ranks that have some of them in all parts.

use std::iter;
use std::marker::PhantomData;
use std::mem;
use std::ops::Range;

use terrella_kernels::Real;

use super::Wire;
use super::way::Way;
use crate::Result;
use crate::communicator::Communicator;

/// Which fields of an operator are whose, and how many are reserved for each rank.
pub(crate) struct FieldSets {
    fields: usize,
    /// Ranks that have some.
    sets: usize,
}

impl FieldSets {
    /// In `sets` sets or fewer, so that none has fewer than `least` fields unless there are no more.
    pub(crate) fn new(fields: usize, sets: usize, least: usize) -> Self {
        Self { fields, sets: (fields / least).clamp(1, sets) }
    }

    /// The fields of a rank.
    pub(crate) fn of(&self, rank: usize) -> Range<usize> {
        let first = |rank: usize| rank.min(self.sets) * self.fields / self.sets;
        first(rank)..first(rank + 1)
    }

    /// The most that a rank has.
    fn most(&self) -> usize {
        self.fields.div_ceil(self.sets)
    }
}

/// How the numbers of a field lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// `[item][2][field]`: spectra.
    FieldsInnermost,
    /// `[field][item]`: fields on the grid.
    FieldsOutermost,
}

impl Order {
    /// Numbers of an item and field.
    fn width(self) -> usize {
        match self {
            Self::FieldsInnermost => 2,
            Self::FieldsOutermost => 1,
        }
    }
}

/// Moves fields between two distributions over the ranks of a group: all fields of a rank's own items, and a set of fields of the items of all.
///
/// Each rank sends s · c · w · (own items, or those of the other one) bytes to each other, with c fields in the largest set, numbers of s bytes, and w = 2
/// numbers for an item and field of a spectrum, 1 on the grid. The ways are each other's inverses and adjoints.
pub(crate) struct LevelTransposition<R> {
    items: Items,
    to_sets: Way,
    to_items: Way,
    precision: PhantomData<R>,
}

impl<R: Real> LevelTransposition<R> {
    /// Of the items that each rank has, by their places among those of all.
    pub(crate) fn new(communicator: &Communicator, order: Order, places: Vec<Vec<Range<usize>>>) -> Self {
        let items = Items { order, rank: communicator.rank(), places };
        let (own, width) = (items.of(items.rank), order.width());
        let to_sets = Way::new(communicator, Wire::Same, |_| width * own, |other| width * items.of(other));
        let to_items = Way::new(communicator, Wire::Same, |other| width * items.of(other), |_| width * own);
        Self { items, to_sets, to_items, precision: PhantomData }
    }

    /// Numbers of the items of all, for some fields.
    pub(crate) fn len(&self, fields: usize) -> usize {
        self.items.order.width() * fields * self.items.of_all()
    }

    /// From all fields of own items to own fields of all items.
    pub(crate) fn join_items(
        &mut self,
        sets: &FieldSets,
        own_items: &[R],
        own_fields: &mut [R],
    ) -> Result<()> {
        let Self { items, to_sets, .. } = self;
        to_sets.carry(
            sets.most(),
            &mut |other, parcel: &mut [R]| items.in_own_items(sets, other).pack(own_items, parcel),
            &mut |other, parcel: &[R]| items.in_own_fields(sets, other).unpack(parcel, own_fields),
        )
    }

    /// From own fields of all items to all fields of own items.
    pub(crate) fn join_fields(
        &mut self,
        sets: &FieldSets,
        own_fields: &[R],
        own_items: &mut [R],
    ) -> Result<()> {
        let Self { items, to_items, .. } = self;
        to_items.carry(
            sets.most(),
            &mut |other, parcel: &mut [R]| items.in_own_fields(sets, other).pack(own_fields, parcel),
            &mut |other, parcel: &[R]| items.in_own_items(sets, other).unpack(parcel, own_items),
        )
    }
}

/// Who has which items.
struct Items {
    order: Order,
    rank: usize,
    /// By rank, where its items are among those of all.
    places: Vec<Vec<Range<usize>>>,
}

impl Items {
    /// How many a rank has.
    fn of(&self, rank: usize) -> usize {
        self.places[rank].iter().map(Range::len).sum()
    }

    fn of_all(&self) -> usize {
        (0..self.places.len()).map(|rank| self.of(rank)).sum()
    }

    /// What goes between this rank's items of all fields and another rank.
    fn in_own_items(&self, sets: &FieldSets, other: usize) -> Part {
        let own = self.of(self.rank);
        Part {
            order: self.order,
            items: iter::once(0..own).collect(),
            count: own,
            fields: 0..sets.fields,
            wanted: sets.of(other),
        }
    }

    /// What goes between this rank's fields of all items and another rank.
    fn in_own_fields(&self, sets: &FieldSets, other: usize) -> Part {
        let (items, own) = (self.places[other].clone(), sets.of(self.rank));
        Part { order: self.order, items, count: self.of_all(), fields: own.clone(), wanted: own }
    }
}

/// Some fields of some items in an array.
struct Part {
    order: Order,
    items: Vec<Range<usize>>,
    /// Items of the array.
    count: usize,
    /// Fields of the array, and which of them.
    fields: Range<usize>,
    wanted: Range<usize>,
}

impl Part {
    /// From the array to a parcel.
    fn pack<R: Real>(&self, array: &[R], parcel: &mut [R]) {
        let mut rest = parcel;
        self.for_each_run(&mut |place| {
            let (target, behind) = mem::take(&mut rest).split_at_mut(place.len());
            target.copy_from_slice(&array[place]);
            rest = behind;
        });
    }

    /// From a parcel to the array.
    fn unpack<R: Real>(&self, parcel: &[R], array: &mut [R]) {
        let mut rest = parcel;
        self.for_each_run(&mut |place| {
            let (source, behind) = rest.split_at(place.len());
            array[place].copy_from_slice(source);
            rest = behind;
        });
    }

    /// Where they are, in the order of a parcel.
    fn for_each_run(&self, visit: &mut dyn FnMut(Range<usize>)) {
        let Self { order, items, count, fields, wanted } = self;
        let first = wanted.start - fields.start;
        match order {
            Order::FieldsInnermost => {
                for row in items.iter().flat_map(|items| 2 * items.start..2 * items.end) {
                    let start = row * fields.len() + first;
                    visit(start..start + wanted.len());
                }
            }
            Order::FieldsOutermost => {
                for field in first..first + wanted.len() {
                    for items in items {
                        visit(field * count + items.start..field * count + items.end);
                    }
                }
            }
        }
    }
}
