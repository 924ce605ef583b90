//! Whose numbers of a state are whose: rank 0 has the file, each rank its part.

use terrella_coupling::spectral::Part;
use terrella_kernels::Real;

use super::RESTART;
use crate::error::Result;
use crate::ranks::Ranks;

/// What numbers of a state belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Points of the grid: `[field][point]`.
    Fields,
    /// Spectral coefficients: `[coefficient][2][field]`.
    Spectra,
}

/// Ranks with what this one has of a state.
pub(crate) struct Owners<'a> {
    pub(crate) ranks: &'a Ranks,
    pub(crate) part: &'a Part,
}

impl Owners<'_> {
    /// The whole array on rank 0, nothing on the others.
    pub(super) fn whole<R: Real>(&self, extent: Extent, own: &[R]) -> Result<Vec<R>> {
        let (part, ranks) = (self.part, self.ranks.communicator());
        let whole = match extent {
            Extent::Fields => part.gather_fields(ranks, own.len() / part.points(), own)?,
            Extent::Spectra => part.gather_spectra(ranks, own.len() / (2 * part.coefficients()), own)?,
        };
        Ok(whole.unwrap_or_default())
    }

    /// What this rank has of a whole array of rank 0's, which `read` reads.
    pub(crate) fn own<R: Real>(
        &self,
        extent: Extent,
        read: impl FnOnce() -> Result<Vec<R>>,
    ) -> Result<Vec<R>> {
        let (part, ranks) = (self.part, self.ranks.communicator());
        let unit = match extent {
            Extent::Fields => part.grid().points(),
            Extent::Spectra => part.truncation().spectrum_len(1),
        };
        let read = if self.ranks.leads() { read() } else { Ok(Vec::new()) };
        let whole = self.ranks.together(RESTART, read)?;
        let mut length = [whole.len() as u64];
        ranks.broadcast(0, &mut length)?;
        // Another length is the model's to refuse.
        let fields = length[0] as usize / unit;
        if fields * unit != length[0] as usize || part.is_whole() {
            return Ok(whole);
        }
        Ok(match extent {
            Extent::Fields => part.scatter_fields(ranks, fields, &whole)?,
            Extent::Spectra => part.scatter_spectra(ranks, fields, &whole)?,
        })
    }

    /// Words of rank 0's, which `read` reads, on all ranks.
    pub(crate) fn text(&self, read: impl FnOnce() -> Result<Vec<u8>>) -> Result<String> {
        let bytes = self.ranks.made_by(0, RESTART, read)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Numbers of rank 0's, which `read` reads, on all ranks.
    pub(crate) fn shared<const N: usize>(&self, read: impl FnOnce() -> Result<[u64; N]>) -> Result<[u64; N]> {
        let read = if self.ranks.leads() { read() } else { Ok([0; N]) };
        let mut numbers = self.ranks.together(RESTART, read)?;
        self.ranks.communicator().broadcast(0, &mut numbers)?;
        Ok(numbers)
    }
}
