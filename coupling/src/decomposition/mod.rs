//! Who owns what: data that every rank computes for itself, the same on all of them.
//!
//! | what                                   | in                                              | type               |
//! |----------------------------------------|-------------------------------------------------|--------------------|
//! | levels, fields, members, latitude pairs | contiguous blocks, even or by weight           | [`Blocks`]         |
//! | points of a grid                       | bands of latitude × sectors of longitude        | [`PointRegions`]   |
//! | zonal wavenumbers                      | sets of the same cost                           | [`WavenumberSets`] |
//! | cells of a plane                       | rectangles                                      | [`CartesianBlocks`] |
//! | both hemispheres' rings                | blocks of pairs with the same number of points  | [`pairs_of_rings`] |
//! | entities of a mesh                     | compact parts, found together                   | [`MeshPartition`]  |
//!
//! All but the last tell the items of a rank and the rank of an item. Where there are more ranks than items, some have none. Memory is that of
//! a rank's own part, or one number for each rank or wavenumber.

mod blocks;
mod cartesian;
mod mesh;
mod points;
mod wavenumbers;

use terrella_kernels::grid::Grid;

pub use self::blocks::Blocks;
pub use self::cartesian::CartesianBlocks;
pub use self::mesh::{MeshPartition, MeshShare};
pub use self::points::{BandEnd, PointRegions, Segment};
pub use self::wavenumbers::WavenumberSets;

/// Pairs of rings at the same latitude, north and south, in blocks with about the same number of points, from the poles to the equator.
///
/// Transforms take both rings of a pair together. Pair i is ring i and ring R−1−i of R; with odd R the last one is the
/// equator alone.
///
/// # Panics
/// If there are no ranks.
pub fn pairs_of_rings(grid: &Grid, ranks: usize) -> Blocks {
    let rings = grid.rings();
    let points = |pair: usize| {
        let mirrored = rings.len() - 1 - pair;
        rings[pair].points + if mirrored == pair { 0 } else { rings[mirrored].points }
    };
    let weights: Vec<u64> = (0..rings.len().div_ceil(2)).map(|pair| points(pair) as u64).collect();
    Blocks::weighted(&weights, ranks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_one_owner_and_blocks_have_as_many_points() {
        for name in ["F32", "N80", "O48", "O160", "r36x19"] {
            let grid: Grid = name.parse().unwrap();
            let pairs = grid.rings().len().div_ceil(2);
            for ranks in 1..=64 {
                let blocks = pairs_of_rings(&grid, ranks);
                assert_eq!((blocks.items(), blocks.ranks()), (pairs, ranks));
                assert!((0..pairs).all(|pair| blocks.of(blocks.owner(pair)).contains(&pair)));
                let points = |rank: usize| {
                    let both = |pair: usize| {
                        grid.rings()[pair].points + grid.rings()[grid.rings().len() - 1 - pair].points
                    };
                    blocks.of(rank).map(both).sum::<usize>()
                };
                let mean = grid.points() as f64 / ranks as f64;
                let off = (0..ranks).map(|rank| (points(rank) as f64 - mean).abs()).fold(0.0, f64::max);
                assert!(off <= 2.0 * grid.longest_ring() as f64, "{name} {ranks}: {off}");
            }
        }
    }
}
