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
        // What stays here is not sent.
        let between =
            |from: usize, to: usize| if from == to { 0 } else { shares.coefficients_between(from, to) };
        let of_wavenumbers = |other: usize| between(own, other);
        let of_rings = |other: usize| between(other, own);
        Ok(Self {
            to_rings: Way::new(communicator, wire, of_wavenumbers, of_rings),
            to_wavenumbers: Way::new(communicator, wire, of_rings, of_wavenumbers),
        })
    }
}

impl WaveTransposition {
    fn way(&mut self, to: WaveSide) -> &mut Way {
        match to {
            WaveSide::Rings => &mut self.to_rings,
            WaveSide::Wavenumbers => &mut self.to_wavenumbers,
        }
    }
}

impl WaveExchange for WaveTransposition {
    type Error = Error;

    fn rounds(&self) -> bool {
        self.to_rings.rounds()
    }

    fn start<W: Real>(&mut self, to: WaveSide, columns: usize, fill: &mut dyn FnMut(&mut [W])) -> Result<()> {
        // Real and imaginary parts on two rings.
        self.way(to).start(4 * columns, fill)
    }

    fn finish<W: Real>(&mut self, to: WaveSide, take: &mut dyn FnMut(&[W])) -> Result<()> {
        self.way(to).finish(take)
    }
}
