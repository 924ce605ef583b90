//! Sums of rows whose columns stay in registers.

use std::ops::{AddAssign, Mul};

/// Adds Σ factor · row to `sums`, term by term in the order in which they come: columns by 32, by 8 and one by one. Every row has at least as many
/// columns as there are sums.
#[inline(always)]
pub(super) fn add_rows<'a, V>(sums: &mut [V], terms: impl Iterator<Item = (V, &'a [V])> + Clone)
where
    V: Copy + Mul<Output = V> + AddAssign + 'a,
{
    let (wide, rest) = sums.as_chunks_mut::<32>();
    let mut column = 0;
    for tile in wide {
        add_tile(tile, column, terms.clone());
        column += 32;
    }
    let (narrow, rest) = rest.as_chunks_mut::<8>();
    for tile in narrow {
        add_tile(tile, column, terms.clone());
        column += 8;
    }
    for sum in rest {
        add_tile(std::array::from_mut(sum), column, terms.clone());
        column += 1;
    }
}

#[inline(always)]
fn add_tile<'a, V, const WIDTH: usize>(
    tile: &mut [V; WIDTH],
    column: usize,
    terms: impl Iterator<Item = (V, &'a [V])>,
) where
    V: Copy + Mul<Output = V> + AddAssign + 'a,
{
    let mut sums = *tile;
    for (factor, row) in terms {
        let values = row[column..].first_chunk::<WIDTH>().expect("as many columns as sums");
        for place in 0..WIDTH {
            sums[place] += factor * values[place];
        }
    }
    *tile = sums;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_gets_its_sum() {
        for width in [1, 7, 8, 33, 75] {
            let row = |number: usize| -> Vec<f64> { (0..width + 2).map(|c| (number * c) as f64).collect() };
            let rows = [row(1), row(2), row(3)];
            let mut sums = vec![0.5; width];
            add_rows(&mut sums, [1.0, -2.0, 4.0].into_iter().zip(rows.iter().map(|row| &row[..])));
            // 1 − 4 + 12 times the column.
            assert!(
                sums.iter().enumerate().all(|(c, sum)| *sum == 0.5 + 9.0 * c as f64),
                "{width}: {sums:?}"
            );
        }
    }
}
