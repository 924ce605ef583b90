//! Kernels whose last index is the level, which the CPU computes in packs.

use terrella_kernels::{Level, Real, kernel};

use crate::fixture::{field, indices, positive};

/// Divergence of an edge-normal flux at one cell and level.
#[kernel]
fn flux_divergence<R: Real>(
    cell: u32,
    level: Level,
    max_edges: u32,
    levels: u32,
    edges_on_cell: &[u32],
    edge_sign: &[R],
    edge_length: &[R],
    flux: &[R],
    inverse_area: &[R],
) -> R {
    let mut divergence = 0.0;
    for j in 0..max_edges {
        let edge = edges_on_cell[cell * max_edges + j];
        divergence += edge_sign[cell * max_edges + j] * edge_length[edge] * flux[edge * levels + level];
    }
    divergence * inverse_area[cell]
}

macro_rules! divergences {
    ($($test:ident $levels:literal)*) => {$(
        stamp! {
            $test: flux_divergence<R>,
            extent [45, $levels],
            arguments {
                value(6u32), value($levels as u32), slice(indices(1, 45 * 6, 130)), slice(field::<R>(2, 45 * 6)),
                slice(positive::<R>(3, 130)), slice(field::<R>(4, 130 * $levels)), slice(positive::<R>(5, 45)),
            },
            outputs { divergence: R },
            reference {
                let (edges, signs) = (indices(1, 45 * 6, 130), field::<R>(2, 45 * 6));
                let (lengths, flux, areas) = (positive::<R>(3, 130), field::<R>(4, 130 * $levels), positive::<R>(5, 45));
                move |[cell, level]: [usize; 2]| {
                    let mut sum = R::from_f64(0.0);
                    for j in cell * 6..cell * 6 + 6 {
                        let edge = edges[j] as usize;
                        sum += signs[j] * lengths[edge] * flux[edge * $levels + level];
                    }
                    (sum * areas[cell],)
                }
            }
        }
    )*};
}

divergences! { divergence_on_5_levels 5 divergence_on_32_levels 32 divergence_on_37_levels 37 }

/// Differences to the levels above and below, one-sided at the ends; with a count of the levels passed.
#[kernel]
fn vertical_difference<R: Real>(column: u32, level: Level, levels: u32, x: &[R], top: &[R]) -> (R, u32) {
    let base = column * levels;
    let above = if level == 0 { top[column] } else { x[base + level - 1] };
    let below = if level + 1 < levels { x[base + level + 1] } else { x[base + level] * 2.0 };
    (below - above, level * 3 + column)
}

stamp! {
    conditions_on_the_level: vertical_difference<R>,
    extent [20, 50],
    arguments { value(50u32), slice(field::<R>(1, 1000)), slice(field::<R>(2, 20)) },
    outputs { difference: R, code: u32 },
    reference {
        let (x, top) = (field::<R>(1, 1000), field::<R>(2, 20));
        move |[column, level]: [usize; 2]| {
            let at = |level: usize| x[column * 50 + level];
            let above = if level == 0 { top[column] } else { at(level - 1) };
            let below = if level == 49 { at(49) * R::from_f64(2.0) } else { at(level + 1) };
            (below - above, (level * 3 + column) as u32)
        }
    }
}

/// Interpolation from levels that a table names, with weights; returns early where there is nothing.
#[kernel]
fn interpolation<R: Real>(
    column: u32,
    level: Level,
    levels: u32,
    missing: R,
    source: &[u32],
    weight: &[R],
    x: &[R],
) -> (R, R) {
    let flat = column * levels + level;
    let first = column * levels + source[flat];
    if weight[flat] < 0.0 {
        return (missing, 0.0);
    }
    let mut value = x[first];
    if source[level] < 3 {
        value += x[first + 1] * weight[flat];
        for k in 0..3 {
            value += k as R;
        }
    } else {
        value -= 1.0;
    }
    let mut bounded = value;
    if bounded > 1.0 {
        bounded = 1.0 + (bounded - 1.0) * 0.5;
    }
    (value, bounded)
}

stamp! {
    tables_and_returns_on_levels: interpolation<R>,
    extent [30, 40],
    arguments {
        value(40u32), value(R::from_f64(-99.0)), slice(indices(1, 1200, 39)), slice(field::<R>(2, 1200)),
        slice(field::<R>(3, 1200)),
    },
    outputs { value: R, bounded: R },
    reference {
        let (source, weight, x) = (indices(1, 1200, 39), field::<R>(2, 1200), field::<R>(3, 1200));
        let number = R::from_f64;
        move |[column, level]: [usize; 2]| {
            let flat = column * 40 + level;
            let first = column * 40 + source[flat] as usize;
            if weight[flat] < number(0.0) {
                return (number(-99.0), number(0.0));
            }
            let mut value = x[first];
            if source[level] < 3 {
                value += x[first + 1] * weight[flat];
                value = value + number(0.0) + number(1.0) + number(2.0);
            } else {
                value -= number(1.0);
            }
            let excess = (value - number(1.0)) * number(0.5);
            (value, if value > number(1.0) { number(1.0) + excess } else { value })
        }
    }
}

/// Two numbers from one level.
#[kernel(function)]
fn split<R: Real>(x: R, count: u32) -> (R, u32) {
    let whole = x.floor();
    let mut sum = 0;
    for k in 0..count {
        sum += k;
    }
    (x - whole, sum)
}

/// A function of several values on levels; integers that depend on the level; a condition that does not.
#[kernel]
fn several_on_levels<R: Real>(
    column: u32,
    level: Level,
    levels: u32,
    double: bool,
    x: &[R],
) -> (R, u32, u32) {
    let value = x[column * levels + level];
    let (fraction, sum) = split(value, level % 7);
    let mut reversed = levels - 1 - level;
    if double {
        reversed *= 2;
    }
    let choice = if double { fraction * 2.0 } else { fraction };
    let mut mixed = choice;
    if value > 0.0 {
        let shifted = choice + 1.0;
        for k in 0..3 {
            mixed += shifted * k as R;
        }
    }
    (mixed + x[column * levels + (levels - 1 - level)], sum, reversed)
}

macro_rules! several {
    ($($test:ident $double:literal)*) => {$(
        stamp! {
            $test: several_on_levels<R>,
            extent [12, 33],
            arguments { value(33u32), flag($double), slice(field::<R>(1, 12 * 33)) },
            outputs { mixed: R, sum: u32, reversed: u32 },
            reference {
                let x = field::<R>(1, 12 * 33);
                let number = R::from_f64;
                move |[column, level]: [usize; 2]| {
                    let value = x[column * 33 + level];
                    let fraction = value - value.floor();
                    let choice = if $double { fraction * number(2.0) } else { fraction };
                    let mut mixed = choice;
                    if value > number(0.0) {
                        for k in 0..3 {
                            mixed += (choice + number(1.0)) * number(k as f64);
                        }
                    }
                    let sum = (0..level as u32 % 7).sum::<u32>();
                    let reversed = (32 - level as u32) * if $double { 2 } else { 1 };
                    (mixed + x[column * 33 + 32 - level], sum, reversed)
                }
            }
        }
    )*};
}

several! { several_values_on_levels false several_values_doubled true }

/// A sum over the levels above: its loop depends on the index, so that it is no `Level`.
#[kernel(indices = 2)]
fn sum_above<R: Real>(column: u32, level: u32, levels: u32, x: &[R]) -> R {
    let mut sum = 0.0;
    for above in 0..level {
        sum += x[column * levels + above];
    }
    sum
}

stamp! {
    loops_up_to_the_last_index: sum_above<R>,
    extent [9, 40],
    arguments { value(40u32), slice(field::<R>(1, 360)) },
    outputs { sum: R },
    reference {
        let x = field::<R>(1, 360);
        move |[column, level]: [usize; 2]| {
            let mut sum = R::from_f64(0.0);
            for above in 0..level {
                sum += x[column * 40 + above];
            }
            (sum,)
        }
    }
}
