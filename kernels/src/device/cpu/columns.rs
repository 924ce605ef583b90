//! Outputs of scans: arrays [levels, columns] of which each thread writes some columns.

// Columns of one array lie among each other, which slices cannot say.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::slice;

use super::{LANES, WIDE_LANES};
use crate::Pack;

/// Neighbouring columns of an array [levels, columns], for writing.
pub struct Columns<'a, T> {
    /// The first column's value at level 0.
    first: *mut T,
    levels: usize,
    /// From one level to the next.
    stride: usize,
    /// Number of columns.
    count: usize,
    array: PhantomData<&'a mut [T]>,
}

// SAFETY: as a `&mut [T]`, it is the only way to the values that it reaches.
unsafe impl<T: Send> Send for Columns<'_, T> {}

impl<'a, T> Columns<'a, T> {
    /// All columns of an array whose levels are the first index of `extent`.
    ///
    /// # Panics
    /// Where the length is not the product of `extent`.
    pub fn new<const INDICES: usize>(array: &'a mut [T], extent: [u32; INDICES]) -> Self {
        let (levels, count) = (extent[0] as usize, columns_of(extent));
        assert_eq!(Some(array.len()), levels.checked_mul(count), "an output of extent {extent:?}");
        Self { first: array.as_mut_ptr(), levels, stride: count, count, array: PhantomData }
    }

    /// The columns before and from `at` on.
    fn split_at(self, at: usize) -> (Self, Self) {
        assert!(at <= self.count, "column {at} of {}", self.count);
        // Without levels there is no memory to point into.
        let first = self.first.wrapping_add(at);
        (Self { count: at, ..self }, Self { first, count: self.count - at, ..self })
    }

    /// The values of one level.
    #[inline(always)]
    fn level(&mut self, level: usize) -> &mut [T] {
        assert!(level < self.levels, "level {level} of {}", self.levels);
        // SAFETY: `new` has checked that the array holds `levels` times `stride` values, and the columns from `first`
        // on lie within one stride: so do these values, for a level below `levels`. The array is borrowed mutably for
        // as long as the columns exist; `split_at` consumes them and gives each column to one side; and the slice
        // borrows `self`: so nothing else reaches these values while the slice lives.
        unsafe { slice::from_raw_parts_mut(self.first.add(level * self.stride), self.count) }
    }
}

/// The product of all extents but the first.
pub(super) fn columns_of<const INDICES: usize>(extent: [u32; INDICES]) -> usize {
    extent[1..].iter().map(|&extent| extent as usize).product()
}

/// The outputs of a scan with a value at every index: a tuple of none to seven.
pub trait ColumnOutputs: Send + Sized {
    /// The values at one index.
    type Point;
    /// The values at [`LANES`] indices.
    type Packs;
    /// The values at [`WIDE_LANES`] indices.
    type WidePacks;
    /// Whether no value takes more than four bytes.
    const NARROW: bool;
    /// Both sides of a column.
    fn split_at(self, at: usize) -> (Self, Self);
    /// Writes the values of one column.
    fn store(&mut self, level: usize, at: usize, point: Self::Point);
    /// Writes the values of [`LANES`] columns.
    fn store_packs(&mut self, level: usize, at: usize, packs: Self::Packs);
    /// Writes the values of [`WIDE_LANES`] columns.
    fn store_wide_packs(&mut self, level: usize, at: usize, packs: Self::WidePacks);
}

macro_rules! column_outputs {
    ($($type:ident $position:tt),*) => {
        impl<$($type: Copy + Default + Send),*> ColumnOutputs for ($(Columns<'_, $type>,)*) {
            type Point = ($($type,)*);
            type Packs = ($(Pack<$type, LANES>,)*);
            type WidePacks = ($(Pack<$type, WIDE_LANES>,)*);
            const NARROW: bool = true $(&& size_of::<$type>() <= 4)*;
            #[inline(always)]
            fn split_at(self, _at: usize) -> (Self, Self) {
                let _halves = ($(self.$position.split_at(_at),)*);
                (($(_halves.$position.0,)*), ($(_halves.$position.1,)*))
            }
            #[inline(always)]
            fn store(&mut self, _level: usize, _at: usize, _point: Self::Point) {
                $(self.$position.level(_level)[_at] = _point.$position;)*
            }
            #[inline(always)]
            fn store_packs(&mut self, _level: usize, _at: usize, _packs: Self::Packs) {
                $(_packs.$position.store(self.$position.level(_level), _at);)*
            }
            #[inline(always)]
            fn store_wide_packs(&mut self, _level: usize, _at: usize, _packs: Self::WidePacks) {
                $(_packs.$position.store(self.$position.level(_level), _at);)*
            }
        }
    };
}

column_outputs!();
column_outputs!(A 0);
column_outputs!(A 0, B 1);
column_outputs!(A 0, B 1, C 2);
column_outputs!(A 0, B 1, C 2, D 3);
column_outputs!(A 0, B 1, C 2, D 3, E 4);
column_outputs!(A 0, B 1, C 2, D 3, E 4, F 5);
column_outputs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_of_a_split_writes_its_own_columns() {
        let mut array: Vec<u32> = (0..12).collect();
        let (mut left, rest) = Columns::new(&mut array, [3, 4]).split_at(1);
        let (mut middle, mut right) = rest.split_at(2);
        assert_eq!(
            (left.level(2), middle.level(1), right.level(0)),
            (&mut [8][..], &mut [5, 6][..], &mut [3][..])
        );
        right.level(2)[0] = 100;
        middle.level(0).fill(200);
        left.level(1)[0] = 300;
        assert_eq!(array, [0, 200, 200, 3, 300, 5, 6, 7, 8, 9, 10, 100]);
    }

    #[test]
    fn columns_without_levels_are_split_too() {
        let (left, right) = Columns::<u32>::new(&mut [], [0, 5]).split_at(3);
        assert_eq!((left.count, right.count), (3, 2));
    }

    #[test]
    #[should_panic(expected = "level 3 of 3")]
    fn a_level_beyond_the_last_panics() {
        Columns::new(&mut [0; 12], [3, 4]).level(3);
    }

    #[test]
    #[should_panic(expected = "an output of extent [3, 4]")]
    fn an_array_of_another_length_panics() {
        Columns::new(&mut [0; 11], [3, 4]);
    }
}
