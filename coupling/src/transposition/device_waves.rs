//! Fourier coefficients between the owners of wavenumbers and those of rings, from device to device.

use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::spectral::{DeviceWaveExchange, TransformShares, WaveSide};

use crate::communicator::{Communicator, DeviceExchange, Route};
use crate::error::expect_len;
use crate::{Error, Result};

/// Brings the Fourier coefficients of a [`PartialDeviceTransform`](terrella_kernels::spectral::PartialDeviceTransform) from rank to rank, in their own
/// precision.
///
/// A permutation like [`WaveTransposition`](super::WaveTransposition), with the same bytes for as many columns of the same precision.
pub struct DeviceWaveTransposition<R: Real> {
    rank: usize,
    route: Route,
    /// To rings and to wavenumbers; nothing after an exchange that failed.
    ways: [Option<DeviceExchange<R>>; 2],
}

impl<R: Real> DeviceWaveTransposition<R> {
    /// For the shares of as many ranks as there are, with this rank's device; all make it together.
    pub fn new(communicator: &Communicator, shares: &TransformShares, device: Device) -> Result<Self> {
        expect_len("shares", communicator.size(), shares.ranks())?;
        let rank = communicator.rank();
        let others = || (0..shares.ranks()).filter(|&other| other != rank);
        let of_wavenumbers: Vec<_> =
            others().map(|other| (other, shares.coefficients_between(rank, other))).collect();
        let of_rings: Vec<_> =
            others().map(|other| (other, shares.coefficients_between(other, rank))).collect();
        let to_rings = communicator.exchange_on(device, &of_wavenumbers, &of_rings)?;
        let to_wavenumbers = communicator.exchange_on(device, &of_rings, &of_wavenumbers)?;
        Ok(Self { rank, route: to_rings.route(), ways: [Some(to_rings), Some(to_wavenumbers)] })
    }

    /// Which way parcels go.
    pub fn route(&self) -> Route {
        self.route
    }
}

impl<R: Real> DeviceWaveExchange<R> for DeviceWaveTransposition<R> {
    type Error = Error;

    fn exchange(&mut self, to: WaveSide, columns: usize, parcels: [Buffer<R>; 2]) -> Result<[Buffer<R>; 2]> {
        let way = &mut self.ways[usize::from(to == WaveSide::Wavenumbers)];
        let Some(exchange) = way.take() else {
            let reason = "it failed before".to_owned();
            return Err(Error::Communication { rank: self.rank, operation: "exchange", reason });
        };
        // Real and imaginary parts on two rings.
        let (exchange, parcels) = exchange.start(4 * columns, parcels)?.finish()?;
        *way = Some(exchange);
        Ok(parcels)
    }
}
