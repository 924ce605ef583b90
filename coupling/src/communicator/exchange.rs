//! Numbers for several ranks at once, while this one computes.

use std::marker::PhantomData;
use std::mem;
use std::ops::Range;
use std::rc::Rc;

use bytemuck::Pod;
use terrella_kernels::device::{Device, TransferMemory};

use super::transport::{Buffers, Parcel, Pending, Words};
use super::{Communicator, expect_aligned};
use crate::{Error, Result};

/// A parcel for or from each of some ranks, planned once and sent as often as wished.
///
/// Parcels are written to [`Exchange::outgoing`], go with [`Exchange::start`], and are read from [`Exchange::incoming`] after
/// [`InFlight::finish`]; meanwhile the rank computes. Lengths are in units of [`Exchange::set_width`] numbers, so that one plan
/// serves any number of fields. A parcel of a rank for itself is copied.
///
/// Volume: n (w s) bytes from each rank to each other for parcels of n units of w numbers of s bytes, in one message.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
///
/// // Each rank tells the next one its number.
/// let received = Communicator::threads(3, |ranks| {
///     let (rank, size) = (ranks.rank(), ranks.size());
///     let mut ring = ranks.exchange::<f64>(&[((rank + 1) % size, 1)], &[((rank + size - 1) % size, 1)])?;
///     ring.outgoing(0)[0] = rank as f64;
///     let under_way = ring.start()?;
///     // Time to compute.
///     let ring = under_way.finish()?;
///     Ok::<_, terrella_coupling::Error>(ring.incoming(0)[0])
/// });
/// assert_eq!(received.into_iter().collect::<Result<Vec<_>, _>>()?, [2.0, 0.0, 1.0]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct Exchange<T: Pod> {
    communicator: Communicator,
    tag: u16,
    outgoing: Places,
    incoming: Places,
    width: usize,
    /// Room for the parcels at the largest width so far.
    buffers: Buffers,
    numbers: PhantomData<T>,
}

/// Ranks with the units of their parcels, one after another.
pub(super) type Places = Rc<[(usize, Range<usize>)]>;

/// Those of a (rank, length) list.
pub(super) fn places(lengths: &[(usize, usize)]) -> Places {
    let mut end = 0;
    let place = |&(rank, units)| {
        let first = end;
        end += units;
        (rank, first..end)
    };
    lengths.iter().map(place).collect()
}

/// Units of all parcels.
pub(super) fn units(places: &[(usize, Range<usize>)]) -> usize {
    places.last().map_or(0, |(_, range)| range.end)
}

/// The units of rank `own` itself, if it has some.
pub(super) fn units_of(places: &[(usize, Range<usize>)], own: usize) -> Option<Range<usize>> {
    places.iter().find(|(rank, _)| *rank == own).map(|(_, units)| units.clone())
}

/// The parcels, with so many bytes for each unit, that are for or from others than rank `own` and hold something.
pub(super) fn parcels_of_others(places: &[(usize, Range<usize>)], own: usize, unit: usize) -> Vec<Parcel> {
    let others = places.iter().filter(|(rank, units)| *rank != own && !units.is_empty());
    others.map(|(rank, units)| Parcel { rank: *rank, bytes: units.start * unit..units.end * unit }).collect()
}

impl<T: Pod> Exchange<T> {
    /// All ranks make it together, and learn together where lengths do not agree.
    pub(super) fn new(
        communicator: &Communicator,
        outgoing: &[(usize, usize)],
        incoming: &[(usize, usize)],
    ) -> Result<Self> {
        expect_aligned::<T>()?;
        let size = communicator.size();
        // What is wrong with the lists themselves is told to all as well.
        let mut lengths = [vec![0u64; size], vec![0u64; size]];
        let mut problem = None;
        for (list, lengths) in [outgoing, incoming].into_iter().zip(&mut lengths) {
            for &(rank, units) in list {
                match lengths.get_mut(rank) {
                    Some(length) if *length == 0 => *length = 1 + (units * size_of::<T>()) as u64,
                    Some(_) => problem = Some((rank, "one parcel for each rank")),
                    None => problem = Some((rank, "a rank that there is")),
                }
            }
        }
        let [sent, expected] = lengths;
        let announced = communicator.transpose_counts(&sent)?;
        let unequal = announced.iter().zip(&expected).position(|(announced, expected)| announced != expected);
        let verdict = match (problem, unequal) {
            (Some((rank, _)), _) => [2, rank as u64, 0, 0],
            (None, Some(from)) => [1, from as u64, expected[from], announced[from]],
            (None, None) => [0; 4],
        };
        let verdicts = communicator.agree(verdict)?;
        if let Some((rank, expected)) = problem {
            let (got, expected) = (rank.to_string(), expected.to_owned());
            return Err(Error::InvalidValue { name: "rank of a parcel", got, expected });
        }
        let wrong = verdicts.iter().position(|verdict| verdict[0] != 0);
        if let Some((rank, [kind, from, expected, got])) = wrong.map(|rank| (rank, verdicts[rank])) {
            let operation = "exchange";
            if kind == 2 {
                let reason = "its list of parcels is wrong".to_owned();
                return Err(Error::Communication { rank, operation, reason });
            }
            // Without a parcel nothing is expected or got, not even an empty one.
            let length = |coded: u64| coded.saturating_sub(1) as usize;
            let (from, expected, got) = (from as usize, length(expected), length(got));
            return Err(Error::UnequalLengths { rank, operation, from, expected, got });
        }
        let tag = communicator.next_tag();
        let mut exchange = Self {
            communicator: communicator.clone(),
            tag,
            outgoing: places(outgoing),
            incoming: places(incoming),
            width: 0,
            buffers: Buffers::default(),
            numbers: PhantomData,
        };
        exchange.set_width(1);
        Ok(exchange)
    }

    /// Sets how many numbers there are for each unit of the lengths; the same on all ranks. What the parcels hold is lost.
    pub fn set_width(&mut self, width: usize) {
        for (words, len) in self.with_width(width) {
            if words.len() < len {
                *words = Words::zeros(len);
            }
        }
    }

    /// As [`Self::set_width`], for parcels that a device copies to and from host memory.
    pub(super) fn set_width_on(&mut self, device: Device, width: usize) -> Result<()> {
        for (words, len) in self.with_width(width) {
            if !matches!(words, Words::OfDevice(memory) if memory.len() >= len) {
                *words = Words::OfDevice(TransferMemory::zeros(device, len)?);
            }
        }
        Ok(())
    }

    /// Sets the width, and gives the memory of parcels with the words that it needs.
    fn with_width(&mut self, width: usize) -> [(&mut Words, usize); 2] {
        self.width = width;
        let words = |places: &Places| (units(places) * width * size_of::<T>()).div_ceil(size_of::<u64>());
        let Buffers { send, receive } = &mut self.buffers;
        [(send, words(&self.outgoing)), (receive, words(&self.incoming))]
    }

    /// Whether a device copies its parcels to and from host memory by itself.
    pub(super) fn is_page_locked(&self) -> bool {
        let Buffers { send, receive } = &self.buffers;
        let is_locked = |words: &Words| matches!(words, Words::OfDevice(memory) if memory.is_page_locked());
        let mut words = [send, receive].into_iter().filter(|words| !words.is_empty()).peekable();
        words.peek().is_some() && words.all(is_locked)
    }

    /// The parcels for all ranks of the list, one after another, to be written.
    pub fn all_outgoing(&mut self) -> &mut [T] {
        let bytes = units(&self.outgoing) * self.width * size_of::<T>();
        bytemuck::cast_slice_mut(&mut bytemuck::cast_slice_mut::<_, u8>(&mut self.buffers.send)[..bytes])
    }

    /// The parcels from all ranks of the list, one after another.
    pub fn all_incoming(&self) -> &[T] {
        let bytes = units(&self.incoming) * self.width * size_of::<T>();
        bytemuck::cast_slice(&bytemuck::cast_slice::<_, u8>(&self.buffers.receive)[..bytes])
    }

    /// The parcel for the rank at `index` of the list, to be written.
    ///
    /// # Panics
    /// If the list has no such index.
    pub fn outgoing(&mut self, index: usize) -> &mut [T] {
        let Range { start, end } = self.outgoing[index].1;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.buffers.send);
        let unit = self.width * size_of::<T>();
        bytemuck::cast_slice_mut(&mut bytes[start * unit..end * unit])
    }

    /// The parcel from the rank at `index` of the list.
    ///
    /// # Panics
    /// If the list has no such index.
    pub fn incoming(&self, index: usize) -> &[T] {
        let Range { start, end } = self.incoming[index].1;
        let bytes: &[u8] = bytemuck::cast_slice(&self.buffers.receive);
        let unit = self.width * size_of::<T>();
        bytemuck::cast_slice(&bytes[start * unit..end * unit])
    }

    /// Sends all parcels; all ranks start their parts of an exchange in the same order. What outgoing parcels hold is lost.
    pub fn start(self) -> Result<InFlight<T>> {
        let recorder = self.communicator.recorder();
        recorder.transferring(|| self.start_now())
    }

    fn start_now(mut self) -> Result<InFlight<T>> {
        let (rank, unit) = (self.communicator.rank(), self.width * size_of::<T>());
        if let (Some(from), Some(to)) = (units_of(&self.outgoing, rank), units_of(&self.incoming, rank)) {
            let bytes = |range: Range<usize>| range.start * unit..range.end * unit;
            let Buffers { send, receive } = &mut self.buffers;
            let source = &bytemuck::cast_slice::<_, u8>(send)[bytes(from)];
            bytemuck::cast_slice_mut::<_, u8>(receive)[bytes(to)].copy_from_slice(source);
        }
        let [outgoing, incoming] =
            [&self.outgoing, &self.incoming].map(|places| parcels_of_others(places, rank, unit));
        for parcel in &outgoing {
            self.communicator.count(|traffic| traffic.exchange.add(1, parcel.bytes.len()));
        }
        let buffers = mem::take(&mut self.buffers);
        let pending = self.communicator.transport().start(self.tag, buffers, &outgoing, &incoming)?;
        Ok(InFlight { exchange: self, pending })
    }

    /// Sends all parcels and waits for those of the others.
    pub fn complete(self) -> Result<Self> {
        self.start()?.finish()
    }
}

/// An exchange whose parcels are under way.
///
/// Given up before it is finished, its memory is never freed, because MPI may write to it at any time, and where ranks are
/// processes the job cannot end orderly.
#[must_use = "an exchange that was started is to be finished"]
pub struct InFlight<T: Pod> {
    exchange: Exchange<T>,
    pending: Box<dyn Pending>,
}

impl<T: Pod> InFlight<T> {
    /// Whether [`InFlight::finish`] would not wait. Asking also lets MPI work on.
    pub fn is_done(&mut self) -> Result<bool> {
        self.pending.is_done()
    }

    /// Waits for all parcels; a parcel of another length than planned is an error.
    pub fn finish(self) -> Result<Exchange<T>> {
        let Self { mut exchange, pending } = self;
        exchange.buffers = exchange.communicator.waiting(|| pending.finish())?;
        Ok(exchange)
    }
}
