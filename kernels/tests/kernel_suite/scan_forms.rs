//! Scans of every form: three indices, up to eight results, integers carried, and bodies that packs cannot follow.

use terrella_kernels::{Real, kernel};

use crate::fixture::{field, indices, positive};

/// Three indices, the sum over the first.
#[kernel(indices = 3, scan = up, carried = 1)]
pub(crate) fn layered<R: Real>(
    layer: u32,
    row: u32,
    column: u32,
    sum: R,
    rows: u32,
    columns: u32,
    x: &[R],
) -> R {
    0.5 * sum + x[(layer * rows + row) * columns + column]
}

macro_rules! layers {
    ($($test:ident $layers:literal $rows:literal $columns:literal)*) => {$(
        stamp! {
            $test: layered<R>,
            extent [$layers, $rows, $columns],
            arguments { value($rows as u32), value($columns as u32), slice(field::<R>(1, $layers * $rows * $columns)) },
            outputs {},
            carried { sum: R },
            reference || {
                let x = field::<R>(1, $layers * $rows * $columns);
                let sum = |at: usize| {
                    let half = R::from_f64(0.5);
                    (0..$layers).rev().fold(R::from_f64(0.0), |sum, layer: usize| half * sum + x[layer * $rows * $columns + at])
                };
                ((0..$rows * $columns).map(sum).collect(),)
            }
        }
    )*};
}

layers! {
    short_rows_of_three_indices 4 300 7 rows_of_a_pack_of_three_indices 4 90 16 long_rows_of_three_indices 3 5 1500
    no_layer_of_three_indices 0 3 5 no_row_of_three_indices 3 0 5
}

/// Eight results of all types; what is carried is an integer too, and a condition depends on it.
#[kernel(indices = 3, scan = down, carried = 3)]
fn everything<R: Real>(
    level: u32,
    tracer: u32,
    point: u32,
    above: R,
    count: u32,
    sign: i32,
    tracers: u32,
    points: u32,
    mixed: bool,
    x: &[R],
    table: &[u32],
) -> (R, u32, i32, R, R, R, u32, i32) {
    let here = (level * tracers + tracer) * points + point;
    let value = x[here].exp();
    let mut sum = above + value;
    if sum > 40.0 {
        sum -= 40.0;
    }
    let next = if x[here] > above { x[table[here]] } else { sum };
    let mut passed = count;
    if x[here] < 0.0 {
        passed += level + 1;
    }
    let turned = if mixed && count % 2 == 0 { -sign } else { sign + 1 };
    (next, count, turned, above, value, sum, passed, turned)
}

macro_rules! everything {
    ($($test:ident $levels:literal $tracers:literal $points:literal $mixed:literal)*) => {$(
        stamp! {
            $test: everything<R>,
            extent [$levels, $tracers, $points],
            arguments {
                value($tracers as u32), value($points as u32), flag($mixed),
                slice(field::<R>(1, $levels * $tracers * $points)),
                slice(indices(2, $levels * $tracers * $points, $levels * $tracers * $points)),
            },
            outputs { next: R, counts: u32, turns: i32, aboves: R, values: R },
            carried { sum: R, count: u32, sign: i32 },
            reference || {
                let columns = $tracers * $points;
                let x = field::<R>(1, $levels * columns);
                let table = indices(2, $levels * columns, $levels * columns);
                let (mut next, mut counts, mut turns, mut aboves, mut values) =
                    (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
                let (mut sum, mut count, mut sign) = (vec![R::from_f64(0.0); columns], vec![0; columns], vec![0; columns]);
                for here in 0..$levels * columns {
                    let (level, column) = (here / columns, here % columns);
                    let (above, passed) = (sum[column], count[column]);
                    let value = x[here].exp();
                    sum[column] = above + value;
                    if sum[column] > R::from_f64(40.0) {
                        sum[column] -= R::from_f64(40.0);
                    }
                    next.push(if x[here] > above { x[table[here] as usize] } else { sum[column] });
                    counts.push(passed);
                    if x[here] < R::from_f64(0.0) {
                        count[column] += level as u32 + 1;
                    }
                    sign[column] = if $mixed && passed % 2 == 0 { -sign[column] } else { sign[column] + 1 };
                    turns.push(sign[column]);
                    aboves.push(above);
                    values.push(value);
                }
                (next, counts, turns, aboves, values, sum, count, sign)
            }
        }
    )*};
}

everything! {
    eight_results 11 3 53 true eight_results_unmixed 11 2 16 false eight_results_of_short_rows 5 20 3 true
}

/// Falls through a column until it is used up; returns early where lanes part ways, with loads behind.
#[kernel(indices = 2, scan = down, carried = 1)]
fn used_up<R: Real>(level: u32, point: u32, used: R, points: u32, supply: &[R], demand: &[R]) -> (R, R) {
    if level == 0 {
        return (demand[point], 0.0);
    }
    let left = supply[point] - used;
    if left <= 0.0 {
        return (0.0, used);
    }
    let here = level * points + point;
    let taken = left.min(demand[here]);
    (taken, used + taken)
}

stamp! {
    early_returns_of_some_lanes: used_up<R>,
    extent [12, 75],
    arguments { value(75u32), slice(positive::<R>(1, 75)), slice(positive::<R>(2, 12 * 75)) },
    outputs { taken: R },
    carried { used: R },
    reference || {
        let (supply, demand) = (positive::<R>(1, 75), positive::<R>(2, 12 * 75));
        let zero = R::from_f64(0.0);
        let (mut all_taken, mut used) = (demand[..75].to_vec(), vec![zero; 75]);
        for here in 75..12 * 75 {
            let point = here % 75;
            let left = supply[point] - used[point];
            let taken = if left <= zero { zero } else if demand[here] < left { demand[here] } else { left };
            all_taken.push(taken);
            used[point] += taken;
        }
        (all_taken, used)
    }
}

/// A loop whose length is carried, which no pack can follow.
#[kernel(indices = 2, scan = up, carried = 2)]
fn growing_sums<R: Real>(
    level: u32,
    point: u32,
    count: u32,
    sum: R,
    points: u32,
    steps: &[u32],
    x: &[R],
) -> (R, u32, R) {
    let mut total = sum;
    for k in 0..count {
        total += x[k * points + point];
    }
    (total, (count + steps[level * points + point]) % 6, total)
}

stamp! {
    loops_as_long_as_what_is_carried: growing_sums<R>,
    extent [6, 45],
    arguments { value(45u32), slice(indices(1, 6 * 45, 4)), slice(field::<R>(2, 6 * 45)) },
    outputs { totals: R },
    carried { count: u32, sum: R },
    reference || {
        let (steps, x) = (indices(1, 6 * 45, 4), field::<R>(2, 6 * 45));
        let (mut totals, mut count, mut sum) =
            (vec![R::from_f64(0.0); 6 * 45], vec![0; 45], vec![R::from_f64(0.0); 45]);
        for level in (0..6).rev() {
            for point in 0..45 {
                for k in 0..count[point] as usize {
                    sum[point] += x[k * 45 + point];
                }
                totals[level * 45 + point] = sum[point];
                count[point] = (count[point] + steps[level * 45 + point]) % 6;
            }
        }
        (totals, count, sum)
    }
}
