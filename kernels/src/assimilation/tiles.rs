//! Sums of rows whose columns stay in registers.

use std::ops::{AddAssign, Mul, Range};

/// Rows that are best taken together: with eight columns of each they fill the registers of AVX2.
pub(super) const ROWS: usize = 4;

/// Adds Σ_t factors\[t]\[row] values\[t] to these columns of each row of `sums`, term by term. `values` is \[term]\[column] with `stride` columns.
///
/// Several rows share the values that are read; a single one has more columns in registers instead.
#[inline(always)]
pub(super) fn add_rows<V, const ROWS: usize>(
    mut sums: [&mut [V]; ROWS],
    columns: Range<usize>,
    factors: &[[V; ROWS]],
    values: &[V],
    stride: usize,
) where
    V: Copy + Mul<Output = V> + AddAssign,
{
    let Range { start: mut column, end } = columns;
    if ROWS == 1 {
        while column + 32 <= end {
            add_tile::<V, ROWS, 32>(&mut sums, column, factors, values, stride);
            column += 32;
        }
    }
    while column + 8 <= end {
        add_tile::<V, ROWS, 8>(&mut sums, column, factors, values, stride);
        column += 8;
    }
    if column + 4 <= end {
        add_tile::<V, ROWS, 4>(&mut sums, column, factors, values, stride);
        column += 4;
    }
    for column in column..end {
        add_tile::<V, ROWS, 1>(&mut sums, column, factors, values, stride);
    }
}

#[inline(always)]
fn add_tile<V, const ROWS: usize, const WIDTH: usize>(
    rows: &mut [&mut [V]; ROWS],
    column: usize,
    factors: &[[V; ROWS]],
    values: &[V],
    stride: usize,
) where
    V: Copy + Mul<Output = V> + AddAssign,
{
    let mut sums = [*of_tile::<V, WIDTH>(&rows[0][column..]); ROWS];
    for row in 1..ROWS {
        sums[row] = *of_tile(&rows[row][column..]);
    }
    for (factors, row) in factors.iter().zip(values.chunks_exact(stride)) {
        let values: &[V; WIDTH] = of_tile(&row[column..]);
        for row in 0..ROWS {
            for place in 0..WIDTH {
                sums[row][place] += factors[row] * values[place];
            }
        }
    }
    for row in 0..ROWS {
        rows[row][column..column + WIDTH].copy_from_slice(&sums[row]);
    }
}

#[inline(always)]
fn of_tile<V, const WIDTH: usize>(row: &[V]) -> &[V; WIDTH] {
    row.first_chunk().expect("as many columns as sums")
}

/// A block of rows one after the other, each apart.
#[inline(always)]
pub(super) fn rows_of<V, const ROWS: usize>(block: &mut [V], columns: usize) -> [&mut [V]; ROWS] {
    let mut rows = block.chunks_exact_mut(columns);
    std::array::from_fn(|_| rows.next().expect("as many rows"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_gets_its_sum() {
        for width in [1, 7, 8, 12, 33, 75] {
            let values: Vec<f64> =
                (1..4).flat_map(|number| (0..width + 2).map(move |c| (number * c) as f64)).collect();
            let mut sums = vec![0.5; width];
            add_rows([&mut sums[..]], 0..width, &[[1.0], [-2.0], [4.0]], &values, width + 2);
            // 1 − 4 + 12 times the column.
            assert!(
                sums.iter().enumerate().all(|(c, sum)| *sum == 0.5 + 9.0 * c as f64),
                "{width}: {sums:?}"
            );
            let mut sums = vec![0.5; 2 * width];
            let factors = [[1.0, 0.0], [-2.0, 1.0], [4.0, 2.0]];
            add_rows(rows_of::<_, 2>(&mut sums, width), width / 3..width, &factors, &values, width + 2);
            for (place, sum) in sums.iter().enumerate() {
                let (row, column) = (place / width, place % width);
                let added = if column < width / 3 { 0.0 } else { [9.0, 8.0][row] * column as f64 };
                assert_eq!(*sum, 0.5 + added, "{width}: ({row}, {column})");
            }
        }
    }
}
