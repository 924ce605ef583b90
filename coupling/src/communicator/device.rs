//! Parcels between the memory of devices.

use std::fmt;
use std::rc::Rc;

use terrella_kernels::Element;
use terrella_kernels::device::{AnyBuffer, Buffer, Device};

use super::exchange::{Places, parcels_of_others, places, units, units_of};
use super::transport::{DeviceMemory, Pending};
use super::{Communicator, Exchange, InFlight};
use crate::error::expect_len;
use crate::{Error, Result};

/// The way of parcels from one device to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// MPI is given addresses in the memory of devices.
    Direct,
    /// They are copied to host memory, sent from there, and copied to the other device.
    Staged,
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Direct => "from device to device by MPI",
            Self::Staged => "through host memory",
        })
    }
}

/// [`Exchange`] whose parcels are in the memory of a device, on each rank of its own.
///
/// The caller has the buffers, for the parcels of all ranks of a list one after another, and lends them while they are sent. Where MPI says
/// that it takes the memory of every rank's device ([`Communicator::route`]), it is given the addresses; else there is one copy to host memory
/// and one from there, whose pages are locked where that is possible ([`TransferMemory`](terrella_kernels::device::TransferMemory)); it is kept
/// for the next parcels.
///
/// Volume: that of an [`Exchange`].
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_kernels::device::{Buffer, Device};
///
/// let device = Device::Cpu; // or cuda:0, hip:0, wgpu:0
/// let received = Communicator::threads(3, |ranks| {
///     let (rank, size) = (ranks.rank(), ranks.size());
///     let ring = ranks.exchange_on::<f64>(device, &[((rank + 1) % size, 2)], &[((rank + size - 1) % size, 2)])?;
///     let buffers = [Buffer::from_slice(device, &[rank as f64; 2])?, Buffer::zeros(device, 2)?];
///     let (_ring, [_, incoming]) = ring.start(1, buffers)?.finish()?;
///     Ok::<_, terrella_coupling::Error>(incoming.to_vec()?[1])
/// });
/// assert_eq!(received.into_iter().collect::<Result<Vec<_>, _>>()?, [2.0, 0.0, 1.0]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct DeviceExchange<T: Element> {
    communicator: Communicator,
    device: Device,
    tag: u16,
    outgoing: Places,
    incoming: Places,
    /// Parcels that go through host memory; none where they go directly.
    staged: Option<Exchange<T>>,
}

/// Parcels of a [`DeviceExchange`] under way.
///
/// Given up before it is finished, its memory is never freed, as that of [`InFlight`].
#[must_use = "an exchange that was started is to be finished"]
pub struct DeviceInFlight<T: Element> {
    exchange: DeviceExchange<T>,
    way: Way<T>,
}

enum Way<T: Element> {
    Direct(Box<dyn Pending>, Rc<[Buffer<T>; 2]>),
    Staged(Box<(InFlight<T>, [Buffer<T>; 2])>),
}

impl<T: Element> DeviceMemory for [Buffer<T>; 2] {
    fn places(&self) -> Option<[(u64, usize); 2]> {
        let place = |buffer: &Buffer<T>| Some((buffer.device_address()?, buffer.len() * size_of::<T>()));
        Some([place(&self[0])?, place(&self[1])?])
    }
}

impl Communicator {
    /// The way of parcels between the devices of all ranks, of which each names its own: direct where MPI takes all of them. All ranks ask
    /// together, and get the same answer.
    ///
    /// MPI is asked by Open MPI's `MPIX_Query_cuda_support` and `MPIX_Query_rocm_support`, and by MPICH's `MPIX_GPU_query_support`; Cray MPICH
    /// takes devices where `MPICH_GPU_SUPPORT_ENABLED` is 1. A library that has no answer takes none. Ranks that are threads go through host
    /// memory.
    pub fn route(&self, device: Device) -> Result<Route> {
        let takes = u64::from(self.transport().takes(device));
        let all_take = self.agree([takes, 0, 0, 0])?.iter().all(|&[takes, ..]| takes == 1);
        Ok(if all_take { Route::Direct } else { Route::Staged })
    }

    /// A plan as [`Self::exchange`] makes it, for parcels in the memory of a device.
    pub fn exchange_on<T: Element>(
        &self,
        device: Device,
        outgoing: &[(usize, usize)],
        incoming: &[(usize, usize)],
    ) -> Result<DeviceExchange<T>> {
        let route = self.route(device)?;
        // Finds lists that do not agree, whatever the route.
        let exchange = self.exchange(outgoing, incoming)?;
        Ok(DeviceExchange {
            communicator: self.clone(),
            device,
            tag: self.next_tag(),
            outgoing: places(outgoing),
            incoming: places(incoming),
            staged: (route == Route::Staged).then_some(exchange),
        })
    }
}

impl<T: Element> DeviceExchange<T> {
    /// Which way its parcels go.
    pub fn route(&self) -> Route {
        if self.staged.is_some() { Route::Staged } else { Route::Direct }
    }

    /// Whether the host memory that its parcels last went through has locked pages; false where they go directly.
    pub fn is_page_locked(&self) -> bool {
        self.staged.as_ref().is_some_and(Exchange::is_page_locked)
    }

    /// Sends the parcels of the first buffer, with `width` numbers for each unit of the lengths, the same on all ranks; those of the others come
    /// to the second. Waits for the device's work on them.
    ///
    /// # Errors
    /// A buffer of another length, or on another device than the plan's; those of [`Exchange::start`].
    pub fn start(mut self, width: usize, mut buffers: [Buffer<T>; 2]) -> Result<DeviceInFlight<T>> {
        let names = ["outgoing parcels", "incoming parcels"];
        for ((name, buffer), places) in names.into_iter().zip(&buffers).zip([&self.outgoing, &self.incoming])
        {
            expect_len(name, units(places) * width, buffer.len())?;
            let (expected, got) = (self.device, buffer.device());
            if got != expected {
                return Err(terrella_kernels::Error::DeviceMismatch { name, expected, got }.into());
            }
        }
        let communicator = self.communicator.clone();
        if let Some(mut exchange) = self.staged.take() {
            exchange.set_width_on(self.device, width)?;
            communicator.transferring(|| buffers[0].copy_to_host(exchange.all_outgoing()))?;
            let way = Way::Staged(Box::new((exchange.start()?, buffers)));
            return Ok(DeviceInFlight { exchange: self, way });
        }
        let pending = communicator.transferring(|| {
            let rank = communicator.rank();
            if let (Some(from), Some(to)) = (units_of(&self.outgoing, rank), units_of(&self.incoming, rank)) {
                let [outgoing, incoming] = &mut buffers;
                incoming.copy_range(to.start * width, outgoing, from.start * width..from.end * width)?;
            }
            // MPI does not know of what is enqueued.
            self.device.synchronize()?;
            let unit = width * size_of::<T>();
            let [outgoing, incoming] =
                [&self.outgoing, &self.incoming].map(|places| parcels_of_others(places, rank, unit));
            for parcel in &outgoing {
                communicator.count(|traffic| traffic.exchange.add(1, parcel.bytes.len()));
            }
            let buffers = Rc::new(buffers);
            let start =
                || communicator.transport().start_on_device(self.tag, buffers.clone(), &outgoing, &incoming);
            let pending = self.device.with_current(start)??;
            Ok::<_, Error>((pending, buffers))
        });
        let (pending, buffers) = pending?;
        Ok(DeviceInFlight { exchange: self, way: Way::Direct(pending, buffers) })
    }
}

impl<T: Element> DeviceInFlight<T> {
    /// Waits for all parcels, and gives back the plan and the buffers; a parcel of another length than planned is an error.
    pub fn finish(self) -> Result<(DeviceExchange<T>, [Buffer<T>; 2])> {
        let Self { mut exchange, way } = self;
        let communicator = exchange.communicator.clone();
        let buffers = match way {
            Way::Direct(pending, buffers) => {
                communicator.waiting(|| exchange.device.with_current(|| pending.finish()))??;
                Rc::into_inner(buffers).expect("who sent them has let go of them")
            }
            Way::Staged(staged) => {
                let (in_flight, mut buffers) = *staged;
                let staged = in_flight.finish()?;
                communicator.transferring(|| buffers[1].copy_from_host(staged.all_incoming()))?;
                exchange.staged = Some(staged);
                buffers
            }
        };
        Ok((exchange, buffers))
    }
}
