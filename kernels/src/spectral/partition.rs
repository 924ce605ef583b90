//! Work on parts of arrays by many threads, without any thread seeing another's part.
//!
//! Nothing depends on how the parts are spread over threads. One thread alone works in the caller's, without rayon.

use std::ops::Range;
use std::sync::Mutex;

/// Calls `work(i, parts)` for every i below `count`, where part k of it is `arrays[k][offsets[i]..offsets[i+1]]`.
///
/// `offsets` ascends and has one entry more than there are items; the arrays begin at its first entry.
pub(super) fn for_each_with_parts<T, F, const N: usize>(
    count: usize,
    arrays: [&mut [T]; N],
    offsets: &[usize],
    work: &F,
) where
    T: Send,
    F: Fn(usize, [&mut [T]; N]) + Sync,
{
    fn halve<T, F, const N: usize>(items: Range<usize>, arrays: [&mut [T]; N], offsets: &[usize], work: &F)
    where
        T: Send,
        F: Fn(usize, [&mut [T]; N]) + Sync,
    {
        if items.len() <= 1 {
            return if items.len() == 1 {
                work(items.start, arrays)
            };
        }
        let middle = items.start + items.len() / 2;
        let (left, right) = split(arrays, offsets[middle] - offsets[items.start]);
        let (low, high) = (items.start..middle, middle..items.end);
        both(|| halve(low, left, offsets, work), || halve(high, right, offsets, work));
    }
    halve(0..count, arrays, offsets, work);
}

/// Calls `work(i, northern parts, southern parts)` for the parts of arrays that lie mirrored about their middle:
/// `north[i]..north[i+1]` counted from the front and `south[i+1]..south[i]` towards the back.
pub(super) fn for_each_mirrored_part<T, F, const N: usize>(
    arrays: [&mut [T]; N],
    north: &[usize],
    south: &[usize],
    work: &F,
) where
    T: Send,
    F: Fn(usize, [&mut [T]; N], [&mut [T]; N]) + Sync,
{
    fn halve<T, F, const N: usize>(
        front: [&mut [T]; N],
        back: [&mut [T]; N],
        north: &[usize],
        south: &[usize],
        first: usize,
        work: &F,
    ) where
        T: Send,
        F: Fn(usize, [&mut [T]; N], [&mut [T]; N]) + Sync,
    {
        let parts = north.len() - 1;
        if parts == 1 {
            return work(first, front, back);
        }
        let middle = parts / 2;
        let (outer_front, inner_front) = split(front, north[middle] - north[0]);
        let (inner_back, outer_back) = split(back, south[middle] - south[parts]);
        both(
            || halve(outer_front, outer_back, &north[..=middle], &south[..=middle], first, work),
            || halve(inner_front, inner_back, &north[middle..], &south[middle..], first + middle, work),
        );
    }
    let (front, back) = split(arrays, north[north.len() - 1]);
    halve(front, back, north, south, 0, work);
}

/// Each array in two; an empty one, of which there is nothing to divide, in empty ones.
fn split<T, const N: usize>(arrays: [&mut [T]; N], at: usize) -> ([&mut [T]; N], [&mut [T]; N]) {
    let mut halves = arrays.map(|array| array.split_at_mut(if array.is_empty() { 0 } else { at }));
    let left = halves.each_mut().map(|(left, _)| std::mem::take(left));
    (left, halves.map(|(_, right)| right))
}

/// Calls `work(i, part)` for the parts of `len` values each.
pub(super) fn for_each_chunk<T, F>(values: &mut [T], len: usize, work: &F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync,
{
    fn halve<T, F>(first: usize, values: &mut [T], len: usize, work: &F)
    where
        T: Send,
        F: Fn(usize, &mut [T]) + Sync,
    {
        if values.len() <= len {
            return work(first, values);
        }
        let middle = values.len() / len / 2;
        let (left, right) = values.split_at_mut(middle * len);
        both(|| halve(first, left, len, work), || halve(first + middle, right, len, work));
    }
    if !values.is_empty() {
        halve(0, values, len, work);
    }
}

/// Both, on two threads if there are.
fn both(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    if rayon::current_num_threads() == 1 {
        left();
        right();
    } else {
        rayon::join(left, right);
    }
}

/// Workspaces of threads: as many as ever worked at the same time.
#[derive(Debug)]
pub(super) struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Pool<T> {
    /// Lends a workspace; makes one if all are lent.
    #[inline(always)]
    pub(super) fn with(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T)) {
        let lent = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).pop();
        let mut workspace = lent.unwrap_or_else(make);
        work(&mut workspace);
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(workspace);
    }
}
