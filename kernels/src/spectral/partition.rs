//! Work on parts of arrays by many threads, without any thread seeing another's part.
//!
//! Nothing depends on how the parts are spread over threads. One thread alone works in the caller's, without rayon.

/// Calls `work(i, item)` for every item.
pub(super) fn for_each_item<T, F>(items: &mut [T], work: F)
where
    T: Send,
    F: Fn(usize, &mut T) + Sync,
{
    use rayon::prelude::*;
    if rayon::current_num_threads() == 1 {
        items.iter_mut().enumerate().for_each(|(i, item)| work(i, item));
    } else {
        items.par_iter_mut().enumerate().with_max_len(8).for_each(|(i, item)| work(i, item));
    }
}

/// Calls `work(i, item, parts)` for every item, where part k of it is `arrays[k][offsets[i]..offsets[i+1]]`.
///
/// `offsets` ascends from 0 to the length of the arrays and has one entry more than there are items.
pub(super) fn for_each_with_parts<I, T, F, const N: usize>(
    items: &mut [I],
    arrays: [&mut [T]; N],
    offsets: &[usize],
    work: &F,
) where
    I: Send,
    T: Send,
    F: Fn(usize, &mut I, [&mut [T]; N]) + Sync,
{
    fn halve<I, T, F, const N: usize>(
        items: &mut [I],
        arrays: [&mut [T]; N],
        offsets: &[usize],
        first: usize,
        work: &F,
    ) where
        I: Send,
        T: Send,
        F: Fn(usize, &mut I, [&mut [T]; N]) + Sync,
    {
        if let [item] = items {
            return work(first, item, arrays);
        }
        let middle = items.len() / 2;
        let (low, high) = items.split_at_mut(middle);
        let (before, behind) = (&offsets[..=middle], &offsets[middle..]);
        let mut halves = arrays.map(|array| array.split_at_mut(offsets[middle] - offsets[0]));
        let left = halves.each_mut().map(|(left, _)| std::mem::take(left));
        let right = halves.map(|(_, right)| right);
        both(|| halve(low, left, before, first, work), || halve(high, right, behind, first + middle, work));
    }
    halve(items, arrays, offsets, 0, work);
}

/// Calls `work(i, northern part, southern part)` for the parts of one array that lie mirrored about its middle:
/// `north[i]..north[i+1]` counted from the front and `south[i+1]..south[i]` towards the back.
pub(super) fn for_each_mirrored_part<T, F>(values: &mut [T], north: &[usize], south: &[usize], work: &F)
where
    T: Send,
    F: Fn(usize, &mut [T], &mut [T]) + Sync,
{
    fn halve<T, F>(front: &mut [T], back: &mut [T], north: &[usize], south: &[usize], first: usize, work: &F)
    where
        T: Send,
        F: Fn(usize, &mut [T], &mut [T]) + Sync,
    {
        let parts = north.len() - 1;
        if parts == 1 {
            return work(first, front, back);
        }
        let middle = parts / 2;
        let (outer_front, inner_front) = front.split_at_mut(north[middle] - north[0]);
        let (inner_back, outer_back) = back.split_at_mut(south[middle] - south[parts]);
        both(
            || halve(outer_front, outer_back, &north[..=middle], &south[..=middle], first, work),
            || halve(inner_front, inner_back, &north[middle..], &south[middle..], first + middle, work),
        );
    }
    let (front, back) = values.split_at_mut(north[north.len() - 1]);
    halve(front, back, north, south, 0, work);
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
