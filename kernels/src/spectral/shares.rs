//! Which zonal wavenumbers and which rings of a transform are whose.

use std::ops::Range;
use std::sync::Arc;

use super::Truncation;
use super::coefficients::{GROUP, PIECE, spaced};
use super::lanes::{BLOCK, BLOCK_LINES, Line};
use super::stage::COLUMNS;
use crate::grid::Grid;
use crate::{Error, Result};

/// The zonal wavenumbers and the latitude pairs of each rank; clones share it.
///
/// Pair i is ring i and the ring at the same latitude in the south.
#[derive(Clone, Debug)]
pub struct TransformShares {
    data: Arc<Data>,
}

#[derive(Debug)]
struct Data {
    grid: Grid,
    truncation: Truncation,
    wavenumbers: Vec<Vec<usize>>,
    pairs: Vec<Range<usize>>,
    /// Number of wavenumbers that the rings carry, by pair.
    carried: Vec<usize>,
}

impl TransformShares {
    /// By rank: the zonal wavenumbers, ascending, and the pairs; every wavenumber and every pair is once somewhere.
    ///
    /// The grid must be Gaussian: on others the sums of a wavenumber need more than what its own rings carry.
    pub fn new(
        grid: &Grid,
        truncation: Truncation,
        wavenumbers: Vec<Vec<usize>>,
        pairs: Vec<Range<usize>>,
    ) -> Result<Self> {
        truncation.check_on(grid)?;
        let invalid = |name: &'static str, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if !grid.kind().is_gaussian() {
            return invalid(
                "grid",
                format!("'{}'", grid.name()),
                "a Gaussian grid where ranks share a transform",
            );
        }
        if wavenumbers.is_empty() || wavenumbers.len() != pairs.len() {
            let got = format!("{} sets and {} ranges", wavenumbers.len(), pairs.len());
            return invalid("shares", got, "as many sets of wavenumbers as ranges of pairs, at least one");
        }
        let mut owned = vec![0; truncation.total() + 1];
        for set in &wavenumbers {
            for &m in set {
                *owned.get_mut(m).ok_or_else(|| Error::InvalidValue {
                    name: "wavenumber",
                    got: m.to_string(),
                    expected: format!("at most {}", truncation.total()),
                })? += 1;
            }
            if !set.is_sorted() {
                return invalid("wavenumbers", format!("{set:?}"), "ascending ones");
            }
        }
        if let Some(m) = owned.iter().position(|&count| count != 1) {
            return invalid("owners of a wavenumber", format!("{} for {m}", owned[m]), "one");
        }
        let count = grid.rings().len() / 2;
        let mut owned = vec![0; count];
        for range in &pairs {
            if range.end > count && !range.is_empty() {
                return invalid("pairs", format!("{range:?}"), &format!("a range within 0..{count}"));
            }
            range.clone().for_each(|pair| owned[pair] += 1);
        }
        if let Some(pair) = owned.iter().position(|&count| count != 1) {
            return invalid("owners of a pair", format!("{} for {pair}", owned[pair]), "one");
        }
        let carried =
            grid.rings()[..count].iter().map(|ring| truncation.largest_zonal_on(ring) + 1).collect();
        let grid = grid.clone();
        Ok(Self { data: Arc::new(Data { grid, truncation, wavenumbers, pairs, carried }) })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.data.grid
    }

    /// The truncation.
    pub fn truncation(&self) -> Truncation {
        self.data.truncation
    }

    /// Number of ranks.
    pub fn ranks(&self) -> usize {
        self.data.pairs.len()
    }

    /// The zonal wavenumbers of a rank.
    pub fn wavenumbers(&self, rank: usize) -> &[usize] {
        &self.data.wavenumbers[rank]
    }

    /// The latitude pairs of a rank.
    pub fn pairs(&self, rank: usize) -> Range<usize> {
        self.data.pairs[rank].clone()
    }

    /// The rings of a rank, from the north.
    pub fn rings(&self, rank: usize) -> impl Iterator<Item = usize> + use<> {
        let (pairs, count) = (self.pairs(rank), self.data.grid.rings().len());
        pairs.clone().chain(count - pairs.end..count - pairs.start)
    }

    /// Number of points of a rank's rings.
    pub fn points(&self, rank: usize) -> usize {
        self.rings(rank).map(|ring| self.data.grid.rings()[ring].points).sum()
    }

    /// Length of a rank's part of the spectrum of some fields.
    pub fn spectrum_len(&self, rank: usize, fields: usize) -> usize {
        let degrees = |m: &usize| self.data.truncation.total() - m + 1;
        2 * fields * self.wavenumbers(rank).iter().map(degrees).sum::<usize>()
    }

    /// The pairs of a rank on which wavenumber m is sent: from the first on whose rings have room for it.
    pub fn pairs_with(&self, m: usize, rank: usize) -> Range<usize> {
        let pairs = self.pairs(rank);
        let first = pairs.clone().find(|&pair| self.data.carried[pair] > m).unwrap_or(pairs.end);
        first..pairs.end
    }

    /// Fourier coefficients [complex numbers for the two rings of a pair] of each column that go between the owner of wavenumbers and
    /// the owner of pairs: Σ_m of the pairs with m, over the owner's wavenumbers m.
    pub fn coefficients_between(&self, owner_of_wavenumbers: usize, owner_of_pairs: usize) -> usize {
        let pairs = |&m: &usize| self.pairs_with(m, owner_of_pairs).len();
        self.wavenumbers(owner_of_wavenumbers).iter().map(pairs).sum()
    }
}

impl TransformShares {
    /// Columns (fields, or components of vector fields) that an operator sends at a time, at most: as many as a transform in one piece sums
    /// together, because Legendre functions are made anew for each portion.
    pub fn columns_together(&self) -> usize {
        COLUMNS
    }

    /// Bytes, at most, of the Fourier coefficients that a rank makes between two exchanges: those of its wavenumbers on all rings, or
    /// of all wavenumbers on its rings, in f64, in whole cache lines and with the space between columns.
    pub fn memory(&self, rank: usize) -> usize {
        let groups = |wavenumbers: usize| wavenumbers.div_ceil(GROUP);
        let blocks = |pairs: Range<usize>| pairs.end.div_ceil(BLOCK) - pairs.start / BLOCK;
        let lines = |pairs: Range<usize>| spaced(blocks(pairs) * BLOCK_LINES);
        let own = groups(self.wavenumbers(rank).len());
        let on_all = own * lines(0..self.data.carried.len());
        let on_own = groups(self.truncation().total() + 1) * lines(self.pairs(rank));
        let coefficients = on_all.max(on_own) * PIECE * self.columns_together();
        // In front of them the first line of each group.
        size_of::<Line>() * (coefficients + own)
    }
}

/// One rank's share.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) all: TransformShares,
    pub(super) rank: usize,
    /// The others whose memory it reads, ascending.
    pub(super) near: Vec<usize>,
}

impl Share {
    pub(super) fn wavenumbers(&self) -> &[usize] {
        self.all.wavenumbers(self.rank)
    }

    pub(super) fn pairs(&self) -> Range<usize> {
        self.all.pairs(self.rank)
    }
}
