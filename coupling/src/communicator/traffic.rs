//! What a rank has sent.

/// Messages and bytes that a rank has sent to other ranks, by pattern.
///
/// A message is what one rank has for another in one call: patterns that MPI carries out by a tree of its own are counted as
/// if each rank sent directly. What a rank has for itself is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// By [`Exchange`](super::Exchange) and [`DeviceExchange`](super::DeviceExchange).
    pub exchange: Count,
    /// By [`Communicator::all_to_all`](super::Communicator::all_to_all).
    pub all_to_all: Count,
    /// By [`Communicator::gather`](super::Communicator::gather) and [`Communicator::all_gather`](super::Communicator::all_gather).
    pub gather: Count,
    /// By [`Communicator::broadcast`](super::Communicator::broadcast).
    pub broadcast: Count,
    /// By [`Communicator::sums`](super::Communicator::sums).
    pub sum: Count,
    /// By [`Communicator::post`](super::Communicator::post).
    pub letters: Count,
    /// Lengths and outcomes that ranks tell each other so that a mismatch is found: 8 bytes to each rank where an exchange is
    /// planned or lengths are asked for, and 32 to each where they are compared or the route of parcels between devices is agreed on.
    pub agreement: Count,
}

/// Messages and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub messages: u64,
    /// Their bytes altogether.
    pub bytes: u64,
}

impl Count {
    /// Counts messages of `bytes` each.
    pub(super) fn add(&mut self, messages: usize, bytes: usize) {
        self.messages += messages as u64;
        self.bytes += (messages * bytes) as u64;
    }
}
