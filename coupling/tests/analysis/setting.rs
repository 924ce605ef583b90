//! Ensembles and observations of the whole, of which ranks have parts.

use std::collections::BTreeSet;

use terrella_coupling::communicator::Communicator;
use terrella_kernels::assimilation::Ensemble;
use terrella_kernels::assimilation::localization::{Cells, Near, Place, SphereCells, Taper};
use terrella_kernels::{Real, random};

pub(crate) struct Setting<R> {
    pub(crate) layers: usize,
    /// [layer][column][member].
    pub(crate) ensemble: Ensemble<R>,
    /// [observation][member].
    pub(crate) equivalents: Ensemble<R>,
    pub(crate) values: Vec<R>,
    pub(crate) variances: Vec<R>,
    /// What is near each column.
    pub(crate) near: Vec<Vec<Near>>,
}

/// The bits of all values.
pub(crate) fn bits<R: Real>(ensemble: &Ensemble<R>) -> Vec<u64> {
    ensemble.values().iter().map(|value| value.to_f64().to_bits()).collect()
}

impl<R: Real> Setting<R> {
    fn new(layers: usize, members: usize, near: Vec<Vec<Near>>, observations: usize) -> Self {
        let normals = |seed: u64, count: usize| {
            let mut values = vec![R::ZERO; count];
            random::normals(seed, [0; 3], &mut values);
            values
        };
        let ensemble = Ensemble::new(members, normals(1, layers * near.len() * members)).unwrap();
        let equivalents = Ensemble::new(members, normals(2, observations * members)).unwrap();
        let variances = (0..observations).map(|i| R::from_f64(0.5 + (i % 7) as f64)).collect();
        Self { layers, ensemble, equivalents, values: normals(3, observations), variances, near }
    }

    /// As many columns as Lorenz's model of 1996 has variables, observed on one half.
    pub(crate) fn circle() -> Self {
        let places: Vec<[f64; 1]> = (0..23).map(|i| [0.8 * f64::from(i)]).collect();
        let cells = Cells::new(&places, [Some(40.0)], Taper::GaspariCohn(3.0)).unwrap();
        let near = |column: usize| {
            let mut found = Vec::new();
            cells.near([column as f64], &mut found);
            found
        };
        Self::new(2, 12, (0..40).map(near).collect(), places.len())
    }

    /// Columns all over a sphere, observed on the northern hemisphere, most of them in the middle latitudes of a quarter.
    pub(crate) fn sphere(columns: usize) -> Self {
        let uniform = |seed: u64, i: usize| random::uniform(seed, [i as u32, 0, 0, 0]);
        let places: Vec<Place> = (0..700)
            .map(|i| {
                let (latitude, longitude) = (uniform(4, i), uniform(5, i));
                let is_clustered = i % 3 > 0;
                Place {
                    latitude: if is_clustered { 35.0 + 20.0 * latitude } else { 90.0 * latitude },
                    longitude: if is_clustered { 90.0 * longitude } else { 360.0 * longitude },
                    height: 0.0,
                }
            })
            .collect();
        let cells = SphereCells::new(&places, 6371.0, Taper::GaspariCohn(600.0), None).unwrap();
        let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
        let near = |column: usize| {
            let latitude = (1.0 - (2 * column + 1) as f64 / columns as f64).asin().to_degrees();
            let place = Place { latitude, longitude: 360.0 * (golden * column as f64).fract(), height: 0.0 };
            let mut found = Vec::new();
            cells.near(&place, &mut found);
            found
        };
        Self::new(1, 10, (0..columns).map(near).collect(), places.len())
    }

    pub(crate) fn members(&self) -> usize {
        self.ensemble.members()
    }

    pub(crate) fn columns(&self) -> usize {
        self.near.len()
    }

    /// Columns in blocks.
    pub(crate) fn columns_of(&self, rank: usize, ranks: usize) -> Vec<usize> {
        (rank * self.columns() / ranks..(rank + 1) * self.columns() / ranks).collect()
    }

    pub(crate) fn own_columns(&self, ranks: &Communicator) -> Vec<usize> {
        self.columns_of(ranks.rank(), ranks.size())
    }

    /// Observations dealt out, in descending order; none on rank 2.
    fn observations_of(&self, rank: usize, ranks: usize) -> Vec<u64> {
        let owner = |number: &u64| {
            let rank = (number * 7 % 13) as usize % ranks;
            if rank == 2 { 0 } else { rank }
        };
        (0..self.values.len() as u64).rev().filter(|number| owner(number) == rank).collect()
    }

    pub(crate) fn own_observations(&self, ranks: &Communicator) -> Vec<u64> {
        self.observations_of(ranks.rank(), ranks.size())
    }

    /// Equivalents, values and variances of own observations.
    pub(crate) fn observed_by(&self, ranks: &Communicator) -> (Ensemble<R>, Vec<R>, Vec<R>) {
        let (own, members) = (self.own_observations(ranks), self.members());
        let row = |number: &u64| &self.equivalents.values()[*number as usize * members..][..members];
        let equivalents = Ensemble::new(members, own.iter().flat_map(row).copied().collect()).unwrap();
        let of = |all: &[R]| own.iter().map(|&number| all[number as usize]).collect();
        (equivalents, of(&self.values), of(&self.variances))
    }

    /// Some columns of an ensemble, [layer][column][member].
    pub(crate) fn part(&self, ensemble: &Ensemble<R>, columns: &[usize]) -> Ensemble<R> {
        let members = self.members();
        let row = |layer: usize, column: usize| {
            &ensemble.values()[(layer * self.columns() + column) * members..][..members]
        };
        let values =
            (0..self.layers).flat_map(|layer| columns.iter().flat_map(move |&column| row(layer, column)));
        Ensemble::new(members, values.copied().collect()).unwrap()
    }

    /// Observations near some columns.
    pub(crate) fn needed(&self, columns: &[usize]) -> BTreeSet<u64> {
        columns.iter().flat_map(|&column| &self.near[column]).map(|near| u64::from(near.index)).collect()
    }

    /// s (N + 2) Σ_{b≠a} (observations of a that b needs) + s L N (own columns that move + others' that moved here).
    pub(crate) fn bytes_of_analysis(&self, ranks: &Communicator, shares: &[Vec<usize>]) -> u64 {
        let rank = ranks.rank();
        let (own, columns) = (self.own_observations(ranks), self.own_columns(ranks));
        let others = shares.iter().enumerate().filter(|(other, _)| *other != rank).map(|(_, share)| share);
        let observations: usize = others
            .clone()
            .map(|share| self.needed(share).iter().filter(|number| own.contains(number)).count())
            .sum();
        let given = others.flatten().filter(|column| columns.contains(column)).count();
        let taken = shares[rank].iter().filter(|column| !columns.contains(column)).count();
        let numbers = (self.members() + 2) * observations + self.layers * self.members() * (given + taken);
        (size_of::<R>() * numbers) as u64
    }
}
