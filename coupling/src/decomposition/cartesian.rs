//! Cells of a plane in rectangles.

use std::ops::Range;

use super::Blocks;

/// Rectangular blocks of nx × ny cells, whose numbers of ranks along x and y make the edges between them shortest.
///
/// Ranks go along x first. With more ranks than cells some have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartesianBlocks {
    x: Blocks,
    y: Blocks,
}

impl CartesianBlocks {
    /// For `cells` along x and y.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn new(cells: [usize; 2], ranks: usize) -> Self {
        assert!(ranks > 0, "blocks for no ranks");
        let [x, y] = cells;
        let factors = (1..=ranks).filter(|factor| ranks.is_multiple_of(*factor));
        // Edges: cells along them times how many there are; full blocks first.
        let cost = |along_x: usize| {
            let along_y = ranks / along_x;
            let largest = x.div_ceil(along_x) * y.div_ceil(along_y);
            (largest, (along_x - 1) * y + (along_y - 1) * x)
        };
        let along_x = factors.min_by_key(|&along_x| cost(along_x)).unwrap_or(1);
        Self { x: Blocks::even(x, along_x), y: Blocks::even(y, ranks / along_x) }
    }

    /// Number of cells along x and y.
    pub fn cells(&self) -> [usize; 2] {
        [self.x.items(), self.y.items()]
    }

    /// Number of ranks along x and y.
    pub fn ranks(&self) -> [usize; 2] {
        [self.x.ranks(), self.y.ranks()]
    }

    /// The cells of a rank along x and y.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn of(&self, rank: usize) -> [Range<usize>; 2] {
        [self.x.of(rank % self.x.ranks()), self.y.of(rank / self.x.ranks())]
    }

    /// The rank of a cell.
    ///
    /// # Panics
    /// If there is no such cell.
    pub fn owner(&self, [x, y]: [usize; 2]) -> usize {
        self.y.owner(y) * self.x.ranks() + self.x.owner(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_one_owner() {
        for cells in [[1, 1], [7, 3], [40, 25], [100, 10]] {
            for ranks in 1..=64 {
                let blocks = CartesianBlocks::new(cells, ranks);
                let [along_x, along_y] = blocks.ranks();
                assert_eq!((along_x * along_y, blocks.cells()), (ranks, cells));
                let mut owned = vec![0; cells[0] * cells[1]];
                for rank in 0..ranks {
                    let [x, y] = blocks.of(rank);
                    for (i, j) in x.flat_map(|i| y.clone().map(move |j| (i, j))) {
                        owned[j * cells[0] + i] += 1;
                        assert_eq!(blocks.owner([i, j]), rank);
                    }
                }
                assert!(owned.iter().all(|&count| count == 1), "{cells:?} {ranks}");
            }
        }
    }

    #[test]
    fn blocks_are_near_squares() {
        assert_eq!(CartesianBlocks::new([100, 100], 16).ranks(), [4, 4]);
        assert_eq!(CartesianBlocks::new([400, 100], 16).ranks(), [8, 2]);
        assert_eq!(CartesianBlocks::new([100, 10], 7).ranks(), [7, 1]);
    }
}
