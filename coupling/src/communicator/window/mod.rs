//! Numbers that ranks of one node read where their owner wrote them.
#![allow(unsafe_code)]

mod processes;
mod segment;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use terrella_kernels::device::Device;

use self::segment::PAGE;
pub(super) use self::segment::Segment;
use super::{Communicator, Kind};
use crate::{Error, Result};

/// Counters of a segment: turns that its owner has shown, and that it has read of all others.
const SHOWN: usize = 0;
const READ: usize = 1;

/// Memory of each rank that the others of its node read in place, turn by turn: an exchange without a copy.
///
/// In each turn a rank writes to its own memory ([`Window::write`]), shows it ([`Window::show`]), and reads that of the others
/// ([`Window::read`]); it may write to the next turn's before it reads. All ranks take all turns. A rank waits where it would
/// read what is not shown, or overwrite what others still read.
///
/// Ranks are near each other where they are threads of a process, or processes of one machine that may look at each other's files
/// in `/proc`; others are to be sent what they need.
///
/// ```
/// use terrella_coupling::communicator::{Communicator, Window};
///
/// let sums = Communicator::threads(3, |ranks| {
///     let mut window = Window::new(&ranks, 1000)?;
///     window.write(8)?.fill(ranks.rank() as u8);
///     window.show();
///     // Time to compute.
///     let turn = window.read()?;
///     Ok::<u8, terrella_coupling::Error>((0..3).map(|place| turn.of(place)[7]).sum())
/// });
/// assert!(sums.into_iter().all(|sum| matches!(sum, Ok(3))));
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct Window {
    communicator: Communicator,
    /// The other ranks that are near, ascending.
    near: Vec<usize>,
    /// Theirs, and behind them this rank's own.
    segments: Vec<Arc<Segment>>,
    /// Largest number of bytes of a turn, whole pages.
    room: usize,
    /// Turns so far, shown and read.
    shown: u64,
    read: u64,
    /// Bytes of this turn.
    length: usize,
}

impl Window {
    /// Room for `bytes` bytes in each turn; all ranks make it together, each with its own number. Pages that are never written take no memory.
    pub fn new(communicator: &Communicator, bytes: usize) -> Result<Self> {
        let largest = communicator.all_gather(&[bytes])?.concat().into_iter().max().unwrap_or(bytes);
        let room = largest.next_multiple_of(PAGE);
        let all = size_of_segment(room, 3);
        match communicator.kind() {
            Kind::Mpi if communicator.size() > 1 => {
                if let Some(seen) = processes::see(communicator, all)? {
                    let near = seen.near.into_iter().map(|(rank, segment)| (rank, Arc::new(segment)));
                    return Ok(Self::of(communicator, Arc::new(seen.own), near.collect(), room));
                }
                Self::alone(communicator, bytes)
            }
            Kind::Threads => {
                // Who has no room says so after the others have what they wait for.
                let own = Segment::on_heap(all).map(Arc::new);
                let near = communicator.transport().segments(own.as_ref())?;
                Ok(Self::of(communicator, own.ok_or_else(|| no_room(all))?, near, room))
            }
            _ => Self::alone(communicator, bytes),
        }
    }

    /// The same with no other rank near.
    pub fn alone(communicator: &Communicator, bytes: usize) -> Result<Self> {
        let room = bytes.next_multiple_of(PAGE);
        let all = size_of_segment(room, 2);
        let own = Segment::on_heap(all).ok_or_else(|| no_room(all))?;
        Ok(Self::of(communicator, Arc::new(own), Vec::new(), room))
    }

    fn of(
        communicator: &Communicator,
        own: Arc<Segment>,
        near: Vec<(usize, Arc<Segment>)>,
        room: usize,
    ) -> Self {
        let (near, mut segments): (Vec<_>, Vec<_>) = near.into_iter().unzip();
        segments.push(own);
        Self { communicator: communicator.clone(), near, segments, room, shown: 0, read: 0, length: 0 }
    }

    /// The other ranks that are near, ascending.
    pub fn near(&self) -> &[usize] {
        &self.near
    }

    fn own_segment(&self) -> &Segment {
        &self.segments[self.near.len()]
    }

    /// Turns that there is memory for: what others may still read, what is shown, and what is written.
    fn slots(&self) -> u64 {
        if self.near.is_empty() { 2 } else { 3 }
    }

    fn slot(&self, turn: u64) -> usize {
        PAGE + (turn % self.slots()) as usize * self.room
    }

    /// The first `bytes` bytes of this rank's memory, aligned to a page, to be written before they are shown; they hold anything.
    ///
    /// Errors: more bytes than there is room for; a turn that was shown and not read; a rank that has left.
    pub fn write(&mut self, bytes: usize) -> Result<&mut [u8]> {
        if bytes > self.room {
            let expected = format!("at most {}", self.room);
            return Err(Error::InvalidValue { name: "bytes of a turn", got: bytes.to_string(), expected });
        }
        // One turn may be under way.
        if self.shown > self.read + 1 {
            let (got, expected) = (format!("{} unread", self.shown - self.read), "at most one".to_owned());
            return Err(Error::InvalidValue { name: "turns", got, expected });
        }
        // What this memory held before has been read by all.
        self.wait_for(READ, (self.shown + 1).saturating_sub(self.slots()))?;
        self.length = bytes;
        let first = self.slot(self.shown);
        // SAFETY: this rank alone writes to its segment, here, through `&mut self`; its own borrows by `read` have ended, as they
        // hold `self`; the others read this slot after they see it shown, and those who did have said that they are done.
        Ok(unsafe { self.own_segment().bytes_mut(first..first + bytes) })
    }

    /// What was written and is to be shown.
    pub fn own(&self) -> &[u8] {
        let first = self.slot(self.shown);
        // SAFETY: this rank alone writes to its segment, through `&mut self`.
        unsafe { self.own_segment().bytes(first..first + self.length) }
    }

    /// Lets the others read what was written. What is not written again is what it was at this memory's last turn.
    pub fn show(&mut self) {
        self.shown += 1;
        self.own_segment().counter(SHOWN).store(self.shown, Ordering::Release);
    }

    /// Waits for the others' memory of the earliest turn that was not read.
    ///
    /// Errors: nothing was shown; a rank that has left.
    pub fn read(&mut self) -> Result<Turn<'_>> {
        if self.read == self.shown {
            let expected = "a turn that was shown".to_owned();
            return Err(Error::InvalidValue { name: "turn", got: "nothing shown".to_owned(), expected });
        }
        self.wait_for(SHOWN, self.read + 1)?;
        let first = self.slot(self.read);
        let Self { segments, room, read, .. } = self;
        Ok(Turn { segments, bytes: first..first + *room, read })
    }

    /// Waits until a counter of each near rank has come to some turn.
    fn wait_for(&self, counter: usize, turn: u64) -> Result<()> {
        self.communicator.waiting(|| {
            self.near.iter().zip(&self.segments).try_for_each(|(rank, segment)| {
                let counter = segment.counter(counter);
                let has_come = || counter.load(Ordering::Acquire) >= turn;
                for tries in 0u64.. {
                    if has_come() {
                        return Ok(());
                    }
                    match tries {
                        0..SPINS => std::hint::spin_loop(),
                        SPINS..YIELDS => thread::yield_now(),
                        _ => {
                            if self.communicator.transport().has_left(*rank) && !has_come() {
                                let (operation, reason) = ("window", format!("rank {rank} has left"));
                                return Err(Error::Communication {
                                    rank: self.communicator.rank(),
                                    operation,
                                    reason,
                                });
                            }
                            thread::sleep(PAUSE);
                        }
                    }
                }
                Ok(())
            })
        })
    }
}

/// Looks before a rank lets others work, before it rests, and for how long.
const SPINS: u64 = 200;
const YIELDS: u64 = 2000;
const PAUSE: Duration = Duration::from_micros(50);

/// The memory of near ranks in one turn; when it goes, the others know that this rank has read it.
pub struct Turn<'a> {
    /// The last one is this rank's own.
    segments: &'a [Arc<Segment>],
    bytes: Range<usize>,
    read: &'a mut u64,
}

impl Turn<'_> {
    /// The memory of the near rank at a place of [`Window::near`], or behind these this rank's own: as many bytes as there is room for,
    /// of which it has written the first.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn of(&self, place: usize) -> &[u8] {
        // SAFETY: its owner has shown this turn, and does not write there again before this rank says that it has read it, which
        // it does when this is gone; this rank itself would need the window, which is borrowed.
        unsafe { self.segments[place].bytes(self.bytes.clone()) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.read += 1;
        if let Some(own) = self.segments.last() {
            own.counter(READ).store(*self.read, Ordering::Release);
        }
    }
}

fn size_of_segment(room: usize, slots: usize) -> usize {
    PAGE + slots * room
}

fn no_room(requested: usize) -> Error {
    let (requested, reason) = (requested as u64, "no room for what ranks of a node read in place".to_owned());
    terrella_kernels::Error::OutOfMemory { device: Device::Cpu, requested, in_use: 0, reason }.into()
}

#[cfg(test)]
mod tests;
