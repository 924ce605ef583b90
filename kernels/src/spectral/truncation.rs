//! Triangular truncation: which coefficients there are, and in which order.

use std::fmt;

use crate::grid::{Grid, GridKind, Ring};
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

    /// The linear truncation of a grid, its largest: T = 2N−1 on `F<N>`, `N<N>` and `O<N>` ("TL").
    ///
    /// Products of two such fields alias. With `quadratic` and `cubic` the three truncations of Malardel et al. (2016,
    /// "A new grid for the IFS", ECMWF Newsletter 146, doi:10.21957/zwdu9u5i): about 2, 3 or 4 points of the longest ring
    /// per shortest wave. See [`Truncation::for_products_on`].
    pub fn linear_on(grid: &Grid) -> Self {
        Self::for_products_on(grid, 1)
    }

    /// The largest truncation at which products of two fields are analysed without aliasing: T = ⌊(4N−1)/3⌋ on `F<N>`,
    /// `N<N>` and `O<N>` ("TQ", T42 on F32; Orszag 1970, doi:10.1175/1520-0469(1970)027<0890:TMFTCO>2.0.CO;2).
    pub fn quadratic_on(grid: &Grid) -> Self {
        Self::for_products_on(grid, 2)
    }

    /// The same for products of three fields: T = N−1 on `F<N>`, `N<N>` and `O<N>` ("TC", on octahedral grids "TCo":
    /// TCo1279 on O1280).
    pub fn cubic_on(grid: &Grid) -> Self {
        Self::for_products_on(grid, 3)
    }

    /// The largest T at which the analysis of a product of `factors` fields gives its coefficients up to T exactly.
    ///
    /// Such a product has wavenumbers up to pT, p = `factors`. Along the longest ring the sum with e^{−imλ} must not alias:
    /// (p+1) T + 1 ≤ points. Along a meridian the integrand is a polynomial of degree (p+1) T in μ, for which Gauss needs
    /// (p+1) T ≤ 2·rings − 1, equidistant latitudes (p+1) T ≤ rings − 1. One factor gives [`Truncation::largest_on`], on
    /// regular grids more than that, because there the transform interpolates a single field along the meridian.
    ///
    /// The shorter rings of reduced grids alias what the longest one does not. With white spectra on O48 that is, of the
    /// largest coefficient, 0.7% of products of two at the quadratic truncation, 2.7% of products of three at the cubic one,
    /// and 1e-6 of products of two there. On HEALPix only the longest ring is looked at, and no analysis is exact.
    ///
    /// # Panics
    /// If `factors` is 0.
    pub fn for_products_on(grid: &Grid, factors: usize) -> Self {
        assert!(factors > 0, "a product of no fields has no truncation");
        let rings = grid.rings().len();
        let by_points = (grid.longest_ring() - 1) / (factors + 1);
        let by_rings = match grid.kind() {
            GridKind::FullGaussian | GridKind::ReducedGaussian => (2 * rings - 1) / (factors + 1),
            GridKind::LatLonShifted if factors == 1 => rings - 1,
            GridKind::LatLonWithPoles if factors == 1 => rings - 2,
            GridKind::LatLonShifted | GridKind::LatLonWithPoles => (rings - 1) / (factors + 1),
            GridKind::HealPix => by_points,
        };
        Self::new(by_rings.min(by_points))
    }

    /// The largest zonal wavenumber that a ring carries: min(T, ⌊(points−1)/2⌋).
    ///
    /// The polar reduction of m: a ring of a reduced grid has no room for larger m, and needs none, because P̄_nm decays
    /// like cos^m φ towards the poles. Transforms leave out the coefficients of larger m on this ring.
    pub fn largest_zonal_on(self, ring: &Ring) -> usize {
        self.total.min((ring.points - 1) / 2)
    }

    /// The largest truncation that a grid carries, or an error where it carries none.
    ///
    /// Analysis after synthesis must give the coefficients back. The longest ring must resolve m = T, 2T+1 ≤ points (a
    /// shorter ring of a reduced grid carries only the m it resolves, as in IFS). Gaussian latitudes integrate
    /// P̄_n P̄_n' exactly up to T = rings−1 (the linear grid). Equidistant latitudes determine the Fourier series along a
    /// meridian of every m up to T = rings−2 with poles, rings−1 without. HEALPix's equal weights integrate nothing exactly:
    /// there T is limited by the longest ring, T = 2N−1, and only an iterative analysis gives the coefficients back.
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
        GridKind::FullGaussian | GridKind::ReducedGaussian | GridKind::LatLonShifted | GridKind::HealPix => {
            rings - 1
        }
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
    fn grids_have_the_truncations_that_centres_pair_them_with() {
        let all = |name: &str| {
            let grid = name.parse().unwrap();
            [Truncation::linear_on(&grid), Truncation::quadratic_on(&grid), Truncation::cubic_on(&grid)]
                .map(Truncation::total)
        };
        // T42/F32, T63/F48, T85/F64, T106/F80, T213/N160; TL159/N80, TL639/N320, TL1279/N640; TCo639/O640, TCo1279/O1280.
        assert_eq!(all("F32"), [63, 42, 31]);
        assert_eq!(["F48", "F64", "F80", "N160"].map(|name| all(name)[1]), [63, 85, 106, 213]);
        assert_eq!(["N80", "N320", "N640"].map(|name| all(name)[0]), [159, 639, 1279]);
        assert_eq!(["O640", "O1280"].map(|name| all(name)[2]), [639, 1279]);
        assert_eq!(all("r144x73"), [71, 24, 18]);
        assert_eq!(all("r144x72"), [71, 23, 17]);
        assert_eq!(all("H64"), [127, 85, 63]);
        for name in ["F32", "O32", "r144x73", "r64x73", "r144x72", "H16"] {
            let grid = name.parse().unwrap();
            assert_eq!(Truncation::linear_on(&grid), Truncation::largest_on(&grid), "{name}");
        }
    }

    #[test]
    fn short_rings_carry_fewer_zonal_wavenumbers() {
        let grid: Grid = "O32".parse().unwrap();
        let largest = |ring: usize| Truncation::new(63).largest_zonal_on(&grid.rings()[ring]);
        assert_eq!([largest(0), largest(1), largest(31), largest(63)], [9, 11, 63, 9]);
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
