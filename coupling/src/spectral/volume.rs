//! What ranks send in a time step of a model, known before it runs.

use terrella_kernels::spectral::TransformShares;

/// The transforms of a time step, by their columns: fields, or components of vector fields.
///
/// A rank a of P with L_a rings sends to the others, with numbers of s bytes (8 in a transform of one or two columns C),
///
/// Σ_{to grid} 4 s C Σ_{b≠a} c_ab + Σ_{to spectra} 4 s C Σ_{b≠a} c_ba + (P − 1) s w L_a bytes,
///
/// c_ab = [`coefficients_between`](TransformShares::coefficients_between)`(a, b)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepVolume {
    /// Columns on the grid of each transform from spectra.
    pub to_grid: Vec<usize>,
    /// Columns on the grid of each transform to spectra.
    pub to_spectra: Vec<usize>,
    /// w, sums over a ring that all ranks get of all rings.
    pub values_of_rings: usize,
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
        (between(&self.to_grid, to_rings) + between(&self.to_spectra, to_wavenumbers) + rings) as u64
    }
}
