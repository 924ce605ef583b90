//! Departure points.

use terrella_kernels_macros::kernel;

use super::place::{bin_of, displacement_angles, displacement_rotation, place_on_ring};
use crate::Real;

/// Where the parcel that arrives at a point of a level comes from: λ_D − λ_A, φ_D − φ_A [rad], η_D, and the coordinates of
/// D on the tangent plane at A of the unit sphere, eastward and northward.
///
/// Back along a great circle with the mean of the present wind at A and of a wind given at D, SETTLS where that is
/// 2V(t) − V(t − Δt) (Hortal 2002, *Quart. J. Roy. Meteor. Soc.* 128, 1671–1687), and with the mean of η̇ likewise:
/// r_D = r_A − Δt/2·(V_A + V_D). The first guess has V_A alone; each iteration interpolates the wind linearly at the last
/// guess and turns it into A's directions. η_D stays between the first and the last level.
///
/// | argument                      | shape                | unit            |
/// |-------------------------------|----------------------|-----------------|
/// | `extended`                    | places of an extended level | –        |
/// | `iterations`                  | number of interpolations | –           |
/// | `time_step`, `angle_per_speed` | Δt, Δt/a            | s, s m⁻¹        |
/// | `u`, `v`, `vertical`          | [levels, points], at A | m s⁻¹, s⁻¹  |
/// | `u_there`, `v_there`, `vertical_there` | [levels, extended], at D | m s⁻¹, s⁻¹ |
/// | `sine` … `row_shift`          | of [`RingTables`](super::RingTables) | – |
/// | `latitudes`, `latitude_bins`, `latitude_first`, `latitude_per_unit`, `latitude_count` | its [`Nodes`](super::Nodes) | rad |
/// | `heights` … `height_count`    | the same of η        | –               |
#[kernel(indices = 2)]
pub fn departure_points<R: Real>(
    level: u32,
    point: u32,
    points: u32,
    levels: u32,
    extended: u32,
    iterations: u32,
    time_step: R,
    angle_per_speed: R,
    u: &[R],
    v: &[R],
    vertical: &[R],
    u_there: &[R],
    v_there: &[R],
    vertical_there: &[R],
    sine: &[R],
    cosine: &[R],
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
) -> (R, R, R, R, R) {
    let here = level * points + point;
    let own_u = u[here];
    let own_v = v[here];
    let own_vertical = vertical[here];
    let top = heights[0];
    let ground = heights[7 * (levels - 1)];
    let own_height = heights[7 * level];

    let mut mean_u = own_u;
    let mut mean_v = own_v;
    let mut mean_vertical = own_vertical;
    let mut eastward = 0.0;
    let mut northward = 0.0;
    let mut longitude = 0.0;
    let mut latitude = 0.0;
    let mut height = own_height;
    for iteration in 0..(iterations + 1) {
        if iteration > 0 {
            let there = ordinate[point] - latitude;
            let latitude_bin: u32 = bin_of(there, latitude_first, latitude_per_unit, latitude_count);
            let mut row = latitude_bins[latitude_bin];
            let next_ordinate = latitudes[7 * (row + 1)];
            if there >= next_ordinate {
                row += 1;
            }
            let across = ((ordinate[point] - latitudes[7 * row]) - latitude) * latitudes[7 * row + 1];
            let height_bin: u32 = bin_of(height, height_first, height_per_unit, height_count);
            let mut layer = height_bins[height_bin];
            let next_height = heights[7 * (layer + 1)];
            if height >= next_height && layer + 2 < levels {
                layer += 1;
            }
            let down = (height - heights[7 * layer]) * heights[7 * layer + 1];
            let mut sum_u = 0.0;
            let mut sum_v = 0.0;
            let mut sum_vertical = 0.0;
            for side in 0..2 {
                let (column, along): (u32, R) = place_on_ring(
                    index[point],
                    ring_points[point],
                    inverse_ring_points[point],
                    row_points[row + side],
                    row_shift[row + side],
                    longitude,
                );
                let mut share = 1.0 - across;
                if side == 1 {
                    share = across;
                }
                let above = layer * extended + row_start[row + side] + column + 1;
                let below = above + extended;
                let upper_west = share * (1.0 - down) * (1.0 - along);
                let upper_east = share * (1.0 - down) * along;
                let lower_west = share * down * (1.0 - along);
                let lower_east = share * down * along;
                sum_u += upper_west * u_there[above]
                    + upper_east * u_there[above + 1]
                    + lower_west * u_there[below]
                    + lower_east * u_there[below + 1];
                sum_v += upper_west * v_there[above]
                    + upper_east * v_there[above + 1]
                    + lower_west * v_there[below]
                    + lower_east * v_there[below + 1];
                sum_vertical += upper_west * vertical_there[above]
                    + upper_east * vertical_there[above + 1]
                    + lower_west * vertical_there[below]
                    + lower_east * vertical_there[below + 1];
            }
            let (turn_cosine, turn_sine) =
                displacement_rotation(eastward, northward, sine[point], cosine[point]);
            mean_u = 0.5 * (own_u + (turn_cosine * sum_u - turn_sine * sum_v));
            mean_v = 0.5 * (own_v + (turn_sine * sum_u + turn_cosine * sum_v));
            mean_vertical = 0.5 * (own_vertical + sum_vertical);
        }
        let x = angle_per_speed * mean_u;
        let y = angle_per_speed * mean_v;
        // sin(s)/s of the arc s, by its series.
        let square = x * x + y * y;
        let ratio =
            1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0)));
        eastward = -(x * ratio);
        northward = -(y * ratio);
        let (turned, moved) = displacement_angles(eastward, northward, sine[point], cosine[point]);
        longitude = turned;
        latitude = moved;
        height = (own_height - time_step * mean_vertical).max(top).min(ground);
    }
    (longitude, latitude, height, eastward, northward)
}
