//! Fourier coefficients between the owners of wavenumbers and those of rings.

use terrella_kernels::Real;
use terrella_kernels::spectral::{TransformShares, WaveExchange, WaveSide};

use super::Wire;
use super::way::Way;
use crate::communicator::Communicator;
use crate::error::expect_len;
use crate::{Error, Result};

/// Brings the Fourier coefficients of a [`PartialTransform`](terrella_kernels::spectral::PartialTransform) from rank to rank.
///
/// Each coefficient has one owner on either side, so that this is a permutation of them: its adjoint is the way back, [`WaveSide::Rings`] that of
/// [`WaveSide::Wavenumbers`] and the other way round.
pub struct WaveTransposition {
    to_rings: Way,
    to_wavenumbers: Way,
}

impl WaveTransposition {
    /// For the shares of as many ranks as there are.
    pub fn new(communicator: &Communicator, shares: &TransformShares, wire: Wire) -> Result<Self> {
        expect_len("shares", communicator.size(), shares.ranks())?;
        let own = communicator.rank();
        let of_wavenumbers = |other: usize| shares.coefficients_between(own, other);
        let of_rings = |other: usize| shares.coefficients_between(other, own);
        Ok(Self {
            to_rings: Way::new(communicator, wire, of_wavenumbers, of_rings),
            to_wavenumbers: Way::new(communicator, wire, of_rings, of_wavenumbers),
        })
    }
}

impl WaveExchange for WaveTransposition {
    type Error = Error;

    fn exchange<W: Real>(
        &mut self,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(usize, &mut [W]),
        take: &mut dyn FnMut(usize, &[W]),
    ) -> Result<()> {
        let way = match to {
            WaveSide::Rings => &mut self.to_rings,
            WaveSide::Wavenumbers => &mut self.to_wavenumbers,
        };
        // Real and imaginary parts on two rings.
        way.carry(4 * columns, fill, take)
    }
}
