//! [`Cells`]: points of Cartesian space by cells.

use std::ops::Range;

use super::{Near, Taper, not_finite};
use crate::{Error, Result};

/// Points of a space of `D` dimensions, some of them periodic, sorted for searches within a taper's reach.
#[derive(Clone, Debug)]
pub struct Cells<const D: usize> {
    taper: Taper,
    axes: [Axis; D],
    /// Where each cell's points begin, and where the last one's end.
    begins: Vec<u32>,
    points: Vec<([f64; D], u32)>,
}

/// The cells along one axis.
#[derive(Clone, Copy, Debug, Default)]
struct Axis {
    lower: f64,
    inverse_width: f64,
    cells: usize,
    period: Option<f64>,
}

impl Axis {
    /// Cells of about `width` between the coordinates' ends or over the period.
    fn new(coordinates: impl Iterator<Item = f64>, period: Option<f64>, width: f64, most: usize) -> Self {
        let (lower, extent) = match period {
            Some(period) => (0.0, period),
            None => {
                let (low, high) = coordinates
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
                if low <= high { (low, high - low) } else { (0.0, 0.0) }
            }
        };
        let cells = ((extent / width) as usize).clamp(1, most);
        let inverse_width = if extent > 0.0 { cells as f64 / extent } else { 0.0 };
        Self { lower, inverse_width, cells, period }
    }

    /// The coordinate in the first period.
    fn wrapped(&self, coordinate: f64) -> f64 {
        self.period.map_or(coordinate, |period| coordinate.rem_euclid(period))
    }

    /// The number of the cell, also outside of those that there are.
    fn cell(&self, coordinate: f64) -> i64 {
        ((coordinate - self.lower) * self.inverse_width).floor() as i64
    }

    /// The cell of a point that is held.
    fn cell_of(&self, coordinate: f64) -> usize {
        self.cell(self.wrapped(coordinate)).clamp(0, self.cells as i64 - 1) as usize
    }

    /// The cells from `reach` below to `reach` above, each once, as two ranges.
    fn within(&self, coordinate: f64, reach: f64) -> [Range<usize>; 2] {
        let (first, last) = (self.cell(coordinate - reach), self.cell(coordinate + reach));
        let cells = self.cells as i64;
        if self.period.is_none() {
            return [first.clamp(0, cells) as usize..(last + 1).clamp(0, cells) as usize, 0..0];
        }
        if last - first + 1 >= cells {
            return [0..self.cells, 0..0];
        }
        let begin = first.rem_euclid(cells) as usize;
        let end = begin + (last - first + 1) as usize;
        [begin..end.min(self.cells), 0..end.saturating_sub(self.cells)]
    }

    fn distance(&self, a: f64, b: f64) -> f64 {
        let distance = (a - b).abs();
        self.period.map_or(distance, |period| distance.min(period - distance))
    }
}

impl<const D: usize> Cells<D> {
    /// Sorts points into cells. Along an axis with a period, coordinates are equal modulo it.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for coordinates that are not finite, an impossible taper, and periods that are not finite and positive.
    pub fn new(points: &[[f64; D]], periods: [Option<f64>; D], taper: Taper) -> Result<Self> {
        const { assert!(D >= 1) }
        let taper = taper.validate()?;
        not_finite(points.iter().map(<[f64; D]>::as_slice))?;
        if let Some(period) = periods.iter().flatten().find(|period| !(**period > 0.0 && period.is_finite()))
        {
            return Err(Error::InvalidValue {
                name: "periods",
                got: period.to_string(),
                expected: "finite periods above 0".to_owned(),
            });
        }
        // Two cells for each point at the most, whatever the reach.
        let most = (2.0 * points.len().max(1) as f64).powf(1.0 / D as f64).ceil() as usize;
        let axes: [Axis; D] = std::array::from_fn(|axis| {
            Axis::new(points.iter().map(|point| point[axis]), periods[axis], 0.5 * taper.reach(), most)
        });
        let cell_of = |point: &[f64; D]| {
            (0..D).fold(0, |cell, axis| cell * axes[axis].cells + axes[axis].cell_of(point[axis]))
        };
        let cells: Vec<usize> = points.iter().map(cell_of).collect();
        let (begins, order) = sort_by_cell(&cells, axes.iter().map(|axis| axis.cells).product());
        let points = order.into_iter().map(|number| {
            let point = std::array::from_fn(|axis| axes[axis].wrapped(points[number as usize][axis]));
            (point, number)
        });
        Ok(Self { taper, axes, begins, points: points.collect() })
    }

    /// Appends the points near a place.
    pub fn near(&self, place: [f64; D], found: &mut Vec<Near>) {
        let reach = self.taper.reach();
        let place: [f64; D] = std::array::from_fn(|axis| self.axes[axis].wrapped(place[axis]));
        let ranges: [[Range<usize>; 2]; D] =
            std::array::from_fn(|axis| self.axes[axis].within(place[axis], reach));
        self.rows(&ranges, 0, 0, &mut |cells| {
            let points = self.begins[cells.start] as usize..self.begins[cells.end] as usize;
            for (point, index) in &self.points[points] {
                let squared: f64 =
                    (0..D).map(|axis| self.axes[axis].distance(point[axis], place[axis]).powi(2)).sum();
                if squared <= reach * reach {
                    let taper = self.taper.at(squared.sqrt());
                    if taper > 0.0 {
                        found.push(Near { index: *index, taper });
                    }
                }
            }
        });
    }

    /// Calls `visit` with the cells of each row along the last axis.
    fn rows(
        &self,
        ranges: &[[Range<usize>; 2]; D],
        axis: usize,
        before: usize,
        visit: &mut impl FnMut(Range<usize>),
    ) {
        let cells = self.axes[axis].cells;
        for range in ranges[axis].iter().filter(|range| !range.is_empty()) {
            if axis + 1 == D {
                visit(before * cells + range.start..before * cells + range.end);
            } else {
                for cell in range.clone() {
                    self.rows(ranges, axis + 1, before * cells + cell, visit);
                }
            }
        }
    }
}

/// Where each cell's points begin in the order of cells, and that order; points of a cell keep theirs.
pub(super) fn sort_by_cell(cells: &[usize], count: usize) -> (Vec<u32>, Vec<u32>) {
    let mut begins = vec![0_u32; count + 1];
    for &cell in cells {
        begins[cell + 1] += 1;
    }
    for cell in 0..count {
        begins[cell + 1] += begins[cell];
    }
    let mut next = begins.clone();
    let mut order = vec![0_u32; cells.len()];
    for (number, &cell) in (0..).zip(cells) {
        order[next[cell] as usize] = number;
        next[cell] += 1;
    }
    (begins, order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    /// What a comparison with every point finds.
    fn all<const D: usize>(
        points: &[[f64; D]],
        periods: [Option<f64>; D],
        taper: Taper,
        place: [f64; D],
    ) -> Vec<Near> {
        let mut found = Vec::new();
        for (index, point) in (0..).zip(points) {
            let squared: f64 = (0..D)
                .map(|axis| {
                    let difference = point[axis] - place[axis];
                    let turns = periods[axis].map_or(0.0, |period| (difference / period).round() * period);
                    (difference - turns).powi(2)
                })
                .sum();
            let value = taper.at(squared.sqrt());
            if value > 0.0 {
                found.push(Near { index, taper: value });
            }
        }
        found
    }

    fn compare<const D: usize>(periods: [Option<f64>; D], reach: f64) {
        let mut numbers = vec![0.0; 300 * D];
        random::normals(5, [D as u32, 0, 0], &mut numbers);
        let points: Vec<[f64; D]> =
            numbers.chunks_exact(D).map(|point| std::array::from_fn(|axis| 3.0 * point[axis])).collect();
        let taper = Taper::GaspariCohn(0.5 * reach);
        let cells = Cells::new(&points, periods, taper).expect("cells");
        for place in points.iter().map(|point| point.map(|x| 1.3 * x - 0.7)) {
            let mut found = Vec::new();
            cells.near(place, &mut found);
            found.sort_by_key(|near| near.index);
            let expected = all(&points, periods, taper, place);
            // A wrapped coordinate may differ in its last bit, and the taper with it; almost 0 may be 0.
            let is_more = |near: &&Near| near.taper > 1e-12;
            assert_eq!(found.iter().filter(is_more).count(), expected.iter().filter(is_more).count());
            for (found, expected) in found.iter().filter(is_more).zip(expected.iter().filter(is_more)) {
                assert_eq!(found.index, expected.index);
                assert!((found.taper - expected.taper).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_search_finds_what_a_comparison_with_all_finds() {
        for reach in [0.01, 0.9, 4.0, 100.0] {
            compare([None], reach);
            compare([Some(7.5)], reach);
            compare([None, Some(2.0)], reach);
            compare([Some(5.0), None, Some(11.0)], reach);
        }
    }

    #[test]
    fn no_points_and_one_place_are_fine() {
        let mut found = Vec::new();
        Cells::<2>::new(&[], [None, Some(1.0)], Taper::Step(1.0)).expect("cells").near([0.0; 2], &mut found);
        assert!(found.is_empty());
        let cells = Cells::new(&[[2.0; 2]; 3], [None; 2], Taper::Step(1.0)).expect("cells");
        cells.near([2.5, 2.0], &mut found);
        assert_eq!(found.iter().map(|near| near.index).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn impossible_points_are_refused() {
        let refused = |points: &[[f64; 1]], periods| {
            Cells::new(points, periods, Taper::Step(1.0)).expect_err("refused").to_string()
        };
        assert_eq!(
            refused(&[[0.0], [f64::NAN]], [None]),
            "'points' is [NaN] at point 1: expected finite coordinates."
        );
        assert_eq!(refused(&[], [Some(0.0)]), "'periods' is 0: expected finite periods above 0.");
    }
}
