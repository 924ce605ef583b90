//! What a kind of ranks must be able to do; all patterns are made of it.

use std::ops::{Deref, DerefMut, Range};
use std::rc::Rc;
use std::sync::Arc;

use terrella_kernels::device::{Device, TransferMemory};

use super::window::Segment;
use crate::{Error, Result};

/// Bytes for or from one rank: a part of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parcel {
    /// The other rank.
    pub(super) rank: usize,
    /// Bytes of the buffer.
    pub(super) bytes: Range<usize>,
}

/// Host memory of parcels. Words, so that any number that is sent is aligned in them.
#[derive(Debug)]
pub(super) enum Words {
    Ordinary(Vec<u64>),
    /// From and to which a device copies.
    OfDevice(TransferMemory),
}

impl Words {
    pub(super) fn zeros(len: usize) -> Self {
        Self::Ordinary(vec![0; len])
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::zeros(0)
    }
}

impl Deref for Words {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Self::Ordinary(words) => words,
            Self::OfDevice(words) => words,
        }
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Ordinary(words) => words,
            Self::OfDevice(words) => words,
        }
    }
}

/// What is sent and what is received.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    pub(super) send: Words,
    pub(super) receive: Words,
}

/// Memory of a device with what is sent and what is received, kept until that is done.
pub(super) trait DeviceMemory {
    /// Where what is sent and what is received begin, and how many bytes each has; nothing on devices without addresses.
    fn places(&self) -> Option<[(u64, usize); 2]>;
}

/// A letter, and the rank that sent it.
pub(super) type Received = (usize, Arc<Vec<u8>>);

/// Parcels under way; the buffers belong to it until it is finished.
pub(super) trait Pending {
    /// Whether all parcels have come and gone.
    fn is_done(&mut self) -> Result<bool>;

    /// Waits for all parcels. A parcel of another length than expected is an error.
    fn finish(self: Box<Self>) -> Result<Buffers>;
}

/// Ranks that can send to each other.
pub(super) trait Transport {
    /// The number of this rank.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Waits for all ranks.
    fn barrier(&self) -> Result<()>;

    /// The bytes of rank `root` on every rank; as many on each.
    fn broadcast(&self, root: usize, bytes: &mut [u8]) -> Result<()>;

    /// The bytes of all ranks, one after another; as many from each.
    fn all_gather(&self, send: &[u8], receive: &mut [u8]) -> Result<()>;

    /// Sends and receives parcels of and for others; those of one tag meet in the order in which they were started.
    fn start(
        &self,
        tag: u16,
        buffers: Buffers,
        outgoing: &[Parcel],
        incoming: &[Parcel],
    ) -> Result<Box<dyn Pending>>;

    /// Whether parcels may lie in the memory of a device.
    fn takes(&self, _device: Device) -> bool {
        false
    }

    /// [`Transport::start`] with the memory of a device that it takes, on which no work is left that has to do with it.
    fn start_on_device(
        &self,
        _tag: u16,
        _memory: Rc<dyn DeviceMemory>,
        _outgoing: &[Parcel],
        _incoming: &[Parcel],
    ) -> Result<Box<dyn Pending>> {
        let reason = "parcels have to be in host memory".to_owned();
        Err(Error::Communication { rank: self.rank(), operation: "exchange", reason })
    }

    /// The ranks of the same colour, by key and then by rank; none for those without a colour.
    fn split(&self, colour: Option<u16>, key: i32) -> Result<Option<Box<dyn Transport>>>;

    /// Sends a letter, which waits at its rank until that receives it; what is returned has it until it has gone.
    fn post(&self, to: usize, tag: u16, letter: Arc<Vec<u8>>) -> Result<Box<dyn Pending>>;

    /// The next letter that has come with a tag, and whose it is, without waiting for one.
    fn receive(&self, tag: u16) -> Result<Option<Received>>;

    /// Shows this rank's memory to the others of its process that are near, and finds theirs, by rank.
    fn segments(&self, _own: Option<&Arc<Segment>>) -> Result<Vec<(usize, Arc<Segment>)>> {
        Ok(Vec::new())
    }

    /// Whether a rank is known to have ended.
    fn has_left(&self, _rank: usize) -> bool {
        false
    }

    /// Ends all ranks, if it can.
    fn abort(&self, _code: i32) {}
}

/// One rank alone.
pub(super) struct Serial;

impl Transport for Serial {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn barrier(&self) -> Result<()> {
        Ok(())
    }

    fn broadcast(&self, _root: usize, _bytes: &mut [u8]) -> Result<()> {
        Ok(())
    }

    fn all_gather(&self, send: &[u8], receive: &mut [u8]) -> Result<()> {
        receive.copy_from_slice(send);
        Ok(())
    }

    fn start(
        &self,
        _tag: u16,
        buffers: Buffers,
        _outgoing: &[Parcel],
        _incoming: &[Parcel],
    ) -> Result<Box<dyn Pending>> {
        Ok(Box::new(Nothing(buffers)))
    }

    fn split(&self, colour: Option<u16>, _key: i32) -> Result<Option<Box<dyn Transport>>> {
        Ok(colour.map(|_| Box::new(Serial) as Box<dyn Transport>))
    }

    fn post(&self, to: usize, _tag: u16, _letter: Arc<Vec<u8>>) -> Result<Box<dyn Pending>> {
        let reason = format!("there is no rank {to} but this one");
        Err(Error::Communication { rank: 0, operation: "post", reason })
    }

    fn receive(&self, _tag: u16) -> Result<Option<Received>> {
        Ok(None)
    }
}

/// No parcels under way.
pub(super) struct Nothing(pub(super) Buffers);

impl Pending for Nothing {
    fn is_done(&mut self) -> Result<bool> {
        Ok(true)
    }

    fn finish(self: Box<Self>) -> Result<Buffers> {
        Ok(self.0)
    }
}
