//! Which grid points are whose, as the interface describes it.

use std::ffi::c_int;
use std::iter;
use std::ops::Range;

use terrella_coupling::decomposition::{BandEnd, PointRegions};
use terrella_kernels::grid::Grid;

use super::tasks::Tasks;
use crate::failure::{Failure, Outcome};

/// How a program wants the points of the tasks to lie; the same on all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wishes {
    /// Regions that are near squares, with more of them where a band of latitudes is longer; else as many in every band.
    pub(super) equal: bool,
    /// Regions of every band, unless they are equal.
    pub(super) per_band: usize,
    /// Whether bands may share a ring.
    pub(super) split_rings: bool,
}

/// The regions of the tasks, in bands of latitude from the north, in a band eastward.
pub(super) fn regions(grid: &Grid, wishes: Wishes, tasks: Tasks) -> Outcome<PointRegions> {
    let count = tasks.count;
    if !wishes.equal && !count.is_multiple_of(wishes.per_band) {
        let expected = format!("a divisor of the {count} tasks, because of trans_set_leq_regions(0)");
        return Err(Failure::invalid("nprgpew", wishes.per_band, &expected));
    }
    let sectors = match wishes.equal {
        true => PointRegions::new(grid, count).sectors(),
        false => vec![wishes.per_band; count / wishes.per_band],
    };
    let end = if wishes.split_rings { BandEnd::InRing } else { BandEnd::BetweenRings };
    Ok(PointRegions::in_bands(grid, &sectors, end))
}

/// Points in one band on one latitude: a row of `nsta` and `nonl`.
struct Row {
    latitude: usize,
    /// Those of each region of the band, from the first of the latitude on.
    points: Vec<Range<usize>>,
}

/// Bands of latitudes and their rows. A latitude that two bands share is a row in each.
pub(super) struct Bands {
    /// Regions of each band.
    pub(super) sectors: Vec<usize>,
    latitudes: usize,
    rows: Vec<Row>,
    /// First row of each band, and the number of rows.
    first_row: Vec<usize>,
}

impl Bands {
    /// One band of one region with all points, by latitude.
    pub(super) fn whole(points: impl Iterator<Item = usize>) -> Self {
        let row =
            |(latitude, points): (usize, usize)| Row { latitude, points: iter::once(0..points).collect() };
        let rows: Vec<Row> = points.enumerate().map(row).collect();
        Self { sectors: vec![1], latitudes: rows.len(), first_row: vec![0, rows.len()], rows }
    }

    /// Those of the tasks' regions.
    pub(super) fn of(regions: &PointRegions) -> Self {
        let sectors = regions.sectors();
        let latitudes = regions.grid().rings().len();
        let mut bands: Vec<Vec<Row>> = sectors.iter().map(|_| Vec::new()).collect();
        // The band of each task, and which of its regions.
        let places: Vec<(usize, usize)> = (sectors.iter().enumerate())
            .flat_map(|(band, &sectors)| (0..sectors).map(move |sector| (band, sector)))
            .collect();
        for segment in regions.on(0..latitudes) {
            let (band, sector) = places[segment.rank];
            let rows = &mut bands[band];
            if rows.last().is_none_or(|row| row.latitude != segment.ring) {
                rows.push(Row { latitude: segment.ring, points: vec![0..0; sectors[band]] });
            }
            if let Some(row) = rows.last_mut() {
                row.points[sector] = segment.points;
            }
        }
        let mut first_row = vec![0];
        for rows in &bands {
            first_row.push(first_row[first_row.len() - 1] + rows.len());
        }
        Self { sectors, latitudes, rows: bands.into_iter().flatten().collect(), first_row }
    }

    /// Band and region of a task.
    pub(super) fn place_of(&self, task: usize) -> (usize, usize) {
        let mut first = 0;
        for (band, &sectors) in self.sectors.iter().enumerate() {
            if task < first + sectors {
                return (band, task - first);
            }
            first += sectors;
        }
        unreachable!("task {task} of {first}")
    }

    /// Most regions in a band.
    pub(super) fn most_sectors(&self) -> usize {
        self.sectors.iter().copied().max().unwrap_or(0)
    }

    fn rows_of(&self, band: usize) -> &[Row] {
        &self.rows[self.first_row[band]..self.first_row[band + 1]]
    }

    /// First row of a band, from 0.
    pub(super) fn first_row(&self, band: usize) -> usize {
        self.first_row[band]
    }

    /// One after the last row of a band.
    pub(super) fn end_row(&self, band: usize) -> usize {
        self.first_row[band + 1]
    }

    /// First latitude of a band, from 0; of an empty one, that of the next rows.
    pub(super) fn first_latitude(&self, band: usize) -> usize {
        self.rows.get(self.first_row[band]).map_or(self.latitudes, |row| row.latitude)
    }

    /// One after the last latitude of a band.
    pub(super) fn end_latitude(&self, band: usize) -> usize {
        self.rows_of(band).last().map_or_else(|| self.first_latitude(band), |row| row.latitude + 1)
    }

    /// `[region of a band][band]` numbers of points.
    pub(super) fn points(&self) -> Vec<usize> {
        let points = |sector: usize, band: usize| {
            self.rows_of(band).iter().filter_map(|row| row.points.get(sector)).map(Range::len).sum()
        };
        (0..self.most_sectors())
            .flat_map(|sector| (0..self.sectors.len()).map(move |band| (sector, band)))
            .map(|(sector, band)| points(sector, band))
            .collect()
    }

    /// First row of each latitude, from 0.
    pub(super) fn rows_of_latitudes(&self) -> Vec<usize> {
        let mut first = vec![self.rows.len(); self.latitudes];
        for (index, row) in self.rows.iter().enumerate().rev() {
            first[row.latitude] = index;
        }
        first
    }

    /// How many bands share each latitude.
    pub(super) fn shares_of_latitudes(&self) -> Vec<usize> {
        let mut shares = vec![0; self.latitudes];
        for row in &self.rows {
            shares[row.latitude] += 1;
        }
        shares
    }

    /// `[region of a band][latitudes + bands − 1]` values of the points of each row; 0 where there are none.
    pub(super) fn by_row(&self, value: impl Fn(&Range<usize>) -> usize) -> Vec<usize> {
        let length = self.latitudes + self.sectors.len() - 1;
        let mut values = vec![0; self.most_sectors() * length];
        for (index, row) in self.rows.iter().enumerate() {
            for (sector, points) in row.points.iter().enumerate().filter(|(_, points)| !points.is_empty()) {
                values[sector * length + index] = value(points);
            }
        }
        values
    }
}

/// Where the points of a task are in a field of the grid.
pub(super) fn places_of(regions: &PointRegions, task: usize) -> Vec<Range<usize>> {
    let place = |(offset, points): (usize, Range<usize>)| offset + points.start..offset + points.end;
    let rings = regions.grid().rings();
    regions.of(task).into_iter().map(|segment| place((rings[segment.ring].offset, segment.points))).collect()
}

/// A number of tasks that a program gives.
pub(super) fn number_of_tasks(name: &str, tasks: c_int) -> Outcome<usize> {
    match usize::try_from(tasks) {
        Ok(tasks) if tasks > 0 => Ok(tasks),
        _ => Err(Failure::invalid(name, tasks, "at least 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every point of the grid is in one row of one task, and the pointers find it.
    fn check(grid: &Grid, wishes: Wishes, count: usize) {
        let tasks = Tasks { own: 0, count };
        let regions = regions(grid, wishes, tasks).unwrap();
        let bands = Bands::of(&regions);
        let (most, latitudes) = (bands.most_sectors(), grid.rings().len());
        let length = latitudes + bands.sectors.len() - 1;
        let (first, number) = (bands.by_row(|points| points.start + 1), bands.by_row(Range::len));
        assert_eq!((first.len(), number.len()), (most * length, most * length));
        let mut owned = vec![0; grid.points()];
        let mut of_latitude = vec![0; latitudes];
        for task in 0..count {
            let (band, sector) = bands.place_of(task);
            let mut places = Vec::new();
            let first_latitude = bands.first_latitude(band);
            for (row, latitude) in (bands.first_row(band)..bands.end_row(band)).zip(first_latitude..) {
                assert!(latitude < bands.end_latitude(band));
                assert!(bands.rows_of_latitudes()[latitude] <= row);
                let [first, number] = [&first, &number].map(|values| values[sector * length + row]);
                if sector == 0 {
                    of_latitude[latitude] += 1;
                }
                if number > 0 {
                    let start = grid.rings()[latitude].offset + first - 1;
                    owned[start..start + number].iter_mut().for_each(|owned| *owned += 1);
                    places.push(start..start + number);
                }
            }
            assert_eq!(places, places_of(&regions, task));
            let points: usize = places.iter().map(Range::len).sum();
            assert_eq!(points, bands.points()[sector * bands.sectors.len() + band]);
        }
        assert!(owned.iter().all(|&owned| owned == 1));
        assert_eq!(of_latitude, bands.shares_of_latitudes());
        if !wishes.split_rings {
            assert!(bands.shares_of_latitudes().iter().all(|&shares| shares == 1));
        }
    }

    #[test]
    fn rows_describe_the_points_of_every_task() {
        for grid in ["O8", "F4", "N32"] {
            let grid = grid.parse().unwrap();
            for count in 1..=16 {
                for split_rings in [true, false] {
                    check(&grid, Wishes { equal: true, per_band: 1, split_rings }, count);
                    for per_band in (1..=count).filter(|per_band| count % per_band == 0) {
                        check(&grid, Wishes { equal: false, per_band, split_rings }, count);
                    }
                }
            }
        }
        // Fewer points than tasks.
        let tiny = Grid::reduced(&[3, 3]).unwrap();
        check(&tiny, Wishes { equal: true, per_band: 1, split_rings: true }, 9);
        check(&tiny, Wishes { equal: false, per_band: 2, split_rings: false }, 8);
    }
}
