//! Whole fields of some tasks, cut into the parts of all, and put together again.

use std::ops::Range;

use super::tasks;
use crate::failure::{Failure, Outcome};

/// Where the parts of the tasks are in a whole field, by task, and the order of several fields.
pub(super) struct Cut {
    pub(super) places: Vec<Vec<Range<usize>>>,
    /// Values of a whole field.
    pub(super) len: usize,
    pub(super) order: Order,
}

/// How the values of several fields lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// `[field][value]`
    FieldByField,
    /// `[value][field]`
    ValueByValue,
}

impl Order {
    fn index(self, field: usize, value: usize, [fields, values]: [usize; 2]) -> usize {
        match self {
            Self::FieldByField => field * values + value,
            Self::ValueByValue => value * fields + field,
        }
    }
}

impl Cut {
    /// Values of a field on a task.
    fn len_of(&self, task: usize) -> usize {
        self.places[task].iter().map(Range::len).sum()
    }

    fn values_of(&self, task: usize) -> impl Iterator<Item = usize> {
        self.places[task].iter().cloned().flatten()
    }

    /// From the whole fields that task `own`, which calls this, has, those f with `from[f] == own` in order, to its part of every field.
    /// All tasks call it together.
    pub(super) fn scatter(&self, own: usize, from: &[usize], whole: &[f64], part: &mut [f64]) -> Outcome {
        let here = from.iter().filter(|from| **from == own).count();
        let mut counts = Vec::with_capacity(self.places.len());
        let mut values = room(here * self.len)?;
        for task in 0..self.places.len() {
            counts.push(here * self.len_of(task));
            for field in 0..here {
                let index = |value| self.order.index(field, value, [here, self.len]);
                values.extend(self.values_of(task).map(|value| whole[index(value)]));
            }
        }
        let parcels = tasks::all_to_all(&values, &counts)?;
        let len = self.len_of(own);
        let mut taken = vec![0; parcels.len()];
        for (field, &source) in from.iter().enumerate() {
            for (value, got) in next_piece(&parcels[source], &mut taken[source], len)?.iter().enumerate() {
                part[self.order.index(field, value, [from.len(), len])] = *got;
            }
        }
        Ok(())
    }

    /// The way back: from task `own`'s part of every field to the whole fields that it gets, those f with `to[f] == own` in order.
    pub(super) fn gather(&self, own: usize, to: &[usize], part: &[f64], whole: &mut [f64]) -> Outcome {
        let len = self.len_of(own);
        let mut counts = Vec::with_capacity(self.places.len());
        let mut values = room(to.len() * len)?;
        for task in 0..self.places.len() {
            let before = values.len();
            for field in (0..to.len()).filter(|&field| to[field] == task) {
                let index = |value| self.order.index(field, value, [to.len(), len]);
                values.extend((0..len).map(|value| part[index(value)]));
            }
            counts.push(values.len() - before);
        }
        let parcels = tasks::all_to_all(&values, &counts)?;
        let here = to.iter().filter(|to| **to == own).count();
        for (task, parcel) in parcels.iter().enumerate() {
            let mut taken = 0;
            for field in 0..here {
                let piece = next_piece(parcel, &mut taken, self.len_of(task))?;
                for (value, got) in self.values_of(task).zip(piece) {
                    whole[self.order.index(field, value, [here, self.len])] = *got;
                }
            }
        }
        Ok(())
    }
}

/// Room for so many values.
fn room(len: usize) -> Outcome<Vec<f64>> {
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| Failure::memory("parcels", len))?;
    Ok(values)
}

/// The next values of a parcel.
fn next_piece<'a>(parcel: &'a [f64], taken: &mut usize, len: usize) -> Outcome<&'a [f64]> {
    let piece = parcel.get(*taken..*taken + len);
    *taken += len;
    piece.ok_or_else(|| Failure::length("values of another task", parcel.len() as u64, *taken as u64))
}
