//! Work on the parts of one array by many threads, without any thread seeing another's part.

/// Calls `work(i, part)` for every part i, which is `values[offsets[i]..offsets[i+1]]`; on many threads if there are.
///
/// `offsets` must ascend from 0 to the length of `values`. Nothing depends on how the parts are spread over threads.
pub(super) fn for_each_part<T, F>(values: &mut [T], offsets: &[usize], work: &F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync,
{
    let parts = offsets.len() - 1;
    if rayon::current_num_threads() == 1 {
        let mut rest = values;
        for i in 0..parts {
            let (part, behind) = rest.split_at_mut(offsets[i + 1] - offsets[i]);
            work(i, part);
            rest = behind;
        }
    } else {
        halve(values, offsets, 0, work);
    }
}

fn halve<T, F>(values: &mut [T], offsets: &[usize], first: usize, work: &F)
where
    T: Send,
    F: Fn(usize, &mut [T]) + Sync,
{
    match offsets.len() - 1 {
        0 => {}
        1 => work(first, values),
        parts => {
            let middle = parts / 2;
            let (left, right) = values.split_at_mut(offsets[middle] - offsets[0]);
            rayon::join(
                || halve(left, &offsets[..=middle], first, work),
                || halve(right, &offsets[middle..], first + middle, work),
            );
        }
    }
}

/// Calls `work(i, item)` for every item; on many threads if there are.
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
