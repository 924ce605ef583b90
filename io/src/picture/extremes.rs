//! Highs and lows of a field.

use super::contour::Lattice;

/// A high or a low.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Extreme {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) value: f64,
    pub(super) is_high: bool,
}

/// Points above (below) all others nearby, and clearly so; the strongest first.
///
/// "Nearby" is up to `reach` columns and rows away. "Clearly" is 4% of the field's range above the mean of the nearby rim:
/// wiggles on a plateau are no highs. `around`: the last column is the first once more.
pub(super) fn find(lattice: &Lattice, around: bool, reach: usize) -> Vec<Extreme> {
    let Lattice { columns, rows, values } = lattice;
    let (columns, rows) = (*columns, *rows);
    let reach = reach.max(2) as i64;
    let range = values
        .iter()
        .filter(|value| !value.is_nan())
        .fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    let clear = 0.04 * (range.1 - range.0);
    let width = if around { columns - 1 } else { columns };
    let at = |column: i64, row: i64| {
        let column = if around { column.rem_euclid(width as i64) } else { column };
        let inside = (0..width as i64).contains(&column) && (0..rows as i64).contains(&row);
        if inside { values[row as usize * columns + column as usize] } else { f64::NAN }
    };
    let mut found = Vec::new();
    // Rows beside the edges have no neighbours on one side and are no extremes.
    for row in 1..rows as i64 - 1 {
        for column in 0..width as i64 {
            let value = at(column, row);
            let close = [at(column - 1, row), at(column + 1, row), at(column, row - 1), at(column, row + 1)];
            let is_high = close.iter().all(|&other| value >= other);
            let is_low = close.iter().all(|&other| value <= other);
            if is_high == is_low {
                continue;
            }
            let sign = if is_high { 1.0 } else { -1.0 };
            let (mut rim, mut count, mut extreme) = (0.0, 0, true);
            'nearby: for down in -reach..=reach {
                for right in -reach..=reach {
                    let other = at(column + right, row + down);
                    if other.is_nan() {
                        continue;
                    }
                    // Of equal points the first one counts.
                    let first = (down, right) > (0, 0);
                    let lower = sign * (value - other);
                    if lower < 0.0 || lower == 0.0 && !first && (down, right) != (0, 0) {
                        extreme = false;
                        break 'nearby;
                    }
                    if down.abs() == reach || right.abs() == reach {
                        rim += other;
                        count += 1;
                    }
                }
            }
            if extreme && count > 0 && sign * (value - rim / f64::from(count)) > clear {
                found.push(Extreme { column: column as usize, row: row as usize, value, is_high });
            }
        }
    }
    let middle = 0.5 * (range.0 + range.1);
    found.sort_by(|a, b| (b.value - middle).abs().total_cmp(&(a.value - middle).abs()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hills_and_hollows_are_found_and_wiggles_are_not() {
        let (columns, rows) = (121, 61);
        let bump = |x: f64, y: f64, cx: f64, cy: f64| (-((x - cx).powi(2) + (y - cy).powi(2)) / 20.0).exp();
        let values = (0..rows * columns)
            .map(|k| ((k % columns) as f64, (k / columns) as f64))
            .map(|(x, y)| {
                // The second hill lies on the seam.
                let seam = bump(x, y, 0.0, 30.0) + bump(x, y, 120.0, 30.0) * f64::from(u8::from(x > 60.0));
                2.0 * bump(x, y, 40.0, 20.0) - 1.5 * bump(x, y, 80.0, 45.0) + seam + 0.001 * (x * 1.3).sin()
            })
            .collect();
        let found = find(&Lattice { columns, rows, values }, true, 4);
        let places: Vec<_> = found.iter().map(|mark| (mark.column, mark.row, mark.is_high)).collect();
        assert_eq!(places.len(), 3, "{places:?}");
        assert!(places.contains(&(40, 20, true)) && places.contains(&(80, 45, false)), "{places:?}");
        assert!(
            places.iter().any(|&(column, row, high)| (column <= 1 || column >= 119) && row == 30 && high)
        );
    }
}
