//! What a rank has of a grid and of a truncation.

use std::iter;
use std::ops::Range;
use std::sync::Arc;

use terrella_kernels::grid::{Grid, Ring};
use terrella_kernels::spectral::{TransformShares, Truncation};

/// The rings and the spectral coefficients of one rank, or all of them; clones share it.
///
/// | what                                   | order                                                            |
/// |----------------------------------------|------------------------------------------------------------------|
/// | a field \[own point\]                  | own rings from north to south, northern ones first, each eastward |
/// | a spectrum \[own coefficient\]\[2\]    | own wavenumbers m ascending, n = m..T of each                    |
///
/// It is data without a communicator, the same on every rank that asks for the same rank's.
#[derive(Clone, Debug)]
pub struct Part {
    data: Arc<Data>,
}

#[derive(Debug)]
struct Data {
    grid: Grid,
    truncation: Truncation,
    /// None: all is here.
    shares: Option<TransformShares>,
    rank: usize,
    /// Own rings, whose offsets are those of own points.
    rings: Vec<Ring>,
    points: usize,
}

impl Part {
    /// All of a grid and of a truncation.
    pub fn whole(grid: &Grid, truncation: Truncation) -> Self {
        let data = Data {
            grid: grid.clone(),
            truncation,
            shares: None,
            rank: 0,
            rings: grid.rings().to_vec(),
            points: grid.points(),
        };
        Self { data: Arc::new(data) }
    }

    /// What a rank has.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn of_rank(shares: &TransformShares, rank: usize) -> Self {
        assert!(rank < shares.ranks(), "rank {rank} of {}", shares.ranks());
        let mut points = 0;
        let own = |ring: usize| {
            let ring = Ring { offset: points, ..shares.grid().rings()[ring].clone() };
            points += ring.points;
            ring
        };
        let rings = shares.rings(rank).map(own).collect();
        let data = Data {
            grid: shares.grid().clone(),
            truncation: shares.truncation(),
            shares: Some(shares.clone()),
            rank,
            rings,
            points,
        };
        Self { data: Arc::new(data) }
    }

    /// The grid that ranks share.
    pub fn grid(&self) -> &Grid {
        &self.data.grid
    }

    /// The truncation that ranks share.
    pub fn truncation(&self) -> Truncation {
        self.data.truncation
    }

    /// Which rank this is the part of.
    pub fn rank(&self) -> usize {
        self.data.rank
    }

    /// Number of ranks that share grid and truncation.
    pub fn ranks(&self) -> usize {
        self.data.shares.as_ref().map_or(1, TransformShares::ranks)
    }

    /// Whether nothing is elsewhere.
    pub fn is_whole(&self) -> bool {
        self.data.shares.is_none()
    }

    /// Own rings; their offsets are those of own points.
    pub fn rings(&self) -> &[Ring] {
        &self.data.rings
    }

    /// Number of own points.
    pub fn points(&self) -> usize {
        self.data.points
    }

    /// The numbers of own rings in the grid.
    pub fn ring_numbers(&self) -> Vec<usize> {
        self.ring_numbers_of(self.data.rank)
    }

    /// Where an own point is in the grid.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn point_in_grid(&self, point: usize) -> usize {
        let own = self.data.rings.partition_point(|ring| ring.offset + ring.points <= point);
        let ring = &self.data.grid.rings()[self.ring_numbers()[own]];
        ring.offset + point - self.data.rings[own].offset
    }

    /// Own zonal wavenumbers, ascending.
    pub fn zonal_wavenumbers(&self) -> Vec<usize> {
        self.zonal_wavenumbers_of(self.data.rank)
    }

    /// Total wavenumber n of each own coefficient.
    pub fn degrees(&self) -> impl Iterator<Item = usize> {
        let total = self.data.truncation.total();
        self.zonal_wavenumbers().into_iter().flat_map(move |m| m..=total)
    }

    /// Number of own coefficients.
    pub fn coefficients(&self) -> usize {
        self.degrees().count()
    }

    /// Number of own coefficients with m = 0: all of them or none. They come first, the global mean as the very first.
    pub fn zonal_coefficients(&self) -> usize {
        let Data { shares, rank, truncation, .. } = &*self.data;
        // Asked for in every step: no list is made.
        let is_here = shares.as_ref().is_none_or(|shares| shares.wavenumbers(*rank).first() == Some(&0));
        if is_here { truncation.total() + 1 } else { 0 }
    }

    pub(crate) fn ring_numbers_of(&self, rank: usize) -> Vec<usize> {
        match &self.data.shares {
            None => (0..self.data.grid.rings().len()).collect(),
            Some(shares) => shares.rings(rank).collect(),
        }
    }

    fn zonal_wavenumbers_of(&self, rank: usize) -> Vec<usize> {
        match &self.data.shares {
            None => (0..=self.data.truncation.total()).collect(),
            Some(shares) => shares.wavenumbers(rank).to_vec(),
        }
    }

    /// Where the points of a rank are in a field of the whole grid, ring by ring.
    pub(crate) fn points_of(&self, rank: usize) -> impl Iterator<Item = Range<usize>> {
        let rings = self.data.grid.rings();
        self.ring_numbers_of(rank).into_iter().map(|ring| {
            let Ring { offset, points, .. } = rings[ring];
            offset..offset + points
        })
    }

    /// Where the coefficients of a rank are in a spectrum, wavenumber by wavenumber.
    pub(crate) fn coefficients_of(&self, rank: usize) -> impl Iterator<Item = Range<usize>> {
        let truncation = self.data.truncation;
        self.zonal_wavenumbers_of(rank).into_iter().map(move |m| {
            let first = truncation.index(m, m);
            first..first + truncation.total() - m + 1
        })
    }
}

/// Rings with their points: of a grid, or of a rank.
pub trait Rings {
    /// The rings, from the north; their offsets count the points of all of them.
    fn rings(&self) -> &[Ring];

    /// Number of points.
    fn points(&self) -> usize {
        self.rings().iter().map(|ring| ring.points).sum()
    }

    /// A value of the ring for each of its points.
    fn on_points(&self, value: impl Fn(&Ring) -> f64) -> Vec<f64>
    where
        Self: Sized,
    {
        self.rings().iter().flat_map(|ring| iter::repeat_n(value(ring), ring.points)).collect()
    }
}

impl Rings for Grid {
    fn rings(&self) -> &[Ring] {
        Self::rings(self)
    }
}

impl Rings for Part {
    fn rings(&self) -> &[Ring] {
        Self::rings(self)
    }
}
