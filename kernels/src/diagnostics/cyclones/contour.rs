//! Whether a contour closes around a point.

use super::neighbourhood::{Neighbours, great_circle_angle};
use crate::grid::Grid;

/// Whether on every path from `start` along neighbouring points the value rises by `rise` before the path is `angle`
/// degrees away. `value` is the field, negated for a contour around a maximum.
pub(super) fn is_closed(
    grid: &Grid,
    neighbours: &Neighbours,
    start: usize,
    rise: f64,
    angle: f64,
    value: impl Fn(usize) -> f64,
) -> bool {
    let (limit, centre) = (value(start) + rise, grid.coordinates(start));
    let mut seen = std::collections::HashSet::from([start]);
    let mut open = vec![start];
    while let Some(point) = open.pop() {
        for &next in neighbours.of(point) {
            let next = next as usize;
            if value(next) >= limit || !seen.insert(next) {
                continue;
            }
            if great_circle_angle(centre, grid.coordinates(next)) > angle {
                return false;
            }
            open.push(next);
        }
    }
    true
}
