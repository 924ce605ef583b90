use std::collections::BTreeSet;

use terrella_coupling::Result;
use terrella_coupling::communicator::Communicator;
use terrella_coupling::decomposition::{PointRegions, pairs_of_rings};
use terrella_coupling::halo::GridHalo;
use terrella_kernels::Real;
use terrella_kernels::grid::{Grid, GridKind};

use super::check::{Place, check};

pub(crate) fn all<R: Real>(ranks: &Communicator) -> Result<()> {
    for name in ["F4", "O8", "r24x13", "r12x8"] {
        for depth in [0, 1, 3] {
            of::<R>(ranks, name, depth)?;
        }
    }
    Ok(())
}

pub(crate) fn of<R: Real>(ranks: &Communicator, name: &str, depth: usize) -> Result<()> {
    let grid: Grid = name.parse().unwrap();
    let (rank, size) = (ranks.rank(), ranks.size());
    let regions = PointRegions::new(&grid, size);
    let around = GridHalo::<R>::of_regions(ranks, &regions, depth)?;
    let own: Vec<(usize, usize)> = regions
        .of(rank)
        .into_iter()
        .flat_map(|segment| segment.points.map(move |point| (segment.ring, point)))
        .collect();
    // The table of the documentation, in floating point.
    let mut expected = BTreeSet::new();
    for segment in regions.of(rank) {
        let (a, b) = (segment.points.start, segment.points.end - 1);
        for (ring, turn) in rings(&grid, segment.ring, depth) {
            expected.extend(near(&grid, (segment.ring, a, b), (ring, turn), depth));
        }
    }
    compare(ranks, &grid, &around, &own, &expected, |ring, point| {
        rings(&grid, ring, depth)
            .into_iter()
            .flat_map(|reached| near(&grid, (ring, point, point), reached, depth))
            .collect()
    })?;

    let pairs = pairs_of_rings(&grid, size);
    let around = GridHalo::<R>::of_bands(ranks, &grid, &pairs, depth)?;
    let count = grid.rings().len();
    let whole = |ring: usize| (0..grid.rings()[ring].points).map(move |point| (ring, point));
    let own: Vec<(usize, usize)> = (0..count)
        .filter(|&ring| pairs.of(rank).contains(&ring.min(count - 1 - ring)))
        .flat_map(whole)
        .collect();
    let reached = |ring: usize| -> BTreeSet<(usize, usize)> {
        rings(&grid, ring, depth).into_iter().flat_map(|(ring, _)| whole(ring)).collect()
    };
    let expected = own.iter().filter(|(_, point)| *point == 0).flat_map(|(ring, _)| reached(*ring)).collect();
    compare(ranks, &grid, &around, &own, &expected, |ring, _| reached(ring))
}

/// The rings within a depth, with what is to be added to longitudes in turns.
fn rings(grid: &Grid, ring: usize, depth: usize) -> Vec<(usize, f64)> {
    // Latitudes of a whole meridian, down on one side and up on the other.
    let count = grid.rings().len();
    let mut circle: Vec<(usize, f64)> = (0..count).map(|ring| (ring, 0.0)).collect();
    let other_side = if grid.kind() == GridKind::LatLonWithPoles { 1..count - 1 } else { 0..count };
    circle.extend(other_side.rev().map(|ring| (ring, 0.5)));
    let len = circle.len();
    (len - depth..=len + depth).map(|step| circle[(ring + step) % len]).collect()
}

/// Points of a ring from `depth` spacings before one point to as many behind another.
fn near(
    grid: &Grid,
    (ring, first, last): (usize, usize, usize),
    (reached, turn): (usize, f64),
    depth: usize,
) -> Vec<(usize, usize)> {
    let (from, count) = (grid.rings()[ring].points as f64, grid.rings()[reached].points);
    let position = |point: usize| (point as f64 / from + turn) * count as f64;
    let (west, east) = (position(first) - depth as f64 - 1e-9, position(last) + depth as f64 + 1e-9);
    let turns = -2 * count as i64..4 * count as i64;
    turns
        .filter(|&j| west <= j as f64 && j as f64 <= east)
        .map(|j| (reached, j.rem_euclid(count as i64) as usize))
        .collect()
}

/// A local grid has own points in order, and else what is expected; the interior needs nothing else.
fn compare<R: Real>(
    ranks: &Communicator,
    grid: &Grid,
    around: &GridHalo<R>,
    own: &[(usize, usize)],
    expected: &BTreeSet<(usize, usize)>,
    needed: impl Fn(usize, usize) -> BTreeSet<(usize, usize)>,
) -> Result<()> {
    let owned: BTreeSet<(usize, usize)> = own.iter().copied().collect();
    let mut places = vec![Place::Nothing; around.halo().places()];
    let mut local = BTreeSet::new();
    assert!(around.segments().is_sorted_by_key(|segment| (segment.ring, segment.points.start)));
    for segment in around.segments() {
        for (point, place) in segment.points.clone().zip(segment.place..) {
            let number = (grid.rings()[segment.ring].offset + point) as u64;
            let is_own = owned.contains(&(segment.ring, point));
            assert_eq!(places[place], Place::Nothing);
            places[place] = if is_own { Place::Own(number) } else { Place::Copy(number) };
            assert_eq!(around.place(segment.ring, point), Some(place));
            assert!(local.insert((segment.ring, point)));
        }
    }
    assert_eq!(around.own(), own.len());
    for (place, (ring, point)) in own.iter().enumerate() {
        assert_eq!(places[place], Place::Own((grid.rings()[*ring].offset + point) as u64));
    }
    assert_eq!(&local, &owned.union(expected).copied().collect());
    let mut parts: Vec<u32> = around.interior().iter().chain(around.border()).copied().collect();
    parts.sort_unstable();
    assert_eq!(parts, (0..own.len() as u32).collect::<Vec<_>>());
    let step = own.len() / 200 + 1;
    for (place, (ring, point)) in own.iter().enumerate().step_by(step) {
        let is_inside = around.interior().binary_search(&(place as u32)).is_ok();
        assert_eq!(is_inside, needed(*ring, *point).is_subset(&owned), "{ring} {point}");
    }
    check(ranks, around.halo(), &places)
}

#[test]
fn grids_that_do_not_begin_at_greenwich_are_refused() {
    let regions = PointRegions::new(&Grid::healpix(2).unwrap(), 1);
    let text = GridHalo::<f64>::of_regions(&Communicator::serial(), &regions, 1)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(text.ends_with("expected a grid whose rings begin at 0°E."), "{text}");
    let regions = PointRegions::new(&"F4".parse().unwrap(), 1);
    let text = GridHalo::<f64>::of_regions(&Communicator::serial(), &regions, 8)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert_eq!(text, "'depth' is 8: expected less than the 8 rings.");
}
