//! [`Pack`]: the values of a kernel at several neighbouring indices.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::real::Real;

/// `N` values, one per lane, that are computed together.
///
/// An array that LLVM turns into vector registers; lanes never mix, so that a pack gives the bits of `N` scalars.
/// Arithmetic is with packs and with scalars on the right: `pack * pack`, `pack * scalar`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Pack<T, const N: usize>(pub [T; N]);

impl<T: Copy + Default, const N: usize> Default for Pack<T, N> {
    #[inline(always)]
    fn default() -> Self {
        Self([T::default(); N])
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn out_of_bounds(start: usize, lanes: usize, len: usize) -> ! {
    panic!("values {start}..{} of a slice of {len}", start.wrapping_add(lanes));
}

impl<T: Copy + Default, const N: usize> Pack<T, N> {
    /// The same value in all lanes.
    #[inline(always)]
    pub fn splat(value: T) -> Self {
        Self([value; N])
    }

    /// `slice[start..start + N]`, checked once.
    ///
    /// # Panics
    /// Where the slice ends before.
    #[inline(always)]
    #[track_caller]
    pub fn load(slice: &[T], start: usize) -> Self {
        // One comparison, whose right side does not change in a loop.
        match slice.len().checked_sub(N) {
            Some(last) if start <= last => match slice[start..].first_chunk() {
                Some(values) => Self(*values),
                None => out_of_bounds(start, N, slice.len()),
            },
            _ => out_of_bounds(start, N, slice.len()),
        }
    }

    /// `slice[i]` for each lane's index i; one load where the indices are consecutive.
    ///
    /// # Panics
    /// Where an index is beyond the slice.
    #[inline(always)]
    #[track_caller]
    pub fn gather(slice: &[T], indices: &Pack<usize, N>) -> Self {
        let mut consecutive = true;
        for lane in 0..N {
            consecutive &= indices.0[lane] == indices.0[0].wrapping_add(lane);
        }
        if consecutive {
            let pack = Self::load(slice, indices.0[0]);
            // Else LLVM joins these loads with those below, one lane after the other.
            std::hint::black_box(());
            return pack;
        }
        let Some(last) = slice.len().checked_sub(1) else { out_of_bounds(indices.0[0], 1, 0) };
        let mut inside = true;
        for lane in 0..N {
            inside &= indices.0[lane] <= last;
        }
        if !inside {
            let beyond = indices.0.iter().copied().find(|&index| index > last).unwrap_or(last);
            out_of_bounds(beyond, 1, slice.len());
        }
        let mut pack = Self::default();
        for lane in 0..N {
            // What is inside whatever the index needs no check of its own, so that lanes are loaded at once.
            pack.0[lane] = slice[indices.0[lane].min(last)];
        }
        pack
    }

    /// Writes the lanes to `slice[start..start + N]`.
    ///
    /// # Panics
    /// Where the slice ends before.
    #[inline(always)]
    #[track_caller]
    pub fn store(&self, slice: &mut [T], start: usize) {
        let len = slice.len();
        match len.checked_sub(N) {
            Some(last) if start <= last => match slice[start..].first_chunk_mut() {
                Some(values) => *values = self.0,
                None => out_of_bounds(start, N, len),
            },
            _ => out_of_bounds(start, N, len),
        }
    }
}

impl<const N: usize> Pack<bool, N> {
    /// Whether the condition holds in all lanes.
    #[inline(always)]
    pub fn all(&self) -> bool {
        let mut all = true;
        for lane in 0..N {
            all &= self.0[lane];
        }
        all
    }

    /// Whether the condition holds in no lane.
    #[inline(always)]
    pub fn none(&self) -> bool {
        let mut any = false;
        for lane in 0..N {
            any |= self.0[lane];
        }
        !any
    }
}

macro_rules! arithmetic {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign_method:ident, $operator:tt, $assign:tt) => {
        impl<R: Real, const N: usize> $trait for Pack<R, N> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, right: Self) -> Self {
                for lane in 0..N {
                    self.0[lane] $assign right.0[lane];
                }
                self
            }
        }
        impl<R: Real, const N: usize> $trait<R> for Pack<R, N> {
            type Output = Self;
            #[inline(always)]
            fn $method(mut self, right: R) -> Self {
                for lane in 0..N {
                    self.0[lane] $assign right;
                }
                self
            }
        }
        impl<R: Real, const N: usize> $assign_trait for Pack<R, N> {
            #[inline(always)]
            fn $assign_method(&mut self, right: Self) {
                *self = *self $operator right;
            }
        }
        impl<R: Real, const N: usize> $assign_trait<R> for Pack<R, N> {
            #[inline(always)]
            fn $assign_method(&mut self, right: R) {
                *self = *self $operator right;
            }
        }
    };
}

arithmetic!(Add, add, AddAssign, add_assign, +, +=);
arithmetic!(Sub, sub, SubAssign, sub_assign, -, -=);
arithmetic!(Mul, mul, MulAssign, mul_assign, *, *=);
arithmetic!(Div, div, DivAssign, div_assign, /, /=);

impl<R: Real, const N: usize> Neg for Pack<R, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(mut self) -> Self {
        for lane in 0..N {
            self.0[lane] = -self.0[lane];
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_that_of_the_lanes() {
        let left = Pack::<f64, 3>([1.0, -2.5, 0.1]);
        let right = Pack([3.0, 0.5, 0.2]);
        for lane in 0..3 {
            let (a, b) = (left.0[lane], right.0[lane]);
            assert_eq!((left + right).0[lane], a + b);
            assert_eq!((left - right).0[lane], a - b);
            assert_eq!((left * right).0[lane], a * b);
            assert_eq!((left / right).0[lane], a / b);
            assert_eq!((-left).0[lane], -a);
            assert_eq!((left * 1.7).0[lane], a * 1.7);
            assert_eq!((left - 1.7).0[lane], a - 1.7);
        }
        let mut sum = left;
        sum += right;
        sum *= 2.0;
        assert_eq!(sum, (left + right) * Pack::splat(2.0));
    }

    #[test]
    fn loads_and_stores_are_where_they_say() {
        let values: Vec<f32> = (0..10).map(|value| value as f32).collect();
        let pack = Pack::<f32, 4>::load(&values, 6);
        assert_eq!(pack.0, [6.0, 7.0, 8.0, 9.0]);
        let mut target = vec![0.0; 6];
        pack.store(&mut target, 1);
        assert_eq!(target, [0.0, 6.0, 7.0, 8.0, 9.0, 0.0]);
        assert_eq!(Pack::<f32, 4>::gather(&values, &Pack([3, 4, 5, 6])).0, [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(Pack::<f32, 4>::gather(&values, &Pack([9, 0, 1, 2])).0, [9.0, 0.0, 1.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "values 7..11 of a slice of 10")]
    fn a_load_beyond_the_end_panics() {
        Pack::<f64, 4>::load(&[0.0; 10], 7);
    }

    #[test]
    #[should_panic(expected = "of a slice of 10")]
    fn a_load_before_the_start_panics() {
        Pack::<f64, 4>::load(&[0.0; 10], 0usize.wrapping_sub(1));
    }

    #[test]
    #[should_panic(expected = "values 10..11 of a slice of 10")]
    fn a_gather_beyond_the_end_panics() {
        Pack::<f64, 4>::gather(&[0.0; 10], &Pack([7, 3, 10, 2]));
    }

    #[test]
    fn conditions_are_counted_over_all_lanes() {
        assert!(Pack([true, true]).all() && !Pack([true, true]).none());
        assert!(!Pack([true, false]).all() && !Pack([true, false]).none());
        assert!(!Pack([false, false]).all() && Pack([false, false]).none());
    }
}
