//! Points of a grid in bands of latitude, cut into sectors of longitude.

use std::ops::Range;

use terrella_kernels::grid::Grid;

use super::Blocks;

/// Neighbouring points of one ring that belong to one rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The ring, from the north.
    pub ring: usize,
    /// Its points, from its first one eastward.
    pub points: Range<usize>,
    /// Whose they are.
    pub rank: usize,
}

/// Where bands of [`PointRegions`] may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandEnd {
    /// Anywhere: a ring may be shared by two bands.
    InRing,
    /// At the end of a ring.
    BetweenRings,
}

/// Which points of a grid are whose: near-square regions with the same number of points, but for one or two.
///
/// The bands are about as high as the regions are wide, with more sectors where there are more points. A band is a run of points
/// in the grid's order: the ring in which one ends and the next begins is shared. In a band the meridians that bound the
/// sectors are where its points are cut into equal numbers; on each ring the cut is beside the meridian, on the side that makes
/// up for the rings before.
///
/// A rank's field is `[level][own point]`, its segments in order: rings from north to south, each eastward.
///
/// Memory: the bands. Segments are computed when asked for.
#[derive(Clone, Debug)]
pub struct PointRegions {
    grid: Grid,
    /// First rank of each band, and the number of ranks.
    first_rank: Vec<usize>,
    /// First point of each band, and the number of points.
    first_point: Vec<usize>,
}

/// Points of one ring in a band.
struct Piece {
    ring: usize,
    points: Range<usize>,
    /// Number of points of the ring.
    length: usize,
}

impl Piece {
    /// How many of its points lie within the first `turn` of a revolution, a number with a fraction.
    fn within(&self, turn: f64) -> f64 {
        let end = (turn * self.length as f64).clamp(self.points.start as f64, self.points.end as f64);
        end - self.points.start as f64
    }
}

impl PointRegions {
    /// Regions of a grid.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn new(grid: &Grid, ranks: usize) -> Self {
        assert!(ranks > 0, "regions for no ranks");
        // Squares of 4π/P have a side of √(4π/P), of which π holds half of √(πP).
        let bands = ((std::f64::consts::PI * ranks as f64).sqrt() / 2.0).round().max(1.0) as usize;
        let mut first_rank = vec![0];
        for band in 1..=bands {
            let south = 90.0 - 180.0 * band as f64 / bands as f64;
            let above = grid.rings().partition_point(|ring| ring.latitude > south);
            let points = grid.rings().get(above).map_or(grid.points(), |ring| ring.offset);
            let share = points as f64 / grid.points() as f64 * ranks as f64;
            let rank = if band == bands { ranks } else { share.round() as usize };
            if rank > first_rank[first_rank.len() - 1] {
                first_rank.push(rank);
            }
        }
        let sectors: Vec<usize> = first_rank.windows(2).map(|ranks| ranks[1] - ranks[0]).collect();
        Self::in_bands(grid, &sectors, BandEnd::InRing)
    }

    /// Regions of a grid in bands with these numbers of sectors, from the north, and as many points as they have sectors.
    ///
    /// With [`BandEnd::BetweenRings`] no two bands share a ring, and regions are as even as whole rings allow.
    ///
    /// # Panics
    /// If there are no sectors.
    pub fn in_bands(grid: &Grid, sectors: &[usize], end: BandEnd) -> Self {
        let mut first_rank = vec![0];
        for sectors in sectors {
            first_rank.push(first_rank[first_rank.len() - 1] + sectors);
        }
        let ranks = first_rank[sectors.len()];
        assert!(ranks > 0, "regions for no ranks");
        let even = Blocks::even(grid.points(), ranks);
        let first = |&rank: &usize| {
            if rank == ranks {
                return grid.points();
            }
            let point = even.of(rank).start;
            match end {
                BandEnd::InRing => point,
                BandEnd::BetweenRings => {
                    let before = grid.rings().partition_point(|ring| ring.offset + ring.points / 2 < point);
                    grid.rings().get(before).map_or(grid.points(), |ring| ring.offset)
                }
            }
        };
        Self { grid: grid.clone(), first_point: first_rank.iter().map(first).collect(), first_rank }
    }

    /// Number of ranks.
    pub fn ranks(&self) -> usize {
        self.first_rank[self.first_rank.len() - 1]
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Number of sectors of each band, from the north.
    pub fn sectors(&self) -> Vec<usize> {
        self.first_rank.windows(2).map(|ranks| ranks[1] - ranks[0]).collect()
    }

    /// The segments of a rank: rings from north to south, each eastward.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn of(&self, rank: usize) -> Vec<Segment> {
        assert!(rank < self.ranks(), "rank {rank} of {}", self.ranks());
        let band = self.first_rank.partition_point(|&first| first <= rank) - 1;
        let rings = 0..self.grid.rings().len();
        self.segments_of_band(band, rings).into_iter().filter(|segment| segment.rank == rank).collect()
    }

    /// Number of points of a rank.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn points_of(&self, rank: usize) -> usize {
        self.of(rank).iter().map(|segment| segment.points.len()).sum()
    }

    /// The segments of some rings, in order.
    pub fn on(&self, rings: Range<usize>) -> Vec<Segment> {
        let offset = |ring: usize| self.grid.rings().get(ring).map_or(self.grid.points(), |ring| ring.offset);
        let points = offset(rings.start)..offset(rings.end);
        let bands = 0..self.first_rank.len() - 1;
        let meets =
            |band: &usize| self.first_point[*band] < points.end && points.start < self.first_point[band + 1];
        let mut segments: Vec<Segment> =
            bands.filter(meets).flat_map(|band| self.segments_of_band(band, rings.clone())).collect();
        segments.sort_by_key(|segment| (segment.ring, segment.points.start));
        segments
    }

    /// The rank of a point of a ring.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn owner(&self, ring: usize, point: usize) -> usize {
        let segments = self.on(ring..ring + 1);
        let segment = segments.iter().find(|segment| segment.points.contains(&point));
        segment.unwrap_or_else(|| panic!("point {point} of ring {ring}")).rank
    }

    /// The segments that a band has on some rings.
    fn segments_of_band(&self, band: usize, rings: Range<usize>) -> Vec<Segment> {
        let band_points = self.first_point[band]..self.first_point[band + 1];
        let first_ring =
            self.grid.rings().partition_point(|ring| ring.offset + ring.points <= band_points.start);
        let pieces: Vec<Piece> = (first_ring..self.grid.rings().len())
            .map(|number| {
                let ring = &self.grid.rings()[number];
                let within = |point: usize| point.clamp(ring.offset, ring.offset + ring.points) - ring.offset;
                let points = within(band_points.start)..within(band_points.end);
                Piece { ring: number, points, length: ring.points }
            })
            .take_while(|piece| !piece.points.is_empty())
            .collect();
        let first_rank = self.first_rank[band];
        let sectors = self.first_rank[band + 1] - first_rank;
        let meridians: Vec<f64> = (1..sectors)
            .map(|sector| meridian(&pieces, (band_points.len() * sector) as f64 / sectors as f64))
            .collect();
        // By meridian: points west of it on the rings so far, as they should be and as they are.
        let mut west = vec![[0.0; 2]; meridians.len()];
        let mut segments = Vec::new();
        for piece in pieces {
            let Piece { ring, points, .. } = &piece;
            let mut start = points.start;
            for (sector, (&turn, [ideal, real])) in meridians.iter().zip(&mut west).enumerate() {
                *ideal += piece.within(turn);
                let cut = (*ideal - *real).round().max(0.0) as usize + points.start;
                let cut = cut.clamp(start, points.end);
                *real += (cut - points.start) as f64;
                segments.push(Segment { ring: *ring, points: start..cut, rank: first_rank + sector });
                start = cut;
            }
            let rank = first_rank + sectors - 1;
            segments.push(Segment { ring: *ring, points: start..points.end, rank });
        }
        segments.retain(|segment| !segment.points.is_empty() && rings.contains(&segment.ring));
        segments
    }
}

/// The part of a revolution within which there are `count` of the pieces' points.
fn meridian(pieces: &[Piece], count: f64) -> f64 {
    let (mut west, mut east) = (0.0, 1.0);
    // As exact as a double can be.
    for _ in 0..60 {
        let middle = 0.5 * (west + east);
        let within: f64 = pieces.iter().map(|piece| piece.within(middle)).sum();
        if within < count { west = middle } else { east = middle }
    }
    0.5 * (west + east)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_one_owner_and_ranks_have_as_many() {
        for name in ["F16", "F32", "N32", "N80", "O32", "O48", "O160"] {
            let grid: Grid = name.parse().unwrap();
            for ranks in (1..=64).step_by(if grid.points() > 20_000 { 7 } else { 1 }) {
                let regions = PointRegions::new(&grid, ranks);
                assert_eq!(regions.ranks(), ranks);
                let mut owned = vec![0; grid.points()];
                let mut most = 0;
                for rank in 0..ranks {
                    let segments = regions.of(rank);
                    most = most.max(segments.iter().map(|segment| segment.points.len()).sum());
                    for segment in &segments {
                        let first = grid.rings()[segment.ring].offset;
                        segment.points.clone().for_each(|point| owned[first + point] += 1);
                    }
                }
                assert!(owned.iter().all(|&count| count == 1), "{name} on {ranks}");
                let mean = grid.points() as f64 / ranks as f64;
                assert!(most as f64 <= (1.02 * mean).max(mean + 2.0), "{name} on {ranks}: {most} of {mean}");
            }
        }
    }

    #[test]
    fn owners_are_found_by_ring() {
        let grid: Grid = "O16".parse().unwrap();
        for ranks in [1, 2, 5, 12, 33, 64] {
            let regions = PointRegions::new(&grid, ranks);
            let mut by_rank: Vec<Segment> = (0..ranks).flat_map(|rank| regions.of(rank)).collect();
            by_rank.sort_by_key(|segment| (segment.ring, segment.points.start));
            assert_eq!(regions.on(0..grid.rings().len()), by_rank);
            for segment in &by_rank {
                assert_eq!(regions.owner(segment.ring, segment.points.start), segment.rank);
                assert_eq!(regions.owner(segment.ring, segment.points.end - 1), segment.rank);
            }
        }
    }

    #[test]
    fn bands_of_whole_rings_share_none() {
        let grid: Grid = "O16".parse().unwrap();
        for sectors in [&[1, 1, 1][..], &[2, 2], &[1, 3, 1], &[3]] {
            let regions = PointRegions::in_bands(&grid, sectors, BandEnd::BetweenRings);
            assert_eq!(regions.sectors(), sectors);
            let ranks = regions.ranks();
            let band_of = |rank: usize| regions.first_rank.partition_point(|&first| first <= rank);
            let segments = regions.on(0..grid.rings().len());
            for pair in segments.windows(2).filter(|pair| pair[0].ring == pair[1].ring) {
                assert_eq!(band_of(pair[0].rank), band_of(pair[1].rank), "{sectors:?}");
            }
            let counts: Vec<usize> = (0..ranks).map(|rank| regions.points_of(rank)).collect();
            assert_eq!(counts.iter().sum::<usize>(), grid.points());
            let mean = grid.points() / ranks;
            assert!(counts.iter().all(|count| count.abs_diff(mean) <= grid.longest_ring()), "{counts:?}");
        }
        // More bands than rings: some are empty.
        let grid = Grid::reduced(&[4, 4]).unwrap();
        let regions = PointRegions::in_bands(&grid, &[1; 5], BandEnd::BetweenRings);
        assert_eq!((0..5).map(|rank| regions.points_of(rank)).sum::<usize>(), 8);
    }

    #[test]
    fn regions_are_near_squares() {
        let regions = PointRegions::new(&"O80".parse().unwrap(), 16);
        assert_eq!(regions.sectors().iter().sum::<usize>(), 16);
        assert_eq!(regions.sectors().len(), 4);
    }

    #[test]
    fn ranks_without_points_are_possible() {
        let grid = Grid::reduced(&[4, 4]).unwrap();
        let regions = PointRegions::new(&grid, 20);
        let counts: Vec<usize> = (0..20).map(|rank| regions.points_of(rank)).collect();
        assert_eq!(counts.iter().sum::<usize>(), 8);
        assert!(counts.contains(&0));
    }
}
