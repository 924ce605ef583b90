//! Tuples of output slices.

use std::ops::Range;

use super::{LANES, WIDE_LANES};
use crate::Pack;

/// The output slices of a kernel: a tuple of one to eight.
pub trait Outputs: Send + Sized {
    /// The values at one index.
    type Point;
    /// The values at [`LANES`] indices.
    type Packs: Copy;
    /// The values at [`WIDE_LANES`] indices.
    type WidePacks: Copy;
    /// Whether wide packs pay: no value takes more than four bytes.
    const NARROW: bool;
    /// The length that all of them have.
    fn points(&self) -> usize;
    /// Both sides of `at`.
    fn split_at(self, at: usize) -> (Self, Self);
    /// The values at one index.
    fn load(&self, at: usize) -> Self::Point;
    /// The values at [`LANES`] indices.
    fn load_packs(&self, at: usize) -> Self::Packs;
    /// The values at [`WIDE_LANES`] indices.
    fn load_wide_packs(&self, at: usize) -> Self::WidePacks;
    /// Makes the values in this range zero.
    fn clear(&mut self, range: Range<usize>);
    /// Writes the values of one index.
    fn store(&mut self, at: usize, point: Self::Point);
    /// Writes the values of [`LANES`] indices.
    fn store_packs(&mut self, at: usize, packs: Self::Packs);
    /// Writes the values of [`WIDE_LANES`] indices.
    fn store_wide_packs(&mut self, at: usize, packs: Self::WidePacks);
}

macro_rules! outputs {
    ($($type:ident $position:tt),*) => {
        impl<$($type: Copy + Default + Send),*> Outputs for ($(&mut [$type],)*) {
            type Point = ($($type,)*);
            type Packs = ($(Pack<$type, LANES>,)*);
            type WidePacks = ($(Pack<$type, WIDE_LANES>,)*);
            const NARROW: bool = $(size_of::<$type>() <= 4)&&*;
            #[inline(always)]
            fn points(&self) -> usize {
                self.0.len()
            }
            #[inline(always)]
            fn split_at(self, at: usize) -> (Self, Self) {
                let halves = ($(self.$position.split_at_mut(at),)*);
                (($(halves.$position.0,)*), ($(halves.$position.1,)*))
            }
            #[inline(always)]
            fn load(&self, at: usize) -> Self::Point {
                ($(self.$position[at],)*)
            }
            #[inline(always)]
            fn load_packs(&self, at: usize) -> Self::Packs {
                ($(Pack::load(self.$position, at),)*)
            }
            #[inline(always)]
            fn load_wide_packs(&self, at: usize) -> Self::WidePacks {
                ($(Pack::load(self.$position, at),)*)
            }
            #[inline(always)]
            fn clear(&mut self, range: Range<usize>) {
                $(self.$position[range.clone()].fill(<$type>::default());)*
            }
            #[inline(always)]
            fn store(&mut self, at: usize, point: Self::Point) {
                $(self.$position[at] = point.$position;)*
            }
            #[inline(always)]
            fn store_packs(&mut self, at: usize, packs: Self::Packs) {
                $(packs.$position.store(self.$position, at);)*
            }
            #[inline(always)]
            fn store_wide_packs(&mut self, at: usize, packs: Self::WidePacks) {
                $(packs.$position.store(self.$position, at);)*
            }
        }
    };
}

outputs!(A 0);
outputs!(A 0, B 1);
outputs!(A 0, B 1, C 2);
outputs!(A 0, B 1, C 2, D 3);
outputs!(A 0, B 1, C 2, D 3, E 4);
outputs!(A 0, B 1, C 2, D 3, E 4, F 5);
outputs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
outputs!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
