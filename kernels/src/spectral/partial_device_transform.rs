//! A transform whose work ranks share, each on a device.

use super::WaveSide;
use super::device::{DeviceEngine, device_engine};
use super::operation::{Operation, with_operators};
use super::shares::{Share, TransformShares};
use crate::device::{Buffer, Device};
use crate::{Real, Result};

/// Brings Fourier coefficients from rank to rank, from one device's memory to another's.
///
/// What a rank sends are parcels for all others, one after another by rank, without one for itself; those for one rank are 4 · columns ·
/// [`TransformShares::coefficients_between`] numbers, of this rank's wavenumbers and the other's pairs or the other way round.
pub trait DeviceWaveExchange<R: Real> {
    /// What may go wrong, in a transform or on the way.
    type Error: From<crate::Error>;

    /// Sends the first buffer's parcels, which may still be enqueued, and gives back both buffers when those of the others are in the second.
    /// All ranks call it together.
    fn exchange(
        &mut self,
        to: WaveSide,
        columns: usize,
        parcels: [Buffer<R>; 2],
    ) -> std::result::Result<[Buffer<R>; 2], Self::Error>;
}

/// One rank's part of a transform on a device: the Legendre sums of its zonal wavenumbers, and the Fourier transforms of its rings, with
/// an exchange between the two.
///
/// | argument                                              | shape                          |
/// |-------------------------------------------------------|--------------------------------|
/// | `spectrum`, `vorticity`, `divergence`                 | [own coefficient][2][fields]   |
/// | `values`, `u`, `v`, `eastward`, `northward`, ...      | [fields][point of own rings]   |
///
/// Orders are those of a [`PartialTransform`](super::PartialTransform), and so is the meaning of an adjoint. All ranks call the same operators in
/// the same order with as many fields. Results have the same bits as those of a [`Transform`](super::Transform) on the same kind of device, for
/// any shares; on `Device::Cpu` the kernels' own functions run, whose sums are plain loops.
///
/// Each operator sends 4 · columns · [`TransformShares::coefficients_between`] numbers of R from rank to rank in one message, for all its columns
/// (fields, or components of vector fields). Parcels are packed and unpacked on the device; the rank waits for them.
///
/// Errors: a buffer of another length or on another device, no room for tables or workspace, and those of the exchange. A rank with an error
/// should end: the others wait for it.
pub struct PartialDeviceTransform<R: Real, X> {
    engine: Box<dyn DeviceEngine<R>>,
    device: Device,
    share: Share,
    exchange: X,
}

impl<R: Real, X: DeviceWaveExchange<R>> PartialDeviceTransform<R, X> {
    /// The part of rank `rank`, for a sphere of [`EARTH_RADIUS`](crate::constants::EARTH_RADIUS).
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn new(shares: &TransformShares, rank: usize, device: Device, exchange: X) -> Result<Self> {
        assert!(rank < shares.ranks(), "rank {rank} of {}", shares.ranks());
        let share = Share { all: shares.clone(), rank, near: Vec::new() };
        let engine = device_engine(shares.grid(), shares.truncation(), Some(share.clone()), device)?;
        Ok(Self { engine, device, share, exchange })
    }

    /// Sets the radius a of the sphere [m], to which winds and gradients refer; an error unless it is positive and finite.
    pub fn set_radius(&mut self, radius: f64) -> Result<()> {
        self.engine.set_radius(radius)
    }

    /// Which wavenumbers and rings are whose.
    pub fn shares(&self) -> &TransformShares {
        &self.share.all
    }

    /// Which rank this is.
    pub fn rank(&self) -> usize {
        self.share.rank
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.device
    }

    /// The radius of the sphere [m].
    pub fn radius(&self) -> f64 {
        self.engine.radius()
    }

    /// What brings coefficients from rank to rank.
    pub fn exchange(&self) -> &X {
        &self.exchange
    }
}

/// The operators over this rank's buffers.
macro_rules! over_shares {
    ($($(#[$doc:meta])+ $name:ident: $direction:ident $operation:ident,
        ($($input:ident),+) -> ($($output:ident),+);)+) => {
        impl<R: Real, X: DeviceWaveExchange<R>> PartialDeviceTransform<R, X> {$(
            $(#[$doc])+
            pub fn $name(
                &mut self,
                fields: usize,
                $($input: &Buffer<R>,)+
                $($output: &mut Buffer<R>,)+
            ) -> std::result::Result<(), X::Error> {
                let Self { engine, exchange, .. } = self;
                let operation = Operation::$operation(engine.radius());
                let inputs = [$((stringify!($input), $input)),+];
                let outputs = &mut [$((stringify!($output), $output)),+];
                let columns = fields * operation.form.components();
                let mut error = None;
                // The engine knows no error of the exchange's kind.
                let mut deliver = |to: WaveSide, parcels: [Buffer<R>; 2]| {
                    exchange.exchange(to, columns, parcels).map_err(|failure| error = Some(failure)).ok()
                };
                engine.$direction(operation, fields, &inputs, outputs, &mut deliver)?;
                error.map_or(Ok(()), Err)
            }
        )+}
    };
}
with_operators!(over_shares);
