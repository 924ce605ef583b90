//! Fourier coefficients between the owners of wavenumbers and those of rings.

use terrella_kernels::Real;
use terrella_kernels::spectral::{Came, NearMemory, TransformShares, WaveExchange, WaveSide};

use super::Wire;
use super::way::Way;
use crate::communicator::{Communicator, Turn, Window};
use crate::error::expect_len;
use crate::{Error, Result};

/// Brings the Fourier coefficients of a [`PartialTransform`](terrella_kernels::spectral::PartialTransform) from rank to rank: by
/// parcels, and to ranks of the same node by letting them read in place ([`Window`]).
///
/// Each coefficient has one owner on either side, so that this is a permutation of them: its adjoint is the way back, [`WaveSide::Rings`] that of
/// [`WaveSide::Wavenumbers`] and the other way round. What is read in place counts as sent.
pub struct WaveTransposition {
    communicator: Communicator,
    window: Window,
    to_rings: Way,
    to_wavenumbers: Way,
    /// By near rank, coefficients that it reads of this rank's wavenumbers, and of its rings.
    read: Vec<[usize; 2]>,
}

impl WaveTransposition {
    /// For the shares of as many ranks as there are. With numbers that are rounded on their way all are sent.
    pub fn new(communicator: &Communicator, shares: &TransformShares, wire: Wire) -> Result<Self> {
        expect_len("shares", communicator.size(), shares.ranks())?;
        let memory = shares.memory(communicator.rank());
        let window = match wire {
            Wire::Same => Window::new(communicator, memory)?,
            Wire::F32 => Window::alone(communicator, memory)?,
        };
        Self::over(communicator, shares, wire, window)
    }

    /// The same with parcels for all, as between nodes.
    pub fn by_parcels(communicator: &Communicator, shares: &TransformShares, wire: Wire) -> Result<Self> {
        expect_len("shares", communicator.size(), shares.ranks())?;
        let window = Window::alone(communicator, shares.memory(communicator.rank()))?;
        Self::over(communicator, shares, wire, window)
    }

    fn over(
        communicator: &Communicator,
        shares: &TransformShares,
        wire: Wire,
        window: Window,
    ) -> Result<Self> {
        let own = communicator.rank();
        let near = window.near();
        // What stays here is not sent.
        let is_sent = |other: usize| other != own && near.binary_search(&other).is_err();
        let between = |other: usize, from: usize, to: usize| {
            if is_sent(other) { shares.coefficients_between(from, to) } else { 0 }
        };
        let of_wavenumbers = |other: usize| between(other, own, other);
        let of_rings = |other: usize| between(other, other, own);
        let read = near
            .iter()
            .map(|&other| [shares.coefficients_between(own, other), shares.coefficients_between(other, own)]);
        Ok(Self {
            communicator: communicator.clone(),
            to_rings: Way::new(communicator, wire, of_wavenumbers, of_rings),
            to_wavenumbers: Way::new(communicator, wire, of_rings, of_wavenumbers),
            read: read.collect(),
            window,
        })
    }
}

impl WaveExchange for WaveTransposition {
    type Error = Error;

    fn rounds(&self) -> bool {
        self.to_rings.rounds()
    }

    fn near(&self) -> &[usize] {
        self.window.near()
    }

    fn write<W: Real>(&mut self, length: usize, sum: &mut dyn FnMut(&mut [W])) -> Result<()> {
        let bytes = self.window.write(length * size_of::<W>())?;
        sum(bytemuck::cast_slice_mut(bytes));
        Ok(())
    }

    fn start<W: Real>(
        &mut self,
        to: WaveSide,
        columns: usize,
        fill: &mut dyn FnMut(&[W], &mut [W]),
    ) -> Result<()> {
        let Self { communicator, window, to_rings, to_wavenumbers, read } = self;
        // Real and imaginary parts on two rings.
        let width = 4 * columns;
        let (way, side) = match to {
            WaveSide::Rings => (to_rings, 0),
            WaveSide::Wavenumbers => (to_wavenumbers, 1),
        };
        let of_near = read.iter().map(|read| read[side] * width * size_of::<W>());
        communicator.count_exchange(of_near.filter(|&bytes| bytes > 0));
        let own = bytemuck::cast_slice(window.own());
        way.start(width, &mut |parcels| fill(own, parcels))?;
        window.show();
        Ok(())
    }

    fn finish<W: Real>(&mut self, to: WaveSide, take: &mut dyn FnMut(Came<'_, W>)) -> Result<()> {
        let Self { window, to_rings, to_wavenumbers, .. } = self;
        let way = match to {
            WaveSide::Rings => to_rings,
            WaveSide::Wavenumbers => to_wavenumbers,
        };
        let turn = window.read()?;
        way.finish(&mut |parcels| take(Came { parcels, memory: &turn }))
    }
}

impl<W: Real> NearMemory<W> for Turn<'_> {
    fn at(&self, place: usize) -> &[W] {
        bytemuck::cast_slice(self.of(place))
    }
}
