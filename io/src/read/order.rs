//! The way from GRIB's order of points to ours.
//!
//! GRIB stores rows in either direction, eastward or westward, from any meridian (scanning mode: WMO FM 92 GRIB,
//! flag table 3.4). Ours are rings north to south, each eastward from 0°E.

/// How stored rows lie to ours.
#[derive(Debug)]
pub(super) struct Order {
    /// Stored points of each stored row.
    pub(super) rows: Vec<usize>,
    /// The stored rows go south to north.
    pub(super) northward: bool,
    /// Stored rows go westward; with `alternating` the first does, then in turns.
    pub(super) westward: bool,
    pub(super) alternating: bool,
    /// Points next to each other in memory lie on a meridian.
    pub(super) meridional: bool,
    /// Number of points from the first stored one eastward to the first of ours.
    pub(super) rotation: usize,
    /// Points at the row's end that repeat its start, on the same meridian once round the globe.
    pub(super) repeated: usize,
}

impl Order {
    pub(super) fn stored_points(&self) -> usize {
        self.rows.iter().sum()
    }

    /// Stored values in our order; None if their number is wrong.
    pub(super) fn arrange(&self, stored: &[f64]) -> Option<Vec<f64>> {
        if stored.len() != self.stored_points() {
            return None;
        }
        let mut values = Vec::with_capacity(stored.len());
        let height = self.rows.len();
        let mut starts = Vec::with_capacity(height);
        let mut start = 0;
        for &points in &self.rows {
            starts.push(start);
            start += points;
        }
        for ring in 0..height {
            let row = if self.northward { height - 1 - ring } else { ring };
            let points = self.rows[row];
            let kept = points - self.repeated;
            for point in 0..kept {
                let eastward = (point + self.rotation) % kept;
                // Alternating along meridians turns columns, not rows.
                let turned = self.alternating && !self.meridional && row % 2 == 1;
                let column = if self.westward != turned { points - 1 - eastward } else { eastward };
                values.push(if self.meridional {
                    let row = if self.alternating && column % 2 == 1 { height - 1 - row } else { row };
                    stored[column * height + row]
                } else {
                    stored[starts[row] + column]
                });
            }
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields whose value tells where it belongs: 10 · ring + point.
    fn check(order: &Order, stored: &[f64], rings: &[usize]) {
        let expected: Vec<f64> = rings
            .iter()
            .enumerate()
            .flat_map(|(ring, &points)| (0..points).map(move |point| (10 * ring + point) as f64))
            .collect();
        assert_eq!(order.arrange(stored).unwrap(), expected);
        assert_eq!(order.arrange(&stored[1..]), None);
    }

    fn plain(rows: &[usize]) -> Order {
        Order {
            rows: rows.to_vec(),
            northward: false,
            westward: false,
            alternating: false,
            meridional: false,
            rotation: 0,
            repeated: 0,
        }
    }

    #[test]
    fn all_scanning_modes_come_out_alike() {
        check(&plain(&[3, 3]), &[0., 1., 2., 10., 11., 12.], &[3, 3]);
        check(&Order { northward: true, ..plain(&[3, 3]) }, &[10., 11., 12., 0., 1., 2.], &[3, 3]);
        check(&Order { westward: true, ..plain(&[3, 3]) }, &[2., 1., 0., 12., 11., 10.], &[3, 3]);
        check(&Order { alternating: true, ..plain(&[3, 3]) }, &[0., 1., 2., 12., 11., 10.], &[3, 3]);
        check(&Order { meridional: true, ..plain(&[3, 3]) }, &[0., 10., 1., 11., 2., 12.], &[3, 3]);
        let meridional = Order { meridional: true, alternating: true, ..plain(&[3, 3]) };
        check(&meridional, &[0., 10., 11., 1., 2., 12.], &[3, 3]);
        // From 180° of a ring of 4: the third of ours comes first.
        check(&Order { rotation: 2, ..plain(&[4]) }, &[2., 3., 0., 1.], &[4]);
        check(&Order { rotation: 2, westward: true, ..plain(&[4]) }, &[1., 0., 3., 2.], &[4]);
        check(&Order { repeated: 1, ..plain(&[4, 4]) }, &[0., 1., 2., 0., 10., 11., 12., 10.], &[3, 3]);
        check(&Order { northward: true, ..plain(&[3, 2]) }, &[10., 11., 12., 0., 1.], &[2, 3]);
    }
}
