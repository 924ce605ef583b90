//! What ranks send in a time step of a model, known before it runs.

use std::ops::RangeInclusive;

use terrella_kernels::spectral::TransformShares;

/// The transforms of a time step, by their columns: fields, or components of vector fields; and its halos.
///
/// A rank a of P with L_a rings sends to the others, with numbers of s bytes (on CPUs 8 in a transform of one or two columns C),
///
/// Σ_{to grid} 4 s C Σ_{b≠a} c_ab + Σ_{to spectra} 4 s C Σ_{b≠a} c_ba + (P − 1) s w L_a + (P − 1) 8 x + s H Σ_{b≠a} h_ab(d) bytes,
///
/// c_ab = [`coefficients_between`](TransformShares::coefficients_between)`(a, b)`, h_ab(d) the number of points of those rings of a that
/// are at most d rings from one of b's, d the [`depth`](super::ModelHalo::depth) of the halo.
///
/// That is without sets of levels: where [`level_sets`](super::level_sets) is more than one, transforms send what
/// [`LevelTransform`](super::LevelTransform) says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepVolume {
    /// Columns on the grid of each transform from spectra.
    pub to_grid: Vec<usize>,
    /// Columns on the grid of each transform to spectra.
    pub to_spectra: Vec<usize>,
    /// w, sums over a ring that all ranks get of all rings.
    pub values_of_rings: usize,
    /// x, numbers of f64 of which all ranks find the largest.
    pub largest: usize,
    /// H, columns whose halo is filled.
    pub halo_columns: usize,
    /// d, the rings that a halo reaches on both sides.
    pub halo_depth: usize,
}

impl StepVolume {
    /// Bytes that a rank sends to others, with numbers of `width` bytes.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn bytes(&self, shares: &TransformShares, rank: usize, width: usize) -> u64 {
        let others = || (0..shares.ranks()).filter(|other| *other != rank);
        let between = |columns: &[usize], coefficients: usize| -> usize {
            let bytes = |columns: &usize| 4 * columns * if *columns < 3 { 8 } else { width };
            coefficients * columns.iter().map(bytes).sum::<usize>()
        };
        let to_rings = others().map(|other| shares.coefficients_between(rank, other)).sum();
        let to_wavenumbers = others().map(|other| shares.coefficients_between(other, rank)).sum();
        let rings = others().count() * width * self.values_of_rings * shares.rings(rank).count();
        let largest = others().count() * size_of::<f64>() * self.largest;
        let halo = match self.halo_columns {
            0 => 0,
            columns => columns * width * points_near_others(shares, rank, self.halo_depth),
        };
        let transforms = between(&self.to_grid, to_rings) + between(&self.to_spectra, to_wavenumbers);
        (transforms + rings + largest + halo) as u64
    }
}

/// Σ_{b≠a} h_ab(d).
fn points_near_others(shares: &TransformShares, rank: usize, depth: usize) -> usize {
    let rings = shares.grid().rings();
    let last = rings.len() - 1;
    let near =
        |ring: usize| -> RangeInclusive<usize> { ring.saturating_sub(depth)..=(ring + depth).min(last) };
    let sent_to = |other: usize| -> usize {
        let pairs = shares.pairs(other);
        let is_others = |ring: usize| pairs.contains(&ring.min(last - ring));
        let wanted = shares.rings(rank).filter(|ring| near(*ring).any(is_others));
        wanted.map(|ring| rings[ring].points).sum()
    };
    (0..shares.ranks()).filter(|other| *other != rank).map(sent_to).sum()
}
