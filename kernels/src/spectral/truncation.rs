//! Triangular truncation: which coefficients there are, and in which order.

use std::fmt;

use crate::grid::{Grid, GridKind};
use crate::{Error, Result};

/// Triangular truncation at total wavenumber T: coefficients f_nm with 0 ≤ m ≤ n ≤ T.
///
/// The order is that of IFS, ecTrans and GRIB: all n = m..T of m = 0, then of m = 1, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Truncation {
    total: usize,
}

impl Truncation {
    /// Truncation at total wavenumber `total`.
    pub fn new(total: usize) -> Self {
        Self { total }
    }

    /// T, the largest total wavenumber.
    pub fn total(self) -> usize {
        self.total
    }

    /// Number of complex coefficients, (T+1)(T+2)/2.
    pub fn coefficients(self) -> usize {
        (self.total + 1) * (self.total + 2) / 2
    }

    /// Length of the spectrum of some fields: real and imaginary part of every coefficient of each.
    pub fn spectrum_len(self, fields: usize) -> usize {
        2 * self.coefficients() * fields
    }

    /// Index of coefficient (m, n).
    ///
    /// # Panics
    /// Unless 0 ≤ m ≤ n ≤ T.
    pub fn index(self, m: usize, n: usize) -> usize {
        assert!(m <= n && n <= self.total, "coefficient (m={m}, n={n}) of truncation T{}", self.total);
        self.first_index(m) + n - m
    }

    /// Index of coefficient (m, m); the number of coefficients for m = T+1.
    pub(super) fn first_index(self, m: usize) -> usize {
        m * (2 * self.total + 3 - m) / 2
    }

    /// (m, n) of every coefficient, in order.
    pub fn wavenumbers(self) -> impl Iterator<Item = (usize, usize)> {
        (0..=self.total).flat_map(move |m| (m..=self.total).map(move |n| (m, n)))
    }

    /// The largest truncation that a grid carries, or an error where it carries none.
    ///
    /// Analysis after synthesis must give the coefficients back. The longest ring must resolve m = T, 2T+1 ≤ points (a
    /// shorter ring of a reduced grid carries only the m it resolves, as in IFS). Gaussian latitudes integrate
    /// P̄_n P̄_n' exactly up to T = rings−1 (the linear grid). Equidistant latitudes determine the Fourier series along a
    /// meridian of every m up to T = rings−2 with poles, rings−1 without.
    pub fn largest_on(grid: &Grid) -> Self {
        Self::new(limits(grid).into_iter().map(|(largest, _)| largest).min().unwrap_or(0))
    }

    /// An error naming the largest possible unless the grid carries this truncation.
    pub fn check_on(self, grid: &Grid) -> Result<()> {
        let [rings, points] = limits(grid);
        let (largest, reason) = if rings.0 <= points.0 { rings } else { points };
        if self.total <= largest {
            return Ok(());
        }
        Err(Error::ImpossibleTruncation {
            truncation: self.total,
            grid: grid.name().to_owned(),
            reason,
            largest,
        })
    }
}

/// The largest T by rings and by points, with the reason.
fn limits(grid: &Grid) -> [(usize, String); 2] {
    let rings = grid.rings().len();
    let by_rings = match grid.kind() {
        GridKind::FullGaussian | GridKind::ReducedGaussian | GridKind::LatLonShifted => rings - 1,
        GridKind::LatLonWithPoles => rings - 2,
    };
    let points = grid.longest_ring();
    [
        (by_rings, format!("it has {rings} rings")),
        ((points - 1) / 2, format!("its longest ring has {points} points")),
    ]
}

impl fmt::Display for Truncation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "T{}", self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_run_through_all_coefficients_in_order() {
        let truncation = Truncation::new(42);
        assert_eq!(truncation.coefficients(), 946);
        for (index, (m, n)) in truncation.wavenumbers().enumerate() {
            assert_eq!(truncation.index(m, n), index);
        }
        assert_eq!(truncation.wavenumbers().count(), truncation.coefficients());
        assert_eq!(truncation.first_index(43), truncation.coefficients());
    }

    #[test]
    fn the_largest_truncation_is_named() {
        let largest = |name: &str| Truncation::largest_on(&name.parse().unwrap()).total();
        assert_eq!([largest("F32"), largest("O32"), largest("N32")], [63, 63, 63]);
        assert_eq!([largest("r144x73"), largest("r144x72"), largest("r64x73")], [71, 71, 31]);
        let error = Truncation::new(64).check_on(&"F32".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Truncation T64 is impossible on grid 'F32' (it has 64 rings): the largest possible is T63."
        );
    }
}
