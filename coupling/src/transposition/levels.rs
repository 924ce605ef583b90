//! Fields between ranks that have all of them in a part, and ranks that have some of them in all parts.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice;

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

/// Moves fields between two distributions over the ranks of a group: all fields of a rank's own items, and a set of fields of the items of all.
///
/// Each rank sends s · c · w · (own items, or those of the other one) bytes to each other, with c fields in the largest set, numbers of s bytes, and w = 2
/// numbers for an item and field of a spectrum, 1 on the grid. The ways are each other's inverses and adjoints.
pub(crate) struct LevelTransposition<R> {
    order: Order,
    rank: usize,
    to_sets: Way,
    to_items: Way,
    /// By rank, where its items are among those of all.
    places: Vec<Vec<Range<usize>>>,
    items: usize,
    precision: PhantomData<R>,
}

impl<R: Real> LevelTransposition<R> {
    /// Of the items that each rank has, by their places among those of all.
    pub(crate) fn new(communicator: &Communicator, order: Order, places: Vec<Vec<Range<usize>>>) -> Self {
        let rank = communicator.rank();
        let of = |rank: usize| places[rank].iter().map(Range::len).sum::<usize>();
        let (own, width) = (of(rank), if order == Order::FieldsInnermost { 2 } else { 1 });
        let to_sets = Way::new(communicator, Wire::Same, |_| width * own, |other| width * of(other));
        let to_items = Way::new(communicator, Wire::Same, |other| width * of(other), |_| width * own);
        let items = (0..places.len()).map(of).sum();
        Self { order, rank, to_sets, to_items, places, items, precision: PhantomData }
    }

    /// Numbers of the items of all, for some fields.
    pub(crate) fn len(&self, fields: usize) -> usize {
        let width = if self.order == Order::FieldsInnermost { 2 } else { 1 };
        width * fields * self.items
    }

    /// From all fields of own items to own fields of all items.
    pub(crate) fn join_items(
        &mut self,
        sets: &FieldSets,
        own_items: &[R],
        own_fields: &mut [R],
    ) -> Result<()> {
        let Self { order, rank, to_sets, places, items, .. } = self;
        let (all, mine) = (0..sets.fields, sets.of(*rank));
        let own = 0..places[*rank].iter().map(Range::len).sum();
        let count = own.end;
        to_sets.carry(
            sets.most(),
            &mut |other, parcel: &mut [R]| {
                let part = Part {
                    order: *order,
                    items: slice::from_ref(&own),
                    count,
                    fields: all.clone(),
                    wanted: sets.of(other),
                };
                part.for_each_run(&mut run_into(parcel, |target, place| {
                    target.copy_from_slice(&own_items[place]);
                }));
            },
            &mut |other, parcel: &[R]| {
                let part = Part {
                    order: *order,
                    items: &places[other],
                    count: *items,
                    fields: mine.clone(),
                    wanted: mine.clone(),
                };
                part.for_each_run(&mut run_from(parcel, |source, place| {
                    own_fields[place].copy_from_slice(source);
                }));
            },
        )
    }

    /// From own fields of all items to all fields of own items.
    pub(crate) fn join_fields(
        &mut self,
        sets: &FieldSets,
        own_fields: &[R],
        own_items: &mut [R],
    ) -> Result<()> {
        let Self { order, rank, to_items, places, items, .. } = self;
        let (all, mine) = (0..sets.fields, sets.of(*rank));
        let own = 0..places[*rank].iter().map(Range::len).sum();
        let count = own.end;
        to_items.carry(
            sets.most(),
            &mut |other, parcel: &mut [R]| {
                let part = Part {
                    order: *order,
                    items: &places[other],
                    count: *items,
                    fields: mine.clone(),
                    wanted: mine.clone(),
                };
                part.for_each_run(&mut run_into(parcel, |target, place| {
                    target.copy_from_slice(&own_fields[place]);
                }));
            },
            &mut |other, parcel: &[R]| {
                let part = Part {
                    order: *order,
                    items: slice::from_ref(&own),
                    count,
                    fields: all.clone(),
                    wanted: sets.of(other),
                };
                part.for_each_run(&mut run_from(parcel, |source, place| {
                    own_items[place].copy_from_slice(source);
                }));
            },
        )
    }
}

/// Some fields of some items in an array.
struct Part<'a> {
    order: Order,
    items: &'a [Range<usize>],
    /// Items of the array.
    count: usize,
    /// Fields of the array, and which of them.
    fields: Range<usize>,
    wanted: Range<usize>,
}

impl Part<'_> {
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
                    items
                        .iter()
                        .for_each(|items| visit(field * count + items.start..field * count + items.end));
                }
            }
        }
    }
}

/// Visits places with what is next of a parcel to be written.
fn run_into<R>(parcel: &mut [R], mut copy: impl FnMut(&mut [R], Range<usize>)) -> impl FnMut(Range<usize>) {
    let mut rest = parcel;
    move |place| {
        let (target, behind) = std::mem::take(&mut rest).split_at_mut(place.len());
        copy(target, place);
        rest = behind;
    }
}

/// Visits places with what is next of a parcel.
fn run_from<R>(parcel: &[R], mut copy: impl FnMut(&[R], Range<usize>)) -> impl FnMut(Range<usize>) {
    let mut rest = parcel;
    move |place| {
        let (source, behind) = rest.split_at(place.len());
        copy(source, place);
        rest = behind;
    }
}
