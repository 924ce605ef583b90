//! Items in a row, in contiguous blocks.

use std::ops::Range;

/// Contiguous blocks of items, one for each rank; where there are more ranks than items, some blocks are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The first item of each rank, and the number of items.
    first: Vec<usize>,
}

impl Blocks {
    /// Blocks whose numbers of items differ by at most one.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn even(items: usize, ranks: usize) -> Self {
        assert!(ranks > 0, "blocks for no ranks");
        Self { first: (0..=ranks).map(|rank| rank * items / ranks).collect() }
    }

    /// Blocks of about the same weight: a block ends where the weight up to there is nearest to its share. None differs from the mean by
    /// more than the heaviest item.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn weighted(weights: &[u64], ranks: usize) -> Self {
        assert!(ranks > 0, "blocks for no ranks");
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        let (mut item, mut before) = (0, 0u128);
        let end = |rank: usize| {
            // Twice the distance to rank/ranks of the total, times the number of ranks.
            let share = total * rank as u128;
            while item < weights.len() {
                let next = before + u128::from(weights[item]);
                if (before + next) * ranks as u128 > 2 * share {
                    break;
                }
                (item, before) = (item + 1, next);
            }
            item
        };
        let mut first: Vec<usize> = std::iter::once(0).chain((1..=ranks).map(end)).collect();
        // Items without weight at the end.
        first[ranks] = weights.len();
        Self { first }
    }

    /// Number of ranks.
    pub fn ranks(&self) -> usize {
        self.first.len() - 1
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        self.first[self.ranks()]
    }

    /// The items of a rank.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn of(&self, rank: usize) -> Range<usize> {
        self.first[rank]..self.first[rank + 1]
    }

    /// The rank of an item.
    ///
    /// # Panics
    /// If there is no such item.
    pub fn owner(&self, item: usize) -> usize {
        assert!(item < self.items(), "item {item} of {}", self.items());
        self.first.partition_point(|&first| first <= item) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_one_owner() {
        for items in [0, 1, 5, 64, 1000] {
            for ranks in 1..=64 {
                let weights: Vec<u64> = (0..items).map(|item| (item * 37 % 11) as u64).collect();
                for blocks in [Blocks::even(items, ranks), Blocks::weighted(&weights, ranks)] {
                    assert_eq!((blocks.ranks(), blocks.items()), (ranks, items));
                    let all: Vec<usize> = (0..ranks).flat_map(|rank| blocks.of(rank)).collect();
                    assert_eq!(all, (0..items).collect::<Vec<_>>());
                    assert!((0..items).all(|item| blocks.of(blocks.owner(item)).contains(&item)));
                }
                let lengths: Vec<_> =
                    (0..ranks).map(|rank| Blocks::even(items, ranks).of(rank).len()).collect();
                assert!(lengths.iter().max().unwrap() - lengths.iter().min().unwrap() <= 1);
            }
        }
    }

    #[test]
    fn blocks_weigh_about_the_same() {
        let weights: Vec<u64> = (0..500).map(|item| 20 + item % 40).collect();
        let total: u64 = weights.iter().sum();
        for ranks in 1..=64 {
            let blocks = Blocks::weighted(&weights, ranks);
            for rank in 0..ranks {
                let weight: u64 = weights[blocks.of(rank)].iter().sum();
                let mean = total as f64 / ranks as f64;
                assert!((weight as f64 - mean).abs() <= 60.0, "{weight} on rank {rank} of {ranks}");
            }
        }
    }
}
