//! Parts of arrays, put together from chunks. Arrays are in C order, the last dimension fastest.

use super::codec::{Result, volume};

/// Chunks that are looked for at once.
const MOST_CHUNKS: u64 = 1 << 22;

/// Values of a part of which nothing is stored, and how many times more than what is stored it may have: an array without
/// values has any shape, and must not fill the memory.
const MOST_ABSENT: usize = 1 << 26;
const MOST_TIMES: usize = 64;

/// The numbers of the chunks that a part touches, in C order.
pub(super) fn chunks(chunk: &[u64], start: &[u64], count: &[u64]) -> Result<Vec<Vec<u64>>> {
    let mut all = vec![Vec::new()];
    for (dimension, length) in chunk.iter().enumerate() {
        let end = start[dimension] + count[dimension];
        let (first, last) = (start[dimension] / length, end.div_ceil(*length));
        let more = if count[dimension] == 0 { 0 } else { last - first };
        if more.saturating_mul(all.len() as u64) > MOST_CHUNKS {
            return Err(format!("it has more than the {MOST_CHUNKS} chunks that are read at once"));
        }
        let next = |place: &Vec<u64>, own: u64| [&place[..], &[own]].concat();
        all = all.iter().flat_map(|place| (first..first + more).map(move |own| next(place, own))).collect();
    }
    Ok(all)
}

/// The part of `count` values in each dimension from `start` on: the stored chunks, which `load` makes values of, and
/// `fill` elsewhere.
pub(super) fn assemble<S>(
    stored: &[(Vec<u64>, S)],
    chunk: &[u64],
    start: &[u64],
    count: &[u64],
    fill: f64,
    mut load: impl FnMut(&S) -> Result<Vec<f64>>,
) -> Result<Vec<f64>> {
    let total = count.iter().try_fold(1_usize, |product, length| product.checked_mul(*length as usize));
    let held = stored.len().saturating_mul(volume(chunk)?);
    let total = total.filter(|total| *total <= held.saturating_mul(MOST_TIMES).max(MOST_ABSENT));
    let total = total.ok_or_else(|| format!("{count:?} values are too many where {held} are stored"))?;
    // The first chunk proves that values of its size are there before room for all is taken.
    let mut first = stored.first().map(|(_, own)| load(own)).transpose()?;
    let mut values = vec![fill; total];
    for (place, own) in stored {
        let inner = match first.take() {
            Some(values) => values,
            None => load(own)?,
        };
        copy(&inner, chunk, place, &mut values, start, count);
    }
    Ok(values)
}

/// Copies what a chunk and a part have in common.
fn copy(
    chunk_values: &[f64],
    chunk: &[u64],
    place: &[u64],
    values: &mut [f64],
    start: &[u64],
    count: &[u64],
) {
    let Some(last) = chunk.len().checked_sub(1) else {
        values.copy_from_slice(chunk_values);
        return;
    };
    // First common element and number of them, in each dimension.
    let common: Vec<(u64, u64)> = (0..chunk.len())
        .map(|dimension| {
            let begin = place[dimension] * chunk[dimension];
            let first = begin.max(start[dimension]);
            let end = (begin + chunk[dimension]).min(start[dimension] + count[dimension]);
            (first, end.saturating_sub(first))
        })
        .collect();
    let row = common[last].1 as usize;
    let rows: u64 = common[..last].iter().map(|(_, length)| length).product();
    for number in 0..rows {
        // Position of the row in each outer dimension, the last fastest.
        let (mut rest, mut from, mut to) = (number, 0, 0);
        let (mut from_stride, mut to_stride) = (chunk[last], count[last]);
        for dimension in (0..last).rev() {
            let (first, length) = common[dimension];
            let own = first + rest % length;
            rest /= length;
            from += (own - place[dimension] * chunk[dimension]) * from_stride;
            to += (own - start[dimension]) * to_stride;
            from_stride *= chunk[dimension];
            to_stride *= count[dimension];
        }
        let from = (from + common[last].0 - place[last] * chunk[last]) as usize;
        let to = (to + common[last].0 - start[last]) as usize;
        values[to..to + row].copy_from_slice(&chunk_values[from..from + row]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_place_come_out_of_chunks_of_any_shape() {
        let shape = [5_u64, 7, 6];
        let number = |place: &[u64]| ((place[0] * 7 + place[1]) * 6 + place[2]) as f64;
        for chunk in [[1, 7, 6], [2, 3, 4], [5, 1, 1], [8, 8, 8]] {
            for (start, count) in
                [([0, 0, 0], shape), ([1, 2, 3], [3, 4, 2]), ([4, 6, 5], [1, 1, 1]), ([2, 0, 0], [0, 7, 6])]
            {
                let stored: Vec<_> = chunks(&chunk, &start, &count)
                    .unwrap()
                    .into_iter()
                    .map(|place| (place.clone(), place))
                    .collect();
                let values = assemble(&stored, &chunk, &start, &count, -1.0, |place| {
                    // Beyond the array's end chunks go on.
                    let mut own = Vec::new();
                    for i in 0..chunk[0] {
                        for j in 0..chunk[1] {
                            for k in 0..chunk[2] {
                                own.push(number(&[
                                    place[0] * chunk[0] + i,
                                    place[1] * chunk[1] + j,
                                    place[2] * chunk[2] + k,
                                ]));
                            }
                        }
                    }
                    Ok(own)
                });
                let mut expected = Vec::new();
                for i in start[0]..start[0] + count[0] {
                    for j in start[1]..start[1] + count[1] {
                        expected.extend((start[2]..start[2] + count[2]).map(|k| number(&[i, j, k])));
                    }
                }
                assert_eq!(values.unwrap(), expected, "{chunk:?} {start:?} {count:?}");
            }
        }
        assert_eq!(assemble(&[(vec![], ())], &[], &[], &[], 0.0, |()| Ok(vec![7.0])).unwrap(), [7.0]);
    }

    #[test]
    fn shapes_without_values_fill_no_memory() {
        let huge = [1 << 40, 1 << 40];
        assert!(chunks(&[1, 1], &[0, 0], &huge).unwrap_err().contains("4194304 chunks"));
        let error =
            assemble(&[], &[1 << 20, 1 << 9], &[0, 0], &huge, 0.0, |_: &()| unreachable!()).unwrap_err();
        assert!(error.contains("too many where 0 are stored"), "{error}");
    }
}
