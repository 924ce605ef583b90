//! Fields at departure points.

use terrella_kernels_macros::kernel;

use super::place::{bin_of, cubic_weights, place_on_ring, uneven_cubic_weights};
use crate::Real;

/// Three fields at the departure points of one level and point [their units].
///
/// The third is limited by `limit_third`, the others by `limit`, 1 or 0: the value stays between the largest and
/// smallest of the eight nearest. Values must stay below 1e30.
///
/// | argument                      | shape                | unit            |
/// |-------------------------------|----------------------|-----------------|
/// | `extended`                    | places of an extended level | –        |
/// | `first`, `second`, `third`    | [levels, extended] | any             |
/// | `longitude`, `latitude`, `height` | [levels, points], λ_D − λ_A, φ_D − φ_A, η_D | rad, rad, – |
/// | `ordinate` … `row_shift`      | of [`RingTables`](super::RingTables) | – |
/// | `latitudes` … `latitude_count` | its [`Nodes`](super::Nodes) | rad |
/// | `heights` … `height_count`    | the same of η        | –               |
#[kernel(indices = 2)]
pub fn interpolate_three<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    levels: u32,
    extended: u32,
    limit: u32,
    limit_third: u32,
    first: &[R],
    second: &[R],
    third: &[R],
    longitude: &[R],
    latitude: &[R],
    height: &[R],
    ordinate: &[R],
    index: &[u32],
    ring_points: &[u32],
    inverse_ring_points: &[R],
    row_start: &[u32],
    row_points: &[u32],
    row_shift: &[R],
    latitudes: &[R],
    latitude_bins: &[u32],
    latitude_first: R,
    latitude_per_unit: R,
    latitude_count: u32,
    heights: &[R],
    height_bins: &[u32],
    height_first: R,
    height_per_unit: R,
    height_count: u32,
) -> (R, R, R) {
    let here = level * points + point;
    let there = ordinate[point] - latitude[here];
    let latitude_bin: u32 = bin_of(there, latitude_first, latitude_per_unit, latitude_count);
    let mut ring = latitude_bins[latitude_bin];
    let next_ordinate = latitudes[7 * (ring + 1)];
    if there >= next_ordinate {
        ring += 1;
    }
    let across = ((ordinate[point] - latitudes[7 * ring]) - latitude[here]) * latitudes[7 * ring + 1];
    let (y0, y1, y2, y3) = uneven_cubic_weights(
        across,
        latitudes[7 * ring + 2],
        latitudes[7 * ring + 3],
        latitudes[7 * ring + 4],
        latitudes[7 * ring + 5],
        latitudes[7 * ring + 6],
    );
    let height_bin: u32 = bin_of(height[here], height_first, height_per_unit, height_count);
    let mut layer = height_bins[height_bin];
    let next_height = heights[7 * (layer + 1)];
    if height[here] >= next_height && layer + 2 < levels {
        layer += 1;
    }
    let (z0, z1, z2, z3) = uneven_cubic_weights(
        (height[here] - heights[7 * layer]) * heights[7 * layer + 1],
        heights[7 * layer + 2],
        heights[7 * layer + 3],
        heights[7 * layer + 4],
        heights[7 * layer + 5],
        heights[7 * layer + 6],
    );
    // Where there is none, its weight is 0.
    let mut above = layer;
    if layer > 0 {
        above = layer - 1;
    }
    let mut below = layer + 1;
    if layer + 2 < levels {
        below = layer + 2;
    }
    let mut sum_first = 0.0;
    let mut low_first = 1.0e30;
    let mut high_first = -1.0e30;
    let mut sum_second = 0.0;
    let mut low_second = 1.0e30;
    let mut high_second = -1.0e30;
    let mut sum_third = 0.0;
    let mut low_third = 1.0e30;
    let mut high_third = -1.0e30;
    for row in 0..4 {
        let (column, along): (u32, R) = place_on_ring(
            index[point],
            ring_points[point],
            inverse_ring_points[point],
            row_points[ring + row - 1],
            row_shift[ring + row - 1],
            longitude[here],
        );
        let mut share = y0;
        let mut straight = 0.0;
        if row == 1 {
            share = y1;
            straight = 1.0 - across;
        }
        if row == 2 {
            share = y2;
            straight = across;
        }
        if row == 3 {
            share = y3;
        }
        let (x0, x1, x2, x3) = cubic_weights(along);
        let start_of_row = row_start[ring + row - 1] + column;
        let mut start = 0;
        let mut end = 4;
        if row == 0 || row == 3 {
            // The outer rings have no part in the outer levels.
            start = 1;
            end = 3;
        }
        for step in start..end {
            let mut source = above;
            let mut weight = z0;
            if step == 1 {
                source = layer;
                weight = z1;
            }
            if step == 2 {
                source = layer + 1;
                weight = z2;
            }
            if step == 3 {
                source = below;
                weight = z3;
            }
            let at = source * extended + start_of_row;
            if row == 0 || row == 3 {
                weight *= share;
                sum_first += weight * ((1.0 - along) * first[at + 1] + along * first[at + 2]);
                sum_second += weight * ((1.0 - along) * second[at + 1] + along * second[at + 2]);
                sum_third += weight * ((1.0 - along) * third[at + 1] + along * third[at + 2]);
            } else if step == 0 || step == 3 {
                weight *= straight;
                sum_first += weight * ((1.0 - along) * first[at + 1] + along * first[at + 2]);
                sum_second += weight * ((1.0 - along) * second[at + 1] + along * second[at + 2]);
                sum_third += weight * ((1.0 - along) * third[at + 1] + along * third[at + 2]);
            } else {
                weight *= share;
                let west_first = first[at + 1];
                let east_first = first[at + 2];
                sum_first +=
                    weight * (x0 * first[at] + x1 * west_first + x2 * east_first + x3 * first[at + 3]);
                if limit == 1 {
                    low_first = low_first.min(west_first).min(east_first);
                    high_first = high_first.max(west_first).max(east_first);
                }
                let west_second = second[at + 1];
                let east_second = second[at + 2];
                sum_second +=
                    weight * (x0 * second[at] + x1 * west_second + x2 * east_second + x3 * second[at + 3]);
                if limit == 1 {
                    low_second = low_second.min(west_second).min(east_second);
                    high_second = high_second.max(west_second).max(east_second);
                }
                let west_third = third[at + 1];
                let east_third = third[at + 2];
                sum_third +=
                    weight * (x0 * third[at] + x1 * west_third + x2 * east_third + x3 * third[at + 3]);
                if limit_third == 1 {
                    low_third = low_third.min(west_third).min(east_third);
                    high_third = high_third.max(west_third).max(east_third);
                }
            }
        }
    }
    if limit == 1 {
        sum_first = sum_first.max(low_first).min(high_first);
        sum_second = sum_second.max(low_second).min(high_second);
    }
    if limit_third == 1 {
        sum_third = sum_third.max(low_third).min(high_third);
    }
    (sum_first, sum_second, sum_third)
}

/// Fields at departure points, `row` running over the levels of the first field, then of the second, … [their units].
///
/// `values` is [fields, levels, extended], the rest as in [`interpolate_three()`].
#[kernel(indices = 2)]
pub fn interpolate<R: Real>(
    row_of_fields: u32,
    point: u32,
    points: u32,
    levels: u32,
    extended: u32,
    limit: u32,
    values: &[R],
    longitude: &[R],
    latitude: &[R],
    height: &[R],
    ordinate: &[R],
    index: &[u32],
    ring_points: &[u32],
    inverse_ring_points: &[R],
    row_start: &[u32],
    row_points: &[u32],
    row_shift: &[R],
    latitudes: &[R],
    latitude_bins: &[u32],
    latitude_first: R,
    latitude_per_unit: R,
    latitude_count: u32,
    heights: &[R],
    height_bins: &[u32],
    height_first: R,
    height_per_unit: R,
    height_count: u32,
) -> R {
    let here = row_of_fields % levels * points + point;
    let field = row_of_fields / levels * levels * extended;
    let there = ordinate[point] - latitude[here];
    let latitude_bin: u32 = bin_of(there, latitude_first, latitude_per_unit, latitude_count);
    let mut ring = latitude_bins[latitude_bin];
    let next_ordinate = latitudes[7 * (ring + 1)];
    if there >= next_ordinate {
        ring += 1;
    }
    let across = ((ordinate[point] - latitudes[7 * ring]) - latitude[here]) * latitudes[7 * ring + 1];
    let (y0, y1, y2, y3) = uneven_cubic_weights(
        across,
        latitudes[7 * ring + 2],
        latitudes[7 * ring + 3],
        latitudes[7 * ring + 4],
        latitudes[7 * ring + 5],
        latitudes[7 * ring + 6],
    );
    let height_bin: u32 = bin_of(height[here], height_first, height_per_unit, height_count);
    let mut layer = height_bins[height_bin];
    let next_height = heights[7 * (layer + 1)];
    if height[here] >= next_height && layer + 2 < levels {
        layer += 1;
    }
    let (z0, z1, z2, z3) = uneven_cubic_weights(
        (height[here] - heights[7 * layer]) * heights[7 * layer + 1],
        heights[7 * layer + 2],
        heights[7 * layer + 3],
        heights[7 * layer + 4],
        heights[7 * layer + 5],
        heights[7 * layer + 6],
    );
    // Where there is none, its weight is 0.
    let mut above = layer;
    if layer > 0 {
        above = layer - 1;
    }
    let mut below = layer + 1;
    if layer + 2 < levels {
        below = layer + 2;
    }
    let mut sum_values = 0.0;
    let mut low_values = 1.0e30;
    let mut high_values = -1.0e30;
    for row in 0..4 {
        let (column, along): (u32, R) = place_on_ring(
            index[point],
            ring_points[point],
            inverse_ring_points[point],
            row_points[ring + row - 1],
            row_shift[ring + row - 1],
            longitude[here],
        );
        let mut share = y0;
        let mut straight = 0.0;
        if row == 1 {
            share = y1;
            straight = 1.0 - across;
        }
        if row == 2 {
            share = y2;
            straight = across;
        }
        if row == 3 {
            share = y3;
        }
        let (x0, x1, x2, x3) = cubic_weights(along);
        let first = field + row_start[ring + row - 1] + column;
        let mut start = 0;
        let mut end = 4;
        if row == 0 || row == 3 {
            // The outer rings have no part in the outer levels.
            start = 1;
            end = 3;
        }
        for step in start..end {
            let mut source = above;
            let mut weight = z0;
            if step == 1 {
                source = layer;
                weight = z1;
            }
            if step == 2 {
                source = layer + 1;
                weight = z2;
            }
            if step == 3 {
                source = below;
                weight = z3;
            }
            let at = source * extended + first;
            if row == 0 || row == 3 {
                weight *= share;
                sum_values += weight * ((1.0 - along) * values[at + 1] + along * values[at + 2]);
            } else if step == 0 || step == 3 {
                weight *= straight;
                sum_values += weight * ((1.0 - along) * values[at + 1] + along * values[at + 2]);
            } else {
                weight *= share;
                let west_values = values[at + 1];
                let east_values = values[at + 2];
                sum_values +=
                    weight * (x0 * values[at] + x1 * west_values + x2 * east_values + x3 * values[at + 3]);
                if limit == 1 {
                    low_values = low_values.min(west_values).min(east_values);
                    high_values = high_values.max(west_values).max(east_values);
                }
            }
        }
    }
    if limit == 1 {
        sum_values = sum_values.max(low_values).min(high_values);
    }
    sum_values
}

/// Σ_k w_k·(X_k(D_k) + α·Y_k) over the levels of a column: X at the departure points of each level, interpolated on that level
/// alone through twelve points, Y at the arrival points [unit of X].
///
/// Levels of weight 0 cost nothing.
///
/// | argument                      | shape                | unit            |
/// |-------------------------------|----------------------|-----------------|
/// | `weight`                      | [levels], w        | –               |
/// | `factor`                      | α                    | any             |
/// | `values`                      | [levels, extended], X | any          |
/// | `arrival`                     | [levels, points], Y | any            |
/// | `longitude`, `latitude` | [levels, points], λ_D − λ_A, φ_D − φ_A | rad |
/// | `ordinate` … `row_shift`      | of [`RingTables`](super::RingTables) | – |
/// | `latitudes` … `latitude_count` | its [`Nodes`](super::Nodes) | rad |
#[kernel(indices = 2, scan = down, carried = 1)]
pub fn interpolate_columns<R: Real>(
    level: u32,
    point: u32,
    sum: R,
    points: u32,
    extended: u32,
    factor: R,
    weight: &[R],
    values: &[R],
    arrival: &[R],
    longitude: &[R],
    latitude: &[R],
    ordinate: &[R],
    index: &[u32],
    ring_points: &[u32],
    inverse_ring_points: &[R],
    row_start: &[u32],
    row_points: &[u32],
    row_shift: &[R],
    latitudes: &[R],
    latitude_bins: &[u32],
    latitude_first: R,
    latitude_per_unit: R,
    latitude_count: u32,
) -> R {
    if weight[level] == 0.0 {
        return sum;
    }
    let here = level * points + point;
    let there = ordinate[point] - latitude[here];
    let latitude_bin: u32 = bin_of(there, latitude_first, latitude_per_unit, latitude_count);
    let mut ring = latitude_bins[latitude_bin];
    let next_ordinate = latitudes[7 * (ring + 1)];
    if there >= next_ordinate {
        ring += 1;
    }
    let across = ((ordinate[point] - latitudes[7 * ring]) - latitude[here]) * latitudes[7 * ring + 1];
    let (y0, y1, y2, y3) = uneven_cubic_weights(
        across,
        latitudes[7 * ring + 2],
        latitudes[7 * ring + 3],
        latitudes[7 * ring + 4],
        latitudes[7 * ring + 5],
        latitudes[7 * ring + 6],
    );
    let mut value = 0.0;
    for row in 0..4 {
        let (column, along): (u32, R) = place_on_ring(
            index[point],
            ring_points[point],
            inverse_ring_points[point],
            row_points[ring + row - 1],
            row_shift[ring + row - 1],
            longitude[here],
        );
        let mut share = y0;
        if row == 1 {
            share = y1;
        }
        if row == 2 {
            share = y2;
        }
        if row == 3 {
            share = y3;
        }
        let (x0, x1, x2, x3) = cubic_weights(along);
        let at = level * extended + row_start[ring + row - 1] + column;
        if row == 0 || row == 3 {
            value += share * ((1.0 - along) * values[at + 1] + along * values[at + 2]);
        } else {
            value +=
                share * (x0 * values[at] + x1 * values[at + 1] + x2 * values[at + 2] + x3 * values[at + 3]);
        }
    }
    sum + weight[level] * (value + factor * arrival[here])
}
