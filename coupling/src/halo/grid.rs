//! Points around a region of a grid of rings, or rings around bands of them.

use std::ops::Range;

use bytemuck::Pod;
use terrella_kernels::grid::{Grid, GridKind};

use super::entities::Wanted;
use super::{Halo, Order};
use crate::agreement::agreed;
use crate::communicator::Communicator;
use crate::decomposition::{Blocks, PointRegions, Segment};
use crate::error::expect_len;
use crate::{Error, Result};

/// Neighbouring points of one ring in a rank's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSegment {
    /// The ring, from the north.
    pub ring: usize,
    /// Its points, from its first one eastward.
    pub points: Range<usize>,
    /// The place of the first of them in a layer.
    pub place: usize,
}

/// What lies within some rings of a rank's points; a field is `[level][point]`, own points first.
///
/// Over a pole the rings are counted on: beyond the first one comes the first one again, seen from the other side, half a turn on, then the second; on grids with points at the poles
/// the second comes first. Values come as they are: components of vectors have the other sign over a pole. Grids are those whose rings begin at 0°E: Gaussian, full and reduced, and regular ones.
///
/// With depth d around own points i of a ring of n points, between a and b:
///
/// | made by                    | halo                                                                                   |
/// |----------------------------|-----------------------------------------------------------------------------------------|
/// | [`GridHalo::of_regions`]   | on each of the rings within d, with n′ points, those j with a n′/n − d ≤ j ≤ b n′/n + d    |
/// | [`GridHalo::of_bands`]     | all points of the rings within d                                                        |
///
/// so that a point has its d neighbours on both sides, to the west and to the east, on its own ring and on d rings on both sides.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::decomposition::PointRegions;
/// use terrella_coupling::halo::GridHalo;
///
/// let grid = "O16".parse()?;
/// let seen = Communicator::threads(4, |ranks| {
///     let regions = PointRegions::new(&grid, 4);
///     let around = GridHalo::of_regions(&ranks, &regions, 2)?;
///     let mut field = vec![0.0; around.halo().places()];
///     field[..around.own()].fill(1.0 + ranks.rank() as f64);
///     around.halo().exchange(&mut [&mut field])?;
///     // The neighbour to the west of this rank's first point.
///     let first = &regions.of(ranks.rank())[0];
///     let count = grid.rings()[first.ring].points;
///     let west = (first.points.start + count - 1) % count;
///     let place = around.place(first.ring, west).expect("a neighbour");
///     Ok::<_, terrella_coupling::Error>(field[place] == 1.0 + regions.owner(first.ring, west) as f64)
/// });
/// assert!(seen.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().all(|seen| seen));
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct GridHalo<T: Pod> {
    halo: Halo<T>,
    own: usize,
    /// By ring and first point.
    segments: Vec<LocalSegment>,
    interior: Vec<u32>,
    border: Vec<u32>,
}

/// A ring that is reached from another: its number, and whether over a pole.
type Reached = (usize, bool);

/// The rings within a depth, each as often as it is reached.
fn rings_around(grid: &Grid, ring: usize, depth: usize) -> impl Iterator<Item = Reached> {
    let count = grid.rings().len() as i64;
    // Beyond the last ring comes itself again, or the one before it where it is the pole.
    let at_pole = i64::from(grid.kind() == GridKind::LatLonWithPoles);
    (-(depth as i64)..=depth as i64).map(move |step| {
        let beyond = ring as i64 + step;
        if beyond < 0 {
            ((at_pole - 1 - beyond) as usize, true)
        } else if beyond >= count {
            ((2 * count - 1 - at_pole - beyond) as usize, true)
        } else {
            (beyond as usize, false)
        }
    })
}

/// Refuses grids whose rings do not begin at 0°E, and depths that go around the Earth.
fn expect_grid(grid: &Grid, depth: usize) -> Result<()> {
    let rings = grid.rings().len();
    if grid.rings().iter().any(|ring| ring.first_longitude != 0.0) {
        let expected = "a grid whose rings begin at 0°E".to_owned();
        return Err(Error::InvalidValue { name: "grid", got: grid.name().to_owned(), expected });
    }
    if depth >= rings {
        let (got, expected) = (depth.to_string(), format!("less than the {rings} rings"));
        return Err(Error::InvalidValue { name: "depth", got, expected });
    }
    Ok(())
}

/// The points of a reached ring around points `first` to `last` of one of `count` points: the first, which may be below 0, and one more than the last.
fn points_around(
    grid: &Grid,
    (ring, over): Reached,
    (first, last, count): (usize, usize, usize),
    depth: usize,
) -> Range<i64> {
    let (count, reached) = (count as i64, grid.rings()[ring].points as i64);
    // Twice the number of points from 0°E, times those of the own ring: integers, so that nothing is rounded.
    let position = |point: usize| 2 * point as i64 * reached + i64::from(over) * reached * count;
    let (unit, reach) = (2 * count, 2 * count * depth as i64);
    let start = (position(first) - reach).div_euclid(unit)
        + i64::from((position(first) - reach).rem_euclid(unit) != 0);
    start..(position(last) + reach).div_euclid(unit) + 1
}

/// The parts of a ring of `count` points that are in some ranges of points in any turn, once.
fn united(count: usize, ranges: &[Range<i64>]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for range in ranges {
        if range.end - range.start >= count as i64 {
            return std::iter::once(0..count).collect();
        }
        let start = range.start.rem_euclid(count as i64) as usize;
        let end = start + (range.end - range.start) as usize;
        parts.push(start..end.min(count));
        if end > count {
            parts.push(0..end - count);
        }
    }
    parts.sort_by_key(|part| part.start);
    let mut all: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match all.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => all.push(part),
        }
    }
    all
}

impl<T: Pod> GridHalo<T> {
    /// Around the regions of as many ranks as there are.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for regions of another number of ranks, [`Error::InvalidValue`] for grids whose rings do not begin at 0°E, for a depth of as many rings as
    /// there are, and for regions that differ between ranks.
    pub fn of_regions(communicator: &Communicator, regions: &PointRegions, depth: usize) -> Result<Self> {
        let grid = regions.grid();
        expect_len("regions", communicator.size(), regions.ranks())?;
        agreed(communicator, "halo", expect_grid(grid, depth))?;
        let rank = communicator.rank();
        let own: Vec<(usize, Range<usize>)> =
            regions.of(rank).into_iter().map(|segment| (segment.ring, segment.points)).collect();
        let mut ranges = vec![Vec::new(); grid.rings().len()];
        for (ring, points) in &own {
            let around = (points.start, points.end - 1, grid.rings()[*ring].points);
            for reached in rings_around(grid, *ring, depth) {
                ranges[reached.0].push(points_around(grid, reached, around, depth));
            }
        }
        let reached: Vec<Vec<Range<usize>>> =
            ranges.iter().zip(grid.rings()).map(|(ranges, ring)| united(ring.points, ranges)).collect();
        let touched = |range: &Vec<Range<usize>>| !range.is_empty();
        let (first, last) = (reached.iter().position(touched), reached.iter().rposition(touched));
        let rings = first.map_or(0..0, |first| first..last.map_or(first, |last| last + 1));
        let mut wanted = Vec::new();
        for Segment { ring, points, rank: owner } in regions.on(rings) {
            for part in &reached[ring] {
                let shared = points.start.max(part.start)..points.end.min(part.end);
                if owner != rank && !shared.is_empty() {
                    wanted.push((owner, ring, shared));
                }
            }
        }
        let near = |ring: usize, point: usize| {
            let around = (point, point, grid.rings()[ring].points);
            let near = move |reached: Reached| (reached.0, points_around(grid, reached, around, depth));
            rings_around(grid, ring, depth).map(near)
        };
        Self::new(communicator, grid, own, wanted, near)
    }

    /// Around the rings of blocks of pairs ([`pairs_of_rings`](crate::decomposition::pairs_of_rings)): northern rings, then southern, each from north to south.
    ///
    /// # Errors
    /// Those of [`GridHalo::of_regions`], for pairs.
    pub fn of_bands(communicator: &Communicator, grid: &Grid, pairs: &Blocks, depth: usize) -> Result<Self> {
        let (rank, count) = (communicator.rank(), grid.rings().len());
        expect_len("blocks of pairs", communicator.size(), pairs.ranks())?;
        expect_len("pairs", count.div_ceil(2), pairs.items())?;
        agreed(communicator, "halo", expect_grid(grid, depth))?;
        let owner = |ring: usize| pairs.owner(ring.min(count - 1 - ring));
        let whole = |ring: usize| 0..grid.rings()[ring].points;
        let own: Vec<(usize, Range<usize>)> =
            (0..count).filter(|&ring| owner(ring) == rank).map(|ring| (ring, whole(ring))).collect();
        let mut reached: Vec<usize> =
            own.iter().flat_map(|(ring, _)| rings_around(grid, *ring, depth)).map(|(ring, _)| ring).collect();
        reached.sort_unstable();
        reached.dedup();
        let others = reached.into_iter().filter(|&ring| owner(ring) != rank);
        let wanted = others.map(|ring| (owner(ring), ring, whole(ring))).collect();
        let near = |ring: usize, _: usize| {
            rings_around(grid, ring, depth).map(|(ring, _)| (ring, 0..grid.rings()[ring].points as i64))
        };
        Self::new(communicator, grid, own, wanted, near)
    }

    /// With own segments and those that are wanted of others, and what a point reads.
    fn new<N: Iterator<Item = (usize, Range<i64>)>>(
        communicator: &Communicator,
        grid: &Grid,
        own: Vec<(usize, Range<usize>)>,
        wanted: Vec<(usize, usize, Range<usize>)>,
        near: impl Fn(usize, usize) -> N,
    ) -> Result<Self> {
        let mut places = 0;
        let mut place = |ring: usize, points: &Range<usize>| {
            let segment = LocalSegment { ring, points: points.clone(), place: places };
            places += points.len();
            segment
        };
        let mut own_segments: Vec<LocalSegment> =
            own.iter().map(|(ring, points)| place(*ring, points)).collect();
        let halo_segments: Vec<LocalSegment> =
            wanted.iter().map(|(_, ring, points)| place(*ring, points)).collect();
        own_segments.sort_by_key(|segment| (segment.ring, segment.points.start));
        let number = |ring: usize, point: usize| (grid.rings()[ring].offset + point) as u64;
        let mut requests = Vec::new();
        for ((rank, ..), segment) in wanted.iter().zip(&halo_segments) {
            requests.extend(
                segment.points.clone().zip(segment.place as u32..).map(|(point, place)| Wanted {
                    rank: *rank,
                    number: number(segment.ring, point),
                    place,
                }),
            );
        }
        let place_of = |wanted: u64| {
            let ring = grid.rings().partition_point(|ring| ring.offset as u64 <= wanted).checked_sub(1)?;
            let point = wanted as usize - grid.rings()[ring].offset;
            find(&own_segments, ring, point).map(|place| place as u32)
        };
        let halo = Halo::of_requests(communicator, Order::LevelsOutermost, places, requests, place_of)?;
        let is_own = |(ring, range): (usize, Range<i64>)| {
            let whole = united(grid.rings()[ring].points, &[range]);
            whole.iter().all(|part| {
                let index = own_segments
                    .partition_point(|segment| (segment.ring, segment.points.start) <= (ring, part.start));
                let segment = index.checked_sub(1).map(|index| &own_segments[index]);
                segment.is_some_and(|segment| segment.ring == ring && segment.points.end >= part.end)
            })
        };
        let (mut interior, mut border) = (Vec::new(), Vec::new());
        let mut place = 0;
        for (ring, points) in own {
            for point in points {
                let list = if near(ring, point).all(is_own) { &mut interior } else { &mut border };
                list.push(place);
                place += 1;
            }
        }
        let mut segments = own_segments;
        segments.extend(halo_segments);
        segments.sort_by_key(|segment| (segment.ring, segment.points.start));
        Ok(Self { halo, own: place as usize, segments, interior, border })
    }

    /// The plan.
    pub fn halo(&self) -> &Halo<T> {
        &self.halo
    }

    /// Number of own points, the first of a layer.
    pub fn own(&self) -> usize {
        self.own
    }

    /// Own points and the halo's, by ring and first point.
    pub fn segments(&self) -> &[LocalSegment] {
        &self.segments
    }

    /// The place of a point of a ring in a layer, if it is here.
    pub fn place(&self, ring: usize, point: usize) -> Option<usize> {
        find(&self.segments, ring, point)
    }

    /// Own points that have all that is within the depth among the own ones: they can be computed while the halo is being filled.
    pub fn interior(&self) -> &[u32] {
        &self.interior
    }

    /// The other own points.
    pub fn border(&self) -> &[u32] {
        &self.border
    }
}

/// The place of a point in sorted segments.
fn find(segments: &[LocalSegment], ring: usize, point: usize) -> Option<usize> {
    let index = segments.partition_point(|segment| (segment.ring, segment.points.start) <= (ring, point));
    let segment = &segments[index.checked_sub(1)?];
    let is_here = segment.ring == ring && segment.points.contains(&point);
    is_here.then(|| segment.place + point - segment.points.start)
}
