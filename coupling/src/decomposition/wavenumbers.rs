//! Zonal wavenumbers on ranks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use terrella_kernels::grid::Grid;
use terrella_kernels::spectral::Truncation;

/// Which zonal wavenumbers m = 0..T are whose, so that all ranks have about as much to sum.
///
/// Wavenumber m costs (T − m + 2) · (latitude pairs whose rings carry m): degrees by latitudes. The dearest
/// goes first, each to the rank that has least so far (Graham 1969, SIAM J. Appl. Math. 17, 416–429), which beats pairs of m and T − m where rings
/// towards the poles are shorter. Each rank's are in ascending order; its coefficients are those of its wavenumbers one
/// after another, n = m..T.
///
/// Memory: T + 1 numbers and the sets of all ranks, on every rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WavenumberSets {
    sets: Vec<Vec<usize>>,
    owners: Vec<usize>,
}

impl WavenumberSets {
    /// Those of a truncation whose Legendre sums run over a grid's latitudes.
    ///
    /// # Panics
    /// If there are no ranks.
    pub fn new(grid: &Grid, truncation: Truncation, ranks: usize) -> Self {
        assert!(ranks > 0, "wavenumbers of no ranks");
        let northern = &grid.rings()[..grid.rings().len().div_ceil(2)];
        // How many pairs carry m: those whose largest wavenumber is at least m.
        let mut carrying = vec![0u64; truncation.total() + 2];
        for ring in northern {
            carrying[truncation.largest_zonal_on(ring)] += 1;
        }
        for m in (0..=truncation.total()).rev() {
            carrying[m] += carrying[m + 1];
        }
        let cost = |m: usize| (truncation.total() - m + 2) as u64 * carrying[m];
        let mut by_cost: Vec<usize> = (0..=truncation.total()).collect();
        by_cost.sort_by_key(|&m| (Reverse(cost(m)), m));
        let mut loads: BinaryHeap<_> = (0..ranks).map(|rank| Reverse((0, rank))).collect();
        let mut owners = vec![0; truncation.total() + 1];
        for m in by_cost {
            if let Some(Reverse((load, rank))) = loads.pop() {
                owners[m] = rank;
                loads.push(Reverse((load + cost(m), rank)));
            }
        }
        let mut sets = vec![Vec::new(); ranks];
        for (m, &owner) in owners.iter().enumerate() {
            sets[owner].push(m);
        }
        Self { sets, owners }
    }

    /// Number of ranks.
    pub fn ranks(&self) -> usize {
        self.sets.len()
    }

    /// The wavenumbers of a rank, ascending.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn of(&self, rank: usize) -> &[usize] {
        &self.sets[rank]
    }

    /// The rank of a wavenumber.
    ///
    /// # Panics
    /// If the truncation has no such wavenumber.
    pub fn owner(&self, m: usize) -> usize {
        self.owners[m]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wavenumber_has_one_owner_and_ranks_have_as_much_to_do() {
        for (name, total) in [("F32", 42), ("N80", 159), ("O48", 47), ("O160", 159)] {
            let (grid, truncation): (Grid, _) = (name.parse().unwrap(), Truncation::new(total));
            let cost = |m: usize| {
                let rings = &grid.rings()[..grid.rings().len() / 2];
                let carrying = rings.iter().filter(|ring| truncation.largest_zonal_on(ring) >= m).count();
                ((total - m + 2) * carrying) as f64
            };
            let all: f64 = (0..=total).map(cost).sum();
            for ranks in 1..=64 {
                let sets = WavenumberSets::new(&grid, truncation, ranks);
                let mut found: Vec<usize> = (0..ranks).flat_map(|rank| sets.of(rank).to_vec()).collect();
                found.sort_unstable();
                assert_eq!(found, (0..=total).collect::<Vec<_>>());
                assert!((0..=total).all(|m| sets.of(sets.owner(m)).contains(&m)));
                assert!((0..ranks).all(|rank| sets.of(rank).is_sorted()));
                let most = (0..ranks).map(|rank| sets.of(rank).iter().map(|&m| cost(m)).sum::<f64>());
                let most = most.fold(0.0, f64::max);
                // Where each has enough of them.
                if ranks * 8 <= total {
                    assert!(
                        most <= 1.02 * all / ranks as f64,
                        "{name} {ranks}: {}",
                        most * ranks as f64 / all
                    );
                }
            }
        }
    }
}
