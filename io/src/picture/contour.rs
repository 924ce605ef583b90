//! Contour lines of values on a lattice: marching squares, joined to long lines.

/// Values on a lattice, row by row; NaN where there is none.
pub(super) struct Lattice {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: Vec<f64>,
}

/// Lines of `level` as (column, row) between the lattice's points. Closed lines end where they begin.
pub(super) fn trace(lattice: &Lattice, level: f64) -> Vec<Vec<(f64, f64)>> {
    let Lattice { columns, rows, values } = lattice;
    let (columns, rows) = (*columns, *rows);
    // Every edge of the lattice that the level crosses joins the one or two cells beside it. Edge 2k leads from point
    // k to its right neighbour, edge 2k + 1 to the one below.
    const NONE: u32 = u32::MAX;
    let mut neighbours = vec![[NONE; 2]; 2 * columns * rows];
    let mut crossed = Vec::new();
    let mut join = |a: usize, b: usize| {
        for (from, to) in [(a, b), (b, a)] {
            let slot = usize::from(neighbours[from][0] != NONE);
            if slot == 0 {
                crossed.push(from);
            }
            neighbours[from][slot] = to as u32;
        }
    };
    for row in 0..rows - 1 {
        for column in 0..columns - 1 {
            let corner = row * columns + column;
            let [a, b, c, d] =
                [corner, corner + 1, corner + columns + 1, corner + columns].map(|k| values[k]);
            if !(a + b + c + d).is_finite() {
                continue;
            }
            let (top, right, bottom, left) =
                (2 * corner, 2 * (corner + 1) + 1, 2 * (corner + columns), 2 * corner + 1);
            let above = [a, b, c, d].map(|value| value >= level);
            match above {
                [true, true, true, true] | [false, false, false, false] => {}
                [true, false, false, false] | [false, true, true, true] => join(left, top),
                [false, true, false, false] | [true, false, true, true] => join(top, right),
                [false, false, true, false] | [true, true, false, true] => join(right, bottom),
                [false, false, false, true] | [true, true, true, false] => join(bottom, left),
                [true, true, false, false] | [false, false, true, true] => join(left, right),
                [true, false, false, true] | [false, true, true, false] => join(top, bottom),
                // A saddle: the middle tells which corners hang together.
                [true, false, true, false] | [false, true, false, true] => {
                    let middle_above = 0.25 * (a + b + c + d) >= level;
                    if middle_above == above[0] {
                        join(top, right);
                        join(bottom, left);
                    } else {
                        join(left, top);
                        join(right, bottom);
                    }
                }
            }
        }
    }
    let place = |edge: usize| {
        let point = edge / 2;
        let (column, row) = ((point % columns) as f64, (point / columns) as f64);
        let other = if edge.is_multiple_of(2) { point + 1 } else { point + columns };
        let weight = (level - values[point]) / (values[other] - values[point]);
        let weight = if weight.is_finite() { weight.clamp(0.0, 1.0) } else { 0.5 };
        if edge.is_multiple_of(2) { (column + weight, row) } else { (column, row + weight) }
    };
    let mut lines = Vec::new();
    let mut visited = vec![false; neighbours.len()];
    // Open lines first, from one of their ends; what is left is closed.
    let (ends, inner): (Vec<usize>, Vec<usize>) =
        crossed.iter().copied().partition(|&edge| neighbours[edge][1] == NONE);
    for start in ends.into_iter().chain(inner) {
        if visited[start] {
            continue;
        }
        let mut line = Vec::new();
        let mut edge = start;
        loop {
            visited[edge] = true;
            line.push(place(edge));
            let onward = neighbours[edge].iter().copied().find(|&to| to != NONE && !visited[to as usize]);
            match onward {
                Some(to) => edge = to as usize,
                None => break,
            }
        }
        if line.len() > 2 && neighbours[edge].contains(&(start as u32)) {
            line.push(line[0]);
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(columns: usize, rows: usize, value: impl Fn(f64, f64) -> f64) -> Lattice {
        let values = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column as f64, row as f64)))
            .map(|(x, y)| value(x, y))
            .collect();
        Lattice { columns, rows, values }
    }

    #[test]
    fn a_hill_has_one_closed_round_line() {
        let hill = lattice(41, 31, |x, y| -((x - 20.0).powi(2) + (y - 15.0).powi(2)));
        let lines = trace(&hill, -100.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].len() > 50);
        for &(x, y) in &lines[0] {
            assert!(((x - 20.0).hypot(y - 15.0) - 10.0).abs() < 0.03);
        }
    }

    #[test]
    fn a_slope_has_one_open_line_and_holes_break_it() {
        let slope = lattice(11, 6, |x, _| x);
        let lines = trace(&slope, 3.25);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].len(), 6);
        assert!(lines[0].iter().all(|&(x, _)| (x - 3.25).abs() < 1e-12));
        let holed = lattice(11, 6, |x, y| if x == 3.0 && y == 2.0 { f64::NAN } else { x });
        assert_eq!(trace(&holed, 3.25).len(), 2);
        assert!(trace(&slope, 50.0).is_empty());
    }

    #[test]
    fn a_saddle_has_two_lines() {
        let saddle = lattice(2, 2, |x, y| if x == y { 1.0 } else { -1.0 });
        assert_eq!(trace(&saddle, 0.0).len(), 2);
        let flat = lattice(4, 4, |_, _| 2.0);
        assert!(trace(&flat, 2.0).is_empty());
    }
}
